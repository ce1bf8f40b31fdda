"""Private attributes of Keras stand in one file, which every Keras minor since 3.12 satisfies."""

from __future__ import annotations

import ast
from pathlib import Path

import keras
import pytest

from anykeras import keras_private

SOURCE = Path(__file__).parents[2] / "src" / "anykeras"
# The rooms that handle live objects of Keras; the others import no framework.
LIVE = ("targets", "compat", "shims", "verification", "custom")


def private_attributes(path: Path) -> list[str]:
    """The private attributes that a module takes of anything but its own objects."""
    return [
        f"{path.relative_to(SOURCE)}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]


@pytest.mark.parametrize("room", LIVE)
def test_no_other_file_takes_them(room: str) -> None:
    assert [found for path in sorted((SOURCE / room).rglob("*.py")) for found in private_attributes(path)] == []


def test_variables_and_random_numbers() -> None:
    layer = keras.layers.BatchNormalization()
    layer.build((None, 3))
    assert [variable.name for variable in keras_private.list_own_variables(layer)] == [
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
    ]
    extra = keras.Variable(0.0, name="extra")
    keras_private.track_variable(layer, extra)
    assert any(variable is extra for variable in layer.trainable_variables)
    assert keras_private.draws_random_numbers(keras.layers.Dropout(0.5))
    assert not keras_private.draws_random_numbers(layer)


def test_a_flag_of_a_call_is_found_and_kept() -> None:
    x = keras.Input((3,))
    dropout = keras.layers.Dropout(0.5)
    model = keras.Model(x, dropout(x, training=True))
    assert dropout in keras_private.iterate_inner_layers(model)
    assert keras_private.call_flags(dropout, "training") == [True]
    keras_private.keep_call_flags(dropout)
    ones = keras.ops.ones((64, 3))
    assert float(keras.ops.min(model(ones, training=False))) == 0.0


def test_training_is_that_of_the_outermost_call() -> None:
    seen = []

    class Inner(keras.layers.Layer):
        def call(self, x):  # type: ignore[no-untyped-def]
            seen.append(keras_private.training_of_call(self))
            return x

    inner = Inner()
    x = keras.Input((3,))
    model = keras.Model(x, inner(x))
    seen.clear()
    model(keras.ops.ones((1, 3)), training=True)
    assert seen == [True]
    assert keras_private.training_of_call(inner) is None


def test_a_mask_reaches_the_next_layer() -> None:
    x = keras.Input((2, 3))
    keras_private.set_mask(x, keras.Input((2,), dtype="bool"))
    lengths = keras.layers.Dropout(0.5)
    assert lengths.compute_mask(x, getattr(x, "_keras_mask", None)) is not None
