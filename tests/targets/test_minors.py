"""One form for Keras 3.12 to 3.15 where that can be, a refusal that names what is newer where it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from anykeras import targets
from anykeras.catalog.releases import NEWEST
from anykeras.catalog.signatures import find_default, find_signature
from anykeras.document.build import Builder
from anykeras.document.model import Config, Document, Era, Layer, Object, Training, Writer
from anykeras.errors import AnyKerasError, Unsupported
from anykeras.targets.lowering import MINORS, find_nearest_minor
from anykeras.targets.lowering.minors import RELEASES, make_portable

WRITER = Writer(Era.KERAS3, version="3.15.1")
# Arguments that came after Keras 3.12, with the release that has them (keras 3.12.0, 3.13.2, 3.14.1, 3.15.1).
LATER = [
    ("Dense", "quantization_config", "3.13"),
    ("Embedding", "quantization_config", "3.13"),
    ("BatchNormalization", "renorm", "3.14"),
    ("BatchNormalization", "renorm_momentum", "3.14"),
    ("MultiHeadAttention", "use_gate", "3.14"),
    ("MultiHeadAttention", "sliding_window", "3.15"),
    ("StringLookup", "oov_method", "3.14"),
]


def document(layer: Layer, training: Training | None = None, shape: tuple[int, ...] = (4, 3)) -> Document:
    build = Builder("model")
    x = build.input(shape)
    inputs = (x, x) if layer.class_name == "MultiHeadAttention" else (x,)
    return Document(build.finish(build.add(layer, *inputs)), WRITER, Era.KERAS3, training)


def written(lowered: targets.Lowered, name: str) -> dict[str, Any]:
    layers: Any = lowered.config["config"]
    return next(layer["config"] for layer in layers["layers"] if layer["name"] == name)


REQUIRED: dict[str, Config] = {
    "Dense": {"units": 2},
    "Embedding": {"input_dim": 2, "output_dim": 2},
    "MultiHeadAttention": {"num_heads": 1, "key_dim": 2},
}


@pytest.mark.parametrize(("class_name", "key", "since"), LATER)
@pytest.mark.parametrize("minor", MINORS)
def test_a_default_that_some_minor_lacks_is_left_out_for_all(class_name: str, key: str, since: str, minor: str) -> None:
    layer = Layer(class_name, "it", {**REQUIRED.get(class_name, {}), key: find_default(class_name, key)})
    assert key not in written(targets.lower(document(layer), minor), "it")


@pytest.mark.parametrize(
    ("class_name", "key", "value", "since"),
    [
        ("BatchNormalization", "renorm", True, "3.14"),
        ("MultiHeadAttention", "use_gate", True, "3.14"),
        ("MultiHeadAttention", "sliding_window", 3, "3.15"),
        ("StringLookup", "oov_method", "farmhash", "3.14"),
    ],
)
@pytest.mark.parametrize("minor", MINORS)
def test_another_value_is_refused_by_name(class_name: str, key: str, value: Any, since: str, minor: str) -> None:
    layer = Layer(class_name, "it", {**REQUIRED.get(class_name, {}), key: value})
    if MINORS.index(minor) >= MINORS.index(since):
        assert written(targets.lower(document(layer), minor), "it")[key] == value
        return
    with pytest.raises(Unsupported) as caught:
        targets.lower(document(layer), minor)
    error = caught.value
    assert (error.code, error.layer, error.key) == ("AK6023", "it", key)
    assert f"Keras {minor}" in str(error) and since in str(error.next_step)


@pytest.mark.parametrize("minor", MINORS)
def test_a_class_that_is_newer_is_refused(minor: str) -> None:
    given = document(Layer("AdaptiveAveragePooling1D", "it", {"output_size": 2}))
    if MINORS.index(minor) >= MINORS.index("3.13"):
        targets.lower(given, minor)
        return
    with pytest.raises(Unsupported, match=r"AK6023.*3\.13"):
        targets.lower(given, minor)


@pytest.mark.parametrize(("function", "since"), [("fmax", "3.15"), ("fmod", "3.14"), ("ldexp", "3.13")])
@pytest.mark.parametrize("minor", MINORS)
def test_an_operation_that_is_newer_is_refused(function: str, since: str, minor: str) -> None:
    build = Builder("model")
    x = build.input((3,))
    given = Document(build.finish(build.op(function, x, x)), WRITER, Era.KERAS3)
    if MINORS.index(minor) >= MINORS.index(since):
        targets.lower(given, minor)
        return
    with pytest.raises(Unsupported, match="AK6023"):
        targets.lower(given, minor)


def test_an_initializer_is_checked_too() -> None:
    def dense(**axes: Any) -> Document:
        kernel = Object("GlorotUniform", {"seed": None, **axes}, "keras.initializers")
        return document(Layer("Dense", "it", {"units": 2, "kernel_initializer": kernel}))

    held = written(targets.lower(dense(input_axes=None, output_axes=None), "3.15"), "it")["kernel_initializer"]
    assert held["config"] == {"seed": None}
    targets.lower(dense(input_axes=(0,)), "3.15")
    with pytest.raises(Unsupported, match=r"AK6023.*kernel_initializer"):
        targets.lower(dense(input_axes=(0,)), "3.14")


def test_an_optimizer_is_checked_too_and_only_where_it_is_wanted() -> None:
    training = Training({"optimizer": Object("ScheduleFreeAdamW", {}, "keras.optimizers"), "loss": "mse"})
    given = document(Layer("Dense", "it", {"units": 2}), training)
    assert targets.lower(given, "3.14").training is not None
    with pytest.raises(Unsupported, match="ScheduleFreeAdamW"):
        targets.lower(given, "3.13")


@pytest.mark.parametrize(
    ("version", "minor"),
    [
        ("3.12.0", "3.12"),
        ("3.12.4", "3.12"),
        ("3.15.1", "3.15"),
        ("3.11.3", "3.11"),
        ("3.99.0.dev1", NEWEST.version),
        ("4.0.0", NEWEST.version),
    ],
)
def test_a_release_speaks_the_nearest_minor(version: str, minor: str) -> None:
    assert find_nearest_minor(version) == minor


def test_what_is_left_out_no_older_minor_would_have_taken() -> None:
    for class_name in (
        "Dense",
        "BatchNormalization",
        "MultiHeadAttention",
        "LSTM",
        "Conv2D",
        "IntegerLookup",
        "GroupedQueryAttention",
    ):
        now = find_signature(class_name)
        assert now is not None
        kept = make_portable(class_name, dict(now.defaults))  # type: ignore[arg-type]
        for release in list(RELEASES.values())[MINORS.index("3.12") :]:
            then = find_signature(class_name, release)
            assert then is not None
            assert kept.keys() <= then.defaults.keys()


def test_an_unknown_minor_is_refused() -> None:
    with pytest.raises(AnyKerasError, match="AK6005"):
        targets.lower(document(Layer("Dense", "it", {"units": 2})), "2.15")
