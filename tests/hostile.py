"""Hostile model files, made small by families: every published attack on loading Keras models, and what is near to them.

Nothing here is ever loaded by Keras or unpickled; a payload would only touch a file named ``canary``.
"""

from __future__ import annotations

import base64
import io
import json
import marshal
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Make = Callable[[Path], None]
CANARY = "touch canary"
VERSION = "3.10.0"


# -- parts of models


def encode(function: Callable[..., Any]) -> str:
    return base64.b64encode(marshal.dumps(function.__code__)).decode()


def layer(class_name: str, config: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None, **more}


def lambda_layer(function: Any, **config: Any) -> dict[str, Any]:
    return layer("Lambda", {"name": "lambda", "trainable": True, "function": function, **config})


def stored(function: Callable[..., Any]) -> dict[str, Any]:
    return {"class_name": "__lambda__", "config": {"code": encode(function), "defaults": None, "closure": None}}


def sequential(*layers: Any, **more: Any) -> dict[str, Any]:
    start = layer("InputLayer", {"batch_shape": [None, 4], "dtype": "float32", "name": "start"})
    config = {"name": "model", "layers": [start, *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None, **more}


def thing(module: str, class_name: str, config: Any = None, registered: Any = None) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": class_name,
        "config": {} if config is None else config,
        "registered_name": registered,
    }


def function(module: str, name: str) -> dict[str, Any]:
    return thing(module, "function", name, "function")


# -- boxes


def weights() -> bytes:
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file.create_group("layers/dense/vars")["0"] = np.zeros((4, 4), "float32")
    return held.getvalue()


def keras_zip(config: Any, extra: dict[str, bytes] | None = None, weights_name: str = "model.weights.h5") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": VERSION, "date_saved": "2025-01-01@00:00:00"}))
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        if weights_name not in (extra or {}):
            archive.writestr(weights_name, weights())
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return held.getvalue()


def as_keras(config: Any, **more: Any) -> Make:
    return lambda path: path.with_suffix(".keras").write_bytes(keras_zip(config, **more)) and None


def as_h5(config: Any) -> Make:
    def make(path: Path) -> None:
        with h5py.File(path.with_suffix(".h5"), "w") as file:
            file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(legacy(config))
            file.attrs["keras_version"] = "2.4.0"
            file.create_group("model_weights").attrs["layer_names"] = np.array([b"dense"])
            file.create_group("model_weights/dense").attrs["weight_names"] = np.array([], "S1")

    return make


def as_json(config: Any) -> Make:
    return lambda path: path.with_suffix(".json").write_text(json.dumps(config)) and None


def as_bytes(data: bytes, suffix: str) -> Make:
    return lambda path: path.with_suffix(suffix).write_bytes(data) and None


def legacy(config: Any) -> Any:
    """A configuration as Keras 2 spells it: stored functions as lists, no modules beside plain classes."""
    if isinstance(config, list):
        return [legacy(item) for item in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "__lambda__":
        return [config["config"]["code"], None, None]
    return {key: legacy(value) for key, value in config.items() if value is not None}


# -- functions, compiled and never called


def _payloads() -> Iterator[tuple[str, Callable[..., Any]]]:
    yield "import_os", lambda x: [__import__("os").system(CANARY), x][1]
    yield "exec", lambda x: exec("import os; os.system('touch canary')") or x
    yield "eval", lambda x: eval("__import__('os').system('touch canary')") or x
    yield "open_write", lambda x: (open("canary", "w").write("x"), x)[1]  # noqa: SIM115
    yield "subclasses", lambda x: (().__class__.__base__.__subclasses__()[0], x)[1]
    yield "globals", lambda x: (globals()["__builtins__"], x)[1]
    yield "builtins", lambda x: (__builtins__["eval"]("1"), x)[1]  # type: ignore[index]
    yield "getattr_join", lambda x: (getattr(getattr(x, "__cl" + "ass__"), "__ba" + "se__"), x)[1]
    yield "sys_modules", lambda x: (sys.modules["os"].popen(CANARY), x)[1]  # type: ignore[name-defined]  # noqa: F821
    yield "os_global", lambda x: (os.system(CANARY), x)[1]  # type: ignore[name-defined]  # noqa: F821
    yield "np_os", lambda x: (np.os.system(CANARY), x)[1]  # type: ignore[attr-defined]
    yield "tf_write", lambda x: (tf.io.write_file("canary", "x"), x)[1]  # type: ignore[name-defined]  # noqa: F821
    yield "tf_read", lambda x: x + len(tf.io.read_file("/etc/passwd"))  # type: ignore[name-defined]  # noqa: F821
    yield "tf_gfile", lambda x: (tf.io.gfile.GFile("canary", "w").write("x"), x)[1]  # type: ignore[name-defined]  # noqa: F821
    yield "tf_library", lambda x: (tf.load_op_library("./evil.so"), x)[1]  # type: ignore[name-defined]  # noqa: F821
    yield "tf_pyfunc", lambda x: tf.py_function(lambda y: y, [x], "float32")  # type: ignore[name-defined]  # noqa: F821
    yield "np_load", lambda x: x + np.load("evil.npy", allow_pickle=True)
    yield "get_file", lambda x: (keras.utils.get_file("a", "http://localhost/a"), x)[1]  # type: ignore[name-defined]  # noqa: F821
    yield "unsafe", lambda x: (keras.config.enable_unsafe_deserialization(), x)[1]  # type: ignore[name-defined]  # noqa: F821
    yield "compile", lambda x: (compile("1", "a", "eval"), x)[1]
    yield "breakpoint", lambda x: (breakpoint(), x)[1]
    yield "frames", lambda x: ((y for y in ()).gi_frame.f_globals, x)[1]  # type: ignore[union-attr]

    def imports(x: Any) -> Any:
        import subprocess

        subprocess.run(["touch", "canary"])
        return x

    def sockets(x: Any) -> Any:
        import socket

        socket.create_connection(("localhost", 1))
        return x

    def nested(x: Any) -> Any:
        def inner() -> Any:
            from os import system

            return system(CANARY)

        return (inner(), x)[1]

    def url(x: Any) -> Any:
        from urllib.request import urlopen

        return x + len(urlopen("http://localhost/").read())

    def unmarshals(x: Any) -> Any:
        import marshal as m

        return m.loads(b"abc") or x

    def loads_pickle(x: Any) -> Any:
        import pickle as p

        return p.loads(b"abc") or x

    def loads_library(x: Any) -> Any:
        import ctypes

        return ctypes.CDLL("libc.so.6") and x

    for one in (imports, sockets, nested, url, unmarshals, loads_pickle, loads_library):
        yield one.__name__, one


def code_files() -> Iterator[tuple[str, Make]]:
    payloads = list(_payloads())
    for name, payload in payloads:
        yield f"lambda_keras_{name}", as_keras(sequential(lambda_layer(stored(payload))))
        yield f"lambda_h5_{name}", as_h5(sequential(lambda_layer(stored(payload))))
    one = payloads[0][1]
    code = encode(one)
    wrapped = {"class_name": "__lambda__", "config": {"value": [code, None, None]}}
    yield "lambda_in_activation", as_keras(sequential(layer("Dense", {"units": 4, "activation": wrapped})))
    yield "lambda_in_output_shape", as_keras(sequential(lambda_layer(function("builtins", "relu"), output_shape=stored(one))))
    yield "lambda_in_mask", as_keras(sequential(lambda_layer(function("builtins", "relu"), mask=stored(one))))
    yield "lambda_in_loss", as_keras(sequential(compile_config={"optimizer": "sgd", "loss": wrapped}))
    yield "lambda_in_metric", as_keras(sequential(compile_config={"optimizer": "sgd", "loss": "mse", "metrics": [wrapped]}))
    yield "lambda_in_initializer", as_keras(sequential(layer("Dense", {"units": 4, "kernel_initializer": wrapped})))
    yield "lambda_in_cell", as_keras(sequential(layer("RNN", {"cell": layer("GRUCell", {"units": 4, "activation": wrapped})})))
    yield (
        "lambda_in_callback",
        as_keras(sequential(compile_config={"callbacks": [{"class_name": "LambdaCallback", "config": wrapped}]})),
    )
    yield "lambda_in_wrapper", as_keras(sequential(layer("TimeDistributed", {"layer": lambda_layer(stored(one))})))
    yield "lambda_in_nested_model", as_keras(sequential(sequential(sequential(lambda_layer(stored(one))))))
    yield "lambda_in_arguments", as_keras(sequential(lambda_layer(function("builtins", "relu"), arguments={"f": stored(one)})))
    yield (
        "lambda_in_default",
        as_keras(
            sequential(
                lambda_layer(
                    {
                        "class_name": "__lambda__",
                        "config": {"code": encode(lambda x, f=None: x), "defaults": [[code, None, None]], "closure": None},
                    }
                )
            )
        ),
    )
    yield (
        "lambda_in_closure",
        as_h5(
            {
                "class_name": "Sequential",
                "config": [
                    {
                        "class_name": "Lambda",
                        "config": {"function": [encode(lambda x: x), None, [[code, None, None]]], "function_type": "lambda"},
                    }
                ],
            }
        ),
    )
    raw = marshal.dumps(one.__code__).decode("latin-1")
    yield (
        "lambda_keras1_text",
        as_h5(
            {
                "class_name": "Sequential",
                "config": [{"class_name": "Lambda", "config": {"function": [raw, None, None], "function_type": "lambda"}}],
            }
        ),
    )
    yield "lambda_bare_text", as_json({"class_name": "Lambda", "config": {"function": code, "function_type": "lambda"}})
    yield "lambda_json", as_json(sequential(lambda_layer(stored(one))))
    yield (
        "lambda_garbage",
        as_keras(
            sequential(
                lambda_layer(
                    {
                        "class_name": "__lambda__",
                        "config": {
                            "code": base64.b64encode(b"\xe3" + bytes(range(200))).decode(),
                            "defaults": None,
                            "closure": None,
                        },
                    }
                )
            )
        ),
    )
    bomb = b"\xe3" + struct.pack("<5i", 0, 0, 0, 0, 0) + b"(" + struct.pack("<i", 2**31 - 1)
    yield (
        "lambda_marshal_bomb",
        as_keras(
            sequential(
                lambda_layer(
                    {
                        "class_name": "__lambda__",
                        "config": {"code": base64.b64encode(bomb).decode(), "defaults": None, "closure": None},
                    }
                )
            )
        ),
    )
    yield (
        "lambda_json_in_json",
        as_h5(
            json.dumps(
                {
                    "class_name": "Sequential",
                    "config": json.dumps({"layers": [{"class_name": "Lambda", "config": {"function": [code, None, None]}}]}),
                }
            )
        ),
    )
    yield "lambda_in_training_config", _training_config(wrapped)


def _training_config(loss: Any) -> Make:
    def make(path: Path) -> None:
        as_h5(sequential())(path)
        with h5py.File(path.with_suffix(".h5"), "a") as file:
            file.attrs["training_config"] = json.dumps({"loss": loss, "metrics": []})

    return make


# -- names


CALLABLES = [
    ("os", "system"),
    ("posix", "system"),
    ("nt", "system"),
    ("subprocess", "Popen"),
    ("subprocess", "check_output"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "open"),
    ("builtins", "__import__"),
    ("importlib", "import_module"),
    ("runpy", "run_path"),
    ("pty", "spawn"),
    ("ctypes", "CDLL"),
    ("pickle", "loads"),
    ("joblib", "load"),
    ("marshal", "loads"),
    ("shutil", "rmtree"),
    ("socket", "create_connection"),
    ("urllib.request", "urlretrieve"),
    ("requests", "get"),
    ("torch", "load"),
    ("torch.hub", "load"),
    ("numpy", "load"),
    ("numpy", "savetxt"),
    ("numpy.testing", "runstring"),
    ("pandas", "read_pickle"),
    ("tensorflow.io", "write_file"),
    ("tensorflow", "load_op_library"),
    ("code", "interact"),
    ("timeit", "timeit"),
    ("pdb", "run"),
    ("webbrowser", "open"),
    ("antigravity", "geohash"),
    ("pip", "main"),
    ("distutils.spawn", "spawn"),
    ("keras.utils", "get_file"),
    ("keras.models", "load_model"),
    ("keras.saving", "load_weights"),
    ("keras.config", "enable_unsafe_deserialization"),
    ("keras.src.utils.file_utils", "get_file"),
    ("keras.src.utils.torch_utils", "TorchModuleWrapper"),
    ("keras.src.saving.saving_lib", "load_model"),
    ("keras.src.backend.common.global_state", "set_global_attribute"),
    ("keras.datasets.mnist", "load_data"),
    ("keras.src.utils.python_utils", "func_load"),
    ("keras.applications", "ResNet50"),
    ("keras_hub.utils", "get_file"),
    ("tf_keras.utils", "get_file"),
    ("keras.callbacks", "CSVLogger"),
    ("keras.utils.io_utils", "path_to_string"),
    ("cloudpickle", "loads"),
    ("dill", "loads"),
    ("yaml", "unsafe_load"),
    ("jinja2", "Template"),
    ("IPython", "start_ipython"),
    ("multiprocessing", "Process"),
    ("setuptools", "setup"),
    ("asyncio", "run"),
    ("http.client", "HTTPConnection"),
    ("tarfile", "open"),
    ("logging.config", "listen"),
    ("sqlite3", "connect"),
    ("my_pkg.tools", "system"),
    ("helpers", "run_command_exec"),
]


def name_files() -> Iterator[tuple[str, Make]]:
    for module, name in CALLABLES:
        label = f"{module}.{name}".replace(".", "_")
        yield f"class_{label}", as_keras(sequential(thing(module, name, {"name": "x"}, name)))
        yield f"function_{label}", as_keras(sequential(lambda_layer(function(module, name), arguments={"command": CANARY})))
    call = {"args": [CANARY], "kwargs": {}}
    yield (
        "cve_2025_1550",
        as_keras(
            {
                "module": "keras.src.models.functional",
                "class_name": "Functional",
                "registered_name": None,
                "config": {
                    "name": "f",
                    "layers": [{**thing("os", "function", "system", "function"), "name": "x", "inbound_nodes": [call]}],
                },
            }
        ),
    )
    yield "activation_os", as_keras(sequential(layer("Dense", {"units": 4, "activation": function("os", "system")})))
    yield "initializer_os", as_keras(sequential(layer("Dense", {"units": 4, "kernel_initializer": thing("os", "system")})))
    yield (
        "dtype_os",
        as_keras(sequential(layer("Dense", {"units": 4, "dtype": thing("subprocess", "Popen", {"args": CANARY})}))),
    )
    yield "loss_os", as_keras(sequential(compile_config={"optimizer": "sgd", "loss": function("os", "system")}))
    yield "optimizer_os", as_keras(sequential(compile_config={"optimizer": thing("subprocess", "run", {"args": CANARY})}))
    yield "build_config_os", as_keras(sequential(layer("Dense", {"units": 4}, build_config={"shape": thing("os", "system")})))
    yield "registered_os", as_keras(sequential(thing("keras.layers", "Dense", {"units": 4}, "os>system")))
    yield (
        "lambda_h5_module",
        as_h5(
            {
                "class_name": "Sequential",
                "config": [
                    {"class_name": "Lambda", "config": {"function": "system", "function_type": "function", "module": "os"}}
                ],
            }
        ),
    )
    yield "dotted_name", as_h5({"class_name": "Sequential", "config": [{"class_name": "os.system", "config": {}}]})
    yield "tf_op_read", as_h5({"class_name": "TFOpLambda", "config": {"function": "io.read_file", "name": "x"}})
    yield "tf_op_write", as_h5({"class_name": "TFOpLambda", "config": {"function": "io.write_file", "name": "x"}})
    yield "tf_op_pyfunc", as_h5({"class_name": "TFOpLambda", "config": {"function": "numpy_function", "name": "x"}})
    node = 'name: "x"\nop: "WriteFile"\ninput: "a"\n'
    yield "tf_op_layer", as_h5({"class_name": "TensorFlowOpLayer", "config": {"node_def": node, "name": "x"}})
    yield "safe_mode_off", as_keras(sequential(lambda_layer(function("builtins", "relu"), arguments={"safe_mode": False})))
    yield (
        "duplicate_key",
        as_keras(
            '{"class_name": "Sequential", "config": {"layers": ['
            + json.dumps(lambda_layer(function("os", "system")))
            + ']}, "config": {"layers": []}}'
        ),
    )
    for name, config in (
        ("TFSMLayer", {"filepath": "/tmp/evil"}),
        ("TorchModuleWrapper", {"module": {"class_name": "__bytes__", "config": {"value": "gASV"}}}),
        ("JaxLayer", {"call_fn": function("os", "system")}),
        ("KerasLayer", {"handle": "https://localhost/module/1"}),
    ):
        yield f"loader_{name}", as_keras(sequential(layer(name, {"name": "x", **config})))
    for place in (
        "/etc/passwd",
        "http://localhost/words",
        "file:///etc/shadow",
        "../../secret",
        "gs://bucket/words",
        "~/.ssh/id_rsa",
        "C:\\secret.txt",
        "words.txt",
    ):
        label = "".join(c if c.isalnum() else "_" for c in place)
        yield f"vocabulary_{label}", as_keras(sequential(layer("StringLookup", {"name": "x", "vocabulary": place})))
    yield "integer_vocabulary", as_h5(sequential(layer("IntegerLookup", {"name": "x", "vocabulary": "/etc/passwd"})))
    yield "idf_weights", as_keras(sequential(layer("TextVectorization", {"name": "x", "idf_weights": "/etc/passwd"})))
    yield "layer_name_path", as_keras(sequential(layer("Dense", {"units": 4, "name": "../../../tmp/evil"})))


# -- archives


def _zip(entries: list[tuple[zipfile.ZipInfo | str, bytes]]) -> bytes:
    held = io.BytesIO(keras_zip(sequential()))
    with zipfile.ZipFile(held, "a") as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return held.getvalue()


def _link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info, target.encode()


def archive_files() -> Iterator[tuple[str, Make]]:
    plain = keras_zip(sequential())
    for label, name in (
        ("up", "../../evil.py"),
        ("absolute", "/etc/cron.d/evil"),
        ("drive", "C:/evil"),
        ("backslash", "..\\..\\evil"),
        ("assets", "assets/../../evil"),
        ("pth", "assets/evil.pth"),
        ("program", "setup.py"),
        ("library", "assets/evil.so"),
    ):
        yield f"zip_{label}", as_bytes(_zip([(name, b"x")]), ".keras")
    yield "zip_link", as_bytes(_zip([_link("assets/x", "/etc/passwd")]), ".keras")
    yield (
        "zip_twice",
        as_bytes(_zip([("config.json", json.dumps(sequential(lambda_layer(function("os", "system")))).encode())]), ".keras"),
    )
    yield "zip_prefix", as_bytes(b"GIF89a" + bytes(100) + plain, ".keras")
    yield "zip_suffix", as_bytes(plain + b"trailing" * 4, ".keras")
    yield "zip_comment", as_bytes(plain[:-2] + struct.pack("<H", 8) + b"PK\5\6evil", ".keras")
    yield "zip_local_name", as_bytes(plain.replace(b"config.json", b"c0nfig.json", 1), ".keras")
    yield "zip_in_hdf5", as_bytes(weights() + plain, ".h5")
    yield "zip_bomb", as_bytes(_deflated(b"\0" * (200 << 20)), ".keras")
    yield "zip_pickle", as_bytes(_zip([("assets/x.bin", pickled("os", "system"))]), ".keras")
    yield (
        "zip_nested",
        as_bytes(_zip([("assets/inner.bin", keras_zip(sequential(lambda_layer(function("os", "system")))))]), ".keras"),
    )
    yield "zip_tar", as_bytes(_zip([("assets/a.tar", _tar("../../evil"))]), ".keras")
    yield "tar_slip", as_bytes(_tar("../../evil"), ".tar")
    yield "tar_link", as_bytes(_tar("x", "/etc/passwd"), ".tar")
    yield (
        "npz_pickle",
        as_keras(sequential(), extra={"model.weights.npz": _npz(pickled("os", "system"))}, weights_name="model.weights.npz"),
    )
    yield "npz_alone", as_bytes(_npz(pickled("subprocess", "Popen")), ".npz")
    yield "npy_alone", as_bytes(_npy(pickled("builtins", "exec")), ".npy")


def _deflated(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(sequential()))
        archive.writestr("metadata.json", "{}")
        archive.writestr("assets/x", data)
    return held.getvalue()


def _tar(name: str, link: str = "") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        info = tarfile.TarInfo(name)
        if link:
            info.type, info.linkname = tarfile.SYMTYPE, link
        archive.addfile(info)
    return held.getvalue()


def _npy(pickle_bytes: bytes) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + pickle_bytes


def _npz(pickle_bytes: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("__root__.npy", _npy(pickle_bytes))
    return held.getvalue()


# -- HDF5


def _h5(change: Callable[[h5py.File], None]) -> Make:
    def make(path: Path) -> None:
        as_h5(sequential())(path)
        with h5py.File(path.with_suffix(".h5"), "a") as file:
            change(file)

    return make


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "float32")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("model_weights/x", layout)


def _many_bombs(file: h5py.File) -> None:
    for number in range(24):
        file.create_dataset(f"model_weights/x{number}", (1 << 22,), "float32", chunks=(1024,))


def hdf5_files() -> Iterator[tuple[str, Make]]:
    yield "h5_external_link", _h5(lambda f: f.__setitem__("model_weights/x", h5py.ExternalLink("/etc/passwd", "/x")))
    yield "h5_external_link_first", _h5(lambda f: f.__setitem__("aaa", h5py.ExternalLink("other.h5", "/x")))
    yield "h5_soft_link", _h5(lambda f: f.__setitem__("model_weights/x", h5py.SoftLink("/model_weights")))
    yield (
        "h5_external_storage",
        _h5(lambda f: f.create_dataset("model_weights/x", (4,), "float32", external=[("/etc/passwd", 0, 16)]) and None),
    )
    yield "h5_virtual", _h5(_virtual)
    yield "h5_bomb", _h5(lambda f: f.create_dataset("model_weights/x", (1 << 40,), "float32", chunks=(1 << 10,)) and None)
    yield "h5_many_bombs", _h5(_many_bombs)
    yield "h5_pickle_attribute", _h5(lambda f: f.attrs.__setitem__("extra", np.void(pickled("os", "system"))))
    yield "h5_pickle_dataset", _h5(lambda f: f.__setitem__("extra", np.frombuffer(pickled("os", "system"), "uint8")))
    yield (
        "h5_config_elsewhere",
        _h5(
            lambda f: f["model_weights"].attrs.__setitem__(
                "model_config", json.dumps(legacy(sequential(lambda_layer(function("os", "system")))))
            )
        ),
    )
    yield "h5_user_block", as_bytes(bytes(512) + weights(), ".h5")


# -- pickles, YAML, graphs


class _Calls:
    def __init__(self, module: str, name: str, *args: object) -> None:
        self.module, self.name, self.args = module, name, args


def pickled(module: str, name: str, protocol: int = 0) -> bytes:
    """A pickle that would call a function, spelled by hand."""
    if protocol == 0:
        return f"c{module}\n{name}\n(S'{CANARY}'\ntR.".encode()
    text = b"".join(b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, name))
    argument = b"\x8c" + bytes([len(CANARY)]) + CANARY.encode()
    return b"\x80\x04" + text + b"\x93" + argument + b"\x85R."


def other_files() -> Iterator[tuple[str, Make]]:
    for module, name in CALLABLES[:34]:
        yield f"pickle_{module}_{name}".replace(".", "_"), as_bytes(pickled(module, name, len(name) % 2), ".pkl")
    yield "pickle_inst", as_bytes(f"(S'{CANARY}'\nios\nsystem\n.".encode(), ".pkl")
    yield "pickle_object", as_bytes(f"(cos\nsystem\nS'{CANARY}'\no.".encode(), ".pkl")
    yield "pickle_broken_after", as_bytes(pickled("os", "system")[:-1] + b"\xff\xff", ".pkl")
    yield "pickle_second", as_bytes(pickle.dumps({"a": 1}) + pickled("os", "system", 4), ".pkl")
    yield "pickle_getattr", as_bytes(b"cbuiltins\ngetattr\n(cos\nsystem\nS'x'\ntR.", ".pkl")
    yield "pickle_persistent", as_bytes(b"\x80\x02Pabc\n.", ".pkl")
    for number, tag in enumerate(
        (
            "!!python/object/apply:os.system ['touch canary']",
            "!!python/object/new:os.system ['touch canary']",
            "!!python/object:subprocess.Popen {}",
            "!!python/module:os",
            "!!python/name:os.system",
            "!!python/object/apply:builtins.eval ['1']",
            "!<tag:yaml.org,2002:python/object/apply:os.system> ['x']",
        )
    ):
        text = f"backend: tensorflow\nclass_name: Sequential\nconfig: {tag}\nkeras_version: 2.3.1\n"
        yield f"yaml_{number}", as_bytes(text.encode(), ".yaml")
    for op in (
        "WriteFile",
        "ReadFile",
        "PyFunc",
        "EagerPyFunc",
        "MatchingFiles",
        "DebugIdentity",
        "Rpc",
        "SqlDataset",
        "TextLineDataset",
        "ImmutableConst",
    ):
        yield f"graph_{op}", _saved_model(graph_def(op))
    constant = (
        field(1, b"hidden") + field(2, b"Const") + field(5, field(1, b"value") + field(2, field(8, graph_def("WriteFile"))))
    )
    yield "graph_in_constant", _saved_model(field(1, constant))
    metadata = json.dumps(
        {"class_name": "Lambda", "config": {"function": [encode(dict(_payloads())["import_os"]), None, None]}}
    )
    yield "saved_model_metadata", _saved_model(graph_def("Const"), metadata)
    yield "saved_model_link", _saved_model(graph_def("Const"), link=True)
    yield "cut_off_h5", _cut(as_h5(sequential(lambda_layer(stored(dict(_payloads())["import_os"])))), ".h5")


def field(number: int, data: bytes) -> bytes:
    size, length = len(data), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + data


def graph_def(op: str) -> bytes:
    return field(1, field(1, b"node_of_" + op.encode()) + field(2, op.encode()))


def _saved_model(graph: bytes, metadata: str = "", link: bool = False) -> Make:
    def make(path: Path) -> None:
        path.mkdir()
        meta = field(1, field(4, b"serve")) + field(2, graph)
        (path / "saved_model.pb").write_bytes(b"\x08\x01" + field(2, meta))
        if metadata:
            (path / "keras_metadata.pb").write_bytes(field(1, field(4, metadata.encode())))
        if link:
            (path / "assets").mkdir()
            (path / "assets" / "words.txt").symlink_to("/etc/passwd")

    return make


def _cut(make: Make, suffix: str) -> Make:
    def run(path: Path) -> None:
        make(path)
        data = path.with_suffix(suffix).read_bytes()
        path.with_suffix(suffix).write_bytes(data[: len(data) - 64])

    return run


def old_code_files() -> Iterator[tuple[str, Make]]:
    """Code of other Pythons, made by scripts/fixtures/make_hostile_code.py in genuine old stacks."""
    listed = json.loads(Path(__file__).with_name("hostile_code.json").read_text())
    for version, codes in listed.items():
        for number, code in enumerate(codes):
            held = {"function": [code, None, None], "function_type": "lambda", "name": "x"}
            name = f"{version.replace('.', '_')}_{number}"
            yield name, as_h5({"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": held}]})


FAMILIES = {
    "old": old_code_files,
    "code": code_files,
    "names": name_files,
    "archives": archive_files,
    "hdf5": hdf5_files,
    "others": other_files,
}


def make_all(folder: Path) -> list[Path]:
    """Write every hostile file into `folder`; their paths."""
    for family, files in FAMILIES.items():
        for name, make in files():
            make(folder / f"{family}-{name}")
    return sorted(folder.iterdir())
