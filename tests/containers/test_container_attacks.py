"""The published attacks on model files that concern containers; what they would do is to touch or read a canary."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import container_samples as samples
import h5py
import numpy as np
import pytest
from container_fuzz import fuzz

from anykeras import containers
from anykeras.errors import AnyKerasError
from work import at_most

CALLS = 20_000_000  # functions that one file may take
SECRET = b"the canary's secret that must not be read"


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A file outside the model whose bytes must never come out, and a name that must never come to be."""
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    yield secret
    assert not (tmp_path / "touched").exists()


def refusal(path: Path) -> AnyKerasError:
    with pytest.raises(AnyKerasError) as caught:
        raw = containers.open(path)
        from container_fuzz import tensors

        for tensor in tensors(raw):
            assert SECRET[:8] not in tensor.read().tobytes()
    return caught.value


def hdf5(path: Path, fill: Callable[[h5py.File], object], **how: object) -> Path:
    with h5py.File(path, "w", **how) as file:
        samples.legacy(file)
        fill(file)
    return path


# --- HDF5: CVE-2026-1669, GHSA-27f4-p4xq-cxg8: foreign files read into the weights


def test_external_storage(tmp_path: Path, canary: Path) -> None:
    def fill(file: h5py.File) -> None:
        del file["dense/dense/bias:0"]
        file["dense"].create_dataset("dense/bias:0", (5,), "f8", external=[(str(canary), 0, 40)])

    error = refusal(hdf5(tmp_path / "m.h5", fill))
    assert error.code == "AK1106" and error.part == "dense/dense/bias:0"


@pytest.mark.parametrize("links", [1, 20])  # few links are messages of the group, many live in a heap
def test_external_links(tmp_path: Path, canary: Path, links: int) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = samples.BIAS

    def fill(file: h5py.File) -> None:
        for number in range(links):
            file["dense"][f"link{number}"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")

    error = refusal(hdf5(tmp_path / "m.h5", fill))
    assert error.code in ("AK1103", "AK1106") and error.part == "dense"


@pytest.mark.parametrize("layer", ["layer", "weight"])
def test_an_external_link_on_the_way(tmp_path: Path, canary: Path, layer: str) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        samples.legacy(other)

    def fill(file: h5py.File) -> None:
        where = "dense" if layer == "layer" else "dense/dense"
        del file[where]
        file[where] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/" + where)

    assert refusal(hdf5(tmp_path / "m.h5", fill)).code == "AK1106"


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_soft_links(tmp_path: Path, libver: str) -> None:
    error = refusal(hdf5(tmp_path / "m.h5", lambda f: f.__setitem__("s", h5py.SoftLink("/dense")), libver=libver))
    assert error.code == "AK1106"


def test_virtual_datasets(tmp_path: Path, canary: Path) -> None:
    def fill(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((3,), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (3,))
        file.create_virtual_dataset("virtual", layout)

    assert refusal(hdf5(tmp_path / "m.h5", fill)).code == "AK1107"


# --- HDF5: CVE-2026-0897: shape bombs


@pytest.mark.parametrize("chunks", [None, (1024, 1024)])
def test_a_shape_bomb(tmp_path: Path, chunks: tuple[int, ...] | None) -> None:
    def fill(file: h5py.File) -> None:
        del file["dense/dense/bias:0"]
        file["dense"].create_dataset("dense/bias:0", (1 << 20, 1 << 10), "f4", chunks=chunks)

    assert refusal(hdf5(tmp_path / "m.h5", fill)).code == "AK1108"


def test_many_bombs_under_the_bound_of_one(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        for number in range(24):
            file.create_dataset(f"x{number}", (1 << 20,), "f4", chunks=(1 << 16,))

    assert refusal(hdf5(tmp_path / "m.h5", fill)).code == "AK1108"


def test_a_chunk_that_inflates_for_ever(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file.create_dataset("x", data=np.zeros(1 << 26, "u1"), chunks=(1 << 26,), compression="gzip")
        file.create_dataset("y", data=np.zeros(1 << 26, "u1"), chunks=(1 << 26,), compression="gzip")

    path = hdf5(tmp_path / "m.h5", fill)
    assert path.stat().st_size < 1 << 18
    assert refusal(path).code == "AK1108"


def test_arrays_that_share_their_bytes(tmp_path: Path) -> None:
    """Forty arrays that each claim most of the file would be forty times the file in memory."""
    path = hdf5(tmp_path / "m.h5", lambda f: [f.create_dataset(f"x{i}", data=np.ones(1001, "f4")) for i in range(40)])
    with h5py.File(path) as file:
        first = min(file[f"x{i}"].id.get_offset() for i in range(40))
        offsets = [file[f"x{i}"].id.get_offset() for i in range(40)]
    data = path.read_bytes().replace(struct.pack("<Q", 1001), struct.pack("<Q", 20_000))
    for offset in offsets:
        data = data.replace(struct.pack("<QQ", offset, 4004), struct.pack("<QQ", first, 80_000))
    error = refusal(put(tmp_path / "n.h5", data))
    assert error.code == "AK1103" and "overlap" in error.seen


def test_a_text_type_of_a_gigabyte(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        del file["dense/dense/bias:0"]
        file["dense"].create_dataset("dense/bias:0", (3,), "S1000000000", chunks=(1,))

    assert refusal(hdf5(tmp_path / "m.h5", fill)).code in ("AK1003", "AK1107", "AK1108")


# --- HDF5: structures that keep a reader busy


def test_a_group_inside_itself(tmp_path: Path) -> None:
    error = refusal(hdf5(tmp_path / "m.h5", lambda f: f["dense"].__setitem__("again", f["/"])))
    assert error.code == "AK1103"


def test_groups_that_double_at_every_level(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        group = file.create_group("g")
        for _ in range(50):
            below = group.create_group("a")
            group["b"] = below
            group = below

    assert refusal(hdf5(tmp_path / "m.h5", fill)).code == "AK1103"


def test_a_tree_of_nodes_that_points_at_itself(tmp_path: Path) -> None:
    path = hdf5(tmp_path / "m.h5", lambda f: [f.create_group(f"layer{i:04}") for i in range(2000)])
    data = bytearray(path.read_bytes())
    trees = [i for i in range(0, len(data) - 8, 8) if data[i : i + 5] == b"TREE\0"]
    for at in trees:  # all entries of all nodes lead to one node of the level below
        level, used = data[at + 5], struct.unpack_from("<H", data, at + 6)[0]
        below = next((t for t in trees if data[t + 5] == level - 1), None)
        if below is not None:
            for entry in range(used):
                struct.pack_into("<Q", data, at + 24 + 8 + 16 * entry, below)
        data[at + 5] = level
    (tmp_path / "n.h5").write_bytes(bytes(data))
    with at_most(CALLS):
        assert refusal(tmp_path / "n.h5").code in ("AK1003", "AK1103")


def test_a_deep_tree_of_nodes_ends(tmp_path: Path) -> None:
    """Sixty levels of two entries each, all to the same node below: 2**60 visits for a reader that follows."""
    node = 24 + 8 + 2 * 16
    heap = 0x200
    base = 0x400
    data = bytearray(base + 61 * node)
    data[:8] = b"\x89HDF\r\n\x1a\n"
    struct.pack_into("<BBBBBBBBHHI", data, 8, 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0)
    struct.pack_into("<QQQQ", data, 24, 0, (1 << 64) - 1, len(data), (1 << 64) - 1)
    struct.pack_into("<QQII", data, 56, 0, 0x100, 1, 0)
    struct.pack_into("<BBHIII", data, 0x100, 1, 0, 1, 1, 24, 0)  # object header with one message
    struct.pack_into("<HHB3xQQ", data, 0x110, 0x11, 16, 0, base, heap)
    data[heap : heap + 4] = b"HEAP"
    struct.pack_into("<QQQ", data, heap + 8, 16, 0, heap + 32)
    for level in range(61):
        at = base + (60 - level) * node
        data[at : at + 4] = b"TREE"
        struct.pack_into("<BBHQQ", data, at + 4, 0, level, 2, 0, 0)
        for entry in range(2):
            struct.pack_into("<QQ", data, at + 24 + 16 * entry, 0, at + node)
    path = tmp_path / "m.h5"
    path.write_bytes(bytes(data))
    with at_most(CALLS):
        assert refusal(path).code == "AK1003"


def test_one_long_name_listed_a_thousand_times(tmp_path: Path) -> None:
    """Names that are ends of each other: a gigabyte of text from a file of a megabyte."""
    entries, long = 20_000, 60_000
    heap, tree, table = 0x200, 0x1000 + 64 * 1024, 0x2000 + 64 * 1024
    data = bytearray(table + 8 + 40 * entries)
    data[:8] = b"\x89HDF\r\n\x1a\n"
    struct.pack_into("<BBBBBBBBHHI", data, 8, 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0)
    struct.pack_into("<QQQQ", data, 24, 0, (1 << 64) - 1, len(data), (1 << 64) - 1)
    struct.pack_into("<QQII", data, 56, 0, 0x100, 1, 0)
    struct.pack_into("<BBHIII", data, 0x100, 1, 0, 1, 1, 24, 0)
    struct.pack_into("<HHB3xQQ", data, 0x110, 0x11, 16, 0, tree, heap)
    data[heap : heap + 4] = b"HEAP"
    struct.pack_into("<QQQ", data, heap + 8, long + 1, 0, 0x800)
    data[0x800 : 0x800 + long] = b"x" * long
    data[tree : tree + 4] = b"TREE"
    struct.pack_into("<BBHQQQQQ", data, tree + 4, 0, 0, 1, 0, 0, 0, table, 0)
    data[table : table + 4] = b"SNOD"
    struct.pack_into("<BBH", data, table + 4, 1, 0, entries)
    for number in range(entries):
        struct.pack_into("<QQII", data, table + 8 + 40 * number, number, 0x100, 0, 0)
    tracemalloc.start()
    try:
        error = refusal(put(tmp_path / "m.h5", bytes(data)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.code == "AK1003" and "many times its size" in error.seen and peak < 64 << 20


# --- zip: parser differentials, bombs, extraction (CVE-2025-12060, CVE-2025-12638, CVE-2024-55459)


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_name_twice(tmp_path: Path) -> None:
    buffer = io.BytesIO(samples.archive())
    with zipfile.ZipFile(buffer, "a") as file, pytest.warns(UserWarning):
        file.writestr("config.json", json.dumps({"class_name": "Other"}))
    error = refusal(put(tmp_path / "m.keras", buffer.getvalue()))
    assert error.code == "AK1111" and "Two members named" in error.seen and "Do not load this file" in str(error)


def test_local_and_central_names_differ(tmp_path: Path) -> None:
    data = samples.archive()
    at = data.index(b"config.json")
    assert refusal(put(tmp_path / "m.keras", data[:at] + b"konfig.json" + data[at + 11 :])).code == "AK1111"


@pytest.mark.parametrize("offset", [6, 8, 14, 18, 22])  # flags, method, checksum, both sizes
def test_local_and_central_fields_differ(tmp_path: Path, offset: int) -> None:
    data = bytearray(samples.archive())
    at = data.index(b"config.json") - 30 + offset
    data[at] ^= 1
    assert refusal(put(tmp_path / "m.keras", bytes(data))).code == "AK1111"


def test_hdf5_and_zip_in_one(tmp_path: Path) -> None:
    """Kind is what stands at byte 0, and what stands behind it is refused or is no part of it."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        samples.whole(file, {"class_name": "Sequential", "config": {"name": "from_hdf5"}})
    both = (tmp_path / "a.h5").read_bytes() + samples.archive()
    raw = containers.open(put(tmp_path / "m.keras", both))
    assert raw.match.name == "hdf5"
    prefixed = b"PK\3\4" + bytes(60) + samples.archive()
    assert refusal(put(tmp_path / "n.keras", prefixed)).code == "AK1111"


@pytest.mark.parametrize("tail", [b"x", b"PK\5\6" + bytes(18), bytes(40)])
def test_bytes_behind_the_archive(tmp_path: Path, tail: bytes) -> None:
    assert refusal(put(tmp_path / "m.keras", samples.archive() + tail)).code in ("AK1110", "AK1111")


def test_an_archive_inside_the_comment(tmp_path: Path) -> None:
    inner = samples.archive()
    outer = bytearray(samples.archive({"config.json": "{}"}))
    struct.pack_into("<H", outer, len(outer) - 2, len(inner))
    assert refusal(put(tmp_path / "m.keras", bytes(outer) + inner)).code in ("AK1110", "AK1111")


def test_bytes_between_the_files(tmp_path: Path) -> None:
    data = samples.archive()
    start = struct.unpack_from("<I", data, len(data) - 6)[0]
    moved = bytearray(data[:start] + b"hidden!!" + data[start:])
    struct.pack_into("<I", moved, len(moved) - 6, start + 8)
    assert refusal(put(tmp_path / "m.keras", bytes(moved))).code == "AK1111"


@pytest.mark.parametrize(
    "name", ["../touched", "/touched", "a/../../touched", "C:/touched", "a\\b", "assets//x", "assets/./x", "a\0b"]
)
def test_names_that_lead_outside(tmp_path: Path, canary: Path, name: str) -> None:
    data = samples.archive({"assets/" + "n" * 40: "x"})
    raw = name.encode()
    longer = data.replace(b"assets/" + b"n" * 40, (raw + b"n" * 47)[:47])
    assert refusal(put(tmp_path / "m.keras", longer)).code == "AK1111"


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_in_the_archive(tmp_path: Path, canary: Path, mode: int) -> None:
    buffer = io.BytesIO(samples.archive())
    with zipfile.ZipFile(buffer, "a") as file:
        info = zipfile.ZipInfo("assets/vocabulary.txt")
        info.create_system, info.external_attr = 3, (mode | 0o777) << 16
        file.writestr(info, str(canary))
    assert refusal(put(tmp_path / "m.keras", buffer.getvalue())).code == "AK1111"


def test_encryption(tmp_path: Path) -> None:
    data = bytearray(samples.archive())
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.index(mark)
        data[at + offset] |= 1
    assert refusal(put(tmp_path / "m.keras", bytes(data))).code == "AK1111"


@pytest.mark.parametrize("member", ["config.json", "assets/x", "model.weights.h5"])
def test_a_deflated_bomb(tmp_path: Path, member: str) -> None:
    data = samples.archive({member: bytes(200 << 20)}, zipfile.ZIP_DEFLATED)
    assert len(data) < 1 << 20
    path = put(tmp_path / "m.keras", data)
    tracemalloc.start()
    try:
        with pytest.raises(AnyKerasError) as caught:
            containers.open(path).assets["assets/x"].read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.code == "AK1003" and peak < 64 << 20


def test_a_bomb_that_declares_little(tmp_path: Path) -> None:
    """The sizes say 100 bytes, the stream holds 50 MiB: inflating stops where the sizes end."""
    payload = bytes(50 << 20)
    data = samples.archive({"config.json": payload}, zipfile.ZIP_DEFLATED)
    size, crc = struct.pack("<I", len(payload)), struct.pack("<I", zlib.crc32(payload[:100]))
    old = struct.pack("<I", zlib.crc32(payload))
    assert data.count(size) == data.count(old) == 2
    packed = data.replace(size, struct.pack("<I", 100)).replace(old, crc)
    tracemalloc.start()
    try:
        assert refusal(put(tmp_path / "m.keras", packed)).code == "AK1003"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


def test_a_pickle_in_the_weights(tmp_path: Path, canary: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (os.system, (f"touch {tmp_path / 'touched'}",))

    buffer = io.BytesIO()
    np.savez(buffer, **{"layers/dense": {"0": Evil()}})
    data = samples.archive({"model.weights.h5": b"", "model.weights.npz": buffer.getvalue()})
    assert refusal(put(tmp_path / "m.keras", data)).code == "AK1132"


def test_a_vocabulary_is_a_name_and_never_opened(tmp_path: Path, canary: Path) -> None:
    """CVE-2025-12058: a path in the configuration is a text like any other."""
    config = {"class_name": "Sequential", "config": {"layers": [{"config": {"vocabulary": str(canary)}}]}}
    raw = containers.open(put(tmp_path / "m.keras", samples.archive({"config.json": json.dumps(config)})))
    assert str(canary) in json.dumps(raw.architecture) and SECRET.decode() not in repr(raw)
    assert list(raw.assets) == ["assets/layers/lookup/vocabulary.txt"]


# --- YAML: CVE-2021-37678


@pytest.mark.parametrize(
    "attack",
    [
        "!!python/object/apply:os.system ['touch {}']",
        "!!python/object/apply:subprocess.check_output [[touch, '{}']]",
        "!!python/object/new:os.system ['touch {}']",
        "!!python/object:os.system {{a: '{}'}}",
        "!!python/object/new:tuple [!!python/object/new:map [!!python/name:eval , ['touch {}']]]",
        "!!python/module:os ''",
        "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch {}']",
        "!!python/object/apply:builtins.dict {{args: [], state: {{}}, kwds: '{}'}}",
        "!unknown ['{}']",
    ],
)
def test_tags_that_would_run(tmp_path: Path, canary: Path, attack: str) -> None:
    text = f"class_name: Sequential\nconfig: {attack.format(tmp_path / 'touched')}\n"
    assert refusal(put(tmp_path / "m.yaml", text.encode())).code == "AK1124"


def test_aliases_that_multiply(tmp_path: Path) -> None:
    lines = ["class_name: Sequential", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with at_most(CALLS):
        assert refusal(put(tmp_path / "m.yaml", "\n".join(lines).encode())).code == "AK1003"


# --- JSON


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"class_name": ' + "[" * 100_000, "AK1003"),
        ('{"class_name": "A", "class_name": "B"}', "AK1122"),
        ('{"class_name": ' + "9" * 100_000 + "}", "AK1003"),
        ('{"class_name": 1e999}', "AK1122"),
        ('{"class_name": "\\ud800"}', "AK1120"),
        ('{"class_name": "A"', "AK1120"),
        ('{"class_name": "A"} x', "AK1120"),
    ],
)
def test_json_out_of_bounds(tmp_path: Path, text: str, code: str) -> None:
    assert refusal(put(tmp_path / "m.json", text.encode())).code == code


def test_sixty_thousand_layers(tmp_path: Path) -> None:
    layers = [{"class_name": "Dense", "config": {"name": f"d{i}", "units": 1}} for i in range(60_000)]
    text = json.dumps({"class_name": "Sequential", "config": {"layers": layers}})
    with at_most(CALLS):
        containers.open(put(tmp_path / "m.json", text.encode()))


# --- folders and special files


def unpacked(folder: Path) -> Path:
    folder.mkdir()
    with zipfile.ZipFile(io.BytesIO(samples.archive())) as archive:
        archive.extractall(folder)
    return folder


def test_an_unpacked_archive_opens(tmp_path: Path) -> None:
    raw = containers.open(unpacked(tmp_path / "model"))
    assert raw.match.name == "keras_directory"
    assert raw.assets["assets/layers/lookup/vocabulary.txt"].read() == b"a\nb\n"


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5", "assets/layers/lookup/vocabulary.txt", "assets"])
def test_links_in_a_folder(tmp_path: Path, canary: Path, name: str) -> None:
    folder = unpacked(tmp_path / "model")
    target = tmp_path / "moved"
    (folder / name).rename(target)
    (folder / name).symlink_to(target)
    assert refusal(folder).code == "AK1111"


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5", "assets/layers/lookup/vocabulary.txt"])
def test_a_pipe_in_a_folder(tmp_path: Path, name: str) -> None:
    folder = unpacked(tmp_path / "model")
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert refusal(folder).code == "AK1111"


def test_a_pipe_in_place_of_the_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.h5")
    assert refusal(tmp_path / "m.h5").code == "AK1002"


@pytest.mark.parametrize("seed", [101, 202, 303])
def test_damaged_files_give_one_clear_error(seed: int) -> None:
    """Truncations, bit flips and crossed pointers of genuine and made files."""
    seen, _ = fuzz(1000, seed)
    refused = sum(number for code, number in seen.items() if code != "ok")
    assert refused > 300, seen
