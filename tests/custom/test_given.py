"""Names and objects: how a file may call what the reader gave, and what happens to classes that cannot be traced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anykeras
from anykeras.custom import load_custom_objects
from anykeras.custom.custom_objects import LayerMaker
from anykeras.document.model import Era, Writer

pytestmark = pytest.mark.backend
KERAS2 = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")
X = np.arange(12, dtype="float32").reshape(3, 4) / 5


@pytest.mark.parametrize(
    ("offered", "asked"),
    [
        ("pack>Thing", ("Thing", "pack>Thing", None)),
        ("Thing", ("Thing", "pack>Thing", None)),
        ("pack>Thing", ("Thing", None, None)),
        ("their.module.Thing", ("Thing", None, "their.module")),
        ("Thing", ("other>Thing", None, "x.y")),
    ],
)
def test_names(offered: str, asked: tuple[str, str | None, str | None]) -> None:
    thing = object()
    assert load_custom_objects({offered: thing}, KERAS2).find(*asked) is thing
    assert load_custom_objects({"Another": thing}, KERAS2).find(*asked) is None


def test_the_registered_name_goes_first() -> None:
    one, two = object(), object()
    found = load_custom_objects({"pack>Thing": one, "Thing": two}, KERAS2)
    assert found.find("Thing", "pack>Thing") is one and found.find("Thing") is two


def model_with(layer: object, path: Path) -> np.ndarray:
    """Save a model of today's Keras that holds the layer; what it gives for X."""
    import keras

    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(layer(keras.layers.Dense(4)(inputs))))  # type: ignore[operator]
    model.save(path)
    return np.asarray(model.predict(X, verbose=0))


def test_a_class_takes_the_place_of_a_built_in_one(tmp_path: Path) -> None:
    import keras

    class Softmax(keras.layers.Layer):
        def build(self, shape: tuple[int, ...]) -> None:
            self.gain = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="gain")

        def call(self, x: object) -> object:
            return x * self.gain

    for name in ("model.keras", "model.h5"):
        wanted = model_with(Softmax(), tmp_path / name)
        model = anykeras.load_model(tmp_path / name, custom_objects={"Softmax": Softmax}, compile=False)
        assert np.allclose(model.predict(X, verbose=0), wanted)


def test_a_constructor_without_kwargs_and_nested_layers(tmp_path: Path) -> None:
    """Arguments that every layer has are set afterwards; weights of layers inside are found by their path."""
    import keras

    class Block(keras.layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units = units
            self.parts = [keras.layers.Dense(units, activation="tanh"), keras.layers.Dense(4)]

        def build(self, shape: tuple[int, ...]) -> None:
            for part in self.parts:
                part.build(shape)
                shape = part.compute_output_shape(shape)

        def call(self, x: object) -> object:
            for part in self.parts:
                x = part(x)
            return x

        def get_config(self) -> dict[str, object]:
            return {"units": self.units}

    for name in ("model.keras", "model.h5"):
        wanted = model_with(Block(3), tmp_path / name)
        model = anykeras.load_model(tmp_path / name, custom_objects={"Block": Block}, compile=False)
        assert np.allclose(model.predict(X, verbose=0), wanted, atol=1e-6)
    anykeras.convert(tmp_path / "model.h5", tmp_path / "plain.keras", custom_objects={"Block": Block})
    plain = keras.models.load_model(tmp_path / "plain.keras")
    assert np.allclose(plain.predict(X, verbose=0), wanted, atol=1e-6)


def test_what_cannot_be_traced_stays_and_stock_keras_needs_the_same(tmp_path: Path) -> None:
    import keras

    class Noisy(keras.layers.Layer):
        """Does another thing in training."""

        def build(self, shape: tuple[int, ...]) -> None:
            self.gain = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="gain")

        def call(self, x: object, training: bool = False) -> object:
            return x * self.gain + (1.0 if training else 0.0)

    wanted = model_with(Noisy(), tmp_path / "model.h5")
    done = anykeras.convert(tmp_path / "model.h5", tmp_path / "out.keras", custom_objects={"Noisy": Noisy})
    assert "AK5015" in {finding.code for finding in done.findings}
    with pytest.raises(TypeError, match="Noisy"):
        keras.models.load_model(tmp_path / "out.keras")
    model = keras.models.load_model(tmp_path / "out.keras", custom_objects={"Noisy": Noisy})
    assert np.allclose(model.predict(X, verbose=0), wanted)


def test_other_weights_than_the_file_has_are_refused(tmp_path: Path) -> None:
    import keras

    def kind(width: int) -> type:
        class Gain(keras.layers.Layer):
            def build(self, shape: tuple[int, ...]) -> None:
                self.gain = self.add_weight(shape=(width,), initializer="random_normal", name="gain")

            def call(self, x: object) -> object:
                return x * self.gain[:1]

        return Gain

    model_with(kind(4)(), tmp_path / "model.h5")
    with pytest.raises(anykeras.AnyKerasError, match="gain") as caught:
        anykeras.load_model(tmp_path / "model.h5", custom_objects={"Gain": kind(5)}, compile=False)
    assert caught.value.code == "AK5005"


def test_constructor_arguments_that_the_file_lacks_are_named() -> None:
    class Needs:
        def __init__(self, size: int) -> None:
            self.size = size

    with pytest.raises(anykeras.AnyKerasError, match="size") as caught:
        LayerMaker(Needs).from_config({"name": "a"})
    assert caught.value.code == "AK5004"
    with pytest.raises(anykeras.AnyKerasError, match="units"):
        LayerMaker(Needs).from_config({"name": "a", "units": 3})


def test_all_missing_classes_in_one_error(tmp_path: Path) -> None:
    import keras

    class First(keras.layers.Layer):
        def call(self, x: object) -> object:
            return x

    class Second(First):
        pass

    inputs = keras.Input((4,))
    model = keras.Sequential([inputs, First(name="a"), Second(name="b"), First(name="c")])
    model.save(tmp_path / "model.h5")
    with pytest.raises(anykeras.AnyKerasError) as caught:
        anykeras.load_model(tmp_path / "model.h5")
    text = str(caught.value)
    assert "2 classes" in text and "First(" in text and "Second(" in text and "'a', 'c'" in text


def test_a_source_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(anykeras.AnyKerasError) as caught:
        load_custom_objects(tmp_path / "nothing.py", KERAS2)
    assert caught.value.code == "AK5003"
