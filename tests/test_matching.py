"""Old weights into the layers of another model: what a file tells, which layer each weight is of, and what is asked."""

from __future__ import annotations

import numpy as np
import pytest

from anykeras.containers import NamedWeights, TreeWeights, WeightGroup
from anykeras.document.model import Era, Writer
from anykeras.matching import Atom, describe_conflict, read_atoms
from anykeras.tensors import Tensor, constant


def tensor(*shape: int) -> Tensor:
    return constant(np.zeros(shape))


def atoms_of(era: Era, **groups: list[str]) -> tuple[Atom, ...]:
    listed = [WeightGroup(name, tuple((weight, tensor(2, 3)) for weight in names)) for name, names in groups.items()]
    return read_atoms(NamedWeights(tuple(listed)), era)


@pytest.mark.parametrize(
    ("era", "group", "names", "owners"),
    [
        (Era.KERAS1, "dense_1", ["dense_1_W", "dense_1_b"], {("dense_1",): ["W", "b"]}),
        (Era.KERAS1, "dense_1", ["dense_1_W_2:0", "dense_1_b_2:0"], {("dense_1",): ["W", "b"]}),
        (Era.KERAS1, "model_1", ["lstm_1_W_i", "dense_2_W"], {("model_1", "lstm_1"): ["W_i"], ("model_1", "dense_2"): ["W"]}),
        (Era.KERAS1, "scale_1", ["gamma", "beta"], {("scale_1",): ["gamma", "beta"]}),
        (Era.KERAS2, "dense_1", ["dense_1_1/kernel:0", "dense_1_1/bias:0"], {("dense_1",): ["kernel", "bias"]}),
        (Era.KERAS2, "conv2d_3", ["batch_normalization_1/bn/conv2d_3/kernel"], {("conv2d_3",): ["kernel"]}),
        (Era.KERAS2, "m", ["a/kernel:0", "b/gamma:0", "a/bias:0"], {("m", "a"): ["kernel", "bias"], ("m", "b"): ["gamma"]}),
        (Era.TF2, "a", ["a/query/kernel:0", "a/key/kernel:0", "a/value/kernel:0", "a/attention_output/kernel:0"],
         {("a",): ["query/kernel", "key/kernel", "value/kernel", "attention_output/kernel"]}),
    ],
)  # fmt: skip
def test_a_group_is_cut_by_owner(era: Era, group: str, names: list[str], owners: dict[tuple[str, ...], list[str]]) -> None:
    found = atoms_of(era, **{group: names})
    assert {atom.owner: list(atom.tensors) for atom in found} == owners


def test_the_halves_of_a_bidirectional_of_keras2_are_two_atoms() -> None:
    found = atoms_of(
        Era.KERAS2, bidirectional_1=[f"bidirectional_1/{role}:0" for role in ("kernel", "bias", "kernel_1", "bias_1")]
    )
    assert [list(atom.tensors) for atom in found] == [["kernel", "bias"], ["kernel", "bias"]]


def test_a_cell_in_a_tree_belongs_to_its_layer() -> None:
    paths = [
        "layers/lstm_1/cell/vars/0",
        "layers/lstm_1/cell/vars/1",
        "layers/dense/vars/0",
        "layers/dropout/seed_generator/vars/0",
    ]
    weights = TreeWeights({path: tensor(2, 3) for path in paths}, {"layers/dense": "head"})
    lstm, dense = read_atoms(weights, Era.KERAS3)
    assert (lstm.hint, list(lstm.tensors), lstm.generated and lstm.generated.number) == ("LSTM", ["cell/0", "cell/1"], 1)
    assert (dense.hint, dense.name) == ("Dense", "head")


def test_writers_contradict_each_other_by_era_and_by_theano() -> None:
    theano, tensorflow = (Writer(Era.KERAS2, backend=backend) for backend in ("theano", "tensorflow"))
    assert describe_conflict(tensorflow, theano)
    assert describe_conflict(Writer(Era.KERAS3), theano)
    assert describe_conflict(Writer(Era.TF2, "tf.keras", backend="tensorflow"), tensorflow) is None
