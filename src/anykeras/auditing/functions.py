"""A stored function judged by the names that its instructions use; it is read, never run.

Every function inside it counts, also one that nothing calls. A chain of attributes is followed from the global or the
import that it starts at (``tf.io.read_file``); an attribute of anything else is judged by itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from .. import bytecode
from ..bytecode import CodeObject
from ..bytecode.checks import ENDS, JUMPS, indexes
from ..bytecode.instructions import DecodedCode, decode
from ..errors import AnyKerasError
from ..texts import list_words
from . import loading, names
from .pickles import looks_pickled
from .risks import Collector, Loading, Severity

_INNER = re.compile(r"__\w+__$")
_LONGEST = 4000  # characters of a source that is shown
_SHOWN = 1000  # functions that only compute, of which the source is shown: half of the work is in writing it
_TEXTS = re.compile(
    r"\w{2,12}://|^/job:|/bin/(?:ba)?sh|/dev/tcp|/etc/|\\\\|powershell|cmd\.exe|\bcurl\b|\bwget\b|\bnc\s+-|\brm\s+-|\bchmod\b|__import__|"
    r"\bimport\s+\w+|\.__(?:class|globals|subclasses|builtins|bases?|mro|dict|code|import|loader|self)__|\beval\(|\bexec\(|\bos\.system|\bsubprocess\b|\.bashrc|\.ssh|id_rsa|base64",
    re.IGNORECASE,
)
_FIELD = re.compile(r"\{\w*[.\[](?:_|%|$)")  # of a text that ``format`` fills with what lies inside of a value
_FILES = frozenset({"vocabulary", "vocabulary_file", "filename", "filepath", "idf_weights", "origin", "cache_dir", "log_dir"})
_PATH = re.compile(r"[/\\]|\.\w{1,5}$")
_LARGE = 10**5  # a factor of a size
_STEPS = {
    "EXEC_STMT": "it runs a text",
    "IMPORT_STAR": "it imports all of a module",
}  # instructions that no computation has
_OF_CLASSES = re.compile(r"__(?:module|qualname|init|call|doc|enter|exit|slots|classcell|firstlineno|static_attributes)__$")
_POWERS = frozenset({"BINARY_POWER", "INPLACE_POWER", "BINARY_LSHIFT", "INPLACE_LSHIFT"})
_POWERS_OF_311 = frozenset({3, 8, 16, 21})  # << and **, and the same in place
_NOTHING = frozenset({"PRECALL", "PUSH_NULL", "CACHE", "NOP", "RESUME", "COPY_FREE_VARS"})
_READ = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", "LOAD_CLASSDEREF"})
_STORES = frozenset({"STORE_FAST", "STORE_DEREF"})
_LOADS = frozenset({"LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_DEREF", "LOAD_CLOSURE"})
_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM"})
_CHANGES = frozenset({"STORE_ATTR", "DELETE_ATTR"})
_GLOBALS = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_ENDS = ("RETURN", "YIELD", "RAISE", "RERAISE", "END_FINALLY", "SEND")
_NESTED = re.compile(r"\((?=[^()]*+\)[+*{])[^()]*?(?:[+*]|\{\d)")  # repeats of repeats, which take Python's ``re`` all time
_CODEC = re.compile(
    r"hex(?:_codec)?|rot_?13|z(?:ip|lib)(?:_codec)?|bz2(?:_codec)?|base_?64(?:_codec)?|uu|\w+_escape|utf_?7|idna|punycode"
)
_APPLIED = re.compile(r"^(LOAD_(?:FAST|DEREF)\w* \d+)\n\1\nCALL\w* 1$", re.MULTILINE)
_COUNTING = frozenset(list_words("pow repeat product permutations combinations combinations_with_replacement"))
_LONG = 2**15  # characters of a text
_MOST = 2**33  # a number of things beyond
_PLAIN = frozenset(
    list_words(
        """abs all any bool dict divmod enumerate filter float frozenset int isinstance issubclass iter len list map max
        min next object pow print property range reversed round set slice sorted staticmethod str sum super tuple type
        zip unicode xrange long bytes bytearray complex callable ord hash id repr format hasattr reduce cmp basestring
        NotImplemented Ellipsis None True False __name__ __doc__"""
    )
)


@dataclass
class _Uses:
    """The names that a function uses."""

    dotted: list[str] = field(default_factory=list)  # from a global on
    attributes: list[str] = field(default_factory=list)  # of values
    modules: list[str] = field(default_factory=list)  # imported
    texts: list[str] = field(default_factory=list)
    changes: set[str] = field(default_factory=set)  # attributes that it sets on something
    odd: set[str] = field(default_factory=set)  # what else no computation does


def judge_stored(found: Collector, where: str, value: object, certain: bool, loading_as: Loading) -> bool:
    """Judge what looks like a stored function; `certain` where Keras would take it for one. Whether it was one."""
    try:
        stored = bytecode.read_stored(value)
        identified = bytecode.identify(stored.code_bytes)
    except AnyKerasError as error:
        if certain:
            found.functions += 1
            seen = f"stored code that no Python could have written, or that is made to mislead: {error.seen}"
            found.add("AK8003", Severity.MEDIUM, where, seen, loading_as)
        return certain
    found.functions += 1
    for number, item in enumerate((*stored.defaults, *(stored.closure or ()))):
        if isinstance(item, bytecode.StoredFunction):
            _judge_code(found, f"{where}/value {number}", bytecode.identify(item.code_bytes).best, (), (), loading_as)
    _judge_code(found, where, identified.best, stored.defaults, stored.closure or (), loading_as)
    return True


def _judge_code(
    found: Collector, where: str, code: CodeObject, defaults: tuple[object, ...], closure: tuple[object, ...], as_: Loading
) -> None:
    uses = _Uses()
    for inner in _list_functions(code):
        _collect(inner, uses)
    reasons = sorted(set(_judge(uses)), key=lambda reason: -reason[0].rank)
    worst = reasons[0][0] if reasons else Severity.INFO
    shown = worst.rank >= Severity.MEDIUM.rank or found.functions <= _SHOWN
    source = _write(code, defaults, closure) if shown else ""
    python = f"Python {code.version[0]}.{code.version[1]}"
    if worst.rank < Severity.MEDIUM.rank:
        told = f"; {', '.join(reason for _, reason in reasons[:4])}" if reasons else ""
        found.add("AK8001", worst, where, f"a function of {python} that only computes{told}", loading.COMPUTES, source)
        return
    told = "; ".join(reason for level, reason in reasons[:6] if level.rank >= Severity.MEDIUM.rank)
    found.add("AK8002", worst, where, f"a function of {python} that does more than compute: {told}", as_, source)


def _write(code: CodeObject, defaults: tuple[object, ...], closure: tuple[object, ...]) -> str:
    """Python text, else the listing of names, constants and instructions."""
    try:
        text = bytecode.write_source(code, defaults, closure).text
    except AnyKerasError:
        text = "\n".join(bytecode.list_code(code))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n... ({len(text)} characters)"


def _list_functions(code: CodeObject) -> Iterator[CodeObject]:
    """A function and all inside it, each once."""
    seen, left = set[int](), [code]
    while left:
        one = left.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            inside = list(one.consts)
            while inside:
                held = inside.pop()
                if isinstance(held, CodeObject):
                    left.append(held)
                elif isinstance(held, tuple | frozenset):
                    inside += held


def _collect(code: CodeObject, uses: _Uses) -> None:
    """The names of one function; a variable that a module or function was put into stands for it."""
    body, chain, module = decode(code), "", ""
    aliases: dict[tuple[str, int], str] = {}
    getters, named = _find_getters(code, body)
    for at, step in enumerate(body.instructions):
        kind = body.dialect.indexes.get(step.name)
        index = next(iter(indexes(body, step)), 0) if kind is not None else 0
        if kind in ("local", "free"):
            if step.name in _STORES and chain:
                aliases[kind, index] = chain
            chain = aliases.get((kind, index), "") if step.name in _LOADS else ""
            continue
        if kind != "name":
            if at in named:
                chain = _take_attribute(uses, chain, str(code.consts[step.arg]))
            elif step.name not in _NOTHING:
                chain = ""
            continue
        name = code.names[index]
        if step.name == "STORE_NAME" and _INNER.match(name) and not _OF_CLASSES.match(name):
            uses.attributes.append(name)
        if at in getters:
            continue
        if step.name in _READ:
            chain = name
        elif step.name == "IMPORT_NAME":
            chain = module = name
            uses.modules.append(name)
            continue
        elif step.name == "IMPORT_FROM":
            chain = f"{module}.{name}"
        elif step.name in _CHANGES:
            inner = _INNER.match(name) is not None
            uses.changes |= {f"{chain}.{name}"} if chain or inner else set()  # of a module or a global, not of a value
            chain = ""
        elif step.name in _GLOBALS:
            uses.dotted.append(name)
            chain = ""
        elif step.name in _ATTRIBUTE:
            chain = _take_attribute(uses, chain, name)
            continue
        else:
            chain = ""
        if chain:
            uses.dotted.append(chain)
    _collect_constants(code, body, uses)
    if not _returns(body):
        uses.odd.add("it never returns")
    if _calls_itself(body):
        uses.odd.add("it calls itself")
    uses.odd |= {_STEPS[step.name] for step in body.instructions if step.name in _STEPS}
    for name in code.names:
        if not name.isascii():
            uses.odd.add(f"it uses the name {name!r}, with letters that look like others")
    uses.texts += [text for text in (code.filename, code.name) if not text.isprintable()]


def _take_attribute(uses: _Uses, chain: str, name: str) -> str:
    """Note an attribute of what `chain` names, or of a value where it is ""; the longer chain."""
    if name == "__name__" and uses.attributes[-1:] == ["__class__"]:
        uses.attributes.pop()  # the name of a class, for a text
    uses.attributes.append(name)
    if not chain:
        return ""
    if uses.dotted[-1:] == [chain]:
        uses.dotted.pop()  # the longer name says more
    uses.dotted.append(f"{chain}.{name}")
    return uses.dotted[-1]


def _find_getters(code: CodeObject, body: DecodedCode) -> tuple[set[int], set[int]]:
    """Where ``getattr(value, "name")`` takes an attribute by a constant: its own places, and those of the constants."""
    steps = [(at, step) for at, step in enumerate(body.instructions) if step.name not in _NOTHING]
    getters, names_of = set[int](), set[int]()
    for number, (at, step) in enumerate(steps):
        if step.name in _READ and code.names[next(iter(indexes(body, step)), 0)] == "getattr":
            ahead = [item.name for _, item in steps[number + 1 : number + 12]]
            end = next((place for place, name in enumerate(ahead[1:], 1) if name not in _ATTRIBUTE), 0)
            given = [item.arg for _, item in steps[number + 1 + end :][:3]]
            called = ahead[end + 1 : end + 3] if ahead[end] == "LOAD_CONST" else []
            plain = bool(called) and called[0].startswith("CALL") and given[1] == 2
            default = len(called) > 1 and called[0].startswith("LOAD_") and called[1].startswith("CALL") and given[2] == 3
            if ahead[0] in _READ | _LOADS and (plain or default) and isinstance(code.consts[given[0]], str):
                getters.add(at)
                names_of.add(steps[number + 1 + end][0])
    return getters, names_of


def _collect_constants(code: CodeObject, body: DecodedCode, uses: _Uses) -> None:
    """The texts that it uses, and whether its numbers are such that no memory holds what it makes of them."""
    steps = body.instructions
    loaded = [step.arg for step in steps if step.name in ("LOAD_CONST", "RETURN_CONST", "KW_NAMES")]
    numbers = [item for at in loaded if isinstance(item := code.consts[at], int)]
    raises = any(step.name in _POWERS or (step.name == "BINARY_OP" and step.arg in _POWERS_OF_311) for step in steps)
    huge = (raises or bool(_COUNTING & set(code.names))) and any(item >= _LARGE for item in numbers)
    huge |= any(_MOST < item <= 2**62 and item & (item + 1) for item in numbers)
    plain = [step for step in steps if step.name not in _NOTHING]
    huge |= any(
        before.name in _READ
        and code.names[next(iter(indexes(body, before)), 0)] == "int"
        and step.name == "LOAD_CONST"
        and isinstance(size := code.consts[step.arg], float)
        and size > _MOST
        for before, step in pairwise(plain)
    )
    huge |= math.prod(item for item in numbers if item > _LARGE) > _MOST
    left = [item for at, item in enumerate(code.consts) if at or not isinstance(item, str) or 0 in loaded]
    while left:  # a first text that nothing loads is a description
        item = left.pop()
        if isinstance(item, tuple | frozenset):
            left += item
            huge |= math.prod(size for size in item if isinstance(size, int)) > _MOST
        elif isinstance(item, str | bytes):
            uses.texts.append(item if isinstance(item, str) else item.decode("latin-1"))
    if huge:
        uses.odd.add("it computes with a number beyond any memory")


def _returns(body: DecodedCode) -> bool:
    """Whether an end can be reached: out of a loop without an exit it cannot."""
    steps, seen, left = body.instructions, set[int](), [0, *(region.target for region in body.regions)]
    leaves = any(step.name == "BREAK_LOOP" for step in steps)
    while left:
        at = left.pop()
        if at in seen or at >= len(steps):
            continue
        seen.add(at)
        step = steps[at]
        if step.name.startswith(_ENDS):
            return True
        if step.target >= 0 and (step.name != "SETUP_LOOP" or leaves):
            left.append(step.target)
        if step.name not in ENDS | JUMPS:
            left.append(at + 1)
    return False


def _calls_itself(body: DecodedCode) -> bool:
    """Whether it calls a value with that value: ``f(f)``."""
    steps = (step for step in body.instructions if step.name not in ("PRECALL", "PUSH_NULL"))
    return _APPLIED.search("\n".join(f"{step.name} {step.arg}" for step in steps)) is not None


def _judge(uses: _Uses) -> Iterator[tuple[Severity, str]]:
    """What speaks against a function, each with its weight."""
    for module in uses.modules:
        yield from _judge_import(module)
    for dotted in uses.dotted:
        if not _PRINTING.fullmatch(dotted) or "output_stream" in uses.texts:
            yield from _judge_dotted(dotted)
    for attribute in uses.attributes:
        if attribute in names.ATTRIBUTES | names.RUNNING or (_INNER.match(attribute) and attribute not in names.OPERATORS):
            yield Severity.HIGH, f"it uses the attribute {attribute!r}"
        elif attribute in names.SUSPECT_ATTRIBUTES - {"io"} or _acts(attribute):
            yield Severity.MEDIUM, f"it uses the attribute {attribute!r}"
    for attribute in sorted(uses.changes):
        yield Severity.MEDIUM, f"it changes {attribute!r}"
    yield from ((Severity.MEDIUM, reason) for reason in sorted(uses.odd))
    searches = "re" in (*uses.modules, *(dotted.split(".")[0] for dotted in uses.dotted))
    reads = _FILES.intersection(uses.texts)
    for text in uses.texts:
        if text == "class_name":
            yield Severity.MEDIUM, "it makes an object of a configuration"
        if reads and _PATH.search(text):
            yield Severity.MEDIUM, f"it gives the path or URL {text[:80]!r} as {min(reads)}"
        if _FIELD.search(text):
            yield Severity.MEDIUM, f"it fills {text[:60]!r} with what lies inside of a value"
        if {"decode", "encode"} & set(uses.attributes) and _CODEC.fullmatch(text):
            yield Severity.MEDIUM, f"it takes a text out of {text!r}"
        if searches and _NESTED.search(text):
            yield Severity.MEDIUM, f"it searches for {text[:60]!r}, which takes all time"
        if len(text) > _LONG or looks_pickled(text.encode("latin-1", "replace")):
            yield Severity.MEDIUM, f"it holds {len(text):,} characters that no computation needs"
        if "\x1b" in text or "\u202e" in text:
            yield Severity.MEDIUM, "it holds a text that a terminal obeys"
        if len(text) < 65536 and (match := _TEXTS.search(text)):
            yield Severity.MEDIUM, f"it holds the text {text[max(0, match.start() - 20) : match.end() + 40]!r}"


def _acts(attribute: str) -> bool:
    """Whether an attribute of whatever value is none that tensors and plain values have, and looks as if it acted."""
    if attribute in names.read_harmless("computing") or attribute in _PLAIN or _INNER.match(attribute):
        return attribute in names.ACTING_ON_VALUES
    return (
        attribute in names.ACTING_ON_VALUES
        or (attribute.startswith("_") and attribute not in _OF_TENSORS)
        or names.VERBS.search(attribute) is not None
    )


def _judge_import(module: str) -> Iterator[tuple[Severity, str]]:
    root = module.split(".")[0]
    if root in names.HARMLESS_MODULES or root in names.NUMERIC - {"torch"}:
        return
    if root == "torch" and names.computes(root, module.partition(".")[2] or "abs"):
        return
    judged = names.judge_module(module)
    yield (judged.severity if judged else Severity.MEDIUM), f"it imports {module!r}"


def _judge_dotted(dotted: str) -> Iterator[tuple[Severity, str]]:
    root, _, rest = _INSIDE.sub("", dotted).partition(".")
    if root in names.BUILTINS:
        yield Severity.CRITICAL, f"it calls {root!r}"
    elif root in names.INSPECTING:
        yield Severity.MEDIUM, f"it calls {root!r}"
    elif root in names.NUMERIC:
        if rest and names.FUNCTIONS_OF_TF.search(rest) and not names.PARSERS_OF_TF.search(rest) and root not in _OTHERS:
            yield Severity.HIGH, f"it uses {dotted!r}, which reaches outside of the graph"
        elif rest and names.OUTSIDE_OF_COMPUTING.search(rest):
            yield Severity.HIGH, f"it uses {dotted!r}, which reads, writes, fetches or calls back"
        elif rest and root in ("np", "numpy") and rest.split(".")[0] in _NUMPY:
            yield Severity.HIGH, f"it uses {dotted!r}, which reads or writes files"
        elif rest and not names.computes(root, rest) and not names.PARSERS_OF_TF.search(rest):
            yield Severity.MEDIUM, f"it uses {dotted!r}, which is none of the functions that models compute with"
    elif root in names.HARMLESS_MODULES:
        first = rest.partition(".")[0]
        if first in names.ACTING or (rest and first not in names.OF_PYTHON and first not in names.read_harmless("computing")):
            yield Severity.MEDIUM, f"it uses {dotted!r}, which can run or reach anything"
    elif root in names.GLOBALS_OF_LOADERS:
        yield Severity.HIGH, f"it uses {dotted!r}, which loaders of functions or notebooks have among their globals"
    elif root == "type" and rest:
        yield Severity.MEDIUM, f"it uses {dotted!r}, by which classes are made"
    elif root not in _PLAIN:
        judged = names.judge_module(names.ALIASES.get(root, root) if rest else root)
        acts = judged is not None or root.strip("_") in names.RUNNING or names.VERBS.search(root) is not None
        severity = judged.severity if judged else Severity.MEDIUM if acts else Severity.LOW
        yield severity, f"it uses {dotted!r}" if acts else f"{root!r} is not in the file"


_INSIDE = re.compile(r"^(?:K|keras\.backend|backend)\.(?=(?:tf|np|T)\.)")  # modules that a module of Keras imports
_PRINTING = re.compile(
    r"(?:tf|tensorflow)\.[Pp]rint|(?:K|keras\.backend|tf\.keras\.backend)\.print_tensor|(?:theano\.)?printing\.Print"
)
"""To the screen, where no stream is given."""
_OF_TENSORS = frozenset({"_keras_shape", "_uses_learning_phase", "_shape", "_rank"})
_OTHERS = frozenset({"layers", "losses", "metrics", "x", "F", "T"})  # of which ``config`` or ``data`` is nothing outside
_NUMPY = frozenset(
    list_words("load save savez savetxt loadtxt genfromtxt fromfile memmap DataSource ctypeslib testing f2py distutils")
)
