"""Makes ``tests/bytecode/data/statements.json.xz``: class and ``with`` statements as each Python compiled and ran them.

    python scripts/make_statement_cases.py PYTHON [PYTHON ...]

Each PYTHON is an interpreter of 2.7 or 3.4 and later; it needs no packages. The file holds, for each version,
``{name: {code, runs}}``: ``code`` is base64 of ``marshal.dumps(f.__code__)``, ``runs`` are pairs of the argument and
``["value", repr]`` or ``["raises", name]``. Versions that are not given keep their records.
"""

from __future__ import annotations

import argparse
import json
import lzma
import subprocess
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests/bytecode"
OUT = TESTS / "data/statements.json.xz"
RECORD = r"""
import base64, json, marshal, sys
scope = {}
exec(sys.stdin.read(), scope)
found = {}
for name, source in scope['SOURCES'].items():
    space = {'__name__': '__main__'}
    try: exec(compile(source, '<statements>', 'exec'), space)
    except SyntaxError: continue
    f, runs = space['f'], []
    for n in scope['ARGUMENTS']:
        try: runs.append([n, ['value', repr(f(n))]])
        except Exception as error: runs.append([n, ['raises', type(error).__name__]])
    found[name] = {'code': base64.b64encode(marshal.dumps(f.__code__)).decode('ascii'), 'runs': runs}
print(json.dumps({'%d.%d' % sys.version_info[:2]: found}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pythons", nargs="+")
    known = json.loads(lzma.decompress(OUT.read_bytes())) if OUT.exists() else {}
    sources = (TESTS / "statements.py").read_text()
    for python in parser.parse_args().pythons:
        said = subprocess.run([python, "-c", RECORD], input=sources, check=True, capture_output=True, text=True)
        known |= json.loads(said.stdout)
    OUT.write_bytes(lzma.compress(json.dumps(known, sort_keys=True).encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main()
