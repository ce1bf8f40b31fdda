"""What small files may cost in every verb, counted and never timed; and what is left where a destination fails."""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import h5py
import pytest
from typer.testing import CliRunner

import anykeras
import burdens
from anykeras import limits, targets
from anykeras.auditing import archives, functions, words
from anykeras.checking import forecast
from anykeras.cli.main import app
from anykeras.containers import json_text, pickle_walker
from anykeras.containers.pickle_values import Span
from anykeras.containers.source import wrap_bytes
from anykeras.containers.wire.messages import GraphDef
from anykeras.containers.wire.reader import read_message
from anykeras.errors import LimitExceeded, Malformed
from anykeras.matching.atoms import read_generated
from anykeras.scanning import one_file
from anykeras.targets import keras_zip
from genuine import FIXTURES
from work import at_most

SOURCE = FIXTURES / "keras2.1-tf" / "conv2d_kinds.h5"


def _make(folder: Path, name: str) -> Path:
    burdens.MAKERS[name](folder / name)
    return folder / name


def test_more_layers_than_any_model_has_are_a_setting(tmp_path: Path) -> None:
    path = _make(tmp_path, "json_no_names.json")
    with pytest.raises(LimitExceeded, match="20000 layers"):
        anykeras.inspect(path)


def test_messages_of_no_bytes_are_one(tmp_path: Path) -> None:
    nodes = read_message(GraphDef, b"\n\x00" * 1000, "graph").nodes
    assert len(nodes) == 1000 and len({id(node) for node in nodes}) == 1


def test_a_file_of_weights_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="named twice"):
        anykeras.inspect(_make(tmp_path, "tfjs_same_shard"))


def test_an_audit_searches_what_an_archive_holds_and_little_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []
    inside = archives._open
    monkeypatch.setattr(archives, "_open", lambda *args: searched.append(inside(*args)) or searched[-1])
    found = anykeras.audit(_make(tmp_path, "zip_assets.keras"))
    assert {risk.code for risk in found.risks} >= {"AK8011", "AK8014"}  # more than it holds, and not seen to its end
    assert 0 < sum(source.size for source in searched) <= 200 << 20


def test_the_writer_is_asked_for_once_for_all_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    infer = forecast.infer
    monkeypatch.setattr(forecast, "infer", lambda raw: asked.append(raw) or infer(raw))
    assert len(anykeras.check(SOURCE).forecasts) > 20 and len(asked) == 1


@pytest.mark.parametrize("verb", ["report", "stub", "graph"])
def test_work_outside_of_reading_has_a_budget_too(verb: str, tmp_path: Path) -> None:
    """A model called twice in a model called twice, sixty deep: its drawing doubles, and ended no process before."""
    path = str(_make(tmp_path, "json_doubled_models.json"))
    command = {"report": ["report", path, "-o", str(tmp_path / "x.html")], "stub": ["stub", path],
               "graph": ["inspect", "--graph", path]}[verb]  # fmt: skip
    assert CliRunner().invoke(app, command).exit_code in (0, 2)


def test_no_pattern_begins_anew_at_each_of_many_empty_lines() -> None:
    rooms = ("auditing.beside", "auditing.examine", "explaining.explanation")
    for room in rooms:
        text = Path(str(import_module(f"anykeras.{room}").__file__)).read_text()
        assert not re.findall(r"""["'|(]\^\(?\\s[*+]""", text), room


def test_the_number_of_a_name_is_found_from_its_first_digit() -> None:
    found = read_generated("dense_12")
    assert found is not None and (found.stem, found.number) == ("dense", 12)
    assert read_generated("0" * 200_000 + "x") is None  # quadratic before


# -- names of what is written


def test_names_of_what_many_files_become(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.h5", "b.h5"):
        Path(name).write_bytes(SOURCE.read_bytes())
    done = CliRunner().invoke(app, ["convert", "--target", "keras-2.3", "a.h5", "b.h5", "out", "-q"])
    assert done.exit_code == 0 and sorted(os.listdir("out")) == ["a.h5", "b.h5"], done.output
    for arguments in (["convert", "a.h5", "b.h5", "-"], ["scan", "a.h5", "--html", "-"], ["scan", "a.h5", "--convert", "-"]):
        assert CliRunner().invoke(app, [*arguments, *["-j", "1", "--results", "r"] * (arguments[0] == "scan")]).exit_code == 2
    burdens.MAKERS["saved_loop"](Path("model"))
    for option in ("--html", "--convert"):
        done = CliRunner().invoke(app, ["scan", "model", option, "model/inside", "-j", "1", "--results", "r"])
        assert done.exit_code == 2 and "AK6025" in done.output
    assert sorted(os.listdir()) == ["a.h5", "b.h5", "model", "out"] and os.listdir("model") == ["saved_model.pb"]


def test_an_export_replaces_exports_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.h5").write_bytes(SOURCE.read_bytes())
    for name in ("t.csv", "t.jsonl"):
        Path(name).write_text("mine,1\n")
        with pytest.raises(anykeras.errors.OutputExists):
            anykeras.scan(["a.h5"], results="r", exports=[name], jobs=1)
        assert Path(name).read_text() == "mine,1\n"
        for force in (True, False):  # the second time it is an export
            anykeras.scan(["a.h5"], results="r", exports=[name], jobs=1, force=force)
        assert "a.h5" in Path(name).read_text()


# -- destinations that fail

VERBS = {
    "convert": "anykeras.convert(SOURCE, 'x.keras')",
    "tfjs": "anykeras.convert(SOURCE, 'x', target='tfjs')",
    "report": "anykeras.report(SOURCE, 'x.html')",
    "transfer": "anykeras.transfer(SOURCE, SOURCE, 'x.keras')",
    "export": "anykeras.scan([SOURCE], results=RESULTS, exports=['x.csv'], jobs=1)",
}
CHILD = """
import os, resource, signal, sys
import anykeras
SOURCE, RESULTS, way = sys.argv[1:4]
if way == "full":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
else:
    os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
    os.replace = os.rename = os.link = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
try:
    VERB
except anykeras.AnyKerasError as error:
    sys.exit(f"{error.code} {os.listdir('.')}")
"""


@pytest.mark.parametrize("verb", ["convert", "report", "tfjs"])
def test_a_disk_that_is_full_leaves_nothing(verb: str, tmp_path: Path) -> None:
    done = _run_child(verb, "full", tmp_path)
    assert done.returncode == 1 and done.stderr.strip() == "AK6011 ['kept']", done.stderr[-600:]


@pytest.mark.parametrize("verb", ["convert", "transfer", "export"])
def test_a_process_that_is_killed_leaves_nothing(verb: str, tmp_path: Path) -> None:
    done = _run_child(verb, "killed", tmp_path)
    assert done.returncode == -signal.SIGKILL, done.stderr[-600:]
    assert os.listdir(tmp_path / "here") == ["kept"]


def _run_child(verb: str, way: str, folder: Path) -> subprocess.CompletedProcess[str]:
    here = folder / "here"
    here.mkdir()
    (here / "kept").write_text("kept")
    env = {**os.environ, "PYTHONPATH": str(Path(anykeras.__file__).parents[1]), "KERAS_BACKEND": "numpy"}
    command = [sys.executable, "-c", CHILD.replace("VERB", VERBS[verb]), str(SOURCE), str(folder / "results"), way]
    return subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False)


def test_numbers_of_json_beyond_a_bound_are_found_without_a_look_at_each() -> None:
    assert json_text.parse_json("[1, 2.5, 1e99, -3, 123456789012345678901234567890]", "x")[-1] == 123456789012345678901234567890
    for text in ("1" * 401, "[1e999]", "9" * 320 + ".0", "[1E+400]", "9" * 199 + "e250"):
        with pytest.raises((Malformed, LimitExceeded)):
            json_text.parse_json(text, "x")
    with limits.override(config_digits=3), pytest.raises(LimitExceeded):
        json_text.parse_json("1234", "x")


@pytest.mark.parametrize("text", ['"[[[["', '["\\"[[[", {"a[": [1]}]', '[["]"]]'])
def test_brackets_in_texts_nest_nothing(text: str) -> None:
    with limits.override(config_depth=3):
        assert json_text.parse_json(text, "x") == json.loads(text)
    with limits.override(config_depth=3), pytest.raises(LimitExceeded, match="4 levels"):
        json_text.parse_json(f'["]]]]", [[[{text}]]]]', "x")


def test_a_pickle_is_read_by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts and lines across the ends of blocks are what Python reads; 100,000 opcodes take a hundred reads."""
    value = {
        f"key{number}": [number, number / 3, "x" * (number % 7000), (b"y" * (number % 5000)).hex()] for number in range(900)
    }
    for protocol in (0, 1, 2, 4):
        source = wrap_bytes(data := pickle.dumps(value, protocol), "x")
        reads, fetch = [], source.read
        monkeypatch.setattr(source, "read", lambda at, count, fetch=fetch, reads=reads: reads.append(at) or fetch(at, count))
        assert _plain(pickle_walker.walk(source)) == value
        assert len(reads) < 8 * len(data) / 4096 + 1000


def _plain(value: object) -> object:
    if isinstance(value, Span):
        return value.read().decode()
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def test_an_audit_pays_for_every_opcode_of_every_pickle(tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes((b"\x80\x02" + b"N0" * 20_000 + b"N.") * 5)
    with limits.override(work=100_000):
        assert "more than 100000 steps" in str(anykeras.audit(tmp_path / "x.pkl").as_dict())


def test_a_conversion_takes_what_the_inspection_lowered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "keras", raising=False)  # whose registered classes would have the file opened anew
    calls = []
    lower = targets.lower
    monkeypatch.setattr(targets, "lower", lambda *given: calls.append(1) or lower(*given))
    monkeypatch.setattr(keras_zip, "lower", lambda *given: calls.append(1) or lower(*given))
    path = _make(tmp_path, "h5_plain.h5")
    one_file.process({"path": str(path), "convert_to": str(tmp_path / "out.keras")})
    assert (tmp_path / "out.keras").exists() and calls == [1]


@pytest.mark.parametrize("units", [2**26, 2**29])
def test_new_weights_are_no_larger_than_a_file_may_ask_for(units: int, tmp_path: Path) -> None:
    """A kernel of 2 x 4 is stored; the configuration says how large another one would be."""
    path = _make(tmp_path, "h5_plain.h5")
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace('"units": 2', f'"units": {units}')
    with at_most(3_000_000), pytest.raises(LimitExceeded, match="new weights"):
        anykeras.convert(path, tmp_path / "out.keras", skip_mismatch=True)
    assert not (tmp_path / "out.keras").exists()


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (words._SOURCE, "$(" * 128_000),
        (words._SOURCE, "lambda" + " " * 256_000),
        (words._SOURCE, "{%" * 128_000),
        (words._SOURCE, "<a on" * 50_000),
        (functions._NESTED, "(" + "+" * 256_000),
    ],
    ids=lambda value: value[:6] if isinstance(value, str) else "",
)
def test_no_pattern_of_an_audit_reads_a_text_again_from_each_letter(pattern: re.Pattern[str], text: str) -> None:
    began = time.process_time()  # seconds where each start reads to the end: 13 and more here
    assert pattern.search(text) is None
    assert time.process_time() - began < 3


def test_a_type_is_looked_at_where_it_is_short(tmp_path: Path) -> None:
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2, "dtype": "policy" * 200_000 + "!"}}
    (tmp_path / "x.json").write_text(json.dumps({"class_name": "Sequential", "config": [dense]}))
    assert "AK8011" in {risk.code for risk in anykeras.audit(tmp_path / "x.json").risks}
