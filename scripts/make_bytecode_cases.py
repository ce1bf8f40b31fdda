"""Makes ``tests/bytecode/data/cases.json.xz``: functions compiled by each Python, with the results they gave there.

    python scripts/make_bytecode_cases.py lambdas.json                      take recordings of all Pythons
    python scripts/make_bytecode_cases.py lambdas.json --add NAME "lambda x: x[0]" KIND PYTHON [PYTHON ...]

A recording is ``{version: {name: {code, defaults, kwdefaults, closure, kind, expected}}}``: ``code`` is base64 of
``marshal.dumps(f.__code__)``, the next three are ``repr`` texts, ``kind`` names the inputs and ``expected`` is the
canonical result (both in ``tests/bytecode/numeric.py``). ``--add`` compiles one more function with the interpreters
given and runs it there on numpy; each needs numpy.
"""

from __future__ import annotations

import argparse
import json
import lzma
import subprocess
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "tests/bytecode/data/cases.json.xz"
KEPT = ("code", "kind", "defaults", "kwdefaults", "closure", "expected")
SKIPPED = {"3.15"}  # a release candidate, without a dialect here

# Runs on Python 2.7 and 3.4+; only what a function without globals but `np` and `math` needs.
RECORD = r"""
import base64, json, marshal, math, sys
import numpy as np
def canonical(v):
    if isinstance(v, np.ndarray): return ['A', list(v.shape), v.dtype.kind, [canonical(e) for e in v.ravel().tolist()]]
    if v is None: return ['N']
    if isinstance(v, (bool, np.bool_)): return ['b', bool(v)]
    if isinstance(v, (float, np.floating)): return ['f', float(v)]
    if isinstance(v, (int, np.integer)): return ['i', str(int(v))]
    if isinstance(v, (tuple, list)): return ['T' if isinstance(v, tuple) else 'L'] + [canonical(e) for e in v]
    return ['s', v]
x3 = (np.arange(24, dtype='float64').reshape(2, 3, 4) - 11.0) / 7.0
x2 = (np.arange(8, dtype='float64').reshape(2, 4) - 3.0) / 3.0
y2 = np.cos(np.arange(8, dtype='float64').reshape(2, 4))
x4 = np.arange(48, dtype='float64').reshape(2, 2, 3, 4) / 10
inputs = {'x3': (x3,), 'x2': (x2,), 'l2': ([x2, y2],), 'xy': (x2, y2), 'x4': (x4,)}
source, kind = sys.argv[1:3]
f = eval(source)
print(json.dumps({'version': '%d.%d' % sys.version_info[:2], 'record': {
    'code': base64.b64encode(marshal.dumps(f.__code__)).decode('ascii'), 'kind': kind, 'defaults': repr(f.__defaults__),
    'kwdefaults': repr(getattr(f, '__kwdefaults__', None)), 'closure': 'None',
    'expected': canonical(f(*inputs[kind]))}}))
"""


def recorded(interpreter: str, source: str, kind: str) -> tuple[str, dict]:
    said = subprocess.run([interpreter, "-c", RECORD, source, kind], check=True, capture_output=True, text=True)
    record = json.loads(said.stdout)
    return record["version"], record["record"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--add", nargs="+", metavar=("NAME", "SOURCE"))
    options = parser.parse_args()
    every = json.loads(options.recordings.read_text())
    kept = {
        version: {name: {field: record[field] for field in KEPT} for name, record in functions.items()}
        for version, functions in every.items()
        if version not in SKIPPED
    }
    if options.add:
        name, source, kind, *interpreters = options.add
        for interpreter in interpreters:
            version, record = recorded(interpreter, source, kind)
            kept[version][name] = record
    text = json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    print(sum(map(len, kept.values())), "cases,", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
