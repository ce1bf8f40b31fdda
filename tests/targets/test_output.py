"""The output of a conversion: whole or not there, never in place of the source, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import anykeras
from anykeras.errors import AnyKerasError, OutputExists, TargetError
from anykeras.targets import output
from genuine import FIXTURES

SOURCE = FIXTURES / "keras2.1-tf" / "conv2d_kinds.h5"
SRC = Path(anykeras.__file__).parents[1]


@pytest.fixture(params=["unnamed", "named"])
def temporaries(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of writing: a system with files that have no name, and one without."""
    if request.param == "named":
        monkeypatch.setattr(output, "_open_unnamed", lambda folder: None)
    return str(request.param)


@pytest.mark.parametrize(
    "name", ["", "-", "out.h5", "out", "out/", "out.keras/", "out.zip", "a\0b.keras", "\udcff\ud800.keras"]
)
def test_what_names_no_keras_file_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TargetError, match="AK6024"):
        anykeras.convert(SOURCE, name, force=True)
    assert not list(tmp_path.iterdir())


def test_an_over_long_name_and_a_place_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for name in ("a" * 300 + ".keras", "nowhere/x.keras", "file/x.keras"):
        with pytest.raises(TargetError, match="AK6011"):
            anykeras.convert(SOURCE, tmp_path / name, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_a_pipe_and_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "folder.keras").mkdir()
    os.mkfifo(tmp_path / "pipe.keras")
    (tmp_path / "link.keras").symlink_to(tmp_path / "nothing.keras")
    before = sorted(tmp_path.iterdir())
    for path in before:
        for force in (False, True):
            with pytest.raises(TargetError, match="AK6024"):
                anykeras.convert(SOURCE, path, force=force)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("kind", ["itself", "hard link", "link", "link to a folder"])
def test_the_source_is_never_replaced(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "model.keras"
    shutil.copy(SOURCE, source)
    other = tmp_path / "other.keras"
    if kind == "itself":
        other = source
    elif kind == "hard link":
        os.link(source, other)
    elif kind == "link":
        other.symlink_to(source)
    else:
        (tmp_path / "folder").symlink_to(tmp_path)
        other = tmp_path / "folder" / "model.keras"
    for read, written in ((source, other), (other, source)):
        with pytest.raises(TargetError, match="AK6025"):
            anykeras.convert(read, written, force=True)
    assert source.read_bytes() == SOURCE.read_bytes()


def test_the_weights_file_and_the_file_of_classes_are_sources(tmp_path: Path) -> None:
    converted = tmp_path / "whole.keras"
    anykeras.convert(SOURCE, converted)
    weights, classes = tmp_path / "weights.keras", tmp_path / "classes.keras"
    shutil.copy(SOURCE, weights)
    classes.write_text("x = 1\n")
    opened = anykeras.open(SOURCE, classes, weights=weights)
    for path in (weights, classes):
        before = path.read_bytes()
        with pytest.raises(TargetError, match="AK6025"):
            opened.convert(path, force=True)
        assert path.read_bytes() == before


def test_nothing_is_written_into_a_folder_that_is_read(tmp_path: Path) -> None:
    anykeras.convert(SOURCE, tmp_path / "a.keras")
    folder = tmp_path / "folder"
    shutil.unpack_archive(tmp_path / "a.keras", folder, "zip")
    before = sorted(folder.iterdir())
    with pytest.raises(TargetError, match="AK6025"):
        anykeras.convert(folder, folder / "b.keras", force=True)
    assert sorted(folder.iterdir()) == before


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path, temporaries: str) -> None:
    path = tmp_path / "out.keras"
    with pytest.raises(OutputExists), output.open_output(str(path), force=False) as stream:
        stream.write(b"ours")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_the_source_that_takes_the_name_meanwhile_is_not_replaced(tmp_path: Path, temporaries: str) -> None:
    source, path = tmp_path / "source.keras", tmp_path / "out.keras"
    source.write_bytes(b"source")
    with pytest.raises(TargetError, match="AK6025"), output.open_output(str(path), force=True, sources=[str(source)]) as stream:
        stream.write(b"ours")
        os.link(source, path)
    assert path.read_bytes() == b"source"
    assert sorted(tmp_path.iterdir()) == [path, source]


def test_a_file_system_that_gives_no_name_to_unnamed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def refuse(src: str, *args: object, **kwargs: object) -> None:
        if str(src).startswith("/proc"):
            raise OSError(1, "Operation not permitted")
        link(src, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", refuse)
    for force in (False, True):
        path = tmp_path / f"{force}.keras"
        with output.open_output(str(path), force=force) as stream:
            stream.write(b"ours")
        assert path.read_bytes() == b"ours"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("force", [False, True])
def test_written_files_have_the_rights_of_any_new_file(tmp_path: Path, temporaries: str, force: bool) -> None:
    path, plain = tmp_path / "out.keras", tmp_path / "plain"
    plain.write_bytes(b"")
    for _ in range(1 + force):
        anykeras.convert(SOURCE, path, force=force)
    assert path.stat().st_mode == plain.stat().st_mode
    assert len(list(tmp_path.iterdir())) == 2


CHILD = """
import sys, time
from anykeras.targets import output
if sys.argv[2] == "named":
    output._open_unnamed = lambda folder: None
with output.open_output(sys.argv[1], force=True) as stream:
    stream.write(b"half")
    stream.flush()
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("kind", ["unnamed", "named"])
def test_a_killed_process_leaves_nothing(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "out.keras"
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    command = [sys.executable, "-c", CHILD, str(path), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None and child.stdout.readline() == b"writing\n"
        running = list(tmp_path.iterdir())
        assert len(running) == (kind == "named")
        # Another conversion in the folder leaves a running one alone.
        anykeras.convert(SOURCE, tmp_path / "another.keras")
        assert set(running) <= set(tmp_path.iterdir())
        child.send_signal(signal.SIGKILL)
        child.wait()
    anykeras.convert(SOURCE, path)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["another.keras", "out.keras"]


def test_killed_at_any_moment(tmp_path: Path) -> None:
    program = "import sys, anykeras; print('ready', flush=True)\nwhile True: anykeras.convert(*sys.argv[1:], force=True)"
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    path = tmp_path / "out.keras"
    for number in range(8):
        with subprocess.Popen([sys.executable, "-c", program, SOURCE, path], stdout=subprocess.PIPE, env=environment) as child:
            assert child.stdout is not None and child.stdout.readline() == b"ready\n"
            time.sleep(0.05 * number)
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert [found.name for found in tmp_path.iterdir() if not found.name.startswith(".anykeras-")] in ([], ["out.keras"])
    anykeras.convert(SOURCE, path, force=True)
    assert list(tmp_path.iterdir()) == [path]
    anykeras.inspect(path)


def test_foreign_files_are_not_swept(tmp_path: Path) -> None:
    kept = [tmp_path / ".anykeras-mine.tmp", tmp_path / ".anykeras-0123456789abcdef.tmp.bak"]
    for path in kept:
        path.write_bytes(b"mine")
    link = tmp_path / ".anykeras-0123456789abcdef.tmp"
    link.symlink_to(kept[0])
    stale = tmp_path / ".anykeras-00000000000000aa.tmp"
    stale.write_bytes(b"left")
    anykeras.convert(SOURCE, tmp_path / "out.keras")
    assert all(path.read_bytes() == b"mine" for path in kept)
    assert not stale.exists()


def test_every_refusal_is_one_error_of_ours(tmp_path: Path) -> None:
    for name in ("/dev/null", "/dev/stdout", str(tmp_path), "/proc/x.keras", "\n.h5"):
        with pytest.raises(AnyKerasError):
            anykeras.convert(SOURCE, name, force=True)
