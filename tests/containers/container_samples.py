"""Small files of every kind, made with h5py and zipfile, independently of AnyKeras."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

SEQUENTIAL = {
    "class_name": "Sequential",
    "config": {"name": "s", "layers": [{"class_name": "Dense", "config": {"name": "dense", "units": 3}}]},
}
KERNEL = np.arange(12, dtype=np.float32).reshape(4, 3) / 7
BIAS = np.array([0.5, -1, 2], np.float32)


def legacy(group: h5py.Group, chunked: bool = False) -> None:
    """The weights of one Dense layer as `save_weights` of Keras 1 to 3 writes them to `.h5`."""
    names = [b"dense"]
    if chunked:
        for number, name in enumerate(names):
            group.attrs[f"layer_names{number}"] = [name]
    else:
        group.attrs["layer_names"] = names
    group.attrs["keras_version"] = b"2.2.4"
    group.attrs["backend"] = "tensorflow"
    layer = group.create_group("dense")
    weights = [b"dense/kernel:0", b"dense/bias:0"]
    if chunked:
        layer.attrs["weight_names0"], layer.attrs["weight_names1"] = weights[:1], weights[1:]
    else:
        layer.attrs["weight_names"] = weights
    layer["dense/kernel:0"], layer["dense/bias:0"] = KERNEL, BIAS


def whole(file: h5py.Group, config: object = SEQUENTIAL, as_bytes: bool = True) -> None:
    """A whole model as `model.save("x.h5")` writes it."""
    text = json.dumps(config)
    file.attrs["model_config"] = np.bytes_(text) if as_bytes else text
    file.attrs["training_config"] = json.dumps({"loss": "mse"})
    file.attrs["keras_version"] = b"2.2.4"
    legacy(file.create_group("model_weights"))
    optimizer = file.create_group("optimizer_weights")
    optimizer.attrs["weight_names"] = [b"Adam/iterations:0"]
    optimizer["Adam/iterations:0"] = np.int64(7)


def tree(file: h5py.Group, top: str = "layers") -> None:
    """Weights by object, as Keras 2.12 to 3 writes them."""
    variables = file.create_group(f"{top}/dense/vars")
    variables.attrs["name"] = "dense"
    variables["0"], variables["1"] = KERNEL, BIAS
    file["optimizer/vars/0"] = np.int64(7)
    for number in (10, 9, 1):
        file[f"optimizer/vars/{number}"] = np.float32(number)
    file["metrics/mean/vars/0"] = np.float32(1)


def tree_bytes() -> bytes:
    """`tree` as the bytes of a file."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        tree(file)
    return buffer.getvalue()


def archive(members: Mapping[str, bytes | str] | None = None, method: int = zipfile.ZIP_STORED) -> bytes:
    """A `.keras` archive; `members` replaces or adds (an empty value removes)."""
    content: dict[str, bytes | str] = {
        "metadata.json": json.dumps({"keras_version": "3.6.0", "date_saved": "2024-10-10@10:10:10"}),
        "config.json": json.dumps({"module": "keras", **SEQUENTIAL, "compile_config": {"loss": "mse"}}),
        "model.weights.h5": tree_bytes(),
        "assets/layers/lookup/vocabulary.txt": "a\nb\n",
        **(members or {}),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in content.items():
            if data:
                file.writestr(name, data)
    return buffer.getvalue()


YAML = """backend: tensorflow
class_name: Sequential
config:
- class_name: Dense
  config:
    batch_input_shape: !!python/tuple [null, 4]
    name: dense
    units: 3
    pool: &id001 !!python/tuple [2, 2]
    strides: *id001
    function: !!python/tuple ["4wEA\\
        AA\\x12", null]
keras_version: 2.2.4
"""


def write_all(folder: Path) -> list[Path]:
    """One file of each kind in `folder`."""
    for name, make in {
        "whole.h5": whole,
        "legacy.h5": legacy,
        "tree.weights.h5": tree,
        "old.weights.h5": numbered,
        "stored.h5": stored_in_ways,
    }.items():
        with h5py.File(folder / name, "w") as file:
            make(file)
    (folder / "model.keras").write_bytes(archive())
    (folder / "deflated.keras").write_bytes(archive(method=zipfile.ZIP_DEFLATED))
    (folder / "npz.keras").write_bytes(archive({"model.weights.h5": b"", "model.weights.npz": npz()}))
    (folder / "arch.json").write_text(json.dumps(SEQUENTIAL))
    (folder / "arch.yaml").write_text(YAML)
    return sorted(folder.iterdir())


def numbered(file: h5py.Group) -> None:
    """Weights as Keras 0.x writes them."""
    file.attrs["nb_layers"] = 2
    for number, weights in enumerate(([KERNEL, BIAS], [])):
        group = file.create_group(f"layer_{number}")
        group.attrs["nb_params"] = len(weights)
        for position, value in enumerate(weights):
            group[f"param_{position}"] = value


def stored_in_ways(file: h5py.Group) -> None:
    """A legacy weights file whose arrays are compact, chunked, compressed and filled."""
    legacy(file)
    layer = file["dense"]
    big = np.arange(700, dtype=np.float32).reshape(35, 20)
    layer.create_dataset("gzip", data=big, chunks=(8, 7), compression="gzip", shuffle=True, fletcher32=True)
    layer.create_dataset("plain", data=big.astype(">f8"), chunks=(10, 20))
    layer.create_dataset("filled", (30, 3), np.int32, chunks=(4, 2), fillvalue=9)
    layer["filled"][:4, :2] = 1
    layer.create_dataset("half", data=big.astype(np.float16))
    layer.create_dataset("flag", data=big > 100)
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((3,))
    identifier = h5py.h5d.create(layer.id, b"compact", h5py.h5t.NATIVE_FLOAT, space, compact)
    identifier.write(h5py.h5s.ALL, h5py.h5s.ALL, BIAS)
    names = ["gzip", "plain", "filled", "half", "flag", "compact"]
    layer.attrs["weight_names"] = [name.encode() for name in names]


def npz() -> bytes:
    """Weights in NumPy form, as Keras 2.12 writes them with ``weights_format="npz"``."""
    buffer = io.BytesIO()
    np.savez(buffer, **{"__root__": {}, "layers/dense": {"0": KERNEL, "1": BIAS}, "optimizer": {"0": np.array(7)}})
    return buffer.getvalue()
