"""Weights go from one file to the other a few megabytes at a time: counted in bytes that are held, not by the clock."""

from __future__ import annotations

import gc
import io
import json
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import anykeras
from anykeras import progress
from anykeras.cli import progress as bars
from anykeras.containers.keras_zip import archive

MIB = 1 << 20
WIDTH = 2048  # a kernel of 16 MiB
SHARE = 12 * MIB  # what may be held beside a tensor whose layout changes


def write_dense(path: Path, **storage: Any) -> np.ndarray:
    """A Dense layer as Keras 2.3.1 wrote it, its kernel stored as h5py is told; the kernel."""
    kernel = np.arange(WIDTH * WIDTH, dtype="float32").reshape(WIDTH, WIDTH) % 1000
    config = {"name": "dense_1", "units": WIDTH, "use_bias": False, "batch_input_shape": [None, WIDTH]}
    return write(path, "2.3.1", "tensorflow", {"class_name": "Dense", "config": config}, "dense_1/kernel:0", kernel, **storage)


def write_convolution(path: Path) -> np.ndarray:
    """A convolution as Keras 1.2.2 wrote it on Theano, whose kernel is flipped; the kernel."""
    kernel = np.arange(32 * 8 * 128 * 128, dtype="float32").reshape(32, 8, 128, 128) % 1000
    config = {"name": "c", "nb_filter": 32, "nb_row": 128, "nb_col": 128, "bias": False, "dim_ordering": "th"}
    config |= {"batch_input_shape": [None, 8, 200, 200], "border_mode": "valid"}
    return write(path, "1.2.2", "theano", {"class_name": "Convolution2D", "config": config}, "c_W", kernel)


def write(path: Path, version: str, backend: str, layer: dict[str, Any], name: str, kernel: np.ndarray, **storage: Any) -> Any:
    """A Sequential of one layer."""
    label = layer["config"]["name"]
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = version.encode(), backend.encode()
        layers: Any = [layer] if version < "2" else {"name": "s", "layers": [layer]}
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers}).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([label.encode()])
        group.attrs["keras_version"], group.attrs["backend"] = version.encode(), backend.encode()
        own = group.create_group(label)
        own.attrs["weight_names"] = np.array([name.encode()])
        own.create_dataset(name, data=kernel, **storage)
    return kernel


def held_while_converting(source: Path, target: Path) -> int:
    """The most bytes that Python and NumPy held meanwhile."""
    anykeras.inspect(source)
    tracemalloc.start()
    try:
        anykeras.convert(source, target)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def kernel_of(path: Path) -> np.ndarray:
    with zipfile.ZipFile(path) as box:
        assert box.testzip() is None
        with h5py.File(io.BytesIO(box.read("model.weights.h5"))) as file:
            (layer,) = file["layers"].values()
            return np.asarray(layer["vars/0"])


@pytest.mark.parametrize(
    "storage",
    [{}, {"chunks": (300, 500)}, {"chunks": (128, WIDTH), "compression": "gzip", "shuffle": True, "fletcher32": True}],
    ids=["contiguous", "chunked", "compressed"],
)
def test_weights_that_stay_as_they_are_are_never_held(storage: dict[str, Any], tmp_path: Path) -> None:
    kernel = write_dense(tmp_path / "a.h5", **storage)
    held = held_while_converting(tmp_path / "a.h5", tmp_path / "b.keras")
    assert held < kernel.nbytes // 2
    assert np.array_equal(kernel_of(tmp_path / "b.keras"), kernel)


def test_of_a_changed_layout_one_tensor_is_held_once(tmp_path: Path) -> None:
    kernel = write_convolution(tmp_path / "a.h5")
    held = held_while_converting(tmp_path / "a.h5", tmp_path / "b.keras")
    assert kernel.nbytes <= held < kernel.nbytes + SHARE
    assert np.array_equal(kernel_of(tmp_path / "b.keras"), kernel.transpose(2, 3, 1, 0)[::-1, ::-1])


def test_arrays_start_where_they_can_be_mapped_as_they_are(tmp_path: Path) -> None:
    write_dense(tmp_path / "a.h5")
    anykeras.convert(tmp_path / "a.h5", tmp_path / "b.keras")
    with zipfile.ZipFile(tmp_path / "b.keras") as box:
        info = box.getinfo("model.weights.h5")
        data = (tmp_path / "b.keras").read_bytes()
        name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
        start = info.header_offset + 30 + name + extra
        with h5py.File(io.BytesIO(box.read(info))) as file:
            inside = file["layers/dense/vars/0"].id.get_offset()
    assert start % 64 == 0
    assert inside % 64 == 0


def test_a_large_member_is_compared_with_its_checksum_when_its_content_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "CHECKED_AT_ONCE", 0)
    write_dense(tmp_path / "a.h5")
    anykeras.convert(tmp_path / "a.h5", tmp_path / "b.keras")
    data = bytearray((tmp_path / "b.keras").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "b.keras").write_bytes(data)
    assert anykeras.inspect(tmp_path / "b.keras").refusal is None  # nothing of the numbers was read
    with pytest.raises(anykeras.AnyKerasError, match="checksum"):
        anykeras.convert(tmp_path / "b.keras", tmp_path / "c.keras")
    assert not (tmp_path / "c.keras").exists()


def test_whoever_watches_is_told_every_byte(tmp_path: Path) -> None:
    kernel = write_dense(tmp_path / "a.h5")
    seen: list[tuple[str, int, int]] = []
    with progress.watch(lambda *said: seen.append(said)):
        anykeras.convert(tmp_path / "a.h5", tmp_path / "b.keras")
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1] == ("writing", kernel.nbytes, kernel.nbytes)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "quiet"), [(Terminal, True), (io.StringIO, False)])
def test_no_bar_where_nobody_looks(stream: type[io.StringIO], quiet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", stream())
    with bars.show_progress(quiet):
        assert progress.Meter("writing", 1)._watcher is None


def test_a_bar_appears_when_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    now = [0.0]
    monkeypatch.setattr(bars.time, "monotonic", lambda: now[0])
    with bars.show_progress(False):
        meter = progress.Meter("writing", 100)
        for block in meter.pass_on([bytes(10)] * 10):
            assert not (meter.done and terminal.getvalue() and now[0] < bars.PATIENCE)
            now[0] += 0.3
            assert len(block) == 10
    assert "writing" in terminal.getvalue()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux says what a process holds")
def test_no_descriptor_and_no_mapping_is_left(tmp_path: Path) -> None:
    """Of files that were inspected, audited, converted and opened, and of those where that failed."""
    good, new, cut, damaged = (tmp_path / name for name in ("good.h5", "new.keras", "cut.h5", "damaged.keras"))
    write_dense(good)
    anykeras.convert(good, new)
    whole = bytearray(new.read_bytes())
    cut.write_bytes(good.read_bytes()[: 10 * MIB])
    damaged.write_bytes(whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :])
    failed = 0
    for path in (good, new, cut, damaged):
        for work in (
            lambda path=path: anykeras.inspect(path).as_dict(),
            lambda path=path: anykeras.audit(path).as_dict(),
            lambda path=path: anykeras.convert(path, tmp_path / "again.keras", force=True),
            lambda path=path: anykeras.convert(path, good),
            lambda path=path: anykeras.open(path),
        ):
            try:
                work()
            except anykeras.AnyKerasError:
                failed += 1
    gc.collect()
    held = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")]
    mapped = Path("/proc/self/maps").read_text().splitlines()
    assert failed >= 6 and not [line for line in (*held, *mapped) if str(tmp_path) in line]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "again.keras",
        "cut.h5",
        "damaged.keras",
        "good.h5",
        "new.keras",
    ]
