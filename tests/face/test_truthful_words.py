"""What is said of a file: what is true, what there is, and once."""

from __future__ import annotations

import pytest

import anykeras
from anykeras import recovery, targets
from anykeras.document.build import Builder
from anykeras.document.model import Document, Era, Graph, Layer, Object, Training, Writer
from anykeras.errors import AnyKerasError
from anykeras.findings import Affects
from anykeras.migrations.training import migrate_training
from genuine import FIXTURES

ARCHITECTURE = FIXTURES / "keras2.2-theano/embedding_mask.json"


def test_an_architecture_alone_warns_that_its_weights_are_random() -> None:
    with pytest.warns(anykeras.AnyKerasWarning) as raised:
        anykeras.load_model(ARCHITECTURE)
    (message,) = [str(warning.message) for warning in raised if warning.category is anykeras.AnyKerasWarning]
    assert "AK6041" in message and "random" in message and "weights=" in message


def test_a_file_with_weights_does_not(recwarn: pytest.WarningsRecorder) -> None:
    anykeras.load_model(ARCHITECTURE, weights=ARCHITECTURE.with_suffix(".weights.h5"))
    assert not any("AK6041" in str(warning.message) for warning in recwarn)


def test_losses_of_the_graph_are_said_once_and_as_training() -> None:
    build = Builder("vae")
    x = build.input((4,))
    first = build.add(Layer("AddLoss", "add_loss", {"unconditional": False}), x)
    second = build.add(Layer("AddLoss", "add_loss_1", {"unconditional": False}), first)
    held = Document(build.finish(build.op("multiply", second, 2.0)), Writer(Era.TF2), Era.KERAS3)
    found = recovery.recover(held).findings
    assert [(finding.code, finding.affects) for finding in found] == [("AK4061", Affects.TRAINING)]
    assert "add_loss, add_loss_1" in found[0].seen


@pytest.mark.parametrize(("optimizer", "said"), [(None, []), ("Adam", ["the optimizer starts fresh"]), ("Own", [])])
def test_an_optimizer_starts_fresh_where_there_is_one(optimizer: str | None, said: list[str]) -> None:
    model = Layer("Sequential", "m", graph=Graph((Layer("Dense", "d", {"units": 1}),), sequential=True))
    held = Object(optimizer, {}) if optimizer else None
    training = Training({"optimizer": held}, unbound=("training/Own/v:0",))
    _, findings = migrate_training(training, model, Writer(Era.KERAS2))
    assert [finding.done for finding in findings if finding.code == "AK4011"] == said


def test_a_sequential_that_holds_a_graph_is_refused_for_that() -> None:
    build = Builder("attention")
    a, b = build.input((4,)), build.input((4,))
    inner = build.finish(build.op("add", a, b))
    entrance = Layer("InputLayer", "entrance", {"batch_shape": (None, 4), "dtype": "float32"})
    model = Layer("Sequential", "model", graph=Graph((entrance, inner), sequential=True))
    with pytest.raises(AnyKerasError, match="AK6042") as raised:
        targets.lower(Document(model, Writer(Era.TF2), Era.KERAS3))
    assert raised.value.layer == "attention" and "report" not in str(raised.value)
