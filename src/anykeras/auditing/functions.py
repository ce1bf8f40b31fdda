"""A stored function judged by the names that its instructions use; it is read, never run.

Every function inside it counts, also one that nothing calls. A chain of attributes is followed from the global or the
import that it starts at (``tf.io.read_file``); an attribute of anything else is judged by itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .. import bytecode
from ..bytecode import CodeObject
from ..bytecode.checks import indexes
from ..bytecode.instructions import decode
from ..errors import AnyKerasError
from . import loading, names
from .risks import Collector, Loading, Severity

_INNER = re.compile(r"__\w+__$")
_LONGEST = 4000  # characters of a source that is shown
_TEXTS = re.compile(
    r"\w{2,12}://|^/job:|/bin/(?:ba)?sh|/dev/tcp|/etc/|\\\\|powershell|cmd\.exe|\bcurl\b|\bwget\b|\bnc\s+-|\brm\s+-|\bchmod\b|__import__|"
    r"\bimport\s+\w+|\.__(?:class|globals|subclasses|builtins|bases?|mro|dict|code|import|loader|self)__|\beval\(|\bexec\(|\bos\.system|\bsubprocess\b|\.bashrc|\.ssh|id_rsa|base64",
    re.IGNORECASE,
)
_LARGEST = 10**7  # an exponent
_LARGE = 10**5  # a factor of a size
_POWERS = frozenset({"BINARY_POWER", "INPLACE_POWER", "BINARY_LSHIFT", "INPLACE_LSHIFT"})
_POWERS_OF_311 = frozenset({3, 8, 16, 21})  # << and **, and the same in place
_READ = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", "LOAD_CLASSDEREF"})
_STORES = frozenset({"STORE_FAST", "STORE_DEREF"})
_LOADS = frozenset({"LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_DEREF", "LOAD_CLOSURE"})
_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM"})
_CHANGES = frozenset({"STORE_ATTR", "DELETE_ATTR"})
_GLOBALS = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_ENDS = ("RETURN", "YIELD", "RAISE", "RERAISE", "END_FINALLY", "SEND")
_MOST = 2**33  # a number of things beyond
_PLAIN = frozenset(
    """abs all any bool dict divmod enumerate filter float frozenset int isinstance issubclass iter len list map max min
    next object
    pow print property range reversed round set slice sorted staticmethod str sum super tuple type zip unicode xrange long bytes
    bytearray complex callable chr ord hash id repr format hasattr reduce cmp unichr basestring NotImplemented Ellipsis
    None True
    False __name__ __doc__ __file__""".split()  # noqa: SIM905
)


@dataclass
class _Uses:
    """The names that a function uses."""

    dotted: list[str] = field(default_factory=list)  # from a global on
    attributes: list[str] = field(default_factory=list)  # of values
    modules: list[str] = field(default_factory=list)  # imported
    texts: list[str] = field(default_factory=list)
    changes: set[str] = field(default_factory=set)  # attributes that it sets on something
    powers: bool = False  # it raises or shifts by a constant without bound, or counts that far
    endless: bool = False  # no instruction of it returns


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
    source = _write(code, defaults, closure)
    reasons = sorted(set(_judge(uses)), key=lambda reason: -reason[0].rank)
    worst = reasons[0][0] if reasons else Severity.INFO
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
    for step in body.instructions:
        kind = body.dialect.indexes.get(step.name)
        index = next(iter(indexes(body, step)), 0) if kind is not None else 0
        if kind in ("local", "free"):
            if step.name in _STORES and chain:
                aliases[kind, index] = chain
            chain = aliases.get((kind, index), "") if step.name in _LOADS else ""
            continue
        if kind != "name":
            if step.name not in ("PRECALL", "PUSH_NULL", "CACHE", "NOP", "RESUME", "COPY_FREE_VARS"):
                chain = ""
            continue
        name = code.names[index]
        if step.name in _READ:
            chain = name
        elif step.name == "IMPORT_NAME":
            chain = module = name
            uses.modules.append(name)
            continue
        elif step.name == "IMPORT_FROM":
            chain = f"{module}.{name}"
        elif step.name in _CHANGES:
            uses.changes |= {f"{chain}.{name}"} if chain else set()  # of a module or a global, not of a value
            chain = ""
        elif step.name in _GLOBALS:
            uses.dotted.append(name)
            chain = ""
        elif step.name in _ATTRIBUTE:
            if name == "__name__" and uses.attributes[-1:] == ["__class__"]:
                uses.attributes.pop()  # the name of a class, for a text
            uses.attributes.append(name)
            if chain and uses.dotted[-1:] == [chain]:
                uses.dotted.pop()  # the longer name says more
            chain = f"{chain}.{name}" if chain else ""
        else:
            chain = ""
        if chain:
            uses.dotted.append(chain)
    numbers = [item for item in code.consts if isinstance(item, int)]
    uses.powers |= (_raises(code) or "pow" in code.names) and any(item > _LARGEST for item in numbers)
    uses.powers |= any(_MOST < item <= 2**62 and item & (item + 1) for item in numbers)
    uses.powers |= math.prod(item for item in numbers if item > _LARGE) > _MOST
    uses.endless |= not any(step.name.startswith(_ENDS) for step in body.instructions)
    left = list(code.consts)
    while left:
        item = left.pop()
        if isinstance(item, tuple | frozenset):
            left += item
            uses.powers |= math.prod(size for size in item if isinstance(size, int)) > _MOST
        elif isinstance(item, str | bytes):
            uses.texts.append(item if isinstance(item, str) else item.decode("latin-1"))


def _raises(code: CodeObject) -> bool:
    """Whether it has an instruction of ``**`` or ``<<``."""
    steps = decode(code).instructions
    return any(step.name in _POWERS or (step.name == "BINARY_OP" and step.arg in _POWERS_OF_311) for step in steps)


def _judge(uses: _Uses) -> Iterator[tuple[Severity, str]]:
    """What speaks against a function, each with its weight."""
    for module in uses.modules:
        yield from _judge_import(module)
    for dotted in uses.dotted:
        yield from _judge_dotted(dotted)
    for attribute in uses.attributes:
        if attribute in names.ATTRIBUTES | names.RUNNING or (_INNER.match(attribute) and attribute not in names.OPERATORS):
            yield Severity.HIGH, f"it uses the attribute {attribute!r}"
        elif attribute in names.SUSPECT_ATTRIBUTES - {"io"} or _acts(attribute):
            yield Severity.MEDIUM, f"it uses the attribute {attribute!r}"
    for attribute in sorted(uses.changes):
        yield Severity.MEDIUM, f"it changes {attribute!r}"
    if uses.powers:
        yield Severity.MEDIUM, "it computes with a number beyond any memory"
    if uses.endless:
        yield Severity.MEDIUM, "it never returns"
    for text in uses.texts:
        if "\x1b" in text:
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
    if root in names.HARMLESS_MODULES or (root in names.NUMERIC and root != "torch"):
        return
    judged = names.judge_module(module)
    yield (judged.severity if judged else Severity.MEDIUM), f"it imports {module!r}"


def _judge_dotted(dotted: str) -> Iterator[tuple[Severity, str]]:
    root, _, rest = dotted.partition(".")
    if root in names.BUILTINS:
        yield Severity.CRITICAL, f"it calls {root!r}"
    elif root in names.INSPECTING:
        yield Severity.MEDIUM, f"it calls {root!r}"
    elif root in names.NUMERIC:
        if rest and names.FUNCTIONS_OF_TF.search(rest) and not names.PARSERS_OF_TF.search(rest) and root in _TENSORFLOW:
            yield Severity.HIGH, f"it uses {dotted!r}, which reaches outside of the graph"
        elif rest and names.OUTSIDE_OF_COMPUTING.search(rest):
            yield Severity.HIGH, f"it uses {dotted!r}, which reads, writes, fetches or calls back"
        elif rest and root in ("np", "numpy") and rest.split(".")[0] in _NUMPY:
            yield Severity.HIGH, f"it uses {dotted!r}, which reads or writes files"
        elif rest and not names.computes(root, rest) and not names.PARSERS_OF_TF.search(rest):
            yield Severity.MEDIUM, f"it uses {dotted!r}, which is none of the functions that models compute with"
    elif root in names.HARMLESS_MODULES:
        if any(part in names.ACTING or part.startswith("_") for part in rest.split(".")):
            yield Severity.MEDIUM, f"it uses {dotted!r}, which can run or reach anything"
    elif root in names.GLOBALS_OF_LOADERS:
        yield Severity.HIGH, f"it uses {dotted!r}, which the loader of stored functions has among its globals"
    elif root not in _PLAIN:
        judged = names.judge_module(names.ALIASES.get(root, root) if rest else root)
        severity = judged.severity if judged else Severity.LOW
        yield severity, f"it uses {dotted!r}" if judged else f"{root!r} is not in the file"


_OF_TENSORS = frozenset({"_keras_shape", "_uses_learning_phase", "_shape", "_rank"})
_TENSORFLOW = frozenset({"tf", "tensorflow", "K", "keras", "tf_keras", "backend"})
_NUMPY = frozenset(
    "load save savez savetxt loadtxt genfromtxt fromfile memmap DataSource ctypeslib testing f2py distutils".split()  # noqa: SIM905
)
