"""Reader, spellings, identification and repair."""

from __future__ import annotations

import base64
import marshal
import random
import struct
from types import CodeType

import pytest

from anykeras.bytecode import BytecodeError, CodeObject, identify, looks_stored, read_stored
from anykeras.bytecode.checks import check, find_effect
from anykeras.bytecode.dialects import VERSIONS, dialect
from anykeras.bytecode.machine.handlers import HANDLERS
from anykeras.bytecode.unmarshal import read_code

from . import fuzz, host
from .corpus import Case, cases, versions

# 3.4 and 3.5 (and 3.6/3.7, 3.8/3.9, 3.11/3.12) write the same bytes for code that uses nothing new
FAMILIES = [
    {(2, 7)},
    {(3, 4), (3, 5)},
    {(3, 6), (3, 7)},
    {(3, 8), (3, 9)},
    {(3, 10)},
    {(3, 11), (3, 12)},
    {(3, 13)},
    {(3, 14)},
]


# -- the reader


@host.known
def test_fields_are_those_that_the_running_python_reads() -> None:
    source = "def f(a, b=(1, 2.5, 1j, 10**30, None, ...), /, *r, k='ü', **kw):\n def g(): return a\n return g, {1, 2}"

    def compare(ours: CodeObject, theirs: CodeType) -> None:
        for field in (
            "argcount",
            "posonlyargcount",
            "kwonlyargcount",
            "stacksize",
            "flags",
            "names",
            "cellvars",
            "freevars",
        ):
            assert getattr(ours, field) == getattr(theirs, f"co_{field}"), field
        assert (ours.name, ours.qualname, ours.code) == (theirs.co_name, theirs.co_qualname, theirs.co_code)
        assert ours.exception_table == theirs.co_exceptiontable
        for one, other in zip(ours.consts, theirs.co_consts, strict=True):
            if isinstance(one, CodeObject):
                compare(one, other)
            else:
                assert (one, type(one)) == (other, type(other))

    module = compile(source, "<s>", "exec")
    compare(read_code(marshal.dumps(module), host.HOST), module)


SIZE = struct.Struct("<i")
HOSTILE = {
    "empty": b"",
    "not code": marshal.dumps((1, 2)),
    "deep tuples": b")\x01" * 100_000 + b"N",
    "two gigabytes of bytes": b"s" + SIZE.pack(2**31 - 1),
    "two gigabytes of items": b"(" + SIZE.pack(2**31 - 1),
    "negative size": b"(" + SIZE.pack(-1),
    "huge integer": b"l" + SIZE.pack(2**31 - 1),
    "negative huge integer": b"l" + SIZE.pack(-(2**31)),
    "reference to itself": b"\xa9\x01r" + SIZE.pack(0),
    "reference to nothing": b"r" + SIZE.pack(7),
    "negative reference": b"r" + SIZE.pack(-1),
    "unknown type": b"q",
    "a list": b"[" + SIZE.pack(0),
    "a dict": b"{0",
    "float that is no number": b"f\x03abc",
    "text that is no UTF-8": b"u" + SIZE.pack(1) + b"\xff",
    "shared tuples": b"\xa9\x02NN" + b"".join(b"\xa9\x02r" + SIZE.pack(n) + b"r" + SIZE.pack(n) for n in range(60)),
    "code without fields": b"c",
    "code with a million arguments": b"c" + SIZE.pack(10**6) * 6,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_marshal_data_is_one_error(name: str) -> None:
    with pytest.raises(BytecodeError):
        identify(HOSTILE[name])


@host.known
def test_shared_constants_are_counted_as_often_as_they_are_used() -> None:
    """Under a kilobyte of references makes 2**60 values for whoever walks them."""
    data = marshal.dumps(host.compiled("def f(x): return x").__code__.replace(co_consts=(12345,)))
    integer = b"i" + SIZE.pack(12345) if b"i" + SIZE.pack(12345) in data else b"\xe9" + SIZE.pack(12345)
    assert data.count(integer) == 1

    def bomb(first: int, levels: int) -> bytes:
        """A chain of pairs, each of the one before twice; ``first`` is the number of the innermost one's reference."""
        pairs = b"".join(b"\xa9\x02r" + SIZE.pack(first + n) + b"r" + SIZE.pack(first + n) for n in range(levels))
        return data.replace(integer, b")" + bytes([levels + 1]) + b"\xa9\x02NN" + pairs)

    def said(first: int, levels: int) -> str:
        try:
            read_code(bomb(first, levels), host.HOST)
        except BytecodeError as error:
            return error.seen
        return "read"

    first = next(number for number in range(10) if "points nowhere" not in said(number, 5))
    assert "too many constants" in said(first, 60)


def test_bytes_after_the_code_are_refused() -> None:
    case = next(cases((3, 11)))
    with pytest.raises(BytecodeError, match="follow"):
        read_code(case.code + b"\0", (3, 11))


@pytest.mark.parametrize("version", versions(), ids=str)
def test_genuine_code_passes_every_check(version: tuple[int, int]) -> None:
    for case in cases(version):
        check(read_code(case.code, version))


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_every_instruction_has_a_handler(version: tuple[int, int]) -> None:
    unhandled = {name for name in dialect(version).opcodes if name and name not in HANDLERS}
    assert unhandled <= {"EXTENDED_ARG"}  # joined to the next instruction when decoding


@host.known
def test_stack_effects_are_those_of_the_running_python() -> None:
    """Instructions whose effect CPython itself calls a worst case are left out."""
    opcode = pytest.importorskip("opcode")
    table = dialect(host.HOST)
    differing = {}
    inexact = {"SETUP_FINALLY", "SETUP_WITH", "SEND", "FOR_ITER", "CALL_FUNCTION_EX", "RERAISE", "CLEANUP_THROW"}
    for name in filter(None, table.opcodes):
        number = opcode.opmap[name]
        for arg in (2, 3):
            ours = find_effect(name, arg, table.traits)
            if ours is None or name in inexact or name in table.jumps:
                continue
            try:
                theirs = opcode.stack_effect(number, arg if number >= opcode.HAVE_ARGUMENT else None)
            except ValueError:
                continue
            if ours.pushes - ours.pops != theirs:
                differing[name, arg] = (ours.pushes - ours.pops, theirs)
    # counted where the frame begins there, in the caller here; PRECALL takes part of what CALL takes; the interpreter's own
    # code alone has EXIT_INIT_CHECK
    assert {name for name, _ in differing} <= {"RETURN_GENERATOR", "PRECALL", "CALL", "EXIT_INIT_CHECK"}, differing


# -- who wrote it


@pytest.mark.parametrize("version", versions(), ids=str)
def test_the_writer_is_among_the_candidates_and_nobody_unlike_it(version: tuple[int, int]) -> None:
    family = next(family for family in FAMILIES if version in family)
    for case in cases(version):
        found = identify(case.code)
        assert version in found.versions, case.id
        assert set(found.versions) <= family, case.id
        assert not found.damage
        assert not set(found.rejected) & set(found.versions)


def test_a_path_with_a_version_puts_its_candidate_first() -> None:
    case = next(case for case in cases((3, 6)) if case.name == "arith")
    data = _renamed(case, b"/usr/lib/python3.6/x.py")
    found = identify(data)
    assert found.best.version == (3, 6)
    assert any("3.6" in sentence for sentence in found.evidence)
    assert identify(_renamed(case, b"x.py"), preferred=[(3, 6)]).best.version == (3, 6)


def _renamed(case: Case, name: bytes) -> bytes:
    """The code with another file name; it is stored as short text in the versions used here."""
    old = b"z\x05<lam>"
    assert old in case.code or b"\xda\x05<lam>" in case.code or b"\xfa\x05<lam>" in case.code
    for tag in (b"z", b"\xda", b"\xfa"):
        if tag + b"\x05<lam>" in case.code:
            return case.code.replace(tag + b"\x05<lam>", tag + bytes([len(name)]) + name)
    raise AssertionError


def test_code_of_no_python_says_why() -> None:
    case = next(case for case in cases((3, 11)) if case.name == "arith")
    place = case.code.index(read_code(case.code, (3, 11)).code)
    with pytest.raises(BytecodeError, match="opcode 255"):
        identify(case.code[:place] + b"\xff\x00" + case.code[place + 2 :])


# -- Windows


def _damaged(data: bytes) -> bytes:
    return data.replace(b"<lam>", b"C:\\a.").replace(b"\\", b"/")


@pytest.mark.parametrize("version", versions(), ids=str)
def test_windows_damage_is_undone_or_refused_never_wrong(version: tuple[int, int]) -> None:
    undone = 0
    for case in cases(version):
        damaged = _damaged(case.code)
        if case.name in LONG or b"\\" not in case.code:
            continue
        found = identify(damaged)
        genuine = read_code(case.code, version)
        same = [code for code in found.candidates if code.version == version and code.code == genuine.code]
        assert same, case.id
        assert found.damage, case.id
        undone += 1
    assert undone >= 3


LONG = {"many_stmts", "many_locals", "ext_jump", "py2_ext_jump"}  # over 92 constants or variables


def test_damage_with_too_many_readings_is_refused() -> None:
    case = next(case for case in cases((3, 11)) if case.name == "many_locals")
    with pytest.raises(BytecodeError, match="Windows"):
        identify(_damaged(case.code))


# -- spellings


def _plain() -> bytes:
    return next(case.code for case in cases((2, 7)) if case.name == "arith")


def test_every_spelling_gives_the_same_bytes() -> None:
    code = _plain()
    text = base64.encodebytes(code).decode()
    record = {"code": text, "defaults": None, "closure": None}
    for value, spelling in (
        (text, "base64"),
        (code.decode("raw_unicode_escape"), "text"),
        ([text, None, None], "base64 in list"),
        ((code.decode("latin-1"), [1], None), "text in list"),
        ({"class_name": "__lambda__", "config": record}, "base64 in __lambda__"),
        ({"class_name": "__lambda__", "config": {"value": [text, None, None]}}, "base64 in list"),
    ):
        stored = read_stored(value)
        assert (stored.code_bytes, stored.spelling) == (code, spelling)
        assert looks_stored(value)


def test_functions_in_defaults_and_closure_are_read_too() -> None:
    text = base64.encodebytes(_plain()).decode()
    inner = {"class_name": "__lambda__", "config": {"code": text, "defaults": [2.0], "closure": None}}
    stored = read_stored([text, [inner, 3, "name"], [{"class_name": "__tuple__", "items": [1, 2]}, [1, [2]]]])
    function, number, name = stored.defaults
    assert function.code_bytes == _plain()
    assert function.defaults == (2.0,)
    assert (number, name) == (3, "name")
    assert stored.closure == ((1, 2), [1, [2]])


@pytest.mark.parametrize("value", ["relu", "", "cos", "a" * 50, 3, None, [1, 2, 3], {"class_name": "Dense"}, ["x", 1, 2, 3]])
def test_what_is_no_stored_function_is_one_error(value: object) -> None:
    assert not looks_stored(value)
    with pytest.raises(BytecodeError):
        identify(read_stored(value).code_bytes)


def test_endless_nesting_of_defaults_is_refused() -> None:
    text = base64.encodebytes(_plain()).decode()
    value: object = [text, None, None]
    for _ in range(200):
        value = [text, [value], None]
    with pytest.raises(BytecodeError):
        read_stored(value)


# -- mutants


def test_mutants_are_values_or_one_error() -> None:
    """A sample; ``python tests/bytecode/fuzz.py 100000`` is the whole."""
    rng, every = random.Random(3), list(cases())
    ends = set()
    for number in range(1500):
        case = rng.choice(every)
        for mutant in fuzz.mutants(case.code, rng):
            ends.add(fuzz.outcome(mutant, case, skip_checks=number % 2 == 0))
    assert {"ran", "AK3101"} <= ends
