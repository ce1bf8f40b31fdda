"""The table of docs/measured.md: functions run right, wrong or refused, for each Python that compiled them.

python tests/bytecode/measure.py
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "src")]

from anykeras.bytecode import BytecodeError, CodeObject, Machine, identify, write_source  # noqa: E402
from bytecode import numeric  # noqa: E402  # runnable as a script, without installation
from bytecode.corpus import Case, cases, versions  # noqa: E402


def machine_for(code: CodeObject) -> Machine:
    return Machine(code, numeric.NumbersDomain(numeric.environment()))


def by_machine(code: CodeObject, case: Case) -> object:
    machine = machine_for(code)
    return machine.run(machine.function(case.defaults, case.closure, case.kwdefaults), numeric.inputs(case.kind))


def by_source(code: CodeObject, case: Case) -> object:
    source = write_source(code, case.defaults, case.closure)
    return source.evaluate(machine_for(code), numeric.inputs(case.kind), case.kwdefaults)


def verdict(run: Callable[[CodeObject, Case], object], case: Case) -> str:
    """``right`` if every candidate gives the recorded result; ``wrong`` if one gives another."""
    ends = set()
    for code in identify(case.code).candidates:
        try:
            ends.add("right" if numeric.same(numeric.canonical(run(code, case)), case.expected) else "wrong")
        except BytecodeError:
            ends.add("refused")
    return "wrong" if "wrong" in ends else "refused" if "refused" in ends else "right"


def main() -> None:
    warnings.simplefilter("ignore")
    print("| Python | functions | right | wrong | refused | source right | source wrong | ms each |")
    print("|---|---|---|---|---|---|---|---|")
    for version in versions():
        every = list(cases(version))
        started = time.perf_counter()
        ran = Counter(verdict(by_machine, case) for case in every)
        spent = 1000 * (time.perf_counter() - started) / len(every)
        shown = Counter(verdict(by_source, case) for case in every)
        print(
            f"| {version[0]}.{version[1]} | {len(every)} | {ran['right']} | {ran['wrong']} | {ran['refused']} "
            f"| {shown['right']} | {shown['wrong']} | {spent:.1f} |"
        )


if __name__ == "__main__":
    main()
