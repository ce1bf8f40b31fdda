"""Compile configurations of every era in Keras 3's words: each finding, and what has none."""

from __future__ import annotations

from typing import Any

import pytest

from anykeras.catalog.optimizers import groups, optimizer
from anykeras.document.model import UNRESOLVED, Call, Era, Graph, Layer, Object, Ref, Training, Writer
from anykeras.findings import Fidelity, Finding
from anykeras.migrations.training import migrate_training
from anykeras.pages import find_page

KERAS1 = Writer(Era.KERAS1, version="1.2.2", backend="theano")
KERAS2 = Writer(Era.KERAS2, version="2.2.4", backend="theano")
TF2 = Writer(Era.TF2, "tf.keras", "2.3.0", "tensorflow")
TF2_NEW = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow")


def model(*widths: int) -> Layer:
    """A functional model with outputs a, b, ... of these sizes."""
    start = Layer("InputLayer", "x", {"batch_shape": (None, 3), "dtype": "float32"})
    heads = [Layer("Dense", name, {"units": width}) for name, width in zip("abc", widths, strict=False)]
    calls = {"x": (Call(),), **{head.name: (Call((Ref("x"),)),) for head in heads}}
    ends = tuple(Ref(head.name) for head in heads)
    return Layer("Functional", "m", graph=Graph((start, *heads), calls, Ref("x"), ends if len(ends) > 1 else ends[0]))


def migrated(writer: Writer, *widths: int, **config: Any) -> tuple[dict[str, Any], list[Finding]]:
    done, findings = migrate_training(Training(config), model(*(widths or (2,))), writer)
    return dict(done.config), findings


def optimized(writer: Writer, class_name: str, **config: Any) -> tuple[dict[str, Any], list[str]]:
    done, findings = migrated(writer, optimizer=Object(class_name, config), loss="mse")
    held = done["optimizer"]
    assert isinstance(held, Object) and isinstance(held.config, dict)
    return held.config, [finding.code for finding in findings]


def test_rate_and_decay() -> None:
    config, codes = optimized(KERAS1, "SGD", lr=0.1, decay=0.01, momentum=0.9, nesterov=True)
    rate = config["learning_rate"]
    assert rate.class_name == "InverseTimeDecay"
    assert rate.config == {"initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 0.01, "staircase": False}
    assert config["momentum"] == 0.9 and config["nesterov"] is True and "decay" not in config
    assert codes == ["AK4003"]


def test_decay_of_nadam_is_no_rate() -> None:
    config, codes = optimized(TF2, "Nadam", learning_rate=0.01, decay=0.004, beta_1=0.9)
    assert config["learning_rate"] == 0.01 and codes == ["AK4004"]


def test_loss_scale_wraps_the_optimizer() -> None:
    inner = Object("Adam", {"learning_rate": 0.5, "epsilon": 1e-5})
    config, codes = optimized(TF2, "LossScaleOptimizer", inner_optimizer=inner, dynamic=True)
    assert config["learning_rate"] == 0.5 and config["epsilon"] == 1e-5
    assert codes == ["AK4005"]


@pytest.mark.parametrize(("writer", "key"), [(KERAS1, "global_clipnorm"), (KERAS2, "global_clipnorm"), (TF2, "clipnorm")])
def test_clipnorm(writer: Writer, key: str) -> None:
    config, codes = optimized(writer, "Adam", clipnorm=0.7)
    assert config[key] == 0.7
    assert ("AK4006" in codes) is (key == "global_clipnorm")


def test_two_ways_of_clipping() -> None:
    config, codes = optimized(TF2, "SGD", clipnorm=1.0, clipvalue=0.5)
    assert config["clipnorm"] == 1.0 and not config.get("clipvalue")
    assert codes == ["AK4007"]


@pytest.mark.parametrize(
    ("writer", "config", "wanted"),
    [
        (KERAS1, {"epsilon": 1e-8}, 1e-16),
        (KERAS2, {"epsilon": None}, 1e-14),
        (TF2, {"epsilon": 1e-7, "momentum": 0.0}, 1e-14),
        (TF2, {"epsilon": 1e-7, "momentum": 0.9}, 1e-7),  # that kernel has it under the root
        (TF2_NEW, {"epsilon": 1e-7, "is_legacy_optimizer": False}, 1e-7),
        (TF2_NEW, {"epsilon": 1e-7, "is_legacy_optimizer": True}, 1e-14),
    ],
)
def test_epsilon_of_rmsprop(writer: Writer, config: dict[str, Any], wanted: float) -> None:
    made, codes = optimized(writer, "RMSprop", **config)
    assert made["epsilon"] == pytest.approx(wanted)
    assert ("AK4008" in codes) is (wanted < 1e-10)


def test_epsilon_of_adam_stays() -> None:
    assert optimized(KERAS2, "Adam", epsilon=1e-6) == ({"epsilon": 1e-6}, [])


def test_adagrad_started_from_zero() -> None:
    assert optimized(KERAS2, "Adagrad", lr=0.1)[0]["initial_accumulator_value"] == 0.0
    assert optimized(TF2, "Adagrad", learning_rate=0.1, initial_accumulator_value=0.3)[0]["initial_accumulator_value"] == 0.3


def test_argument_that_is_gone() -> None:
    config, codes = optimized(KERAS2, "Adam", lookahead=3)
    assert "lookahead" not in config and codes == ["AK4009"]


def test_optimizer_of_nobody_and_of_no_form() -> None:
    done, _ = migrated(KERAS1, optimizer=Object("TFOptimizer", {}), loss="mse")
    assert done["optimizer"].origin is UNRESOLVED
    done, findings = migrated(KERAS1, optimizer="pickled bytes", loss="mse")
    assert done["optimizer"] is None and findings[0].code == "AK4001"


@pytest.mark.parametrize("name", ["rmse", "my_loss"])
def test_names_that_no_keras_had_are_foreign(name: str) -> None:
    assert migrated(KERAS2, loss=name)[0]["loss"] == Object(name, name, origin=UNRESOLVED)


def test_an_old_dice_is_the_authors_own() -> None:
    assert migrated(KERAS2, loss="dice")[0]["loss"].origin is UNRESOLVED
    assert migrated(TF2, metrics=("huber",))[0]["metrics"][0].class_name == "MeanMetricWrapper"
    assert migrated(Writer(Era.KERAS3), loss="dice")[0]["loss"] == "dice"


def test_hinge_and_cosine() -> None:
    _, findings = migrated(KERAS2, loss="hinge")
    assert [(f.code, f.fidelity) for f in findings] == [("AK4010", Fidelity.APPROXIMATE)]
    assert migrated(Writer(Era.KERAS2, version="2.3.1", backend="theano"), loss="hinge")[1] == []
    done, findings = migrated(KERAS1, 4, 2, loss={"b": "mse", "a": "cosine_proximity"}, loss_weights=(3.0, 5.0))
    assert done["loss"] == ("cosine_similarity", "mean_squared_error")
    assert done["loss_weights"] == (0.75, 5.0)
    assert [(f.code, f.fidelity) for f in findings] == [("AK4010", Fidelity.EXACT)]
    assert migrated(KERAS2, 4, loss="cosine_proximity")[0]["loss_weights"] is None


def test_unbound_state_is_named() -> None:
    held = Training({"optimizer": Object("Adam", {}), "loss": "mse"}, unbound=("Adam/odd:0",))
    _, findings = migrate_training(held, model(2), KERAS2)
    assert [finding.code for finding in findings] == ["AK4011"] and "Adam/odd:0" in findings[0].seen


def test_steps_of_tensorflow_1() -> None:
    on_tensorflow = Writer(Era.KERAS2, version="2.1.2", backend="tensorflow")
    assert optimized(on_tensorflow, "SGD")[1] == ["AK4012"]
    assert optimized(TF2, "SGD")[1] == []


def test_batch_normalization_in_training() -> None:
    normal = Layer("Sequential", "m", graph=Graph((Layer("BatchNormalization", "n"),), sequential=True))
    codes = [f.code for f in migrate_training(Training({"loss": "mse"}), normal, TF2)[1]]
    assert codes == ["AK4013"]
    assert migrate_training(Training({"loss": "mse"}), normal, Writer(Era.KERAS3))[1] == []


def test_sample_weight_mode() -> None:
    assert [f.code for f in migrated(KERAS2, loss="mse", sample_weight_mode="temporal")[1]] == ["AK4014"]
    assert migrated(KERAS2, loss="mse", sample_weight_mode=None)[1] == []


@pytest.mark.parametrize(
    ("width", "loss", "wanted"),
    [
        (1, "mse", "BinaryAccuracy"),
        (3, "binary_crossentropy", "BinaryAccuracy"),
        (3, "sparse_categorical_crossentropy", "SparseCategoricalAccuracy"),
        (3, "categorical_crossentropy", "CategoricalAccuracy"),
    ],
)
def test_what_accuracy_meant(width: int, loss: str, wanted: str) -> None:
    done, _ = migrated(KERAS2, width, loss=loss, metrics=("acc",))
    assert done["metrics"] == (Object(wanted, {"name": "acc"}, "keras.metrics"),)
    assert migrated(TF2, width, loss=loss, metrics=("accuracy",))[0]["metrics"] == ("accuracy",)


def test_accuracy_output_by_output() -> None:
    done, _ = migrated(KERAS1, 1, 3, loss=("mse", "categorical_crossentropy"), metrics=("accuracy",))
    assert [made[0].class_name for made in done["metrics"]] == ["BinaryAccuracy", "CategoricalAccuracy"]
    done, _ = migrated(KERAS2, 1, 3, loss="mse", metrics={"b": "mae"})
    assert done["loss"] == ("mean_squared_error",) * 2 and done["metrics"] == (None, ("mean_absolute_error",))


def test_loss_objects() -> None:
    given = Object("BinaryCrossentropy", {"reduction": "auto", "name": "b", "from_logits": True, "fn": "x"})
    done, _ = migrated(TF2, loss=given)
    assert done["loss"].config == {"reduction": "sum_over_batch_size", "name": "b", "from_logits": True}


def test_keras3_keeps_its_structure() -> None:
    done, _ = migrated(Writer(Era.KERAS3), 2, 2, loss={"a": "mse"}, metrics=("mse", "mae"))
    assert done["loss"] == {"a": "mean_squared_error"}
    assert done["metrics"] == ("mean_squared_error", "mean_absolute_error")


@pytest.mark.parametrize("number", range(1, 15))
def test_every_code_has_a_page(number: int) -> None:
    assert find_page(f"AK40{number:02d}") is not None


@pytest.mark.backend
@pytest.mark.parametrize(
    ("name", "config"),
    [("SGD", {"momentum": 0.9}), ("RMSprop", {"momentum": 0.5, "centered": True}), ("Adagrad", {}), ("Adadelta", {}),
     ("Adam", {"amsgrad": True, "use_ema": True}), ("AdamW", {}), ("Adamax", {}), ("Nadam", {}), ("Ftrl", {}), ("Lion", {})],
)  # fmt: skip
def test_slots_are_those_of_the_running_keras(name: str, config: dict[str, Any]) -> None:
    """The table against the variables that Keras makes for two weights."""
    import keras

    entry = optimizer(name)
    assert entry is not None
    made = getattr(keras.optimizers, name)(**config)
    weights = [keras.Variable([0.0, 0.0], name="w"), keras.Variable([[0.0]], name="v")]
    made.build(weights)
    slots = [tuple(v.shape) for v in made.variables[2:] if tuple(v.shape) != ()]
    assert slots == [tuple(w.shape) for group in groups(entry, config) for w in weights for _ in group]
    assert sum(tuple(v.shape) == () for v in made.variables) == 2 + len(entry.scalars)
