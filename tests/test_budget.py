"""Work is paid for before it is done: counted here, never timed."""

from __future__ import annotations

import contextlib
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import anykeras
import burdens
from anykeras import AnyKerasError, limits, pipeline
from anykeras.catalog.shapes import infer
from anykeras.containers import json_text, pickle_walker
from anykeras.containers.config_text import container
from anykeras.containers.pickle_walker import walk
from anykeras.containers.source import wrap_bytes
from anykeras.document.model import Call, Graph, Layer, Ref
from anykeras.errors import LimitExceeded, Malformed
from anykeras.recovery.functions import folding
from anykeras.recovery.functions.values import Dim, Refused
from anykeras.recovery.held import constant, release
from anykeras.scanning import one_file
from anykeras.tensors import from_rows
from work import at_most


def test_a_budget_is_spent_once() -> None:
    with limits.override(work=100):
        budget = limits.begin_budget()
    budget.charge(60)
    with pytest.raises(LimitExceeded):
        budget.charge(41)  # refused as a whole: what is left stays for other parts of the file
    budget.charge(40)


def test_arrays_are_charged_while_they_live() -> None:
    with limits.override(array_bytes=1000):
        budget = limits.begin_budget()
    array = np.zeros(100)
    budget.hold(array.nbytes, array)
    with pytest.raises(LimitExceeded):
        budget.hold(400)
    del array
    budget.hold(400)


def test_a_shared_structure_is_paid_for_as_the_tree_that_it_is() -> None:
    value: object = (1.0,)
    for _ in range(40):
        value = (value, value)
    with limits.spend(limits.begin_budget()), pytest.raises(LimitExceeded):
        release(value)


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("full_like", ([1.0], 1), {"shape": (1 << 16, 1 << 16)}),
        ("full_like", ([1.0], 1, None, "K", True, (1 << 16, 1 << 16)), {}),
        ("zeros_like", ([1.0],), {"shape": (1 << 32,)}),
        ("split", (np.zeros((0, 2)), 10**8), {}),
        ("array_split", ([1.0], 10**8), {}),
        ("diag", ([1.0], 10**6), {}),
        ("take", (np.zeros((2, 4000)), np.zeros(10**5, int), 0), {}),
        ("percentile", (np.zeros((10**5, 2)), np.zeros(10**5), 0), {}),
        ("clip", (0.0,), {"min": np.zeros((4000, 1)), "max": np.zeros((1, 4000))}),
        ("matmul", (np.zeros((10**5, 1)), np.zeros((1, 10**5))), {}),
    ],
)
def test_no_form_of_arguments_makes_a_large_constant(name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    with pytest.raises((Refused, LimitExceeded)):
        folding.compute(name, args, kwargs)


def test_a_shown_source_is_counted_as_the_text_that_it_is(tmp_path: Path) -> None:
    """A tuple of itself, sixty times, which a function that is not known is called with."""
    burdens.MAKERS["code_shown.keras"](tmp_path / "x.keras")
    with limits.override(work=50_000), at_most(3_000_000):
        shown = anykeras.inspect(tmp_path / "x.keras").as_dict()
    assert "would be too long" in shown["code"][0]["source"]


def test_an_audit_builds_no_more_than_reading_does(tmp_path: Path) -> None:
    """Broken JSON is searched for objects; one of a million lists in it is passed by, and the class behind it is seen."""
    path = tmp_path / "model.h5"
    nested = '{"name":' + "[" * 600 + "]" * 600 + "}"
    gadget = '{"class_name": "system", "module": "os", "config": {}}'
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + f"{nested} {gadget}".encode())
    found = anykeras.audit(path)
    assert "AK8004" in {risk.code for risk in found.risks}
    with limits.override(work=10_000):
        path.write_bytes(b"\x89HDF\r\n\x1a\n" + b'{"name":[' + b"[]," * 100_000)
        with at_most(400_000):
            assert "more than 10000 steps" in str(anykeras.audit(path).as_dict())


def test_indexing_by_arrays_is_sized_first() -> None:
    with pytest.raises((Refused, LimitExceeded)):
        folding.take_items(np.zeros((2, 10**5)), np.zeros(10**5, int))
    assert folding.take_items(np.arange(6).reshape(2, 3), ([1, 0], [2, 1])).tolist() == [5, 1]


def test_unknown_sizes_do_not_grow_for_ever() -> None:
    size = Dim("batch")
    with pytest.raises(Refused):
        for _ in range(10):
            size = size * size
    with pytest.raises(Refused):
        Dim("batch", scale=2**64)


def test_constants_of_configurations_hold_numbers() -> None:
    assert constant({"class_name": "__numpy__", "config": {"value": [1, 2], "dtype": "int8"}}).dtype == np.int8
    for dtype in ("S60000000", "U9", "object", "V100000000"):
        with pytest.raises(AnyKerasError):
            constant({"class_name": "__numpy__", "config": {"value": ["a"], "dtype": dtype}})


def test_values_of_json_are_weighed_while_they_are_scanned() -> None:
    with limits.override(config_nodes=1000):
        assert json_text.parse_json(json.dumps([1.5] * 900), "x") == [1.5] * 900
        for text in (json.dumps([[]] * 600), json.dumps([{}] * 250), json.dumps(["a"] * 400)):
            with pytest.raises(LimitExceeded):
                json_text.parse_json(text, "x")
        matrix = [0.123456789012] * 2000  # as the embedding matrix of an initializer is spelled: long text for each value
        assert json_text.parse_json(json.dumps(matrix), "x") == matrix


def test_the_text_of_a_shared_pickle_is_never_made() -> None:
    doubled = b"\x80\x04\x8c\x01a" + b"2\x93" * 60 + b"."
    with pytest.raises(Malformed):
        walk(wrap_bytes(doubled, "x"))
    keyed = b"\x80\x04}\x8c\x01a" + b"2\x86" * 60 + b"Ns."
    assert walk(wrap_bytes(keyed, "x")) == {"<tuple>": None}


def test_keys_of_a_pickle_do_not_share_a_hash() -> None:
    prime = 2**61 - 1
    walked = walk(wrap_bytes(pickle.dumps({number * prime: 0 for number in range(1, 50)}, 2), "x"))
    assert isinstance(walked, dict) and len(walked) == 1


_RUN = """
import resource, sys, anykeras
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
try:
    anykeras.inspect(sys.argv[1])
except anykeras.AnyKerasError as error:
    assert not isinstance(error.__cause__, Exception), error
"""


def test_a_file_that_inflates_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "lists.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", '{"x":[' + "[]," * 9_000_000 + "[]]}")
    run = subprocess.run([sys.executable, "-c", _RUN, str(path)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_rows_of_a_configuration_are_looked_at_before_an_array_is_made() -> None:
    assert from_rows([[1, 2.5], [True, 0]]).tolist() == [[1.0, 2.5], [1.0, 0.0]]
    for rows, dtype in (([1.0, "a"], None), ([1.0], "S60000000"), ([{}], "float32"), ([None], "float32")):
        with pytest.raises(TypeError):
            from_rows(rows, dtype)


def test_a_header_of_an_object_does_not_continue_in_itself(tmp_path: Path) -> None:
    burdens.MAKERS["h5_cyclic_header.h5"](tmp_path / "x.h5")
    with at_most(2_000_000):
        assert anykeras.audit(tmp_path / "x.h5").severity
        with contextlib.suppress(AnyKerasError):
            anykeras.inspect(tmp_path / "x.h5")


@pytest.mark.parametrize("name", ["doubled_models3.keras", "json_doubled_models.json", "json_bidirectional.json"])
def test_what_doubles_is_gone_through_within_the_budget(name: str, tmp_path: Path) -> None:
    """Models that call one another twice, and wrappers in wrappers of which rules make two."""
    burdens.MAKERS[name](tmp_path / name)
    with limits.override(work=100_000), at_most(3_000_000):
        try:
            refusal = anykeras.inspect(tmp_path / name).refusal
        except LimitExceeded as error:
            refusal = error
    assert "steps of work" in str(refusal)


def test_an_attribute_of_many_references_to_one_text_is_not_joined(tmp_path: Path) -> None:
    burdens.MAKERS["h5_vlen_attribute.h5"](tmp_path / "x.h5")
    with limits.override(attribute_bytes=8 << 20):
        assert any("attribute" in risk.seen for risk in anykeras.audit(tmp_path / "x.h5").risks)


@pytest.mark.parametrize("name", ["m.yaml", "m.json", "m.pkl"])
def test_a_scan_parses_a_file_once_for_all_its_verbs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = [{"class_name": "Dense", "config": {"name": "dense", "units": 2, "batch_input_shape": [None, 1]}}]
    text = json.dumps({"class_name": "Sequential", "config": config, "keras_version": "2.2.4"})
    path = tmp_path / name
    path.write_bytes(pickle.dumps({"w": 1}) if name == "m.pkl" else text.encode())
    if name == "m.yaml":
        path.write_text("class_name: Sequential\nconfig: []\nkeras_version: 2.2.4\n")
    parsed: list[str] = []
    for where in (container, pickle_walker._Walker):
        find = "parse_decoded" if where is container else "run"
        kept = getattr(where, find)
        monkeypatch.setattr(where, find, lambda *a, kept=kept: parsed.append("") or kept(*a))
    one_file.process({"path": str(path)})
    assert len(parsed) == 1


def test_what_a_verb_reads_is_charged_to_one_budget(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text('{"class_name": "Sequential", "config": [], "keras_version": "2.2.4"}')
    with limits.spend_one() as one:
        assert pipeline.read(path).budget is one


def test_each_call_in_a_graph_is_paid_for() -> None:
    chain = Graph(
        calls={"i": (Call(),), "d": (Call((Ref("i"),)), *(Call((Ref("d", n),)) for n in range(99)))},
        inputs=(Ref("i"),),
        outputs=(Ref("d", 99),),
        layers=(Layer("InputLayer", "i", {"batch_shape": (None, 2)}), Layer("Dense", "d", {"units": 2})),
    )
    with limits.override(work=1000), limits.spend(limits.begin_budget()), pytest.raises(LimitExceeded):
        infer(Layer("Functional", "m", {}, graph=chain))
