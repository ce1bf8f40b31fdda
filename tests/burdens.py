# ruff: noqa: UP031, C416, C420, B905, RUF015 -- functions are compiled as they are spelled

"""Small files that ask for far more than they are: one maker a kind, every file below ten million bytes.

    python tests/burdens.py FOLDER      # writes them all, for scripts/measure_burdens.py

Genuine readers of each format make what the maker changes; nothing here is ever loaded by Keras, unpickled or run.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from hostile import encode, keras_zip, lambda_layer, layer, sequential

Make = Callable[[Path], None]
MAKERS: dict[str, Make] = {}


def burden(name: str) -> Callable[[Make], Make]:
    """Register what writes the file, or the folder, of that name."""

    def register(make: Make) -> Make:
        MAKERS[name] = make
        return make

    return register


def _bytes(name: str, make: Callable[[], bytes]) -> None:
    MAKERS[name] = lambda path: path.write_bytes(make()) and None


def _h5(name: str, change: Callable[[h5py.File], object]) -> None:
    """An HDF5 file of one Dense, further changed."""

    def make(path: Path) -> None:
        config = {
            "name": "m",
            "layers": [{"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [None, 2]}}],
        }
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config})
            file.attrs["keras_version"] = "2.3.1"
            file.create_group("model_weights").attrs["layer_names"] = np.array([b"d"])
            group = file.create_group("model_weights/d")
            group.attrs["weight_names"] = np.array([b"kernel:0", b"bias:0"])
            group["kernel:0"], group["bias:0"] = np.ones((2, 2), "float32"), np.ones(2, "float32")
            change(file)

    MAKERS[name] = make


def _replace(file: h5py.File, **more: Any) -> h5py.Dataset:
    del file["model_weights/d/kernel:0"]
    return file.create_dataset("model_weights/d/kernel:0", **more)


def _config(name: str, make: Callable[[], Any]) -> None:
    """A `.keras` archive with this configuration, deflated."""

    def write() -> bytes:
        held, config = io.BytesIO(), make()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("metadata.json", json.dumps({"keras_version": "3.10.0"}))
            archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
            weights = io.BytesIO()
            h5py.File(weights, "w").close()
            archive.writestr("model.weights.h5", weights.getvalue())
        return held.getvalue()

    _bytes(f"{name}.keras", write)


def _code(name: str, function: Callable[..., Any], **names: Any) -> None:
    """A Lambda of Keras 3 with this code."""
    code = {"class_name": "__lambda__", "config": {"code": encode(function), "defaults": None, "closure": None}}
    _config(f"code_{name}", lambda: sequential(lambda_layer(code, **names)))


# -- HDF5


def _deep_groups(file: h5py.File) -> None:
    group = file["model_weights/d"]
    for _ in range(3000):
        group = group.create_group("g")


def _attributes(file: h5py.File) -> None:
    for number in range(1000):
        file["model_weights/d"].attrs[f"a{number}"] = np.int8(1)


def _chunk_index(file: h5py.File) -> None:
    _replace(file, shape=(60_000, 2), chunks=(1, 2), dtype="float32", data=np.ones((60_000, 2), "float32"))


def _direct(file: h5py.File, filters: int, chunk: bytes, count: int, size: int, **more: Any) -> None:
    """`count` chunks of `size` float32 each, whose stored bytes are `chunk`, through `filters` times deflate."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((size,))
    for _ in range(filters):
        creation.set_deflate(9)
    del file["model_weights/d/kernel:0"]
    space = h5py.h5s.create_simple((size * count,))
    dataset = h5py.h5d.create(file["model_weights/d"].id, b"kernel:0", h5py.h5t.IEEE_F32LE, space, creation)
    for number in range(count):
        dataset.write_direct_chunk((number * size,), chunk)


def _zeros(size: int, times: int) -> bytes:
    packer = zlib.compressobj(9)
    data = b"".join([packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]) + packer.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def _vlen(file: h5py.File) -> None:
    """Names of layers that are long texts on a heap."""
    file["model_weights"].attrs.create("layer_names", ["x" * 60_000] * 100, dtype=h5py.string_dtype())


def _shared_heap(path: Path) -> None:
    """A dataset of 100,000 references to one text of 4 MB: patched after writing."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": []})
        file.create_dataset("texts", data=["x" * 4_000_000] + ["y"] * 100_000, dtype=h5py.string_dtype())
        file.create_group("model_weights").attrs["layer_names"] = np.array([b"d"])
        at, size = file["texts"].id.get_offset(), 16
    data = bytearray(path.read_bytes())
    data[at + size : at + size * 100_001] = data[at : at + size] * 100_000
    path.write_bytes(bytes(data))


def _vlen_attribute(path: Path) -> None:
    """`layer_names` of 3,000 references to one text of 4 MB."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": []})
        group = file.create_group("model_weights")
        group.attrs.create("layer_names", ["x" * 4_000_000] + [f"y{n:04d}" for n in range(3000)], dtype=h5py.string_dtype())
    data = path.read_bytes()
    reference = struct.pack("<I", 4_000_000)
    at = data.find(reference)
    while data[at + 16 : at + 20] != struct.pack("<I", 5):
        at = data.find(reference, at + 1)
    path.write_bytes(data[:at] + data[at : at + 16] * 3001 + data[at + 16 * 3001 :])


def _cyclic_header(path: Path) -> None:
    """An object header that continues in itself."""
    MAKERS["h5_plain.h5"](path)
    data = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        at = h5py.h5o.get_info(file["model_weights/d"].id).addr
    count, size = struct.unpack_from("<H", data, at + 2)[0], struct.unpack_from("<I", data, at + 8)[0]
    struct.pack_into("<H", data, at + 2, max(count, 60_000))
    struct.pack_into("<HHBBBBQQ", data, at + 16, 0x10, 16, 0, 0, 0, 0, at + 16, size)
    path.write_bytes(bytes(data))


def _long_names(file: h5py.File) -> None:
    group = file["model_weights/d"]
    for _ in range(60):
        group = group.create_group("n" * 60_000)


def _many_names(file: h5py.File) -> None:
    names = np.array([b"%06d" % number for number in range(8000)])
    file["model_weights"].attrs["layer_names0"] = names
    file["model_weights"].attrs["layer_names1"] = names
    del file["model_weights"].attrs["layer_names"]


def _same_names(file: h5py.File) -> None:
    """The same group named as a layer 60,000 times."""
    del file["model_weights"].attrs["layer_names"]
    for number in range(9):
        file["model_weights"].attrs[f"layer_names{number}"] = np.array([b"d"] * 60_000)


def _same_weights(file: h5py.File) -> None:
    """One array named as a weight 60,000 times, in 9 attributes."""
    del file["model_weights/d"].attrs["weight_names"]
    for number in range(9):
        file["model_weights/d"].attrs[f"weight_names{number}"] = np.array([b"bias:0"] * 8_000)


def _declared(file: h5py.File) -> None:
    _replace(file, shape=(1 << 40,), chunks=(1,), dtype="float32")


def _enum(file: h5py.File) -> None:
    _replace(file, shape=(2,), dtype=h5py.enum_dtype({f"n{number}": number for number in range(3000)}, "i4"))


def _nested_compound(file: h5py.File) -> None:
    kind: Any = np.dtype("float32")
    for _ in range(200):
        kind = np.dtype([("a", kind), ("b", "int8")])
    _replace(file, shape=(2,), dtype=kind)


def _array_type(file: h5py.File) -> None:
    _replace(file, shape=(1,), dtype=np.dtype(("float32", (1 << 15, 1 << 13))), chunks=(1,))


def _optimizer_names(file: h5py.File) -> None:
    group = file.create_group("optimizer_weights")
    for number in range(9):
        group.attrs[f"weight_names{number}"] = np.array([b"w%06d" % count for count in range(8000)])


def _many_groups(file: h5py.File) -> None:
    for number in range(15_000):
        file["model_weights"].create_group(f"layer_{number}")


def _lzf(file: h5py.File) -> None:
    _replace(file, data=np.zeros((8_000_000,), "float32"), chunks=(4_000_000,), compression="lzf")


for _name, _change in {
    "plain": lambda file: None,
    "deep_groups": _deep_groups,
    "attributes": _attributes,
    "chunk_index": _chunk_index,
    "deflate": lambda file: _direct(file, 1, _zeros(512 << 20, 1), 4, 128 << 20),
    "deflate_twice": lambda file: _direct(file, 2, _zeros(512 << 20, 2), 500, 128 << 20),
    "deflate_small_chunks": lambda file: _direct(file, 1, _zeros(4 << 20, 1), 1500, 1 << 20),
    "vlen": _vlen,
    "long_names": _long_names,
    "many_names": _many_names,
    "same_names": _same_names,
    "same_weights": _same_weights,
    "declared": _declared,
    "enum": _enum,
    "nested_compound": _nested_compound,
    "array_type": _array_type,
    "optimizer_names": _optimizer_names,
    "many_groups": _many_groups,
    "lzf": _lzf,
}.items():
    _h5(f"h5_{_name}.h5", _change)
MAKERS["h5_shared_heap.h5"] = _shared_heap
MAKERS["h5_vlen_attribute.h5"] = _vlen_attribute
MAKERS["h5_cyclic_header.h5"] = _cyclic_header


# -- zip and npz


def _archive(members: list[tuple[str, bytes]], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", kind) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return held.getvalue()


def _npy(header: bytes, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header + data


def _with_npz(member: bytes, name: str = "layers/dense/vars/0.npy") -> bytes:
    config = json.dumps(sequential(layer("Dense", {"units": 4, "name": "dense"}))).encode()
    return _archive([("metadata.json", b"{}"), ("config.json", config), ("model.weights.npz", _archive([(name, member)]))])


def _overlapping() -> bytes:
    """A thousand entries of the directory at one and the same member."""
    plain = keras_zip(sequential(), {"assets/a": bytes(1 << 20)})
    start = plain.rindex(b"PK\x05\x06")
    entry_at = plain.rindex(b"PK\x01\x02", 0, start)
    entry, at = plain[entry_at:start], struct.unpack_from("<I", plain, start + 16)[0]
    directory = plain[at:start] + entry * 20_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 20_004, 20_004, len(directory), at, 0)
    return plain[:at] + directory + end


def _zip64_lie() -> bytes:
    plain = bytearray(keras_zip(sequential()))
    at = plain.index(b"PK\x01\x02")
    struct.pack_into("<2I", plain, at + 20, 0xFFFFFFFF, 0xFFFFFFFF)
    extra = struct.pack("<2H2Q", 1, 16, 1 << 62, 1 << 62)
    name = struct.unpack_from("<H", plain, at + 28)[0]
    struct.pack_into("<H", plain, at + 30, len(extra))
    plain[at + 46 + name : at + 46 + name] = extra
    end = plain.rindex(b"PK\x05\x06")
    struct.pack_into("<I", plain, end + 12, struct.unpack_from("<I", plain, end + 12)[0] + len(extra))
    return bytes(plain)


_bytes("zip_overlapping.keras", _overlapping)
_bytes("zip64_lie.keras", _zip64_lie)
_bytes("zip_members.keras", lambda: keras_zip(sequential(), {f"assets/{n}": b"" for n in range(60_000)}))
_bytes("zip_deep_names.keras", lambda: keras_zip(sequential(), {f"assets/{n}/" + "d/" * 3000 + "f": b"" for n in range(500)}))
_bytes("zip_assets.keras", lambda: _archive([("metadata.json", b"{}"), ("config.json", json.dumps(sequential()).encode()),
                                             *((f"assets/{n}", bytes(60 << 20)) for n in range(20))]))  # fmt: skip
_bytes("npz_header.keras", lambda: _with_npz(_npy(b"{'descr': '<f4', 'shape': " + b"(" * 100_000 + b"}")))
_bytes("npz_header_sum.keras", lambda: _with_npz(_npy(b"{'descr': '<f4', 'shape': (" + b"1+" * 500_000 + b"1,)}")))
_bytes(
    "npz_header_long.keras",
    lambda: _with_npz(_npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"1," * 4_000_000 + b")}")),
)
_bytes(
    "npz_declared.keras",
    lambda: _with_npz(_npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 0)}")),
)
_bytes(
    "npz_zeros.keras",
    lambda: _with_npz(_npy(b"{'descr': '<f4', 'fortran_order': True, 'shape': (150000000,)}", bytes(600_000_000))),
)
_bytes(
    "npz_alone.npz",
    lambda: _archive(
        [(f"{n}.npy", _npy(b"{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", bytes(4))) for n in range(40_000)]
    ),
)


# -- JSON: configurations


def _functional(layers: list[Any], ends: list[str], starts: tuple[str, ...] = ("in",)) -> dict[str, Any]:
    config = {
        "name": "m",
        "layers": layers,
        "input_layers": [[one, 0, 0] for one in starts],
        "output_layers": [[one, 0, 0] for one in ends],
    }
    return {"class_name": "Model", "config": config, "keras_version": "2.3.1"}


def _input(name: str = "in", size: int = 4) -> dict[str, Any]:
    return {
        "class_name": "InputLayer",
        "name": name,
        "inbound_nodes": [],
        "config": {"name": name, "batch_input_shape": [None, size], "dtype": "float32"},
    }


def _node(class_name: str, name: str, parents: list[Any], **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": parents}


def _from(*names: str) -> list[Any]:
    return [[name, 0, 0, {}] for name in names]


def _json(name: str, make: Callable[[], Any]) -> None:
    _bytes(f"json_{name}.json", lambda: (lambda made: made if isinstance(made, bytes) else json.dumps(made).encode())(make()))


def _dense_graph() -> Any:
    names = [f"a{n}" for n in range(700)]
    layers = [_node("Activation", "a0", [_from("in")], activation="relu")]
    layers += [_node("Add", names[n], [_from("in", *names[:n])]) for n in range(1, len(names))]
    return _functional([_input(), *layers], names[-1:])


def _shared_chain() -> Any:
    calls = [_from("in"), *([["s", n, 0, {}]] for n in range(99_999))]
    shared = _node("Activation", "s", calls, activation="relu")
    return {
        **_functional([_input(), shared], []),
        "config": {
            "name": "m",
            "layers": [_input(), shared],
            "input_layers": [["in", 0, 0]],
            "output_layers": [["s", 99_999, 0]],
        },
    }


def _doubled_models(depth: int = 60) -> Any:
    model: Any = _node("Activation", "leaf", [_from("in"), [["leaf", 0, 0, {}]]], activation="relu")
    last = ["leaf", 1, 0]
    for number in range(depth):
        inner = {"name": f"m{number}", "layers": [_input(), model], "input_layers": [["in", 0, 0]], "output_layers": [last]}
        model = {
            "class_name": "Model",
            "name": f"m{number}",
            "config": inner,
            "inbound_nodes": [_from("in"), [[f"m{number}", 1, 0, {}]]],
        }
        last = [f"m{number}", 2, 0]
    # the first call makes node 1 of a nested model in Keras 2, as node 0 is the model itself
    return {
        "class_name": "Model",
        "config": {"name": "top", "layers": [_input(), model], "input_layers": [["in", 0, 0]], "output_layers": [last]},
        "keras_version": "2.3.1",
    }


def _doubled_models3(depth: int = 60) -> Any:
    def tensor(name: str, node: int = 0) -> Any:
        return {
            "args": [
                {
                    "class_name": "__keras_tensor__",
                    "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [name, node, 0]},
                }
            ],
            "kwargs": {},
        }

    start = layer("InputLayer", {"batch_shape": [None, 4], "dtype": "float32", "name": "in"}, name="in", inbound_nodes=[])
    inner: Any = layer(
        "Activation", {"name": "leaf", "activation": "relu"}, name="leaf", inbound_nodes=[tensor("in"), tensor("leaf")]
    )
    for number in range(depth):
        config = {
            "name": f"m{number}",
            "layers": [start, inner],
            "input_layers": [["in", 0, 0]],
            "output_layers": [[inner["name"], 1, 0]],
        }
        inner = {
            "module": "keras.src.models.functional",
            "class_name": "Functional",
            "registered_name": "Functional",
            "config": config,
            "name": f"m{number}",
            "inbound_nodes": [tensor("in"), tensor(f"m{number}")],
        }
    return {key: inner[key] for key in ("module", "class_name", "registered_name", "config")}


def _lines(*layers: Any) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "m", "layers": list(layers)}, "keras_version": "2.3.1"}


def _first(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": class_name.lower(), "batch_input_shape": [None, 8, 8, 3], **config}}


def _wrapped(class_name: str, depth: int, inner: Any) -> Any:
    for number in range(depth):
        inner = {
            "class_name": class_name,
            "config": {"name": f"w{number}", "layer": inner, "batch_input_shape": [None, 2, 2], "merge_mode": "concat"},
        }
    return inner


_json("deep", lambda: b"[" * 1_000_000)
_json("deep_objects", lambda: b'{"class_name": "Sequential", "config": ' + b'{"a":' * 500 + b"1" + b"}" * 501)
_json("digits", lambda: b'{"class_name": "Sequential", "config": [' + b"9" * 5_000_000 + b"]}")
_json("exponents", lambda: b'{"class_name": "Sequential", "config": [' + b"1e999," * 1_000_000 + b"0]}")
_json("long_numbers", lambda: b'{"class_name": "Sequential", "config": [' + b"9" * 399 + (b"," + b"9" * 399) * 20_000 + b"]}")
_json("escapes", lambda: b'{"class_name": "Sequential", "config": ["' + b"\\ud83d\\ude00" * 700_000 + b'"]}')
_json("dense_graph", _dense_graph)
_json("shared_chain", _shared_chain)
_json("doubled_models", _doubled_models)
_config("doubled_models3", _doubled_models3)
_json("many_inputs", lambda: _functional([_input(), _node("Add", "add", [_from(*["in"] * 300_000)])], ["add"]))
_json(
    "many_inputs_concat", lambda: _functional([_input(), _node("Concatenate", "c", [_from(*["in"] * 300_000)], axis=-1)], ["c"])
)
_json(
    "same_names",
    lambda: _lines(
        _first("Flatten"), *({"class_name": "Activation", "config": {"name": "a", "activation": "relu"}} for _ in range(60_000))
    ),
)
_json(
    "no_names",
    lambda: _lines(_first("Flatten"), *({"class_name": "Activation", "config": {"activation": "relu"}} for _ in range(60_000))),
)
_json(
    "reversed",
    lambda: _functional(
        [
            *(_node("Activation", f"a{n}", [_from(f"a{n - 1}")], activation="relu") for n in range(30_000, 0, -1)),
            _node("Activation", "a0", [_from("in")], activation="relu"),
            _input(),
        ],
        ["a30000"],
    ),
)
_json(
    "cycle",
    lambda: _functional(
        [_input(), *(_node("Activation", f"a{n}", [_from(f"a{(n + 1) % 30_000}")], activation="relu") for n in range(30_000))],
        ["a0"],
    ),
)
_json(
    "timedistributed",
    lambda: _lines(_wrapped("TimeDistributed", 100, {"class_name": "Dense", "config": {"name": "d", "units": 2}})),
)
_json(
    "bidirectional",
    lambda: _lines(
        _wrapped("Bidirectional", 100, {"class_name": "LSTM", "config": {"name": "d", "units": 2, "return_sequences": True}})
    ),
)
_json(
    "cells",
    lambda: _lines(
        {
            "class_name": "RNN",
            "config": {
                "name": "r",
                "batch_input_shape": [None, 2, 2],
                "cell": {
                    "class_name": "StackedRNNCells",
                    "config": {"name": "s", "cells": [{"class_name": "GRUCell", "config": {"name": "g", "units": 2}}] * 30_000},
                },
            },
        }
    ),
)
_json(
    "long_name",
    lambda: _lines(
        _first("Flatten"), *({"class_name": "Nowhere", "config": {"name": "n" * 1_000_000 + str(n)}} for n in range(9))
    ),
)
_json(
    "many_unknown",
    lambda: _lines(_first("Flatten"), *({"class_name": f"Nowhere{n}", "config": {"name": f"n{n}"}} for n in range(30_000))),
)
_json(
    "many_errors",
    lambda: _lines(
        _first("Flatten"),
        *({"class_name": "Dense", "config": {"name": f"n{n}", "units": "two", "activation": f"f{n}"}} for n in range(30_000)),
    ),
)
_json(
    "rank", lambda: _lines({"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [None] * 500_000}})
)
_json(
    "reshape", lambda: _lines(_first("Reshape", target_shape=[1] * 500_000), {"class_name": "Flatten", "config": {"name": "f"}})
)
_json("permute", lambda: _lines(_first("Permute", dims=list(range(1, 200_000)))))
_json("axes", lambda: _lines(_first("BatchNormalization", axis=list(range(200_000)))))
_json(
    "repeat",
    lambda: _lines(
        {"class_name": "RepeatVector", "config": {"name": "r", "n": 10**15, "batch_input_shape": [None, 4]}},
        {"class_name": "Flatten", "config": {"name": "f"}},
        {"class_name": "Dense", "config": {"name": "d", "units": 10**9}},
    ),
)
_json(
    "upsampling",
    lambda: _lines(
        _first("UpSampling2D", size=[10**9, 10**9]),
        _first("ZeroPadding2D", padding=10**12),
        _first("Conv2D", filters=10**12, kernel_size=[10**6, 10**6]),
    ),
)
_json(
    "embedding",
    lambda: _lines(
        {
            "class_name": "Embedding",
            "config": {"name": "e", "input_dim": 10**15, "output_dim": 10**6, "batch_input_shape": [None, 4]},
        }
    ),
)
_json(
    "vocabulary",
    lambda: _lines(
        {
            "class_name": "StringLookup",
            "config": {"name": "s", "batch_input_shape": [None, 1], "vocabulary": ["same"] * 500_000},
        }
    ),
)
_json(
    "equation",
    lambda: _lines(_first("EinsumDense", equation="a" * 2_000_000 + ",b->c", output_shape=[2], bias_axes="b" * 1_000_000)),
)
_json("letters", lambda: _lines(_first("EinsumDense", equation="abcd,de->abce", output_shape=[None] * 300_000)))
_json(
    "constant",
    lambda: _lines(
        _first("Dense", units=2, kernel_initializer={"class_name": "Constant", "config": {"value": [[0.5] * 1000] * 1000}})
    ),
)
_json(
    "compile",
    lambda: b'{"class_name": "Sequential", "config": [], "training_config": {"metrics": ' + b"[" * 400 + b"]" * 400 + b"}}",
)
_json("dtype", lambda: _lines(_first("Dense", units=2, dtype="float32" * 1_000_000)))
_json("activation_name", lambda: _lines(_first("Dense", units=2, activation="relu" * 2_000_000)))
_json(
    "kwargs",
    lambda: _functional(
        [_input(), _node("Add", "add", [[["in", 0, 0, {f"k{n}": ["in", 0, 0] for n in range(200_000)}], ["in", 0, 0, {}]]])],
        ["add"],
    ),
)
_json("keys", lambda: _lines(_first("Dense", units=2, **{f"k{n}": n for n in range(300_000)})))
_json("outputs", lambda: _functional([_input()], ["in"] * 300_000))
_json(
    "dropouts",
    lambda: _lines(
        _first("Flatten"),
        *(
            {"class_name": "Dropout", "config": {"name": f"d{n}", "rate": 0.5, "noise_shape": [None] * 1000}}
            for n in range(900)
        ),
    ),
)
_json("keras1_merge", lambda: {"class_name": "Sequential", "keras_version": "1.2.2", "config": [_merge(400)]})
_json(
    "keras1_graph",
    lambda: {
        "name": "Graph",
        "class_name": "Graph",
        "input_config": [{"name": f"i{n}", "input_shape": [4]} for n in range(20_000)],
        "node_config": [],
        "nodes": {},
        "output_config": [],
    },
)
_config(
    "lookup_json",
    lambda: sequential(layer("TextVectorization", {"name": "t", "vocabulary": [f"w{n}" for n in range(400_000)]})),
)
_config(
    "numpy_rows",
    lambda: sequential(
        layer(
            "Rescaling",
            {
                "name": "r",
                "scale": {"class_name": "__numpy__", "config": {"value": [[0.5] * 10] * 100_000, "dtype": "float32"}},
            },
        )
    ),
)
_config(
    "compile_parts",
    lambda: sequential(
        compile_config={
            "optimizer": "sgd",
            "loss": "mse",
            "metrics": [
                {
                    "class_name": "MeanMetricWrapper",
                    "module": "keras.metrics",
                    "config": {"name": f"m{n}", "fn": "mse"},
                    "registered_name": None,
                }
                for n in range(40_000)
            ],
        }
    ),
)
_config(
    "policy_map",
    lambda: sequential(
        layer(
            "Dense",
            {
                "units": 4,
                "name": "d",
                "dtype": {
                    "module": "keras.dtype_policies",
                    "class_name": "DTypePolicyMap",
                    "registered_name": None,
                    "config": {"default_policy": "float32", "policy_map": {f"p{n}": "float16" for n in range(100_000)}},
                },
            },
        )
    ),
)
_config(
    "schedules",
    lambda: sequential(
        compile_config={
            "optimizer": {
                "module": "keras.optimizers",
                "class_name": "SGD",
                "registered_name": None,
                "config": {
                    "learning_rate": {
                        "module": "keras.optimizers.schedules",
                        "class_name": "PiecewiseConstantDecay",
                        "registered_name": None,
                        "config": {"boundaries": list(range(300_000)), "values": [0.1] * 300_001},
                    }
                },
            },
            "loss": "mse",
        }
    ),
)


def _merge(depth: int) -> Any:
    inner: Any = {"class_name": "Dense", "config": {"name": "d", "output_dim": 2, "batch_input_shape": [None, 2]}}
    for number in range(depth // 8):
        side = {"class_name": "Sequential", "config": [inner]}
        inner = {"class_name": "Merge", "config": {"name": f"m{number}", "mode": "concat", "concat_axis": -1, "layers": [side]}}
    return inner


# -- code


def _loops() -> None:
    _code("while", lambda x: [0 for _ in iter(int, 1)] and x)
    _code("range", lambda x: sum(i for i in range(10**12)) + x)
    _code("nodes", lambda x: [x := x + 1 for _ in range(100_000)][-1])
    _code("recursion", lambda x: (lambda f: f(f, x))(lambda f, y: f(f, y + 1)))
    _code("fork", lambda x: (lambda f: f(f, 64))(lambda f, n: f(f, n - 1) + f(f, n - 1) if n else x))
    _code("text", lambda x: "a" * 10**9 and x)
    _code("list", lambda x: [0] * 10**9 and x)
    _code("power", lambda x: x + 10**10**10)
    _code("shift", lambda x: x + (1 << 10**10))
    _code("pad", lambda x: "%1000000000d" % 1 and x)
    _code("format", lambda x: f"{1:>1000000000}" and x)
    _code("format_method", lambda x: "{:{}}".format("a", 10**9) and x)
    _code("bytes", lambda x: bytes(10**10) and x)
    _code("to_bytes", lambda x: (1).to_bytes(10**10, "big") and x)
    _code("replace", lambda x: ("a" * 30_000).replace("a", "b" * 30_000) and x)
    _code("join", lambda x: ("a" * 30_000).join(["b"] * 30_000) and x)
    _code("ljust", lambda x: "a".ljust(10**10) and x)
    _code("zfill", lambda x: "a".zfill(10**10) and x)
    _code("expandtabs", lambda x: "\t\t".expandtabs(10**10) and x)
    _code("translate", lambda x: ("a" * 30_000).translate({97: "b" * 30_000}) and x)
    _code("splits", lambda x: ("a," * 1_000_000).split(",") and x)
    _code("doubling", lambda x: (lambda s: [s := s + s for _ in range(60)] and x)("ab"))
    _code("tuples", lambda x: (lambda s: [s := (s, s) for _ in range(60)] and (hash(s), str(s)) and x)(()))
    _code("shown", lambda x: (lambda s: [s := (s, s) for _ in range(60)] and K.concatenate(s))(x))  # type: ignore[name-defined]  # noqa: F821
    _code("equal", lambda x: (lambda s, t: [(s := (s, s), t := (t, t)) for _ in range(60)] and (s == t and x))((), ()))
    _code("product", lambda x: (lambda n: [n := n * n for _ in range(60)] and x + n)(3))
    _code("int_text", lambda x: x + int("9" * 4000) ** 300)
    _code("sorted", lambda x: sorted(range(10**9)) and x)
    _code("dict", lambda x: {i: 0 for i in range(10**8)} and x)
    _code("pow_mod", lambda x: x + pow(3, 10**4000, 10**4000 + 7))
    _code("factor", lambda x: x + (10**4000) % (10**3999 + 1) ** 9)
    _code("slices", lambda x: [i for i in range(10**6)][::-1] * 1000 and x)
    _code("zip", lambda x: [a for a in zip(*[range(10**6)] * 100)] and x)
    _code("zeros", lambda x: x + np.zeros((10**6, 10**6)).sum())
    _code("arange", lambda x: x + np.arange(10**13)[0])
    _code("eye", lambda x: x + np.eye(10**6)[0, 0])
    _code("tile", lambda x: x + np.tile([1.0], 10**12)[0])
    _code("repeat", lambda x: x + np.repeat([1.0], 10**12)[0])
    _code("outer", lambda x: x + np.outer(np.ones(10**6), np.ones(10**6))[0, 0])
    _code("kron", lambda x: x + np.kron(np.ones((2000, 2000)), np.ones((2000, 2000)))[0, 0])
    _code("meshgrid", lambda x: x + np.meshgrid(*[np.arange(100)] * 8)[0].sum())
    _code("indices", lambda x: x + np.indices((10**4, 10**5))[0].sum())
    _code("linspace", lambda x: x + np.linspace(0, 1, 10**11)[0])
    _code("pad_array", lambda x: x + np.pad(np.ones(2), 10**11)[0])
    _code("broadcast", lambda x: x + np.broadcast_to(1.0, (10**6, 10**6)).sum())
    _code("loop_arrays", lambda x: x + [a := np.ones(10**6) * i for i in range(10**6)][0][0])  # noqa: F841
    _code("einsum", lambda x: x + np.einsum("i,j,k,l->ijkl", *[np.ones(1000)] * 4)[0, 0, 0, 0])
    _code("convolve", lambda x: x + np.convolve(np.ones(10**6), np.ones(10**6))[0])
    _code("sort_large", lambda x: x + np.linalg.inv(np.eye(3000))[0, 0])
    _code("one_hot", lambda x: x + tf.one_hot([1], 10**10)[0, 0])  # type: ignore[name-defined]  # noqa: F821
    _code("fill", lambda x: x + K.zeros((10**6, 10**6)))  # type: ignore[name-defined]  # noqa: F821
    _code("tf_tile", lambda x: tf.tile(x, [10**9, 10**9]))  # type: ignore[name-defined]  # noqa: F821
    _code("regex", lambda x: (__import__("re").match("(a+)+$", "a" * 60 + "b"), x)[1])


_loops()


def _code_bytes(name: str, data: Callable[[], bytes]) -> None:
    import base64

    def config() -> Any:
        text = base64.b64encode(data()).decode()
        return sequential(
            lambda_layer({"class_name": "__lambda__", "config": {"code": text, "defaults": None, "closure": None}})
        )

    _config(f"marshal_{name}", config)


_code_bytes("deep", lambda: b"\xa9\x01" * 2_000_000 + b"N")
_code_bytes(
    "references",
    lambda: b"".join(
        [
            b"\xa8" + struct.pack("<I", 60),
            *(b"\xa9\x02" + b"r" + struct.pack("<I", max(0, n)) + b"r" + struct.pack("<I", max(0, n)) for n in range(60)),
        ]
    ),
)
_code_bytes("size", lambda: b"(" + struct.pack("<I", 0x7FFFFFFF) + b"N" * 1000)
_code_bytes("nones", lambda: b"(" + struct.pack("<I", 5_000_000) + b"N" * 5_000_000)
_code_bytes("long", lambda: b"l" + struct.pack("<i", 2_000_000) + b"\x01\x00" * 2_000_000)


# -- YAML


_bytes(
    "yaml_anchors.yaml",
    lambda: (
        "a0: &a0 [x, x]\n"
        + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
        + "class_name: Sequential\nconfig: *a59\n"
    ).encode(),
)
_bytes(
    "yaml_maps.yaml",
    lambda: (
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{n}: &a{n} {{l: *a{n - 1}, r: *a{n - 1}}}\n" for n in range(1, 60))
        + "class_name: Sequential\nconfig: *a59\n"
    ).encode(),
)
_bytes(
    "yaml_merge.yaml",
    lambda: (
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60))
        + "class_name: Sequential\nconfig: *a59\n"
    ).encode(),
)
_bytes("yaml_deep.yaml", lambda: b"class_name: Sequential\nconfig: " + b"[" * 1_000_000)
_bytes("yaml_indent.yaml", lambda: b"class_name: Sequential\nconfig:\n" + b"".join(b" " * n + b"a:\n" for n in range(1, 4000)))
_bytes(
    "yaml_aliases.yaml",
    lambda: (
        b"class_name: Sequential\nkeras_version: 2.3.1\nx: &x ["
        + b"1, " * 10_000
        + b"1]\nconfig: ["
        + b"*x, " * 500_000
        + b"*x]\n"
    ),
)
_bytes("yaml_scalar.yaml", lambda: b"class_name: Sequential\nconfig: |\n" + b"  a\n" * 1_500_000)
_bytes("yaml_quoted.yaml", lambda: b'class_name: Sequential\nconfig: "' + b"\\u0041" * 1_000_000 + b'"\n')
_bytes("yaml_documents.yaml", lambda: b"class_name: Sequential\n" + b"---\n" * 2_000_000)
_bytes(
    "yaml_keys.yaml", lambda: b"class_name: Sequential\nconfig:\n" + b"".join(b"  k%d: %d\n" % (n, n) for n in range(300_000))
)


# -- pickle

_CONFIG = b"X\x0c\x00\x00\x00model_config"


_bytes("pickle_deep.pkl", lambda: b"\x80\x02" + b"]" * 2_000_000 + b"a" * 1_999_999 + b".")
_bytes("pickle_tuples.pkl", lambda: b"\x80\x02)" + b"\x85" * 4_000_000 + b".")
_bytes("pickle_long.pkl", lambda: b"\x80\x02}" + _CONFIG + b"\x8b" + struct.pack("<i", 4_000_000) + b"\xff" * 4_000_000 + b"s.")
_bytes("pickle_decimal.pkl", lambda: b"\x80\x02}" + _CONFIG + b"L" + b"9" * 4_000_000 + b"L\ns.")
_bytes("pickle_claim.pkl", lambda: b"\x80\x04}" + _CONFIG + b"\x8e" + struct.pack("<Q", 1 << 62) + b"abc")
_bytes(
    "pickle_keys.pkl", lambda: b"\x80\x02}(" + b"".join(b"J" + struct.pack("<i", n) + b"N" for n in range(1_000_000)) + b"u."
)
_bytes("pickle_calls.pkl", lambda: b"\x80\x02cnumpy\nfloat32\n" + b")R" * 3_000_000 + b".")
_bytes("pickle_build.pkl", lambda: b"\x80\x02c__main__\nA\n)\x81" + b"}b" * 3_000_000 + b".")
_bytes("pickle_memo.pkl", lambda: b"\x80\x02N" + b"".join(b"r" + struct.pack("<I", 2**31 + n) for n in range(1_000_000)) + b".")
_bytes("pickle_shared.pkl", lambda: b"\x80\x02]q\x00(" + b"h\x00" * 3_000_000 + b"e.")
_bytes(
    "pickle_doubled.pkl",
    lambda: (
        b"\x80\x02}"
        + _CONFIG
        + b"]"
        + b"q\x00"
        + b"".join(b"]q" + bytes([n]) + b"(h" + bytes([n - 1]) + b"h" + bytes([n - 1]) + b"e" for n in range(1, 100))
        + b"s."
    ),
)
_bytes("pickle_lines.pkl", lambda: b"(dp0\n" + b"".join(b"S'k%d'\nI%d\ns" % (n, n) for n in range(400_000)) + b".")


# -- messages of TensorFlow


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _op(name: str, op: str, *inputs: str, **attributes: bytes) -> bytes:
    parts = [_field(1, name.encode()), _field(2, op.encode()), *(_field(3, one.encode()) for one in inputs)]
    return b"".join(parts + [_field(5, _field(1, key.encode()) + _field(2, value)) for key, value in attributes.items()])


FLOAT = _field(6, 1)


def _saved(graph: bytes, first: str = "x:0", last: str = "y:0") -> bytes:
    """A SavedModel with this GraphDef and one signature."""

    def end(tensor: str) -> bytes:
        dimension = _field(2, _field(1, (1 << 64) - 1)) + _field(2, _field(1, 4))
        return _field(1, b"a") + _field(2, _field(1, tensor.encode()) + _field(2, 1) + _field(3, dimension))

    signature = _field(1, end(first)) + _field(2, end(last)) + _field(3, b"tensorflow/serving/predict")
    meta = (
        _field(1, _field(4, b"serve") + _field(5, b"2.8.0"))
        + _field(2, graph)
        + _field(5, _field(1, b"serving_default") + _field(2, signature))
    )
    return _field(1, 1) + _field(2, meta)


def _model_folder(name: str, graph: Callable[[], bytes], files: dict[str, Callable[[], bytes]] | None = None) -> None:
    def make(path: Path) -> None:
        path.mkdir()
        (path / "saved_model.pb").write_bytes(_saved(graph()))
        for inner, content in (files or {}).items():
            (path / inner).parent.mkdir(exist_ok=True)
            (path / inner).write_bytes(content())

    MAKERS[f"saved_{name}"] = make


def _graph(*nodes: bytes, functions: tuple[bytes, ...] = ()) -> bytes:
    library = _field(2, b"".join(_field(1, one) for one in functions)) if functions else b""
    return b"".join(_field(1, node) for node in nodes) + library


def _function(name: str, *nodes: bytes, returns: str) -> bytes:
    argument = _field(1, b"x") + _field(3, 1)
    result = _field(1, b"y") + _field(3, 1)
    signature = _field(1, name.encode()) + _field(2, argument) + _field(3, result)
    return (
        _field(1, signature)
        + b"".join(_field(3, node) for node in nodes)
        + _field(4, _field(1, b"y") + _field(2, returns.encode()))
    )


def _calls(name: str, function: str, given: str) -> bytes:
    return _op(
        name,
        "PartitionedCall",
        given,
        f=_field(10, _field(1, function.encode())),
        Tin=_field(1, _field(6, 1)),
        Tout=_field(1, _field(6, 1)),
    )


_X = _op("x", "Placeholder", dtype=FLOAT)


def _chain(count: int, backwards: bool = False) -> bytes:
    nodes = [_op(f"n{n}", "Identity", f"n{n - 1}" if n else "x", T=FLOAT) for n in range(count)]
    return _graph(_X, *(nodes[::-1] if backwards else nodes), _op("y", "Identity", f"n{count - 1}", T=FLOAT))


def _doubled_functions(depth: int = 60) -> bytes:
    functions = [_function("f0", _op("a", "Relu", "x", T=FLOAT), returns="a:activations:0")]
    for n in range(1, depth):
        functions.append(
            _function(f"f{n}", _calls("a", f"f{n - 1}", "x"), _calls("b", f"f{n - 1}", "a:output:0"), returns="b:output:0")
        )
    return _graph(_X, _calls("y", f"f{depth - 1}", "x"), functions=tuple(functions))


def _const(name: str, shape: tuple[int, ...], value: float = 1.0) -> bytes:
    dims = b"".join(_field(2, _field(1, one)) for one in shape)
    tensor = _field(1, 1) + _field(2, dims) + _varint(5 << 3 | 5) + struct.pack("<f", value)
    return _op(name, "Const", dtype=FLOAT, value=_field(8, tensor))


_model_folder(
    "recursion",
    lambda: _graph(_X, _calls("y", "f", "x"), functions=(_function("f", _calls("a", "f", "x"), returns="a:output:0"),)),
)
_model_folder("doubled_functions", _doubled_functions)
_model_folder("chain", lambda: _chain(60_000))
_model_folder("backwards", lambda: _chain(60_000, True))
_model_folder("empty_nodes", lambda: b"\n\x00" * 4_900_000)
_model_folder("fan", lambda: _graph(_X, _op("y", "AddN", *["x"] * 400_000, T=FLOAT, N=_field(3, 400_000))))
_model_folder("loop", lambda: _graph(_op("a", "Identity", "y", T=FLOAT), _op("y", "Identity", "a", T=FLOAT), _X))
_model_folder("constant", lambda: _graph(_X, _const("c", (1 << 20, 1 << 20)), _op("y", "AddV2", "x", "c", T=FLOAT)))
_model_folder(
    "constants",
    lambda: _graph(
        _X,
        *(_const(f"c{n}", (1 << 12, 1 << 10)) for n in range(2000)),
        _op("y", "AddN", "x", *(f"c{n}" for n in range(2000)), T=FLOAT, N=_field(3, 2001)),
    ),
)
_model_folder(
    "folding",
    lambda: _graph(
        _X,
        _const("c", (1 << 12, 1)),
        _const("d", (1, 1 << 12)),
        *(_op(f"m{n}", "MatMul", "c", "d", T=FLOAT) for n in range(2000)),
        _op("y", "AddN", "x", *(f"m{n}" for n in range(2000)), T=FLOAT, N=_field(3, 2001)),
    ),
)
_model_folder("attributes", lambda: _graph(_X, _op("y", "Identity", "x", T=FLOAT, **{f"a{n}": FLOAT for n in range(300_000)})))
_model_folder("nested_attributes", lambda: _graph(_X, _op("y", "Identity", "x", T=_nested_function(30_000))))
_model_folder(
    "index",
    lambda: _graph(_X, _op("y", "Identity", "x", T=FLOAT)),
    {"variables/variables.index": lambda: _table(200_000), "variables/variables.data-00000-of-00001": lambda: bytes(1000)},
)
_model_folder(
    "objects", lambda: _graph(_X, _op("y", "Identity", "x", T=FLOAT)), {"keras_metadata.pb": lambda: b"\n\x00" * 4_000_000}
)


def _nested_function(depth: int) -> bytes:
    value = FLOAT
    for _ in range(depth):
        value = _field(10, _field(1, b"f") + _field(2, _field(1, b"a") + _field(2, value)))
        if len(value) > 9_000_000:
            break
    return value


def _table(count: int) -> bytes:
    """A table of TensorFlow's checkpoints with one block of `count` entries, all of them one array."""
    from anykeras.containers.checksums import compute_crc32c

    def block(data: bytes) -> bytes:
        crc = compute_crc32c(data + b"\0")
        return data + b"\0" + (((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")

    entry = _field(1, 1) + _field(2, _field(2, _field(1, 250))) + _field(5, 1000)
    rows = [b"\0\0" + _varint(len(_field(1, 1))) + _field(1, 1)]
    for number in range(count):
        key = b"k%07d" % number
        rows.append(b"\0" + _varint(len(key)) + _varint(len(entry)) + key + entry)
    data = b"".join(rows) + struct.pack("<II", 0, 1)
    held = block(data)
    handle = _varint(0) + _varint(len(data))
    meta = struct.pack("<II", 0, 1)
    index = b"\0\1" + _varint(len(handle)) + b"z" + handle + struct.pack("<II", 0, 1)
    at = len(held)
    held += block(meta)
    index_at = len(held)
    held += block(index)
    footer = _varint(at) + _varint(len(meta)) + _varint(index_at) + _varint(len(index))
    return held + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")


# -- TensorFlow.js


def _tfjs(name: str, manifest: Callable[[], Any], shard: int = 4, topology: Any = None) -> None:
    def make(path: Path) -> None:
        path.mkdir()
        config = {
            "class_name": "Sequential",
            "config": {
                "name": "m",
                "layers": [{"class_name": "Dense", "config": {"name": "d", "units": 1, "batch_input_shape": [None, 1]}}],
            },
        }
        top = (
            topology() if topology is not None else {"keras_version": "2.8.0", "backend": "tensorflow", "model_config": config}
        )
        held = {
            "format": "layers-model",
            "generatedBy": "keras v2.8.0",
            "convertedBy": "TensorFlow.js Converter v3.18.0",
            "modelTopology": top,
            "weightsManifest": manifest(),
        }
        (path / "model.json").write_text(json.dumps(held))
        (path / "group1-shard1of1.bin").write_bytes(bytes(shard))

    MAKERS[f"tfjs_{name}"] = make


_tfjs(
    "many_weights",
    lambda: [
        {
            "paths": ["group1-shard1of1.bin"],
            "weights": [{"name": f"d/w{n}", "shape": [0], "dtype": "float32"} for n in range(150_000)],
        }
    ],
)
_tfjs(
    "same_shard",
    lambda: [
        {"paths": ["group1-shard1of1.bin"] * 300_000, "weights": [{"name": "d/kernel", "shape": [1, 1], "dtype": "float32"}]}
    ],
    4_000_000,
)
_tfjs("groups", lambda: [{"paths": ["group1-shard1of1.bin"], "weights": []}] * 150_000)
_tfjs(
    "shape",
    lambda: [
        {"paths": ["group1-shard1of1.bin"], "weights": [{"name": "d/kernel", "shape": [1 << 50, 1 << 50], "dtype": "float32"}]}
    ],
)
_tfjs(
    "quantized",
    lambda: [
        {
            "paths": ["group1-shard1of1.bin"],
            "weights": [
                {
                    "name": "d/kernel",
                    "shape": [1 << 33, 1],
                    "dtype": "float32",
                    "quantization": {"dtype": "uint8", "scale": 1e308, "min": -1e308},
                }
            ],
        }
    ],
)
_tfjs(
    "rank",
    lambda: [
        {"paths": ["group1-shard1of1.bin"], "weights": [{"name": "d/kernel", "shape": [1] * 1_000_000, "dtype": "float32"}]}
    ],
)


# -- tar


def _tar(members: int, size: int) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for number in range(members):
            info = tarfile.TarInfo(f"model/f{number}")
            info.size = size
            tar.addfile(info, io.BytesIO(bytes(size)))
        info = tarfile.TarInfo("model/saved_model.pb")
        info.size = 100
        tar.addfile(info, io.BytesIO(bytes(100)))
    return gzip.compress(held.getvalue(), 6)


_bytes("tar_members.tar.gz", lambda: _tar(150_000, 0))
_bytes("tar_zeros.tar.gz", lambda: _tar(2, 100 << 20))


def make_all(folder: Path, names: list[str] | None = None) -> list[Path]:
    """Write the burdens into a folder; their paths."""
    for name in names or MAKERS:
        MAKERS[name](folder / name)
    return [folder / name for name in names or MAKERS]


if __name__ == "__main__":
    target, wanted = Path(sys.argv[1]), sys.argv[2:]
    for each in wanted or MAKERS:
        MAKERS[each](target / each)
        found = target / each
        size = found.stat().st_size if found.is_file() else sum(one.stat().st_size for one in found.rglob("*") if one.is_file())
        if size > 10_000_000:
            print(each, size, file=sys.stderr)
    print(len(MAKERS))
