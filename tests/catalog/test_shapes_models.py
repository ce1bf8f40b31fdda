"""Shapes, filled inputs and masks over whole models, against stock Keras running the same graphs."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as L

from anykeras.catalog.shapes import UNKNOWN, Spec, fill, find_masked, infer
from anykeras.document.build import Builder
from anykeras.document.model import Graph, Layer, Ref


def submodel() -> Layer:
    """abs(x) + 1, then a Dense: the shape of its input is the caller's."""
    sub = Builder("sub")
    x = sub.input()
    return sub.finish(sub.layer("Dense", {"units": 3}, sub.op("add", sub.op("abs", x), 1.0), name="dense"))


def sequential(*layers: Layer) -> Layer:
    return Layer("Sequential", "seq", graph=Graph(layers, sequential=True))


def inner_input(model: Layer, name: str) -> Layer:
    assert model.graph is not None
    found = model.graph.layer(name)
    return found


def test_a_submodel_takes_the_shape_it_is_called_on() -> None:
    whole = sequential(
        Layer("InputLayer", "in", {"batch_shape": (None, 9, 4), "dtype": "float32"}),
        Layer("Conv1D", "conv", {"filters": 6, "kernel_size": 3}),
        submodel(),
        Layer("Flatten", "flat"),
    )
    found = infer(whole)
    assert found[Ref("conv")] == Spec((None, 7, 6), "float32")
    assert found[Ref("sub")] == Spec((None, 7, 3), "float32")
    assert found[Ref("flat")] == Spec((None, 21), "float32")
    filled = inner_input(inner_input(fill(whole), "sub"), "sub_input")
    assert filled.config == {"batch_shape": (None, 7, 6), "dtype": "float32"}
    assert inner_input(inner_input(whole, "sub"), "sub_input").config["batch_shape"] is None


def test_a_submodel_inside_a_wrapper_is_filled_too() -> None:
    whole = sequential(
        Layer("InputLayer", "in", {"batch_shape": (None, 5, 8), "dtype": "float32"}),
        Layer("TimeDistributed", "td", {"layer": submodel()}),
    )
    assert infer(whole)[Ref("td")] == Spec((None, 5, 3), "float32")
    inner = inner_input(fill(whole), "td").config["layer"]
    assert isinstance(inner, Layer)
    assert inner_input(inner, "sub_input").config["batch_shape"] == (None, 8)


def test_a_shared_submodel_keeps_only_what_its_calls_have_in_common() -> None:
    sub = Builder("sub")
    shared = sub.finish(sub.op("abs", sub.input()))
    outer = Builder("outer")
    a, b = outer.input((9, 4)), outer.input((7, 4))
    first, second = outer.add(shared, a), outer.add(shared, b)
    whole = outer.finish((first, second))
    found = infer(whole)
    assert (found[first].shape, found[second].shape) == ((None, 9, 4), (None, 7, 4))
    assert inner_input(inner_input(fill(whole), "sub"), "sub_input").config["batch_shape"] == (None, None, 4)


def test_what_nobody_knows_stays_unknown() -> None:
    whole = sequential(
        Layer("InputLayer", "in", {"batch_shape": (None, 4)}), Layer("Mine", "mine"), Layer("Dense", "d", {"units": 3})
    )
    found = infer(whole)
    assert found[Ref("in")] == Spec((None, 4), "float32")
    assert found.get(Ref("mine"), UNKNOWN) == UNKNOWN and found.get(Ref("d"), UNKNOWN) == UNKNOWN


def test_a_model_without_an_input_layer_takes_given_inputs() -> None:
    whole = sequential(Layer("Dense", "d", {"units": 3}))
    assert infer(whole, [Spec((None, 8), "float32")])[Ref("d")].shape == (None, 3)


def test_a_long_chain_needs_no_recursion() -> None:
    chain = Builder("chain")
    x = chain.input((4,))
    for _ in range(3000):
        x = chain.op("add", x, 1.0)
    assert infer(chain.finish(x))[x].shape == (None, 4)


MASKS: list[tuple[str, Any, dict[str, Any]]] = [
    ("Dense", lambda: L.Dense(3), {"units": 3}),
    ("LSTM", lambda: L.LSTM(3, return_sequences=True), {"units": 3, "return_sequences": True}),
    ("LSTM", lambda: L.LSTM(3), {"units": 3}),
    (
        "GRU",
        lambda: L.GRU(3, return_sequences=True, return_state=True),
        {"units": 3, "return_sequences": True, "return_state": True},
    ),
    ("Conv1D", lambda: L.Conv1D(3, 2), {"filters": 3, "kernel_size": 2}),
    ("Flatten", lambda: L.Flatten(), {}),
    ("Masking", lambda: L.Masking(), {}),
    ("GlobalAveragePooling1D", lambda: L.GlobalAveragePooling1D(), {}),
    ("GlobalMaxPooling1D", lambda: L.GlobalMaxPooling1D(), {}),
    ("Permute", lambda: L.Permute((2, 1)), {"dims": (2, 1)}),
    ("Reshape", lambda: L.Reshape((-1, 2)), {"target_shape": (-1, 2)}),
    ("ZeroPadding1D", lambda: L.ZeroPadding1D(1), {"padding": 1}),
    ("UpSampling1D", lambda: L.UpSampling1D(2), {"size": 2}),
    (
        "EinsumDense",
        lambda: L.EinsumDense("abc,cd->abd", (None, 7)),
        {"equation": "abc,cd->abd", "output_shape": (None, 7)},
    ),
    *(
        (n, lambda n=n: getattr(L, n)(), {})
        for n in (
            "BatchNormalization",
            "LayerNormalization",
            "RMSNormalization",
            "UnitNormalization",
            "Identity",
            "ReLU",
            "ELU",
            "PReLU",
            "LeakyReLU",
            "ActivityRegularization",
        )
    ),
    *(
        (n, lambda n=n: getattr(L, n)(0.1), {"rate": 0.1})
        for n in ("Dropout", "GaussianDropout", "SpatialDropout1D", "AlphaDropout")
    ),
    ("GaussianNoise", lambda: L.GaussianNoise(0.1), {"stddev": 0.1}),
    ("Rescaling", lambda: L.Rescaling(2.0), {"scale": 2.0}),
]


@pytest.mark.framework
@pytest.mark.parametrize("number", range(len(MASKS)))
def test_masks_are_where_keras_has_them(number: int) -> None:
    class_name, make, config = MASKS[number]
    tokens = np.array([[1, 2, 0], [3, 0, 0]])
    real = keras.tree.flatten(make()(L.Embedding(5, 4, mask_zero=True)(tokens)))
    whole = sequential(
        Layer("InputLayer", "in", {"batch_shape": (None, 3), "dtype": "int32"}),
        Layer("Embedding", "emb", {"input_dim": 5, "output_dim": 4, "mask_zero": True}),
        Layer(class_name, "it", config),
    )
    found = find_masked(whole)
    assert Ref("emb") in found
    assert [Ref("it", 0, i) in found for i in range(len(real))] == [hasattr(t, "_keras_mask") for t in real]


@pytest.mark.framework
@pytest.mark.parametrize("merge", ["Add", "Concatenate", "Multiply"])
@pytest.mark.parametrize("zeros", [(True, True), (True, False), (False, False)])
def test_masks_of_merged_tensors(merge: str, zeros: tuple[bool, bool]) -> None:
    tokens = np.array([[1, 2, 0], [3, 0, 0]])
    real = getattr(L, merge)()([L.Embedding(5, 4, mask_zero=zero)(tokens) for zero in zeros])
    built = Builder("m")
    x = built.input((3,), "int32")
    both = [built.layer("Embedding", {"input_dim": 5, "output_dim": 4, "mask_zero": zero}, x) for zero in zeros]
    merged = built.layer(merge, {}, tuple(both))
    after = built.op("relu", merged)
    found = find_masked(built.finish(after))
    assert (merged in found) == hasattr(real, "_keras_mask")
    assert after not in found


def test_a_mask_goes_into_a_nested_model_and_out_again() -> None:
    sub = Builder("sub")
    inner = sub.finish(sub.layer("Dense", {"units": 2}, sub.input()))
    outer = Builder("outer")
    x = outer.layer("Embedding", {"input_dim": 5, "output_dim": 4, "mask_zero": True}, outer.input((3,), "int32"))
    y = outer.add(inner, x)
    assert y in find_masked(outer.finish(y))
