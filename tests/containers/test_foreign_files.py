"""Files that are no Keras model are named for what they are."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
from pathlib import Path

import container_samples as samples
import h5py
import numpy as np
import pytest

from anykeras import containers
from anykeras.errors import AnyKerasError
from anykeras.pages import find_page
from genuine import CORPUS

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 17225924\n"


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        file.addfile(tarfile.TarInfo("model.h5"), io.BytesIO())
    return buffer.getvalue()


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, samples.KERNEL)
    return buffer.getvalue()


def behind_a_block() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=512) as file:
        samples.whole(file)
    return buffer.getvalue()


def protobuf(*fields: tuple[int, bytes | int]) -> bytes:
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += bytes([number << 3, value])
        else:
            out += bytes([number << 3 | 2, len(value)]) + value
    return out


SAFETENSORS = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
CASES = {
    "lfs": (LFS, "AK1130"),
    "html": (b"\n<!DOCTYPE html><html><title>Google Drive - Virus scan warning</title>", "AK1131"),
    "xml": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "AK1131"),
    "empty": (b"", "AK1102"),
    "zeros": (bytes(5000), "AK1102"),
    **{f"pickle{p}": (pickle.dumps({"model": [1, 2]}, protocol=p), "AK1132") for p in range(6)},
    "npy": (npy(), "AK1133"),
    "npz": (samples.npz(), "AK1133"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(20), "AK1135"),
    "onnx": (protobuf((1, 8), (2, b"pytorch"), (3, b"2.1"), (7, b"graph")), "AK1136"),
    "saved_model": (protobuf((1, 1), (2, b"meta graph")), "AK1137"),
    "safetensors": (struct.pack("<Q", len(SAFETENSORS)) + SAFETENSORS + bytes(4), "AK1140"),
    "gzip": (gzip.compress(b"x"), "AK1141"),
    "bz2": (bz2.compress(b"x"), "AK1141"),
    "xz": (lzma.compress(b"x"), "AK1141"),
    "tar": (tar(), "AK1141"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(30), "AK1141"),
    "rar": (b"Rar!\x1a\x07\0" + bytes(30), "AK1141"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(30), "AK1142"),
    "pdf": (b"%PDF-1.4\n", "AK1142"),
    "elf": (b"\x7fELF" + bytes(30), "AK1142"),
    "text": (b"Model saved to /home/user/model.h5\n", "AK1149"),
    "python": (b"import keras\nmodel = keras.Sequential()\n", "AK1149"),
    "csv": (b"epoch,loss\n1,0.5\n", "AK1149"),
    "link text": (b"../weights/model_v2.h5", "AK1149"),
    "random": (bytes(range(255, 155, -1)), "AK1101"),
    "user block": (behind_a_block(), "AK1146"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("suffix", [".h5", ".keras", ".json"])
def test_files(tmp_path: Path, name: str, suffix: str) -> None:
    data, code = CASES[name]
    path = tmp_path / f"model{suffix}"
    path.write_bytes(data)
    with pytest.raises(AnyKerasError) as caught:
        containers.open(path)
    assert caught.value.code == code, caught.value
    assert caught.value.next_step and str(path) in str(caught.value)


@pytest.mark.parametrize("size", [4, 20, 60, 500, 4000])
def test_a_truncated_download_says_how_much_is_missing(tmp_path: Path, size: int) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        samples.whole(file)
    whole = (tmp_path / "m.h5").read_bytes()
    (tmp_path / "m.h5").write_bytes(whole[:size])
    with pytest.raises(AnyKerasError) as caught:
        containers.open(tmp_path / "m.h5")
    assert caught.value.code == ("AK1104" if size >= 8 else "AK1101")
    if size >= 60:
        assert f"{len(whole):,}" in str(caught.value) and f"{size:,}" in str(caught.value)


def test_nothing_there(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.h5", tmp_path / "no" / "such.h5", Path(str(tmp_path / "x") + "\0y")):
        with pytest.raises(AnyKerasError) as caught:
            containers.sniff(path)
        assert caught.value.code in ("AK1001", "AK1002")


def test_folders(tmp_path: Path) -> None:
    def code(names: list[str]) -> str:
        folder = tmp_path / "-".join(n.replace("/", "_") for n in names or ["none"])
        folder.mkdir()
        for name in names:
            (folder / name).write_bytes(b"x")
        with pytest.raises(AnyKerasError) as caught:
            containers.open(folder)
        return caught.value.code

    assert code(["saved_model.pb"]) == "AK1150"
    assert code(["checkpoint"]) == code(["w.index", "w.data-00000-of-00001"]) == "AK1143"
    assert code([]) == code(["model.h5"]) == code(["config.json", "tf_model.h5"]) == "AK1144"


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside the repository")
def test_genuine_folders_of_tensorflow() -> None:
    """Exports of Keras 3 hold no configuration; their graph is what is read."""
    folders = sorted(CORPUS.glob("*-keras-*/*.savedmodel"))
    assert folders
    for path in (*folders, *(folder / "saved_model.pb" for folder in folders)):
        raw = containers.open(path)
        assert raw.architecture is None and raw.graph is not None, path


def test_every_code_has_a_page() -> None:
    import re

    folder = Path(containers.__file__).parent
    used = {code for path in folder.rglob("*.py") for code in re.findall(r'"(AK1[01]\d\d)"', path.read_text("utf-8"))}
    assert len(used) > 30
    assert not [code for code in sorted(used) if find_page(code) is None]


def test_the_page_says_what_to_do_and_the_error_repeats_it(tmp_path: Path) -> None:
    """The advice about a kind of file stands once, on the page of its code."""
    for name, (data, code) in CASES.items():
        path = tmp_path / "model.h5"
        path.write_bytes(data)
        with pytest.raises(AnyKerasError) as caught:
            containers.open(path)
        page = find_page(code)
        assert page is not None and page.what_to_do, name
        if code not in ("AK1132",):
            assert caught.value.next_step == page.what_to_do, name
