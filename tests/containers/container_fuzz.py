"""Damaged files by the thousand: only AnyKerasError may come out, in bounded time.

``python tests/containers/container_fuzz.py 20000`` runs as many as asked for and prints figures.
"""

from __future__ import annotations

import io
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import container_samples as samples

from anykeras import containers
from anykeras.containers import NamedWeights, Raw
from anykeras.errors import AnyKerasError, Bug
from anykeras.tensors import Tensor
from genuine import FIXTURES
from work import at_most

LARGEST = 60_000  # bytes of a file that is worth mutating
CALLS = 2_000_000  # functions that one damaged file may take: many times what the longest of 20,000 does


def originals(folder: Path) -> list[bytes]:
    """The bytes of the small files of the repository and of the made ones."""
    paths = samples.write_all(folder)
    for suffix in (".h5", ".keras", ".json", ".yaml"):
        paths += [p for p in sorted(FIXTURES.rglob("*" + suffix)) if not p.name.endswith(".meta.json")]
    return [path.read_bytes() for path in paths if path.stat().st_size <= LARGEST]


def flipped(data: bytes, rng: random.Random) -> bytes:
    """A few bits or bytes changed."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        at = rng.randrange(len(out))
        out[at] = rng.choice((out[at] ^ 1 << rng.randrange(8), rng.randrange(256), 0, 255))
    return bytes(out)


def cut(data: bytes, rng: random.Random) -> bytes:
    """The end missing."""
    return data[: rng.randrange(len(data))]


def moved(data: bytes, rng: random.Random) -> bytes:
    """A block copied over another, doubled, or taken out."""
    start, length, to = rng.randrange(len(data)), rng.choice((1, 2, 4, 8, 40, 512)), rng.randrange(len(data))
    block = data[start : start + length]
    kept = rng.choice((to, to + len(block), to + 2 * len(block)))
    return data[:to] + block + data[kept:]


def pointed(data: bytes, rng: random.Random) -> bytes:
    """An eight-byte number that is an address or a size in HDF5 replaced by another one of the file, or a huge one."""
    spots = [i for i in range(0, len(data) - 8, 8) if 0 < int.from_bytes(data[i : i + 8], "little") < len(data)]
    if not spots:
        return flipped(data, rng)
    at = rng.choice(spots)
    other = rng.choice(spots)
    value = rng.choice((data[other : other + 8], b"\xff" * 8, at.to_bytes(8, "little"), (1 << 40).to_bytes(8, "little")))
    return data[:at] + value + data[at + 8 :]


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (flipped, flipped, cut, moved, pointed)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """One mutation; of an archive, half of the time inside a member, so that the checksums are right."""
    if not data.startswith(b"PK\3\4") or rng.random() < 0.4:
        return rng.choice(MUTATIONS)(data, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    target = rng.choice([name for name, content in members.items() if content])
    members[target] = rng.choice(MUTATIONS)(members[target], rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tensors(raw: Raw) -> Iterator[Tensor]:
    """Every tensor of a file."""
    if isinstance(raw.weights, NamedWeights):
        yield from (tensor for group in raw.weights.groups for _, tensor in group.weights)
    elif raw.weights is not None:
        yield from raw.weights.tensors.values()
    yield from (tensor for _, tensor in raw.optimizer)


def outcome(path: Path) -> str:
    """Open a file and read all of it: ``ok``, or the code of the refusal. Anything else is raised."""
    try:
        raw = containers.open(path)
        for tensor in tensors(raw):
            tensor.read()
        for asset in raw.assets.values():
            asset.read()
    except Bug:
        raise
    except AnyKerasError as error:
        assert error.part, f"{error} names no part"
        return error.code
    return "ok"


def fuzz(count: int, seed: int) -> tuple[Counter[str], int]:
    """`count` damaged files; (how often which outcome, the most calls of one)."""
    rng, seen, most = random.Random(seed), Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        made.mkdir()
        sources, target = originals(made), Path(folder) / "damaged"
        for number in range(count):
            data = mutated(sources[number % len(sources)], rng)
            target.write_bytes(data)
            try:
                with at_most(CALLS) as done:
                    seen[outcome(target)] += 1
            except BaseException:
                kept = Path(tempfile.gettempdir()) / f"anykeras-fuzz-{seed}-{number}"
                kept.write_bytes(data)
                print(f"kept {kept}", file=sys.stderr)
                raise
            most = max(most, done.calls)
    return seen, most


if __name__ == "__main__":
    amount, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.perf_counter()
    figures, largest = fuzz(amount, first)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{amount} damaged files in {time.perf_counter() - began:.0f} s, most calls {largest}, peak {peak:.0f} MiB")
    print(", ".join(f"{code} {number}" for code, number in figures.most_common()))
