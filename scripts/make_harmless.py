"""What audits take for harmless: names that models compute with, from the genuine libraries, by several of their releases.

    python scripts/make_harmless.py collect OUT.json      # inside each stack: TensorFlow, NumPy, JAX, Keras, what is there
    python scripts/make_harmless.py write OUT.json...     # all of them into src/anykeras/auditing/harmless.json

What is not in that file is reported, so that a name which is missing costs a look, and one too many an attack.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import types

# Parts of libraries that only compute.
PARTS = """numpy numpy.linalg numpy.fft numpy.random numpy.ma
    jax.numpy jax.nn jax.lax jax.random jax.numpy.linalg jax.scipy.special jax.nn.initializers jax.image
    tensorflow tensorflow.math tensorflow.nn tensorflow.linalg tensorflow.signal tensorflow.image tensorflow.strings
    tensorflow.random tensorflow.sparse tensorflow.ragged tensorflow.bitwise tensorflow.sets tensorflow.dtypes
    tensorflow.initializers tensorflow.losses tensorflow.metrics tensorflow.layers tensorflow.quantization tensorflow.spectral
    tensorflow.manip tensorflow.distributions tensorflow.experimental.numpy tensorflow.nest tensorflow.autodiff
    keras.backend keras.ops keras.activations keras.initializers keras.losses keras.metrics keras.regularizers
    keras.constraints keras.layers keras.random keras.ops.image keras.ops.linalg keras.ops.nn keras.ops.numpy
    tensorflow.keras.backend tensorflow.keras.activations tensorflow.keras.losses tensorflow.keras.layers
    tensorflow.keras.initializers tensorflow.keras.regularizers tensorflow.keras.constraints tensorflow.keras.metrics
    tensorflow.lookup scipy.special theano.tensor theano.tensor.nnet theano.tensor.signal.pool theano.tensor.signal.conv
    tensorflow.contrib.layers tensorflow.contrib.image tensorflow.contrib.rnn tensorflow.contrib.nn tensorflow.contrib.crf
    tensorflow.contrib.losses tensorflow.contrib.metrics tensorflow.contrib.seq2seq tensorflow.contrib.signal
    tensorflow.contrib.distributions tensorflow.contrib.resampler tensorflow.contrib.cudnn_rnn tensorflow.contrib.sparsemax
    torch torch.nn.functional torch.fft torch.linalg torch.special""".split()  # noqa: SIM905
# Names in them that do more: files, processes, sessions, code, what is loaded.
ACTS = re.compile(
    r"^_|(?:^|_)(?:load|save|dump|write|read|open|file|files|fetch|download|import|export|exec|eval|compile|session|print|"
    r"py_function|py_func|numpy_function|callback|server|library|plugin|memmap|frompyfunc|vectorize|apply_along_axis|"
    r"piecewise|fromfunction|fromregex|fromfile|tofile|fromstring|genfromtxt|loadtxt|savetxt|savez|source|lookfor|info|"
    r"deserialize|from_config|register|disable|enable|default_graph|graph_def|set_floatx|set_session|set_epsilon|set_bit_generator|set_global_generator|set_image|set_numeric|set_string|logger|reset_uids|clear_session|manual_variable|wrap_function|reset_default_graph|pprint|printoptions|set_state|debugger|ctypeslib|get_include|deprecate|show_config|test|registry)(?:_|$)|"
    r"from(?:txt|csv|_npy)|^(?:function|config|update|app|flags|graph|op|Session|InteractiveSession|TFSMLayer|TorchModuleWrapper|JaxLayer|FlaxLayer|KerasLayer|Server|DataSource|DirectoryIterator|"
    r"TextFile\w+|(?:Fixed|Whole|TF|Identity|Text|LMDB)\w*Reader|ReaderBase|savez_compressed|fromfile|memmap|matching_files|Print|Graph|Module|"
    r"WholeFileReader|GraphDef|Operation|OpError|Event|Summary|SummaryMetadata|TFRecord\w*|pyfunc|set_learning_phase|PackageLoader|pkgload|bench|blas_header\w+|ldflags|seterrcall|(?:batch_)?set_value|\w*buffer|summarize_\w+|errprint)$"
)
# Operations that need no look although they have state, and those that do although they have none.
WITH_STATE = re.compile(
    r"(?:Assert|Assign\w*VariableOp|AssignVariableOp|Case|If|While|StatefulPartitionedCall|CheckNumerics(?:V2)?|CudnnRNN\w*|(?!OneShot)\w*Iterator\w*|"
    r"DeviceIndex|DestroyResourceOp|DisableCopyOnRead|Empty|HashTable(?:V2)?|MutableHashTable(?:OfTensors)?(?:V2)?|"
    r"MutableDenseHashTable(?:V2)?|AnonymousHashTable|AnonymousMutable\w+|InitializeTable(?:FromTextFile)?(?:V2)?|LookupTable\w+|"
    r"MergeV2Checkpoints|Multinomial|ParameterizedTruncatedNormal|Print|PrintV2|Random(?!Dataset)\w+|ReadVariableOp|Resource(?!Using|Create|"
    r"Initialized|Accumulator|Conditional)\w+|RestoreV2|SaveV2|SampleDistortedBoundingBox(?:V2)?|Stateful\w+|StatelessRandomGetAlg|"
    r"\w*CandidateSampler|TemporaryVariable|TensorArray\w*|TruncatedNormal|Var(?:Handle|IsInitialized)\w*|Variable\w*|Rng\w+|"
    r"XlaCallModule|_Arg|_Retval|NonDeterministicInts|GuaranteeConst|IsTensorFloat32Enabled|Timestamp|"
    r"Stack(?:Close|Pop|Push)?(?:V2)?)$"
)
NEEDS_A_LOOK = re.compile(
    r"(?!(?:Scalar|Histogram|Image|Audio|Merge)Summary(?:V2)?$)(?!(?:Tensor|TensorSlice|SparseTensorSlice|(?:Parallel)?Map|(?:Parallel|Padded)?Batch|Reduce|Range|Zip|Concatenate|Repeat|Take|Skip|"
    r"Filter|FlatMap|(?:Parallel)?Interleave|Prefetch|Shuffle|Unbatch|Window|Options|Optimize|Model|Finalize|Unique|Scan|TakeWhile)"
    r"Dataset(?:V\d)?$)\w*(?:Dataset|TPU|Tpu|Dedup|Reader|Rpc|PyFunc|Summary|Session|Queue|Barrier|Accumulator|Quantile|BoostedTrees|Sdca|"
    r"CustomCall|Collective|Snapshot|File(?!name|spec)|Csr|Minibatch|Coo)\w*|_(?!Arg|Retval|Fused|UnaryOps).*|Attr\w*|Ref\w+|Risc\w+|Test\w+|Two\w+|"
    r"Abort|A|B|Binary|Unary|Polymorphic\w*|Simple\w*|Old|None|TypeList\w*|Restrict|Reserved\w+|Out\w+|Int\w*(?:put|put\w+)|Float\w*put\w*|"
    r"Batch|Unbatch\w*|BatchFunction|SymbolicGradient|RemoteFusedGraphExecute|ImmutableConst|LoadAndRemap\w+|GenerateVocab\w+|Quantized\w+|"
    r"Debug\w+|Mlir\w+|Gcs\w+|DTensor\w*|Relayout\w*|TRT\w+|Fill?Queue|Xla(?!CallModule|Sharding|Einsum|Dot|Gather|Pad|Conv|Reduce|Sort|Dynamic)\w*|"
    r"Op\w+Attr|TfLite\w+|Composite\w+|Decode(?!Base64|Raw|Png|Jpeg|Image|AndCropJpeg|JSONExample|CSV|Compressed|Wav|PaddedRaw|Gif|Bmp)\w+|"
    r"Nary\w+|NInt\w*|NPoly\w*|NTwo\w*|Mixed\w+|Foo\d?|Func\w*ListAttr|ListInput|ListOutput|InPolymorphic\w+|Kernel\w*|Get\w+|Delete\w+|(?:Save|Restore)Iterator|CustomAggregator|ObtainNext|RemoteCall"
)
VALUES = (str, bytes, list, tuple, dict, set, frozenset, int, float, complex, bool, range, slice)


def collect() -> dict[str, object]:
    """What this stack has."""
    names: set[str] = set()
    for part in PARTS:
        try:
            module = importlib.import_module(part)
        except Exception:  # any part may be missing or broken in any stack
            module = _walk(part)
        if module is not None:
            for name in dir(module):
                if not ACTS.search(name) and not isinstance(getattr(module, name, None), types.ModuleType):
                    names.add(name)
    names |= {name for kind in VALUES for name in dir(kind)} | _attributes_of_tensors()
    return {"computing": sorted(names), "operations": _operations()}


def _walk(part: str) -> object:
    root, _, rest = part.partition(".")
    try:
        found: object = importlib.import_module(root)
    except Exception:
        return None
    for name in rest.split("."):
        found = getattr(found, name, None)
    return found


def _attributes_of_tensors() -> set[str]:
    names: set[str] = set()
    for module, kinds in {
        "numpy": ["ndarray", "dtype", "generic"],
        "tensorflow": ["Tensor", "TensorShape", "Variable", "DType", "SparseTensor", "RaggedTensor"],
        "jax": ["Array"],
        "keras": ["KerasTensor", "Variable"],
    }.items():
        try:
            home = importlib.import_module(module)
        except Exception:
            continue
        for kind in kinds:
            names |= set(dir(getattr(home, kind, None)))
    return names - set("tofile dump dumps tolist_ ctypes data graph op consumers device base newbyteorder setflags".split())  # noqa: SIM905


def _operations() -> dict[str, bool]:
    try:
        from tensorflow.core.framework import op_def_pb2
    except ImportError:
        return {}
    listed = op_def_pb2.OpList()
    try:
        from tensorflow.python.client import pywrap_tf_session as session

        listed.ParseFromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
    except (ImportError, AttributeError):
        from tensorflow.python import pywrap_tensorflow as session

        listed.ParseFromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
    return {op.name: bool(op.is_stateful) for op in listed.op}


def write(paths: list[str], target: str) -> None:
    """Every collection, and what the file holds already, as one file."""
    with open(target) as file:
        held = json.load(file)
    computing = {name for name in held["computing"].split() if not ACTS.search(name)}
    operations: dict[str, bool] = dict.fromkeys(held["operations"].split(), False)
    for path in paths:
        with open(path) as file:
            held = json.load(file)
        computing |= {name for name in held["computing"] if not ACTS.search(name)}
        operations.update(held["operations"])
    harmless = [
        name
        for name, state in operations.items()
        if not NEEDS_A_LOOK.fullmatch(name) and (not state or WITH_STATE.fullmatch(name))
    ]
    with open(target, "w") as file:
        json.dump({"computing": " ".join(sorted(computing)), "operations": " ".join(sorted(harmless))}, file, indent=1)
        file.write("\n")
    print(len(computing), "names,", len(harmless), "of", len(operations), "operations")


if __name__ == "__main__":
    if sys.argv[1] == "collect":
        with open(sys.argv[2], "w") as out:
            json.dump(collect(), out)
    else:
        write(sys.argv[2:], "src/anykeras/auditing/harmless.json")
