"""Mutants of genuine files by the ten thousand, over worker processes: each is read, or refused with a code.

    python scripts/fuzz.py 20000 --seed 1 --workers 2 [--kinds config hdf5 ... verb-audit ... verb-transfer]

Prints how many of each kind ended how: ``ok``, the code of a refusal, ``STRAY`` (any other exception), ``HANG`` (more CPU
seconds than one file may take) or ``DEATH`` (the process ended). Strays, hangs and deaths are printed with the kind and
the seed that makes them again (``--one KIND SEED``), and end the script with 1. The mutants themselves are those of the tests.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import gzip
import io
import json
import pickletools
import random
import resource
import signal
import subprocess
import sys
import tarfile
import tempfile
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "scripts"), str(ROOT / "tests"), str(ROOT / "tests" / "containers")]

SECONDS = 10.0  # CPU seconds of one mutant
MEMORY = 3 << 30  # address space of a worker
CHUNK = 500  # mutants of one worker process
BAD = ("STRAY", "HANG", "DEATH")


VALUES = ("1e999", "0x" + "f" * 5000, "~", ".nan", "[*a, *a]", "&a [*a]", "0o9", "2001-01-01")  # of a YAML key


class Hang(BaseException):
    """One mutant took more CPU seconds than a file may."""


# -- kinds: each makes one mutant and says how it ended


@functools.cache
def _boxes() -> list[object]:
    import mutations

    return list(mutations.boxes())


def run_config(rng: random.Random) -> str:
    """Values of a configuration replaced, removed, doubled or swapped, all the way to a lowered model."""
    import mutations

    return mutations.outcome(*rng.choice(_boxes()), rng)  # type: ignore[misc]


@functools.cache
def _originals() -> list[bytes]:
    import container_fuzz

    with tempfile.TemporaryDirectory() as folder:
        return container_fuzz.originals(Path(folder))


def _open(data: bytes) -> str:
    import container_fuzz

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant"
        path.write_bytes(data)
        return container_fuzz.outcome(path)


def _run_container(start: bytes, rng: random.Random) -> str:
    import container_fuzz

    data = rng.choice([one for one in _originals() if one.startswith(start)])
    return _open(container_fuzz.mutated(data, rng))


def run_hdf5(rng: random.Random) -> str:
    """Bits, blocks and addresses of an HDF5 file."""
    return _run_container(b"\x89HDF", rng)


def run_zip(rng: random.Random) -> str:
    """An archive, or a member of one with its checksum right."""
    return _run_container(b"PK\3\4", rng)


@functools.cache
def _folders() -> list[dict[str, bytes]]:
    from genuine import FOLDER

    found = [*(FOLDER / "savedmodel").glob("*/*.savedmodel"), *(FOLDER / "savedmodel").glob("*/*.checkpoint")]
    return [
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.suffix != ".json" and path.is_file()
        }
        for folder in sorted(found)
    ]


def run_savedmodel(rng: random.Random) -> str:
    """One file of a SavedModel or a checkpoint; the checksums of an index are made anew half of the time."""
    import container_fuzz

    files = dict(rng.choice(_folders()))
    name = rng.choice([name for name, data in files.items() if data])
    files[name] = rng.choice(container_fuzz.MUTATIONS)(files[name], rng)
    if name.endswith(".index") and rng.random() < 0.5:
        files[name] = _summed_anew(files[name])
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        return container_fuzz.outcome(Path(folder))


@functools.cache
def _graph_files(ending: str) -> list[dict[str, bytes]]:
    from genuine import FOLDER

    found = sorted((FOLDER / "graphs").glob(f"*/*{ending}")) + (sorted((FOLDER / "savedmodel").glob(f"*/*{ending}")))
    return [
        {file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
        for path in found
        if path.is_dir() and sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) < 400_000
    ]


@functools.cache
def _ops_by_length() -> dict[int, list[bytes]]:
    from anykeras.graphs.ops import list_supported

    found: dict[int, list[bytes]] = {}
    for name in sorted((*list_supported(), "ReadFile", "PyFunc", "Where", "StringSplitV2", "NoSuchOp")):
        found.setdefault(len(name), []).append(name.encode())
    return found


def run_graph(rng: random.Random) -> str:
    """A graph whose ops, edges or bytes are others, all the way to a document."""
    import container_fuzz

    files = dict(rng.choice(_graph_files(".savedmodel")))
    data = files["saved_model.pb"]
    if rng.random() < 0.6:
        names = [(at, word) for words in _ops_by_length().values() for word in words if (at := data.find(b"\x12" + word)) >= 0]
        for at, word in rng.sample(names, min(len(names), rng.randint(1, 3))):
            data = data[: at + 1] + rng.choice(_ops_by_length()[len(word)]) + data[at + 1 + len(word) :]
    else:
        data = rng.choice(container_fuzz.MUTATIONS)(data, rng)
    return _translate({**files, "saved_model.pb": data})


def run_tfjs(rng: random.Random) -> str:
    """The JSON or the shards of a model of TensorFlow.js, all the way to a document."""
    import container_fuzz

    files = dict(rng.choice(_graph_files(".tfjs")))
    name = rng.choice([name for name, data in files.items() if data])
    if name.endswith(".json") and rng.random() < 0.7:
        pieces = files[name].decode().split('"')
        for _ in range(rng.randint(1, 3)):
            pieces[rng.randrange(len(pieces))] = pieces[rng.randrange(len(pieces))]
        files[name] = '"'.join(pieces).encode()
    else:
        files[name] = rng.choice(container_fuzz.MUTATIONS)(files[name], rng)
    return _translate(files)


def run_tar(rng: random.Random) -> str:
    """An archive of a SavedModel, some of its headers with the checksum made anew."""
    import container_fuzz

    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=rng.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    ) as tar:
        for name, content in rng.choice(_folders()).items():
            info = tarfile.TarInfo(f"{rng.choice(('model/', 'model/', 'a/../model/', '/model/'))}{name}")
            info.size, info.type = (
                len(content),
                rng.choice((tarfile.REGTYPE,) * 20 + (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE)),
            )
            tar.addfile(info, io.BytesIO(content))
    data = bytearray(buffer.getvalue())
    headers = [at for at in range(0, len(data), 512) if data[at + 257 : at + 262] == b"ustar"]
    at = rng.choice(headers)
    for _ in range(rng.randint(1, 3)):
        data[at + rng.randrange(500)] = rng.choice((0, 0x80, 0xFF, 0x30, 0x37, rng.randrange(256)))
    if rng.random() < 0.7:
        data[at + 148 : at + 156] = b" " * 8
        data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
    whole = bytes(data) if rng.random() < 0.8 else container_fuzz.mutated(bytes(data), rng)
    return _open(gzip.compress(whole, 1) if rng.random() < 0.3 else whole)


def _translate(files: dict[str, bytes]) -> str:
    """A folder as far as a document, by its graph where it has one."""
    from anykeras import graphs, pipeline
    from anykeras.errors import AnyKerasError

    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_bytes(data)
        try:
            raw = pipeline.read(folder)
            graphs.translate(raw) if raw.graph is not None else pipeline.migrate(pipeline.parse_raw(raw))
        except AnyKerasError as error:
            return "STRAY AK6009" if error.code == "AK6009" else error.code
        return "ok"


def _summed_anew(index: bytes) -> bytes:
    """A table with one data block, whose checksum is made right where the block still ends where it did."""
    from anykeras.containers.checksums import compute_crc32c

    data = bytearray(index)
    for end in range(1, len(data) - 48):
        crc = compute_crc32c(bytes(data[:end])) if data[end - 1] == 0 and data[end - 5 : end - 1] == b"\1\0\0\0" else None
        if crc is not None:
            data[end : end + 4] = (((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")
            break
    return bytes(data)


@functools.cache
def _texts() -> list[bytes]:
    return [one for one in _originals() if not one.startswith((b"PK", b"\x89HDF", b"{", b"\x80")) and b": " in one]


def run_yaml(rng: random.Random) -> str:
    """Lines of a YAML architecture moved, doubled, indented anew, or given an anchor, an alias or a tag."""
    lines = rng.choice(_texts()).decode("utf-8", "replace").splitlines()
    for _ in range(rng.randint(1, 4)):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        action = rng.randrange(6)
        if action == 0:
            lines.insert(at, lines[other])
        elif action == 1 and len(lines) > 1:
            del lines[at]
        elif action == 2:
            lines[at] = " " * rng.randrange(8) + lines[at].lstrip()
        elif action == 3:
            lines[at] += rng.choice([" &a", " *a", " !!python/object:os.system", ": |", " >", " [", " {", '"', "'", " - - -"])
        elif action == 4:
            lines[at], lines[other] = lines[other], lines[at]
        else:
            key, _, _ = lines[at].partition(":")
            lines[at] = f"{key}: {rng.choice(VALUES)}"
    return _open("\n".join(lines).encode())


@functools.cache
def _pickles() -> list[bytes]:
    import pickle

    class Plain:
        pass

    plain = {"model_config": '{"class_name": "Sequential", "config": []}', "model_weights": {"layer_names": [b"a"], "a": {}}}
    values: list[object] = [plain, {"a": (1, 2.5, None, [True, {"b": b"c" * 300}])}, [plain, plain], 2**70]
    return [pickle.dumps(value, protocol) for value in values for protocol in range(6)]


def run_pickle(rng: random.Random) -> str:
    """Opcodes of a pickle doubled many times, dropped, swapped, or taken from another one."""
    data = rng.choice(_pickles())
    pieces = _split_opcodes(data)
    for _ in range(rng.randint(1, 6)):
        at, action = rng.randrange(len(pieces)), rng.randrange(6)
        if action == 0:
            pieces[at:at] = [pieces[rng.randrange(len(pieces))]] * rng.choice((1, 2, 40))
        elif action == 1 and len(pieces) > 1:
            del pieces[at]
        elif action == 2:
            pieces[at] = rng.choice(_split_opcodes(rng.choice(_pickles())))
        elif action == 3:
            pieces[at:at] = [rng.choice((b"2", b"0", b"1", b"(", b"2\x86", b"2\x93", b"R", b"b", b"\x81", b"\x92", b"d", b"Q"))]
        elif action == 4:
            other = rng.randrange(len(pieces))
            pieces[at], pieces[other] = pieces[other], pieces[at]
        else:
            piece = bytearray(pieces[at])
            piece[rng.randrange(len(piece))] = rng.randrange(256)
            pieces[at] = bytes(piece)
    return _open(b"".join(pieces))


def _split_opcodes(data: bytes) -> list[bytes]:
    starts = [at for _, _, at in pickletools.genops(data) if at is not None]
    return [data[start:stop] for start, stop in zip(starts, [*starts[1:], len(data)], strict=True)]


@functools.cache
def _cases() -> list[object]:
    from bytecode.corpus import cases

    return list(cases())


def run_bytecode(rng: random.Random) -> str:
    """Stored code with changed bytes, through reader, checks and machine."""
    from bytecode import fuzz

    case = rng.choice(_cases())
    return fuzz.outcome(next(iter(fuzz.mutants(case.code, rng))), case, rng.random() < 0.5)  # type: ignore[attr-defined, arg-type]


VERBS = ("audit", "check", "explain", "older", "tfjs", "report", "scan", "stub", "transfer", "load_weights")


def run_verb(verb: str, rng: random.Random) -> str:
    """A mutant of any file through one verb of the command line: values of its configuration changed, or its bytes."""
    import container_fuzz
    import measure_burdens

    from anykeras.boundary import guard_verb
    from anykeras.errors import AnyKerasError, Bug

    data = rng.choice(_originals())
    changed = _change_config(data, rng) if rng.random() < 0.6 else None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mutant")
        path.write_bytes(changed or container_fuzz.mutated(data, rng))
        try:
            return str(guard_verb(measure_burdens.VERBS[verb])(str(path), folder) or "ok")
        except Bug:
            raise
        except AnyKerasError as error:
            return error.code


def _change_config(data: bytes, rng: random.Random) -> bytes | None:
    """The file with values of its configuration changed; None where it has none as JSON."""
    import h5py

    held = io.BytesIO(data)
    if data.startswith(b"PK"):
        with zipfile.ZipFile(held) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        if (config := _mutate_text(members.get("config.json", b""), rng)) is None:
            return None
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for name, content in {**members, "config.json": config}.items():
                archive.writestr(name, content)
        return made.getvalue()
    if data.startswith(b"\x89HDF"):
        with contextlib.suppress(OSError, KeyError, ValueError), h5py.File(held, "r+") as file:
            key = rng.choice([key for key in ("model_config", "training_config") if key in file.attrs] or ["model_config"])
            given = file.attrs[key]
            config = _mutate_text(given.encode() if isinstance(given, str) else bytes(given), rng)
            if config is not None:
                file.attrs[key] = config.decode()
        return held.getvalue()
    return _mutate_text(data, rng)


def _mutate_text(data: bytes, rng: random.Random) -> bytes | None:
    import mutations

    try:
        return json.dumps(mutations.mutate(json.loads(data), rng)).encode()
    except (ValueError, UnicodeError):
        return None


KINDS: dict[str, Callable[[random.Random], str]] = {
    "config": run_config, "hdf5": run_hdf5, "zip": run_zip, "pickle": run_pickle, "yaml": run_yaml, "bytecode": run_bytecode,
    "savedmodel": run_savedmodel, "graph": run_graph, "tfjs": run_tfjs, "tar": run_tar,
    **{f"verb-{verb}": functools.partial(run_verb, verb) for verb in VERBS},
}  # fmt: skip


# -- one mutant, one worker, all of them


def run_one(kind: str, seed: int) -> str:
    """How the mutant of a seed ends; strays and hangs are told on the error stream."""
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        outcome = KINDS[kind](random.Random(f"{kind} {seed}"))
    except (Exception, Hang) as error:
        outcome = "HANG" if isinstance(error, Hang) else f"STRAY {type(error).__name__}"
        print(f"{outcome} --one {kind} {seed}\n{traceback.format_exc()[-1500:]}", file=sys.stderr, flush=True)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return {"opened": "ok", "ran": "ok"}.get(outcome, outcome)


def _stop(signum: int, frame: FrameType | None) -> None:
    raise Hang


def work(kind: str, first: int, count: int) -> None:
    """Run a chunk and print an outcome a line."""
    signal.signal(signal.SIGVTALRM, _stop)
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for seed in range(first, first + count):
        print(run_one(kind, seed), flush=True)


def run_all(kinds: list[str], count: int, seed: int, workers: int) -> dict[str, collections.Counter[str]]:
    """The outcomes of `count` mutants, shared out among the kinds."""
    share = -(-count // len(kinds))
    chunks = [(kind, seed + start, min(CHUNK, share - start)) for start in range(0, share, CHUNK) for kind in kinds]
    found: dict[str, collections.Counter[str]] = {kind: collections.Counter() for kind in kinds}
    running: list[tuple[str, int, int, subprocess.Popen[str]]] = []
    while chunks or running:
        while chunks and len(running) < workers:
            kind, first, size = chunks.pop(0)
            command = [sys.executable, __file__, "--work", kind, str(first), str(size)]
            running.append((kind, first, size, subprocess.Popen(command, stdout=subprocess.PIPE, text=True)))
        kind, first, size, worker = running.pop(0)
        outcomes = (worker.communicate()[0] or "").split("\n")[:-1]
        found[kind].update(outcomes)
        if len(outcomes) < size:  # the mutant after the last outcome ended the process: go on behind it
            found[kind]["DEATH"] += 1
            print(f"DEATH --one {kind} {first + len(outcomes)}", file=sys.stderr, flush=True)
            done = len(outcomes) + 1
            if done < size:
                chunks.insert(0, (kind, first + done, size - done))
    return found


def main() -> int:
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        return 0
    if sys.argv[1:2] == ["--one"]:
        signal.signal(signal.SIGVTALRM, _stop)
        print(run_one(sys.argv[2], int(sys.argv[3])))
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    chosen = parser.parse_args()
    found = run_all(chosen.kinds, chosen.count, chosen.seed, chosen.workers)
    for kind, outcomes in found.items():
        print(f"{kind}: {sum(outcomes.values())}: " + ", ".join(f"{end} {number}" for end, number in outcomes.most_common()))
    bad = sum(number for outcomes in found.values() for end, number in outcomes.items() if end.startswith(BAD))
    print(f"{sum(sum(outcomes.values()) for outcomes in found.values())} mutants, {bad} strays, hangs and deaths")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
