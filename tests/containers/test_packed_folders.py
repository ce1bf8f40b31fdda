"""SavedModels and checkpoints in archives, and folders that are not whole: opened in place, or named for what they are."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import anykeras
from anykeras import pipeline
from anykeras.containers.base import NamedWeights
from anykeras.errors import AnyKerasError
from genuine import FOLDER

SAVED = FOLDER / "savedmodel" / "tf2.4" / "mlp.savedmodel"
LISTED = FOLDER / "savedmodel" / "tf2.4" / "mlp.checkpoint"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 17225924\n"


def values(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    weights = pipeline.read(path).weights
    assert isinstance(weights, NamedWeights)
    for group in weights.groups:
        yield from ((name, tensor.read()) for name, tensor in group.weights)


def check_same(path: Path, folder: Path) -> None:
    found, expected = dict(values(path)), dict(values(folder))
    assert list(found) == list(expected)
    assert found
    assert all(np.array_equal(found[name], expected[name]) for name in found)


def tar(path: Path, folder: Path, name: str, mode: str, form: int) -> Path:
    with tarfile.open(path, mode, format=form) as archive:  # type: ignore[call-overload]
        archive.add(folder, name)
    return path


@pytest.mark.parametrize("folder", [SAVED, LISTED], ids=["savedmodel", "checkpoint"])
@pytest.mark.parametrize("inside", [".", "model", "a" * 120], ids=["flat", "in a folder", "of a long name"])
def test_an_archive_is_read_as_its_folder(tmp_path: Path, folder: Path, inside: str) -> None:
    copied = tmp_path / "copied" / inside
    shutil.copytree(folder, copied)
    (tmp_path / "copied" / ".DS_Store").write_bytes(b"clutter")
    zipped = Path(shutil.make_archive(os.fspath(tmp_path / "new"), "zip", tmp_path / "copied"))
    check_same(zipped, folder)
    for mode, form in (("w", tarfile.GNU_FORMAT), ("w:gz", tarfile.PAX_FORMAT), ("w", tarfile.PAX_FORMAT)):
        check_same(tar(tmp_path / "new.tar", folder, inside, mode, form), folder)


def test_an_archive_converts_and_nothing_is_unpacked(tmp_path: Path) -> None:
    path = tar(tmp_path / "served.tgz", SAVED, "served/3", "w:gz", tarfile.PAX_FORMAT)
    anykeras.convert(path, tmp_path / "new.keras")
    anykeras.convert(SAVED, tmp_path / "expected.keras")
    assert (tmp_path / "new.keras").read_bytes() == (tmp_path / "expected.keras").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["expected.keras", "new.keras", "served.tgz"]


def test_much_that_inflates_goes_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anykeras.containers.source.IN_MEMORY", 100)
    path = tar(tmp_path / "new.tgz", SAVED, "model", "w:gz", tarfile.PAX_FORMAT)
    check_same(path, SAVED)
    check_same(Path(shutil.make_archive(os.fspath(tmp_path / "new"), "zip", SAVED)), SAVED)


def test_a_checkpoint_is_known_by_its_data_file(tmp_path: Path) -> None:
    check_same(next(LISTED.glob("*.data-*")), LISTED)


def member(name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "" if kind == tarfile.REGTYPE else "/etc/passwd"
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def twice() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for _ in range(2):
            archive.addfile(tarfile.TarInfo("saved_model.pb"))
    return buffer.getvalue()


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, b"\x08\x01")
    return buffer.getvalue()


def bomb() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("saved_model.pb")
        entry.size = 1 << 20
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    return gzip.compress(buffer.getvalue())


NOISE = np.random.default_rng(0).bytes(4000)
ATTACKS = {
    "out of the folder": (member("../saved_model.pb"), "AK1111"),
    "an absolute name": (member("/etc/saved_model.pb"), "AK1111"),
    "a symbolic link": (member("m/saved_model.pb", tarfile.SYMTYPE), "AK1111"),
    "a hard link": (member("m/saved_model.pb", tarfile.LNKTYPE), "AK1111"),
    "a pipe": (member("m/saved_model.pb", tarfile.FIFOTYPE), "AK1111"),
    "one name twice": (twice(), "AK1111"),
    "out of the folder, zip": (zipped("a/../../saved_model.pb"), "AK1111"),
    "a bomb": (bomb(), "AK1003"),
    "cut off": (member("a.h5", data=NOISE)[:700], "AK1104"),
    "cut off, gzip": (gzip.compress(member("a.h5", data=NOISE))[:2000], "AK1104"),
    "a record that was changed": (b"b" + member("a.h5")[1:], "AK1110"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_archives_that_lead_astray_are_refused(tmp_path: Path, name: str) -> None:
    data, code = ATTACKS[name]
    path = tmp_path / "model"
    path.write_bytes(data)
    with anykeras.limits.override(unstored_bytes=1 << 18), pytest.raises(AnyKerasError) as caught:
        anykeras.inspect(path)
    assert caught.value.code == code


def remove(pattern: str) -> Callable[[Path], object]:
    return lambda folder: next(folder.glob(pattern)).unlink()


def write(pattern: str, data: bytes) -> Callable[[Path], object]:
    return lambda folder: next(folder.glob(pattern)).write_bytes(data)


INCOMPLETE = {
    "no data": (SAVED, remove("variables/*.data-*"), "AK1153"),
    "no index": (SAVED, remove("variables/*.index"), "AK1153"),
    "no graph": (SAVED, remove("*.pb"), "AK1153"),
    "no variables": (SAVED, lambda folder: shutil.rmtree(folder / "variables"), "AK1153"),
    "pointer for data": (SAVED, write("variables/*.data-*", LFS), "AK1130"),
    "pointer for index": (SAVED, write("variables/*.index", LFS), "AK1130"),
    "data cut off": (SAVED, write("variables/*.data-*", b"12345678"), "AK1104"),
    "text": (SAVED, lambda folder: (folder / "saved_model.pb").rename(folder / "saved_model.pbtxt"), "AK1156"),
    "checkpoint without data": (LISTED, remove("*.data-*"), "AK1153"),
    "checkpoint without index": (LISTED, remove("*.index"), "AK1153"),
    "checkpoint with a pointer": (LISTED, write("*.index", LFS), "AK1130"),
}


@pytest.mark.parametrize("name", INCOMPLETE)
def test_a_folder_that_is_not_whole_is_named_at_once(tmp_path: Path, name: str) -> None:
    source, change, code = INCOMPLETE[name]
    shutil.copytree(source, tmp_path / "model")
    change(tmp_path / "model")
    with pytest.raises(AnyKerasError) as caught:
        anykeras.inspect(tmp_path / "model")
    assert caught.value.code == code


FIRST = b"\x00\x00\x13\x0a\x11\x0a\x0f\x0a\x01w\x12\x04\x12\x02\x08\x03\x18\x01\x22\x02\x08\x01"


def test_what_lies_beside_checkpoints_is_named(tmp_path: Path) -> None:
    """A checkpoint of the first format (the start of one that TensorFlow 2.21 wrote for w), and files beside others."""
    found = {
        "model.ckpt-1": (FIRST, "AK1157"),
        "checkpoint": (b'model_checkpoint_path: "model.ckpt-1"\n', "AK1143"),
        "saved_model.pbtxt": (b"saved_model_schema_version: 1\nmeta_graphs {\n  meta_info_def {\n", "AK1156"),
        "frozen.pbtxt": (b'# as text\nnode {\n  name: "x"\n  op: "Placeholder"\n}\nversions {\n  producer: 27\n}\n', "AK1156"),
        "model.ckpt-1.meta": (b"\x0a\x08\x12\x06\x0a\x04\x0a\x02Op", "AK1143"),
    }
    for name, (data, code) in found.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(AnyKerasError) as caught:
            anykeras.inspect(tmp_path / name)
        assert caught.value.code == code, name
    (tmp_path / "saved_model.pbtxt").unlink()
    with pytest.raises(AnyKerasError) as caught:
        anykeras.inspect(tmp_path)
    assert caught.value.code == "AK1157"
