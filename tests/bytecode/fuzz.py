"""Mutated code objects through reader, checks and machine: every outcome must be a value or a BytecodeError.

python tests/bytecode/fuzz.py COUNT [SEED]      prints how many ended how, and the slowest
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "src")]

from anykeras.bytecode import BytecodeError, Machine, MachineLimits, identify  # noqa: E402
from anykeras.bytecode.checks import check  # noqa: E402
from anykeras.bytecode.unmarshal import read_code  # noqa: E402
from bytecode import numeric  # noqa: E402  # runnable as a script, without installation
from bytecode.corpus import Case, cases  # noqa: E402

BOUNDS = MachineLimits(steps=20_000, nodes=100_000, text=20_000)


def mutants(data: bytes, rng: random.Random) -> Iterator[bytes]:
    """One mutant a kind: changed bytes, a changed bit, a cut, a piece doubled, a size made huge."""
    raw = bytearray(data)
    kind = rng.randrange(5)
    if kind == 0:
        for _ in range(rng.choice((1, 1, 2, 4, 8))):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
    elif kind == 1:
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    elif kind == 2:
        del raw[rng.randrange(len(raw)) :]
    elif kind == 3:
        start = rng.randrange(len(raw))
        piece = raw[start : start + rng.randrange(1, 16)]
        raw[start:start] = piece * rng.randrange(1, 4)
    else:
        place = rng.randrange(max(1, len(raw) - 4))
        raw[place : place + 4] = rng.choice(
            (b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\x00\x00\x00\x00")
        )
    yield bytes(raw)


def outcome(data: bytes, case: Case, skip_checks: bool) -> str:
    """How far a mutant comes; anything else than a BytecodeError is the caller's to see."""
    domain = numeric.NumbersDomain(numeric.environment())
    try:
        if skip_checks:  # the machine must hold even where a check missed something
            code = read_code(data, case.version)
        else:
            code = read_code(data, case.version)
            check(code)
        machine = Machine(code, domain, BOUNDS)
        machine.run(machine.function(case.defaults, case.closure, case.kwdefaults), numeric.inputs(case.kind))
    except BytecodeError as error:
        return error.code
    return "ran"


def main() -> None:
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    rng, every, ends = random.Random(seed), list(cases()), Counter[str]()
    slowest = 0.0
    for number in range(count):
        case = rng.choice(every)
        for mutant in mutants(case.code, rng):
            started = time.perf_counter()
            try:
                ends[outcome(mutant, case, skip_checks=number % 2 == 0)] += 1
                if number % 10 == 0:
                    try:
                        identify(mutant)
                    except BytecodeError:
                        ends["identify refused"] += 1
            except BaseException as error:
                print("ESCAPED", type(error).__name__, error, case.name, case.version, mutant.hex(), flush=True)
                ends["ESCAPED"] += 1
                if isinstance(error, KeyboardInterrupt):
                    raise
            slowest = max(slowest, time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(dict(ends), f"slowest {slowest:.2f} s", f"peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
