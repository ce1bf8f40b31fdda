"""The order of layers, and so the numbers of weights, against what Keras makes of the written file."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import Input, Model, layers, ops

from anykeras import targets
from anykeras.catalog.layout import list_layers, list_variable_specs, order_names
from anykeras.catalog.masks import find_hidden_parents
from anykeras.document.build import Builder
from anykeras.document.graph import find_reachable
from anykeras.document.model import Call, Document, Era, Graph, Layer, Ref, Writer
from anykeras.errors import Malformed
from anykeras.tensors import constant

from .transcribe import document


def without_masks(given: Document) -> Document:
    """The document as an older writer has it: masks are not part of the graph."""
    graph = given.model.graph
    assert graph is not None
    calls = {
        name: tuple(Call(c.args, {k: v for k, v in c.kwargs.items() if k != "mask"}) for c in made)
        for name, made in graph.calls.items()
    }
    graph = replace(graph, calls=calls)
    kept = {name for name, _ in find_reachable(graph)}
    graph = replace(
        graph,
        layers=tuple(layer for layer in graph.layers if layer.name in kept),
        calls={name: made for name, made in calls.items() if name in kept},
    )
    return replace(given, model=replace(given.model, graph=graph))


def random_masked_model(seed: int) -> Model:
    """Branches of equal layers at random depths, some masked, some shared: every place where numbers can slip."""
    rng = random.Random(seed)
    tokens, signal = Input((5,), dtype="int32", name="tokens"), Input((5, 4), name="signal")
    pool = [layers.Embedding(9, 4, mask_zero=rng.random() < 0.7)(tokens), signal, layers.Embedding(9, 4)(tokens)]
    shared = [layers.Dense(4), layers.LSTM(4, return_sequences=True), layers.TimeDistributed(layers.Dense(4))]
    for _ in range(rng.randint(6, 18)):
        x = rng.choice(pool[-5:])
        kind = rng.randrange(10)
        if kind < 2:
            pool.append(layers.Dense(4)(x))
        elif kind == 2:
            pool.append(layers.Masking(0.5)(x))
        elif kind == 3:
            pool.append(layers.LSTM(4, return_sequences=True)(x))
        elif kind == 4:
            pool.append(layers.Bidirectional(layers.GRU(2, return_sequences=True))(x))
        elif kind == 5:
            pool.append(layers.Add()([x, rng.choice(pool)]))
        elif kind == 6:
            pool.append(layers.Dense(4)(layers.Concatenate()([x, rng.choice(pool), rng.choice(pool)])))
        elif kind == 7:
            pool.append(ops.tanh(x) * 0.5)
        else:
            pool.append(rng.choice(shared)(x))
    ends = [layers.GlobalAveragePooling1D()(pool[-1]), layers.LSTM(3)(pool[-2]), layers.Dense(2)(pool[-3])]
    rng.shuffle(ends)
    return Model([signal, tokens], ends)


def test_attention_hands_a_copy_of_the_mask_on() -> None:
    tokens, signal = Input((5,), dtype="int32", name="tokens"), Input((5, 4), name="signal")
    masked = layers.Embedding(9, 4, mask_zero=True)(tokens)
    near = layers.LSTM(3, name="near")(layers.Dense(4, name="plain")(layers.Dense(4)(layers.Dense(4)(signal))))
    behind = layers.LSTM(3, name="behind")(layers.Attention()([masked, masked]))
    model = Model([tokens, signal], layers.Concatenate()([near, behind]))
    graph = without_masks(document(model)).model.graph
    assert graph is not None
    real = {layer.name for layer in graph.layers}
    assert order_names(graph, find_hidden_parents(graph)) == [op.name for op in model.operations if op.name in real]


@pytest.mark.parametrize("seed", range(25))
def test_random_graphs_with_masks_that_nothing_spells_out(seed: int, tmp_path: Path) -> None:
    keras.utils.clear_session(free_memory=False)
    model = random_masked_model(seed)
    for variable in model.weights:
        variable.assign(np.random.default_rng(seed).uniform(-0.5, 0.5, variable.shape))
    given = without_masks(document(model))
    targets.write(given, str(tmp_path / "ours.keras"))
    loaded = keras.models.load_model(tmp_path / "ours.keras")
    assert given.model.graph is not None
    assert [layer.name for layer in list_layers(given.model.graph)] == [layer.name for layer in loaded.layers]
    rng = np.random.default_rng(1)
    batch = [rng.choice([0.5, 1.0, 2.0], (3, 5, 4)).astype("float32"), rng.integers(0, 3, (3, 5))]
    for made, wanted in zip(loaded(batch), model(batch), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(made), keras.ops.convert_to_numpy(wanted))


def test_the_masks_matter() -> None:
    """Without them the order of this model is another one, so the test above can fail."""
    differing = 0
    for seed in range(25):
        graph = without_masks(document(random_masked_model(seed))).model.graph
        assert graph is not None
        with_masks = [n for n in order_names(graph, find_hidden_parents(graph)) if not n.startswith(("input", "tok", "sig"))]
        plain = [n for n in order_names(graph) if not n.startswith(("input", "tok", "sig"))]
        differing += with_masks != plain
    assert differing > 0


def dense(name: str) -> Layer:
    return Layer("Dense", name, {"units": 2}, {"kernel": constant(np.eye(2)), "bias": constant([0.0, 1.0])})


def test_a_chain_of_thousands_needs_no_deep_stack() -> None:
    build = Builder("long")
    x = build.input((2,))
    for i in range(20_000):
        x = build.add(dense(f"dense_{i}"), x)
    model = build.finish(x)
    found = list_variable_specs(model)
    assert found[-1].path == "layers/dense_19999/vars/1" and len(found) == 40_000
    lowered = targets.lower(Document(model, Writer(Era.KERAS2), Era.KERAS3))
    assert len(lowered.bindings) == 40_000


def test_an_object_in_two_places_is_two_layers_as_the_written_configuration_has_two() -> None:
    one = dense("one")
    stack = Layer("Sequential", "stack", graph=Graph((one, dense("two")), sequential=True))
    both = Layer("Sequential", "both", graph=Graph((dense("zero"), stack, one), sequential=True))
    assert [slot.path for slot in list_variable_specs(both)] == [
        "layers/dense/vars/0",
        "layers/dense/vars/1",
        "layers/sequential/layers/dense/vars/0",
        "layers/sequential/layers/dense/vars/1",
        "layers/sequential/layers/dense_1/vars/0",
        "layers/sequential/layers/dense_1/vars/1",
        "layers/dense_1/vars/0",
        "layers/dense_1/vars/1",
    ]


@pytest.mark.parametrize(
    ("calls", "code"),
    [
        ({"a": (Call((Ref("b"),)),), "b": (Call((Ref("a"),)),)}, "AK1291"),
        ({"a": (Call((Ref("b", 1),)),), "b": (Call(),)}, "AK1290"),
        ({"a": (Call((Ref("nowhere"),)),), "b": (Call(),)}, "AK1290"),
    ],
)
def test_a_broken_graph_is_named(calls: dict[str, tuple[Call, ...]], code: str) -> None:
    graph = Graph((dense("a"), dense("b")), calls, (), Ref("a"))
    with pytest.raises(Malformed) as raised:
        order_names(graph)
    assert raised.value.code == code
