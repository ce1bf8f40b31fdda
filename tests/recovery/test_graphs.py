"""The parts below: values in their box, graphs that are the same, graphs as text, masks that reach a layer."""

from __future__ import annotations

import numpy as np
import pytest

from anykeras.catalog.shapes import Spec
from anykeras.catalog.shapes.masks import find_met
from anykeras.document.build import Builder
from anykeras.document.model import Layer, Member
from anykeras.recovery.domain import CodeDomain
from anykeras.recovery.equality import computes_same
from anykeras.recovery.functions import Dim, FunctionContext, Refused, Shape
from anykeras.recovery.graph_ops import GraphOps
from anykeras.recovery.held import Held, constant, hold, release
from anykeras.recovery.readable import write_text


def graph(*names: str) -> Layer:
    """x * 2 and x + 1, made in the order of `names`, then their difference."""
    build = Builder("f")
    x = build.input((4,))
    made = {name: build.op(name, x, 2.0 if name == "multiply" else 1.0) for name in names}
    return build.finish(build.op("subtract", made["multiply"], made["add"]))


def test_the_order_of_independent_operations_does_not_count() -> None:
    assert computes_same(graph("multiply", "add"), graph("add", "multiply"))


def test_constants_and_operands_count() -> None:
    def one(constant_: float, turned: bool) -> Layer:
        build = Builder("f")
        x = build.input((4,))
        return build.finish(build.op("subtract", *((constant_, x) if turned else (x, constant_))))

    assert computes_same(one(1.0, False), one(1.0, False))
    assert not computes_same(one(1.0, False), one(2.0, False))
    assert not computes_same(one(1.0, False), one(1.0, True))


def test_what_no_output_needs_does_not_count() -> None:
    build = Builder("f")
    x = build.input((4,))
    build.op("exp", x)
    needed = Builder("f")
    assert computes_same(build.finish(build.op("add", x, 1.0)), needed.finish(needed.op("add", needed.input((4,)), 1.0)))


def test_one_draw_is_not_two() -> None:
    def noise(draws: int) -> Layer:
        build = Builder("f")
        x = build.input((4,))
        drawn = [build.layer("GaussianNoise", {"stddev": 1.0}, x, training=True) for _ in range(draws)]
        return build.finish(build.op("add", drawn[0], drawn[-1]))

    assert computes_same(noise(2), noise(2))
    assert not computes_same(noise(1), noise(2))


def test_text_of_several_inputs_tuples_and_layers() -> None:
    build = Builder("f")
    x, y = build.input((4,)), build.input((4,))
    joined = build.op("concatenate", (x, y), axis=-1)
    noise = build.layer("GaussianNoise", {"stddev": 1.0}, joined, training=True)
    shown = write_text(build.finish(noise))
    assert shown == "lambda x0, x1: GaussianNoise(stddev=1.0)(ops.concatenate((x0, x1), axis=-1), training=True)"


def test_a_box_holds_what_the_machine_must_not_touch() -> None:
    array = np.arange(3)
    assert isinstance(hold(array), Held)
    assert release(hold([array, {"a": 1}, slice(0, None)]))[0] is array
    assert hold((1, "a", None)) == (1, "a", None)


def test_arrays_of_a_configuration() -> None:
    made = constant({"class_name": "__numpy__", "config": {"value": [[1.0, 2.0]], "dtype": "float32"}})
    assert made.dtype == np.float32
    assert made.shape == (1, 2)
    assert constant({"type": "ndarray", "value": [1, 2]}).tolist() == [1, 2]
    assert constant((1, (2, 3))) == [1, [2, 3]]


@pytest.fixture
def ops() -> GraphOps:
    return GraphOps(Builder("f"), FunctionContext())


def test_an_unknown_size_is_symbolic(ops: GraphOps) -> None:
    x = ops.input(Spec((None, 4), "float32"))
    batch, width = ops.shape(x)
    assert isinstance(batch, Dim)
    assert width == 4


def test_constants_are_folded(ops: GraphOps) -> None:
    ops.input(Spec((None, 4), "float32"))
    assert np.asarray(ops.op("add", 1.0, 2.0)) == 3.0
    assert len(ops.builder.finish(()).graph.layers) == 1  # the input alone


def test_filling_is_limited(ops: GraphOps) -> None:
    ops.input(Spec((None, 4), "float32"))
    with pytest.raises(Refused):
        ops.op("zeros", (1 << 14, 1 << 14))


def test_a_constant_hangs_on_the_input(ops: GraphOps) -> None:
    x = ops.input(Spec((None, 4), "float32"))
    made = ops.anchor(np.full((2, 3), 7.0, "float32"))
    assert made.spec.shape == (2, 3)
    assert x.ref.layer in {ref.layer for ref in _inputs_of(ops, "f_zeros_like")}


def _inputs_of(ops: GraphOps, name: str):
    model = ops.builder.finish(())
    assert model.graph is not None
    return model.graph.calls[name][0].args


def test_shapes_and_names_compute_like_python(ops: GraphOps) -> None:
    domain = CodeDomain(ops)
    shape = Held(Shape((None, 3)))
    assert release(domain.binary("+", shape, (5,))) == (None, 3, 5)
    assert domain.compare("==", shape, (None, 3)) is True
    assert domain.compare("!=", shape, (None, 4)) is True
    assert domain.length(shape) == 2


def test_masks_that_reach_a_layer() -> None:
    build = Builder("model")
    seen = build.layer("Embedding", {"input_dim": 9, "output_dim": 5, "mask_zero": True}, build.input((6,)))
    own = Layer("Lambda", "own", {})
    other = Layer("Lambda", "other", {})
    after = build.add(other, build.add(own, build.layer("Dropout", {"rate": 0.5}, seen)))
    found = find_met(build.finish(after))
    assert (found[(Member(own.name),)], found[(Member(other.name),)]) == ((True,), (False,))
