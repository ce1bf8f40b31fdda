"""The catalog's entries for Keras 3 against Keras 3 itself: a layer of each class, and the file it is saved in."""

from __future__ import annotations

import inspect
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import Input, Model, layers

from anykeras import targets
from anykeras.catalog import find
from anykeras.catalog.layout import list_variable_specs
from anykeras.document.model import Era

from .transcribe import document

# Hold functions or modules of another framework: nothing that a file could carry safely.
FOREIGN = {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper", "Layer"}
IMAGE, SEQUENCE, VECTOR, WHOLE = (8, 8, 3), (6, 4), (4,), "int32"
Case = tuple[Any, tuple[Any, ...]]


def _classes() -> dict[str, type]:
    found = {name: getattr(layers, name) for name in dir(layers)}
    return {n: c for n, c in found.items() if inspect.isclass(c) and issubclass(c, keras.Layer) and n not in FOREIGN}


def _dims(name: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    return shapes[int(next(c for c in name if c in "123")) - 1]


def _spatial(name: str) -> tuple[int, ...]:
    return _dims(name, (8, 3), (8, 8, 3), (8, 8, 8, 3))


ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "ActivityRegularization": {"l2": 0.1},
    "Activation": {"activation": "tanh"},
    "Bidirectional": {"layer": lambda: layers.GRU(3)},
    "CategoryEncoding": {"num_tokens": 5},
    "CenterCrop": {"height": 4, "width": 4},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "Dot": {"axes": 1},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"},
    "Embedding": {"input_dim": 9, "output_dim": 3},
    "GroupNormalization": {"groups": 1},
    "GroupQueryAttention": {"head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 2},
    "HashedCrossing": {"num_bins": 3},
    "Hashing": {"num_bins": 3},
    "IntegerLookup": {"vocabulary": [1, 2, 5]},
    "MaxNumBoundingBoxes": {"max_number": 3},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 3},
    "Permute": {"dims": (2, 1)},
    "Pipeline": {"layers": lambda: [layers.Rescaling(0.5), layers.Resizing(4, 4)]},
    "RNN": {"cell": lambda: [layers.LSTMCell(3), layers.GRUCell(2)]},
    "RandomCrop": {"height": 4, "width": 4},
    "RepeatVector": {"n": 2},
    "Rescaling": {"scale": 0.5},
    "Reshape": {"target_shape": (2, 2)},
    "Resizing": {"height": 4, "width": 4},
    "ReversibleEmbedding": {"input_dim": 9, "output_dim": 3, "tie_weights": False},
    "SpectralNormalization": {"layer": lambda: layers.Dense(3)},
    "StringLookup": {"vocabulary": ["a", "b"]},
    "TextVectorization": {"vocabulary": ["a", "b"]},
    "TimeDistributed": {"layer": lambda: layers.Dense(3)},
    "Wrapper": {"layer": lambda: layers.Dense(3)},
    "Attention": {"use_scale": True, "score_mode": "concat"},
}
COMMON: Mapping[str, Any] = {
    "units": 3,
    "filters": 3,
    "kernel_size": 2,
    "pool_size": 2,
    "output_size": 2,
    "rate": 0.5,
    "stddev": 0.1,
    "factor": 0.2,
    "height_factor": 0.1,
    "width_factor": 0.1,
}
SHAPES: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional", "TimeDistributed", "Permute"), (SEQUENCE,)),
    **dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"), (SEQUENCE,) * 2),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum"), (VECTOR, VECTOR)),
    **dict.fromkeys(("Minimum", "Concatenate", "Dot"), (VECTOR, VECTOR)),
    "ConvLSTM1D": ((5, 8, 3),),
    "ConvLSTM2D": ((5, 8, 8, 3),),
    "ConvLSTM3D": ((5, 4, 4, 4, 3),),
    "HashedCrossing": ((1,), (1,)),
    "MelSpectrogram": ((1000,),),
    "STFTSpectrogram": ((1000, 1),),
    **dict.fromkeys(("SpatialDropout1D", "GlobalAveragePooling1D"), (SEQUENCE,)),
}
CELLS = {"LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"}
# Take strings, functions or boxes, or (Equalization of 3.15.1) cannot be called symbolically at all.
APART = {"StringLookup", "TextVectorization", "MaxNumBoundingBoxes", "InputLayer", "Wrapper", "Lambda", "Equalization"}


def make(name: str) -> Any:
    """An instance with the arguments that it cannot do without."""
    cls = _classes()[name]
    wanted = {
        p.name
        for p in inspect.signature(cls.__init__).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "self"
    }
    given = dict(ARGUMENTS.get(cls.__name__, ARGUMENTS.get(name, {})))
    given |= {k: COMMON[k] for k in wanted if k in COMMON and k not in given}
    if name == "RandomPosterization":
        given["factor"] = 4
    return cls(**{k: v() if callable(v) and not inspect.isclass(v) else v for k, v in given.items()})


def shapes(name: str) -> tuple[Any, ...]:
    if name in SHAPES:
        return SHAPES[name]
    if (any(c in name for c in "123") and name[-1] == "D") or name[-9:] == "Transpose":
        return (_spatial(name),)
    module = _classes()[name].__module__
    return (IMAGE,) if "image_preprocessing" in module or name == "Pipeline" else (VECTOR,)


def model_of(name: str) -> Model:
    layer = make(name)
    dtype = WHOLE if "Embedding" in name or name in ("IntegerLookup", "CategoryEncoding") else "float32"
    inputs = [Input(shape, dtype="int32" if name == "HashedCrossing" else dtype) for shape in shapes(name)]
    if name in ("MultiHeadAttention", "GroupQueryAttention"):
        return Model(inputs, layer(*inputs))
    return Model(inputs, layer(inputs[0] if len(inputs) == 1 else inputs))


CALLABLE = sorted(n for n, c in _classes().items() if n not in CELLS | APART and c.__name__ in (n, "GroupedQueryAttention"))


@pytest.mark.parametrize("name", sorted(_classes()))
def test_every_class_has_an_entry(name: str) -> None:
    assert find(name, Era.KERAS3) is not None


@pytest.mark.parametrize("name", CALLABLE)
def test_slots_are_what_keras_writes(name: str, tmp_path: Path) -> None:
    keras.utils.clear_session(free_memory=False)
    model = model_of(name)
    rng = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(rng.uniform(0.1, 1, variable.shape))
    given = document(model)
    model.save(tmp_path / "stock.keras")
    with zipfile.ZipFile(tmp_path / "stock.keras") as archive:
        file = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
        stored: dict[str, Any] = {}
        file.visititems(lambda path, held: stored.update({path: held[()]}) if isinstance(held, h5py.Dataset) else None)
    assert sorted(slot.path for slot in list_variable_specs(given.model)) == sorted(stored)
    for path, tensor in targets.lower(given).weights.items():
        np.testing.assert_array_equal(tensor.read(), stored[path])
    targets.write(given, str(tmp_path / "ours.keras"))
    loaded = keras.models.load_model(tmp_path / "ours.keras")
    for ours, wanted in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(wanted))


QUANTIZED: Mapping[str, Callable[[], Any]] = {
    "Dense": lambda: layers.Dense(6),
    "Dense without bias": lambda: layers.Dense(6, use_bias=False),
    "EinsumDense": lambda: layers.EinsumDense("ab,bc->ac", 6, bias_axes="c"),
}


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
@pytest.mark.parametrize("name", QUANTIZED)
def test_quantized_layers(name: str, mode: str, tmp_path: Path) -> None:
    x = Input((8,))
    model = Model(x, QUANTIZED[name]()(x))
    model.quantize(mode)
    _same_after_writing(model, tmp_path)


@pytest.mark.parametrize("mode", ["int8", "int4"])
@pytest.mark.parametrize("tied", [True, False])
def test_quantized_tables(tied: bool, mode: str, tmp_path: Path) -> None:
    x = Input((8,), dtype="int32")
    h = layers.Embedding(9, 6)(x)
    model = Model(x, [h, layers.ReversibleEmbedding(9, 6, tie_weights=tied)(x)])
    model.quantize(mode)
    _same_after_writing(model, tmp_path)


def _same_after_writing(model: Model, tmp_path: Path) -> None:
    given = np.random.default_rng(0).integers(0, 8, (3, 8))
    wanted = [keras.ops.convert_to_numpy(y) for y in keras.tree.flatten(model(given))]
    targets.write(document(model), str(tmp_path / "ours.keras"))
    loaded = keras.models.load_model(tmp_path / "ours.keras")
    for made, y in zip(keras.tree.flatten(loaded(given)), wanted, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(made), y)
