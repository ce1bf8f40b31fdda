"""`.keras` archives, read in place."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import container_samples as samples
import numpy as np
import pytest

import anykeras
from anykeras import containers
from anykeras.containers import Raw, TreeWeights
from anykeras.containers.checksums import compute_crc32
from anykeras.containers.keras_zip.archive import list_members
from anykeras.containers.source import ByteSource, open_source, wrap_bytes
from anykeras.errors import AnyKerasError
from genuine import FOLDER, Recording, reproduces


def check(raw: Raw) -> None:
    assert raw.match.name == "keras_zip" and raw.part == "config.json"
    assert raw.attributes == {"keras_version": "3.6.0", "date_saved": "2024-10-10@10:10:10"}
    assert raw.training == {"loss": "mse"}
    assert isinstance(raw.weights, TreeWeights)
    np.testing.assert_array_equal(raw.weights.tensors["layers/dense/vars/0"].read(), samples.KERNEL)
    np.testing.assert_array_equal(raw.weights.tensors["layers/dense/vars/1"].read(), samples.BIAS)
    assert int(raw.optimizer[0][1].read()) == 7
    (asset,) = raw.assets.values()
    assert (asset.name, asset.size, asset.read()) == ("assets/layers/lookup/vocabulary.txt", 4, b"a\nb\n")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_archives(tmp_path: Path, method: int, name: str) -> None:
    (tmp_path / name).write_bytes(samples.archive(method=method))
    check(containers.open(tmp_path / name))


def test_weights_in_numpy_form(tmp_path: Path) -> None:
    data = samples.archive({"model.weights.h5": b"", "model.weights.npz": samples.npz()})
    (tmp_path / "m.keras").write_bytes(data)
    check(containers.open(tmp_path / "m.keras"))


@pytest.mark.parametrize(("order", "dtype"), [("F", "<f4"), ("C", ">f8"), ("C", "<i8"), ("C", "|b1")])
def test_arrays_in_numpy_form(tmp_path: Path, order: str, dtype: str) -> None:
    value = np.asarray(np.arange(6).reshape(2, 3) % 4, dtype, order=order)  # type: ignore[call-overload]
    buffer = io.BytesIO()
    np.savez(buffer, **{"layers/dense": {"0": value, "1": samples.BIAS, "2": value}})
    data = samples.archive({"model.weights.h5": b"", "model.weights.npz": buffer.getvalue()})
    (tmp_path / "m.keras").write_bytes(data)
    raw = containers.open(tmp_path / "m.keras")
    assert isinstance(raw.weights, TreeWeights)
    tensor = raw.weights.tensors["layers/dense/vars/2"]
    assert tensor.dtype == value.dtype.newbyteorder("=").name
    np.testing.assert_array_equal(tensor.read(), value)


class Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise OSError("a stream")

    def tell(self) -> int:
        raise OSError("a stream")


def test_an_archive_written_as_a_stream() -> None:
    """Sizes then stand behind each file."""
    stream = Unseekable()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("config.json", "{}")
        file.writestr("model.weights.h5", b"x" * 1000)
    found = list_members(wrap_bytes(stream.getvalue(), "m.keras"))
    assert [(m.name, m.size) for m in found.values()] == [("config.json", 2), ("model.weights.h5", 1000)]


def test_headers_for_large_files() -> None:
    """Keras opens the weights with ``force_zip64``; both forms of the end record are read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        with file.open("model.weights.h5", "w", force_zip64=True) as member:
            member.write(b"x" * 1000)
        file.writestr("config.json", "{}")
    data = buffer.getvalue()
    assert list_members(wrap_bytes(data, "m.keras"))["model.weights.h5"].size == 1000
    end = len(data) - 22
    count, size, start = struct.unpack_from("<HII", data, end + 10)
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, end, 1)
    full = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    large = data[:end] + record + locator + full
    assert len(zipfile.ZipFile(io.BytesIO(large)).infolist()) == 2
    assert list_members(wrap_bytes(large, "m.keras")).keys() == {"model.weights.h5", "config.json"}


def test_a_changed_weight_is_noticed(tmp_path: Path) -> None:
    data = bytearray(samples.archive())
    at = bytes(data).index(samples.KERNEL.tobytes())
    data[at + 5] ^= 1
    (tmp_path / "m.keras").write_bytes(bytes(data))
    with pytest.raises(AnyKerasError) as caught:
        containers.open(tmp_path / "m.keras")
    assert caught.value.code == "AK1110" and caught.value.part == "model.weights.h5"


def test_stored_weights_are_read_where_they_lie(tmp_path: Path) -> None:
    """Nothing is copied out of the archive: a window of it is the HDF5 file."""
    (tmp_path / "m.keras").write_bytes(samples.archive())
    source = open_source(str(tmp_path / "m.keras"))
    assert isinstance(source.window(3, 5, "part"), ByteSource) and source.window(3, 5, "part").read(2, 99) == source.read(5, 3)
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["archive/data.pkl", "archive/data/0"], "AK1139"),
        (["a.npy", "b.npy"], "AK1114"),
        (["one/saved_model.pb", "other/saved_model.pb"], "AK1147"),
        (["m/saved_model.pbtxt"], "AK1156"),
        (["model/config.json", "model/model.weights.h5"], "AK1112"),
        (["model.json", "group1-shard1of1.bin"], "AK1134"),
        (["readme.txt"], "AK1112"),
        ([], "AK1110"),
    ],
)
def test_other_zips_are_named(tmp_path: Path, names: list[str], code: str) -> None:
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as file:
        for name in names:
            file.writestr(name, "x")
    with pytest.raises(AnyKerasError) as caught:
        containers.open(tmp_path / "m.keras")
    assert caught.value.code == code


@pytest.mark.parametrize("config", ["{}", "[]", '{"model_type": "bert", "architectures": ["x"]}'])
def test_a_config_without_a_model(tmp_path: Path, config: str) -> None:
    (tmp_path / "m.keras").write_bytes(samples.archive({"config.json": config}))
    with pytest.raises(AnyKerasError) as caught:
        containers.open(tmp_path / "m.keras")
    assert caught.value.code == "AK1112"


def test_other_members_are_left_over(tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(samples.archive({"notes.txt": "x"}))
    assert containers.open(tmp_path / "m.keras").leftovers == ("metrics/mean/vars/0", "notes.txt")


def test_the_checksum_of_long_data_is_that_of_zlib() -> None:
    rng = np.random.default_rng(12)
    data = rng.integers(0, 256, 17 << 20, np.uint8)
    for start, end in ((0, 17 << 20), (3, (16 << 20) + 3), (1, 16 << 20), (7, (16 << 20) + 366_556), (0, 9)):
        piece = data[start:end].data
        for before in (0, 0xDEADBEEF):
            assert compute_crc32(piece, before) == zlib.crc32(piece, before)
    assert compute_crc32(bytes(16 << 20)) == zlib.crc32(bytes(16 << 20))


# Models inside pickle and joblib files of genuine stacks, read without unpickling.


PICKLES = FOLDER / "containers" / "pickles"
STACKS = [path.name.removesuffix(".golden.npz") for path in PICKLES.glob("*.golden.npz")]
FILES = sorted(path for path in PICKLES.iterdir() if path.suffix in (".pkl", ".joblib"))


def test_there_are_files() -> None:
    assert len(FILES) >= 6


@pytest.mark.backend
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_outputs(path: Path) -> None:
    stem = path.name.removesuffix(".pkl").removesuffix(".joblib")
    stem = next(stack for stack in STACKS if stem.startswith(stack))
    file = Recording(path, PICKLES / f"{stem}.golden.npz")
    assert reproduces(anykeras.load_model(path, compile=False), file)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("__import__('pathlib').Path('/tmp/anykeras-bomb').touch()",))


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_called(protocol: int, tmp_path: Path) -> None:
    """A pickle that runs code when it is loaded is refused with the name that it would call, beside a model or not."""
    bomb = tmp_path / "bomb.pkl"
    bomb.write_bytes(pickle.dumps({"model": Bomb()}, protocol))
    with pytest.raises(anykeras.AnyKerasError, match="eval") as caught:
        anykeras.inspect(bomb)
    assert caught.value.code == "AK1132"
    assert not Path("/tmp/anykeras-bomb").exists()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_cut_files_are_refused(path: Path, part: float, tmp_path: Path) -> None:
    data = path.read_bytes()
    cut = tmp_path / path.name
    cut.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(anykeras.AnyKerasError):
        containers.open(str(cut))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_changed_bytes_never_crash(path: Path, tmp_path: Path) -> None:
    """Whatever one byte is changed to: a model, or one of our errors."""
    data, random = path.read_bytes(), np.random.default_rng(7)
    changed = tmp_path / path.name
    for _ in range(60):
        at, value = int(random.integers(2, len(data))), int(random.integers(256))
        changed.write_bytes(data[:at] + bytes([value]) + data[at + 1 :])
        try:
            raw = containers.open(str(changed))
        except anykeras.AnyKerasError:
            continue
        assert raw.architecture is not None or raw.weights is not None
