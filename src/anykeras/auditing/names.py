"""What a name in a file would lead to: computing, a class of somebody, or something that runs, reads or fetches.

Nothing is imported: names are looked up in tables only.
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from ..catalog.allowed import ACTIVATIONS, CLASSES, FUNCTIONS, TRAINING_NAMES
from ..catalog.operations import spell_in_snake_case
from .risks import Severity


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


KERAS: Final = _split("keras tf_keras")
NUMERIC: Final = _split(
    """K backend keras tf_keras tensorflow tf numpy np math cmath jnp jax lax theano T ops layers activations initializers
    losses metrics regularizers constraints nn tfp tensorflow_probability torch F scipy tfm tfk kl KL kb KB tfa mx mxnet
    cntk keras_hub keras_cv keras_nlp einops tensorflow_addons keras_contrib keras_applications"""
)
"""Roots of names that stored code computes with."""

EXECUTING: Final = _split(
    """os posix nt subprocess _posixsubprocess sys importlib imp runpy pty commands popen2 ctypes _ctypes cffi builtins
    __builtin__ __builtins__ socket _socket socketserver SocketServer shutil pickle _pickle cPickle dill cloudpickle joblib
    marshal shelve code codeop pip setuptools pkg_resources distutils ensurepip webbrowser multiprocessing pdb bdb timeit
    trace cProfile profile doctest pydoc asyncio zipimport IPython ipykernel jinja2 mako torch torchvision fabric paramiko
    pexpect sh plumbum invoke numexpr execnet requests urllib urllib2 urllib3 httplib http httpx aiohttp ftplib smtplib
    telnetlib xmlrpc wget gdown git psutil signal gc threading _thread concurrent venv idlelib lib2to3 antigravity"""
)
"""Modules that exist to run, import, unpickle, or reach the network."""

LIBRARIES: Final = _split(
    """numpy scipy pandas tensorflow jax jaxlib flax h5py PIL cv2 matplotlib yaml skimage sklearn dask ray mlflow datasets
    boto3 botocore google azure docker sqlalchemy lxml nltk spacy numba llvmlite Cython cython sympy networkx django flask
    twisted tornado celery luigi airflow wandb gradio streamlit huggingface_hub onnx onnxruntime tflite_runtime xgboost
    lightgbm catboost imageio openpyxl xlrd redis pymongo psycopg2 pymysql mysql pyodbc elasticsearch kafka pika zmq grpc
    kubernetes ansible selenium playwright scrapy bs4 pyautogui pynput keyboard mss pyperclip serial usb win32api win32com
    pythoncom wmi winreg fsspec s3fs gcsfs adlfs smbclient kagglehub clearml neptune comet_ml bentoml safetensors skops
    cupy pycuda pyopencl triton tvm pyspark vtk py4j jpype jnius rpy2 oct2py matlab paraview bpy maya unreal nuke nbformat
    nbconvert nbclient jupyter_client papermill prefect dagster metaflow hydra fire click typer rich loguru sentry_sdk
    slack_sdk discord telegram tweepy praw openai anthropic langchain chromadb pinecone weaviate stripe twilio sendgrid
    keyring cryptography Crypto nacl OpenSSL jwt ldap3 impacket scapy shodan nmap pwn angr frida capstone unicorn r2pipe
    volatility dns whois netmiko napalm asyncssh scp pysftp gevent eventlet trio anyio websocket websockets sanic fastapi
    uvicorn gunicorn starlette bottle dash bokeh panel voila tkinter wx PyQt5 PyQt6 PySide2 PySide6 kivy pygame pyglet
    pywinauto win32con rarfile py7zr patoolib zstandard fitz PyPDF2 pypdf pdfplumber docx pptx xlsxwriter reportlab
    weasyprint pdfkit ffmpeg av pydub pyaudio sounddevice speech_recognition gtts pyttsx3 picamera RPi gpiozero smbus
    bluetooth can usb hid vlc rospy rclpy rosbag sentencepiece plyvel leveldb lmdb paho zeep suds stomp nats pymssql ldap
    fastai detectron2 ultralytics textract oss2 seaborn statsmodels gym gymnasium pybullet mujoco virtualenv poetry conda
    mamba uv tox nox pytest hypothesis sphinx black docutils pyarrow fastparquet polars duckdb tables zarr netCDF4 xarray
    nibabel pydicom rasterio osgeo librosa soundfile moviepy pytesseract openvino tensorrt coremltools tensorflowjs
    tensorflow_io tensorflow_datasets"""
)
"""Libraries with functions that read, write or run, and that no class of a model comes from."""

MODEL_PACKAGES: Final = _split(
    """keras_cv keras_nlp keras_hub keras_core keras_contrib keras_applications keras_preprocessing keras_tuner kerastuner
    autokeras tensorflow_addons tensorflow_probability tensorflow_model_optimization tensorflow_ranking
    tensorflow_decision_forests tensorflow_hub tensorflow_text tensorflow_models official qkeras larq spektral tcn
    keras_tcn transformers efficientnet segmentation_models classification_models keras_bert keras_transformer
    keras_self_attention keras_multi_head keras_radam keras_layer_normalization keras_pos_embd keras_embed_sim keras_resnet
    keras_retinanet keras_cv_attention_models kecam keras_unet_collection kgcnn deepctr dgl stellargraph tfimm vit_keras rl
    keras_rl scikeras innvestigate"""
)
"""Packages of layers and models."""

BUILTINS: Final = _split(
    """eval exec execfile compile open file __import__ input raw_input breakpoint globals locals vars setattr delattr reload
    exit quit help apply __builtins__ __loader__ __spec__ memoryview"""
)
"""Built-in functions that no computation needs."""

ALIASES: Final = {
    "pd": "pandas", "plt": "matplotlib", "mpl": "matplotlib", "sns": "pandas", "sp": "scipy", "cv": "cv2", "Image": "PIL",
    "io": "skimage", "nib": "nibabel", "sf": "soundfile", "pa": "pyarrow", "pl": "polars", "xr": "xarray",
}  # fmt: skip
"""What programs call libraries that no computation of a model needs."""

INSPECTING: Final = _split("getattr __file__ chr unichr")

GLOBALS_OF_LOADERS: Final = _split(
    """python_types types func_load func_dump deserialize_keras_object serialize_keras_object io_utils tf_contextlib
    tf_inspect tf_decorator CustomObjectScope custom_object_scope get_custom_objects
    class_and_config_for_serialized_keras_object get_registered_object register_keras_serializable weakref inspect
    keras_export python_utils serialization_lib SystemExit KeyboardInterrupt BaseException GeneratorExit copyright credits
    license generic_utils global_state object_registration module_utils get_ipython spark sc sqlContext dbutils
    mssparkutils displayHTML display drive In Out"""
)
"""What a stored function finds among the globals of ``func_load`` in one Keras or another, or of a notebook (Keras 1 and 2 give
it those), and that does more than compute."""

PARTS: Final = _split(
    """math nn linalg signal image strings random sparse ragged bitwise sets dtypes initializers losses metrics layers
    activations constraints regularizers optimizers ops backend keras K fft lax numpy special compat v1 v2 src core
    experimental utils to_categorical contrib framework quantization spectral manip data AUTOTUNE python audio nest
    distributions pool downsample models Model Sequential engine tensorflow_backend theano_backend cntk_backend io tensor
    nnet scipy stats pack unpack debugging python_io NOT_SUPPORTED functional mixed_precision global_policy"""
)
"""Parts of libraries under which functions that compute stand."""

ACTING_ON_VALUES: Final = _split(
    """manager handlers addHandler setStream graph op consumers as_graph_def SerializeToString ParseFromString create_op
    from_config fit evaluate train_on_batch to_json save export numpy_function tofile run write close cell_contents
    get_operation_by_name call_function history load build_from_config save_own_variables load_own_variables compile
    predict summary add_loss set_weights ctypes"""
)
"""Attributes of values that lead out of a computation."""

OF_PYTHON: Final = _split(
    """partial reduce wraps lru_cache cmp_to_key chain islice zip_longest izip imap izip_longest accumulate tee groupby
    starmap product permutations combinations combinations_with_replacement repeat compress takewhile dropwhile pairwise
    batched itemgetter OrderedDict defaultdict deque Counter abc Iterable Mapping Sequence List Dict Tuple Optional Union
    Any Callable cast TYPE_CHECKING random randint uniform choice choices sample shuffle gauss normalvariate randrange seed
    ascii_letters digits punctuation ascii_lowercase ascii_uppercase printable whitespace letters lowercase uppercase
    maketrans sub match search findall finditer split escape compile fullmatch IGNORECASE MULTILINE DOTALL VERBOSE I S M X
    UNICODE Number Integral Real Fraction gcd Decimal mean median stdev variance time perf_counter monotonic clock strftime
    datetime date timedelta now timezone utc warn Enum IntEnum auto string_types integer_types text_type iteritems
    itervalues iterkeys loads dumps heappush heappop heapify nlargest nsmallest bisect bisect_left bisect_right insort pack
    unpack calcsize array monthrange isleap contextmanager suppress nullcontext closing dataclass field ABC abstractmethod
    division absolute_import print_function unicode_literals annotations
    debug info warning error critical exception getLogger DEBUG INFO WARNING ERROR"""
)
"""Names of harmless modules of Python that only compute, beside those of mathematics."""
ACTING: Final = _split(
    "attrgetter methodcaller call namedtuple Formatter cached_property SystemRandom sleep codecs register ExitStack cycle count"
)
"""What harmless modules of Python hold that is not, although tensors have an attribute of that name."""

ATTRIBUTES: Final = _split(
    """os sys subprocess builtins importlib ctypes socket shutil pickle marshal modules system popen spawnl spawnv spawnve
    spawnlp execv execve execl execlp execvp fork forkpty Popen check_output check_call getoutput getstatusoutput startfile
    urlopen urlretrieve rmtree unlink load_module import_module exec_module find_spec CDLL WinDLL LoadLibrary
    __subclasses__ __globals__ __builtins__ __bases__ __mro__ __base__ __code__ __import__ __getattribute__ __loader__
    __reduce__ __reduce_ex__ __dict__ func_globals gi_frame f_globals f_builtins f_back tb_frame cr_frame ag_frame gi_code
    cr_code ag_code f_code co_code func_code func_load enable_unsafe_deserialization get_file load_model load_weights
    save_weights load_op_library load_library load_file_system_library write_file read_file gfile memmap fromfile tofile
    savez savetxt loadtxt genfromtxt"""
)
"""Attributes that no computation needs, whatever they are taken from."""

RUNNING: Final = _split("exec eval execfile __import__ __self__")
"""Attributes that run text, or lead to the module of a built-in function."""

OPERATORS: Final = _split(
    "__class__ __init__ __closure__ __name__ __doc__ __qualname__ __module__ __call__ __len__ __iter__ __traceback__"
) | {name for name in dir(float) + dir(list) + dir(int) if name not in dir(object)}
"""Attributes with underscores that computations use; those of SUSPECT_ATTRIBUTES are judged there."""

SUSPECT_ATTRIBUTES: Final = _split(
    "__class__ __init__ __closure__ py_function py_func numpy_function io save load loads dump dumps python_io ctypeslib"
)

HARMLESS_MODULES: Final = _split(
    """math cmath functools itertools operator collections typing random string re numbers fractions decimal statistics time
    datetime warnings abc enum dataclasses __future__ six contextlib json heapq bisect array struct calendar logging"""
)
"""Modules of the standard library that stored code may use without doing anything outside of it."""

FUNCTIONS_OF_TF: Final = re.compile(
    r"(?:^|\.)(?:io|gfile|python_io|saved_model|summary|profiler|autograph|config|distribute|tpu|queue|train|"
    r"load_library|load_op_library|load_file_system_library|ffmpeg|py_function|py_func|numpy_function|eager_py_func)(?:\.|$)|"
    r"(?:^|\.)data\.(?!AUTOTUNE)|utils\.get_file|models\.load_model|\b(?:read|write)_file\b|raw_ops\.(?:\w*(?:File|PyFunc|Reader|"
    r"Dataset|Save|Restore|Rpc|Summary|Debug)\w*)"
)
"""Functions of TensorFlow, under their dotted names, that reach outside of the graph."""
PARSERS_OF_TF: Final = re.compile(
    r"(?:^|\.)(?:io\.(?:(?:decode_|parse_|encode_|serialize_|extract_|is_jpeg|match_)\w*|\w+Feature)|"
    r"debugging\.(?:assert_\w+|check_numerics|is_\w+))$"
)

OUTSIDE_OF_COMPUTING: Final = re.compile(
    r"(?:^|\.)(?:lite|callbacks|datasets|saving|export|host_callback|io_callback|pure_callback|start_server|start_trace|"
    r"debugging\.experimental|\w*Session|open_memmap|DataSource|(?:save|load|dump|plot|extract(?!_(?:\w+_)?(?:patches|glimpse))|download)_\w+|\w+_from_(?:directory|json|yaml|url|file)|urlretrieve|"
    r"applications\.(?:\w+\.)*[A-Z]\w+)(?:\.|$)"
)
"""Functions of numeric libraries, under their dotted names, that no computation needs."""

VERBS: Final = re.compile(
    r"(?:^|_)(?:system|exec|execute|eval|popen|spawn|shell|command|cmd|loads|download|fetch|urlopen|get_file|import|compile|load|save|"
    r"unpickle|unlink|rmtree|delete|remove|upload|connect|request|curl|wget|install|subprocess|deserialize)(?:$|_)"
)
"""Words in the name of a function that acts on something."""

ACTIONS: Final = _split("load open read write save run start main pipeline launch render download")
"""Names of functions of packages that are nothing a layer computes with."""

LOADERS: Final = {
    "TFSMLayer": Severity.HIGH,
    "TorchModuleWrapper": Severity.HIGH,
    "JaxLayer": Severity.MEDIUM,
    "FlaxLayer": Severity.MEDIUM,
    "KerasLayer": Severity.MEDIUM,
    "SavedModelLayer": Severity.HIGH,
}
"""Layers that are another program, which they load."""

KERAS_OUTSIDE: Final = _split(
    """utils saving models config datasets export preprocessing applications callbacks distribution backend wrappers
    visualization trainers testing tree dtensor mixed_precision experimental estimator premade_models legacy_tf_layers
    feature_column"""
)
"""Parts of keras packages that hold functions which read, write, fetch or change the process."""


def computes(root: str, rest: str) -> bool:
    """Whether the library `root` (``tf``) only computes with the name `rest` (``math.sin``): by a list of what does."""
    if root == "scipy":
        return rest.partition(".")[0] in OF_SCIPY
    if root not in LISTED:
        return True
    parts = rest.split(".")
    if root in ("tf", "tensorflow", "torch") and _OTHERWISE.match(rest):
        return True
    if "applications" in parts and parts[-1] == "preprocess_input":
        return True
    return all(
        part in PARTS or part in read_harmless("computing") or (part in list_known_functions() and part != "function")
        for part in parts
    )


_OTHERWISE: Final = re.compile(
    r"(?:compat\.v\d\.)?(?:function|get_default_graph)$|(?:nn\.functional|fft|linalg|special)(?:\.[a-z]\w*)?$"
)
"""Of TensorFlow what only leads to what is judged by itself, of torch parts that compute."""
OF_SCIPY: Final = _split(
    "special stats signal ndimage fft fftpack linalg interpolate spatial sparse optimize constants integrate misc"
)
"""Parts of SciPy that only compute."""

LISTED: Final = _split("K backend keras tf_keras tensorflow tf numpy np jnp jax lax ops theano T torch")
"""Roots of which the functions that compute are listed; of the others those that do more are."""


@cache
def read_harmless(kind: str) -> frozenset[str]:
    """Names that need no look: of functions and attributes (``computing``), of ``operations`` of graphs."""
    listed: dict[str, str] = json.loads(files("anykeras.auditing").joinpath("harmless.json").read_text("utf-8"))
    return frozenset(listed[kind].split())


class Judged(NamedTuple):
    """What is thought of a name."""

    severity: Severity
    why: str


@cache
def list_known_classes() -> frozenset[str]:
    """Names of the classes of every Keras, public or as files spell them."""
    listed = json.loads(files("anykeras.catalog").joinpath("signatures.json").read_text("utf-8"))["classes"]
    names = {name for kind in listed.values() for name in kind} | {name for kind in CLASSES.values() for name in kind}
    operations = json.loads(files("anykeras.catalog").joinpath("operations.json").read_text("utf-8"))["functions"]
    names |= {entry["class_name"] for entry in operations.values()}
    return frozenset(names - LOADERS.keys() | _WRITTEN)


_WRITTEN: Final = _split(
    """LinearModel WideDeepModel Model Functional Sequential Graph Layer Container Merge Siamese Policy PolicyV1 DTypePolicy
    LossScaleOptimizer DynamicLossScale KerasTensor TensorShape TypeSpec CompositeTensor TFOpLambda SlicingOpLambda
    TensorFlowOpLayer ModuleWrapper InstanceMethod ClassMethod function Lambda AddLoss AddMetric ListWrapper __tuple__
    __ellipsis__ __tensor__ __numpy__ __bytes__ __slice__ __keras_tensor__ __typespec__ __lambda__ __set__ __range__
    __complex__ Variable Parameter OptimizerV2 RestoredOptimizer PolicyMap GetItem Operation LayerScale StochasticDepth
    CustomScaleLayer"""
)


@cache
def list_known_functions() -> frozenset[str]:
    """Names of functions of every Keras that a model is made of."""
    operations = json.loads(files("anykeras.catalog").joinpath("operations.json").read_text("utf-8"))
    names = {name for entry in (operations["functions"], operations["former"]) for name in entry}
    names |= ACTIVATIONS | FUNCTIONS | TRAINING_NAMES | {spell_in_snake_case(name) for name in list_known_classes()}
    return frozenset(names | {name.rpartition(".")[2] for name in names})


def is_keras(module: str) -> bool:
    """Whether a module is one of Keras, in any of its homes."""
    root = module.split(".")[0]
    return root in KERAS or module.startswith(("tensorflow.keras", "tensorflow.python.keras", "tensorflow_core.python.keras"))


def judge_module(module: str) -> Judged | None:
    """What importing a module, or taking a name from it, comes to; None where nothing is known of it."""
    root = module.split(".")[0]
    if root in EXECUTING:
        return Judged(Severity.CRITICAL, f"the module {module!r} can run or load anything")
    if root in sys.stdlib_module_names or root in ("Queue", "StringIO", "cStringIO", "anydbm", "robotparser"):
        severity = Severity.MEDIUM if root in HARMLESS_MODULES else Severity.HIGH
        return Judged(severity, f"{module!r} is a module of Python, not of a model")
    if root in LIBRARIES:
        return Judged(Severity.HIGH, f"{module!r} is a library with functions that read, write or run")
    return None


def judge_class(module: str, name: str) -> Judged:
    """What a class is that a configuration names."""
    if name in LOADERS:
        return Judged(LOADERS[name], f"{name} loads another program, by a path, a URL or from bytes")
    if is_keras(module) or not module:
        return _judge_keras(module, name, name in list_known_classes())
    if module in ("builtins", "__builtin__"):
        plain = name in list_known_classes() or name in _split(
            "str int float bool list tuple dict set NoneType bytes type slice range"
        )
        return Judged(Severity.INFO, "") if plain else _judge_builtin(name)
    return _judge_foreign(module, name)


def judge_function(module: str, name: str) -> Judged:
    """What a function is that a configuration names."""
    if module in ("", "builtins", "__builtin__"):
        return Judged(Severity.INFO, "") if name in list_known_functions() else _judge_builtin(name)
    if is_keras(module):
        return _judge_keras(module, name, name in list_known_functions() and not KERAS_OUTSIDE & set(module.split(".")))
    return _judge_foreign(module, name)


def _judge_builtin(name: str) -> Judged:
    if name in BUILTINS | INSPECTING:
        return Judged(Severity.CRITICAL, f"{name!r} is a function of Python that can run or open anything")
    if "." in name.strip("."):
        found = judge_module(name)
        return found or Judged(Severity.MEDIUM, f"{name!r} is a path to something, not the name of a function")
    if name in ATTRIBUTES or VERBS.search(name):
        return Judged(Severity.HIGH if name in ATTRIBUTES else Severity.MEDIUM, f"{name!r} is the name of something that acts")
    return Judged(Severity.INFO, f"the function {name!r} is not in the file")


def _judge_keras(module: str, name: str, known: bool) -> Judged:
    if known:
        return Judged(Severity.INFO, "")
    outside = KERAS_OUTSIDE & set(module.split("."))
    if "." in name.strip(".") or name in BUILTINS | ATTRIBUTES:
        return Judged(Severity.HIGH, f"{name!r} is something that acts, not a part of a model")
    if outside:
        return Judged(Severity.HIGH, f"{module}.{name} is a function of Keras around models, which reads, writes or fetches")
    if not module:
        return Judged(Severity.INFO, f"the class {name!r} is not in the file")
    return Judged(Severity.MEDIUM, f"no Keras has a {name!r} in {module}")


def _judge_foreign(module: str, name: str) -> Judged:
    found = judge_module(module)
    if found is not None:
        return found
    if (
        "." in name
        or name in ATTRIBUTES | BUILTINS | ACTIONS
        or VERBS.search(name)
        or not re.fullmatch(r"[\w.>]+", f"{module}.{name}")
    ):
        return Judged(Severity.MEDIUM, f"{module}.{name} is the name of something that acts")
    if module.split(".")[0] in MODEL_PACKAGES:
        return Judged(Severity.LOW, f"{name!r} is of the package {module.split('.')[0]}")
    return Judged(Severity.LOW, f"{module}.{name} is somebody's own, and not in the file")
