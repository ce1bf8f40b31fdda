"""Makes ``src/anykeras/bytecode/dialects/opcodes.json``: the opcode table of each Python, from that Python itself.

    python scripts/make_optables.py PYTHON [PYTHON ...]      ask these interpreters
    python scripts/make_optables.py --tables optables.json   take {version: raw table} recorded elsewhere

Numbers never change within a minor version. The file holds each fact once, under the version since which it is so (``null``
where it no longer is); versions that are not asked stay as they are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

from anykeras.bytecode.dialects import TABLES, VERSIONS, read_table

Version = tuple[int, int]

# Runs on every Python from 2.7; the names are those of the standard library's `opcode` module.
DUMP = """
import json, opcode, sys
fields = ['opmap', 'HAVE_ARGUMENT', 'cmp_op', 'hasjrel', 'hasjabs', 'hasname', 'hasconst', 'haslocal', 'hasfree']
fields += ['_nb_ops', '_inline_cache_entries', '_intrinsic_1_descs', '_intrinsic_2_descs']
fields += ['_special_method_names', '_common_constants']
plain = lambda v: v if isinstance(v, (int, str)) else [plain(x) for x in v] if isinstance(v, (list, tuple)) \\
    else {k: plain(x) for k, x in v.items()} if isinstance(v, dict) else getattr(v, '__name__', str(v))
table = {f: plain(getattr(opcode, f)) for f in fields if hasattr(opcode, f)}
print(json.dumps({'version': '%d.%d' % sys.version_info[:2], 'table': table}))
"""

# Numbers that exist only inside a running interpreter; marshalled code never holds them.
RUNTIME_ONLY = {"CACHE", "RESERVED", "ENTER_EXECUTOR", "INTERPRETER_EXIT", "TRACE_RECORD", "STOP_CODE"}


def marshalled(name: str, number: int) -> bool:
    return number < 256 and name not in RUNTIME_ONLY and not name.startswith("INSTRUMENTED_")


def tidy(raw: dict) -> dict:
    """Everything by name: ``opcodes`` {number: name}, ``caches`` {name: words}, ``jumps`` {name: relative|absolute}."""
    names = {number: name for name, number in raw["opmap"].items() if marshalled(name, number)}
    caches = raw.get("_inline_cache_entries") or {}
    if isinstance(caches, list):
        caches = {names[number]: words for number, words in enumerate(caches) if number in names}
    jumps = {names[n]: kind for kind in ("hasjrel", "hasjabs") for n in raw[kind] if n in names}
    listed = {field: sorted(names[n] for n in raw["has" + field] if n in names) for field in ("name", "const", "local", "free")}
    return {
        "have_argument": raw["HAVE_ARGUMENT"],
        "opcodes": {str(number): names[number] for number in sorted(names)},
        "caches": {name: words for name, words in sorted(caches.items()) if words and name in raw["opmap"]},
        "jumps": {name: {"hasjrel": "relative", "hasjabs": "absolute"}[kind] for name, kind in sorted(jumps.items())},
        **{f"uses_{field}": names for field, names in listed.items()},
        "compare": raw["cmp_op"],
        "binary": [symbol for _, symbol in raw.get("_nb_ops", [])],
        "intrinsics1": raw.get("_intrinsic_1_descs", []),
        "intrinsics2": raw.get("_intrinsic_2_descs", []),
        "special_methods": raw.get("_special_method_names", []),
        "common_constants": raw.get("_common_constants", []),
    }


def fold(tables: dict[Version, dict]) -> dict:
    """All versions in one: ``settings`` {field: changes} and ``instructions`` {name: {fact: changes}}."""
    versions = sorted(tables)
    settings = {
        field: changes([(version, tables[version][field]) for version in versions])
        for field, value in tables[versions[0]].items()
        if field in ("have_argument", "binary") or (isinstance(value, list) and not field.startswith("uses_"))
    }
    names = sorted({name for table in tables.values() for name in table["opcodes"].values()})
    return {"settings": settings, "instructions": {name: facts(name, tables) for name in names}}


def facts(name: str, tables: dict[Version, dict]) -> dict:
    """What is known of an instruction, by version: its number, cache words, kind of jump, and the table that it uses."""
    found: dict[str, list] = {"number": [], "caches": [], "jump": [], "uses": []}
    for version, table in sorted(tables.items()):
        found["number"].append((version, {n: int(number) for number, n in table["opcodes"].items()}.get(name)))
        found["caches"].append((version, table["caches"].get(name)))
        found["jump"].append((version, table["jumps"].get(name)))
        uses = [field for field in ("name", "const", "local", "free") if name in table[f"uses_{field}"]]
        found["uses"].append((version, uses[0] if uses else None))
    return {fact: made for fact, values in found.items() if (made := changes(values))}


def changes(values: list[tuple[Version, object]]) -> dict[str, object]:
    """Each value under the version since which it holds; nothing before the first."""
    made: dict[str, object] = {}
    last: object = None
    for version, value in values:
        if value != last:
            made[f"{version[0]}.{version[1]}"] = value
        last = value
    return made


def write(folded: dict) -> str:
    """JSON with a line for each setting and instruction."""
    parts = [
        f' "{part}": {{\n' + ",\n".join(f'  "{name}": {json.dumps(value)}' for name, value in rows.items()) + "\n }"
        for part, rows in folded.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def asked(interpreter: str) -> tuple[str, dict]:
    said = json.loads(subprocess.run([interpreter, "-c", DUMP], check=True, capture_output=True, text=True).stdout)
    return said["version"], said["table"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interpreters", nargs="*")
    parser.add_argument("--tables", type=Path)
    parser.add_argument("--skip", nargs="*", default=["3.15"], help="versions not to write")
    options = parser.parse_args()
    tables = json.loads(options.tables.read_text()) if options.tables else {}
    tables.update(asked(interpreter) for interpreter in options.interpreters)
    known = {version: read_table(version) for version in VERSIONS}
    for version, raw in tables.items():
        if version not in options.skip:
            known[tuple(map(int, version.split(".")))] = tidy(raw)
            print(version, len(raw["opmap"]))
    TABLES.write_text(write(fold(known)))


if __name__ == "__main__":
    main()
