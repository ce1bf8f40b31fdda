"""Programs that people keep beside a model, judged by what they do: read as text, never parsed into code.

Training, serving and drawing are what such programs are for, so that the few things are listed which none of that needs
(``beside.toml``). Commands of a shell are the other way round: those that projects use are listed, any other is reported.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from .. import limits
from ..containers.source import ByteSource
from ..lazily import read_data
from . import loading
from .risks import Collector, Severity

_INSTALLERS: Final = (
    r"(?![^\n|]*https://(?:astral\.sh|sh\.rustup\.rs|get\.docker\.com|install\.python-poetry\.org|pyenv\.run|"
    r"deb\.nodesource\.com|raw\.githubusercontent\.com/nvm-sh|packagecloud\.io/install/repositories/github/git-lfs|"
    r"bootstrap\.pypa\.io|sdk\.cloud\.google\.com|raw\.githubusercontent\.com/Homebrew)/?)"
)
FETCHED: Final = (
    rf"\b(?:curl|wget)\b{_INSTALLERS}[^\n]{{0,400}}\|"
    r"[ \t]*(?:sudo[ \t]+(?:-\w+[ \t]+)?)?(?:\w{0,9}sh|python[\d.]*|perl|ruby|node)\b|"
    rf"(?:\b\w{{0,4}}sh[ \t]+-\w*c|\beval|\bsource|(?:^|\s)\.)[ \t]+[\"']?(?:\$\$?|<)\([ \t]*(?:curl|wget)\b{_INSTALLERS}"
)
"""What is fetched and run at once, but for the installers of well-known tools."""
_READ: Final = 16 * limits.MIB
_FETCHED: Final = re.compile(FETCHED)
_PYTHON: Final = ("py", "pyw", "ipynb")
_SHELL: Final = ("sh", "bash", "bat", "cmd", "ps1")
_CALLS: Final = re.compile(
    r"\b(?:os\.(?:system|popen)|(?:subprocess|sp)\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)|"
    r"commands\.getoutput|get_ipython\(\)\.system|create_subprocess_\w+|(?<![\w.])(?:Popen|check_call|check_output|system|popen))"
    r"\s*\(\s*(?P<given>[^\n]{0,400}(?:\n[^\n]{0,200})?)"
)
_RENAMED: Final = re.compile(
    r"^[ \t]*import\s+(os|subprocess|socket|requests|pickle|ctypes|marshal)\s+as\s+(\w+)", re.MULTILINE
)
_TAKEN: Final = re.compile(r"^[ \t]*from\s+(os|subprocess|socket|ctypes|marshal)\s+import\s+\(?([\w, \t]+)", re.MULTILINE)
_MOST: Final = 20
_OF_PACKAGING: Final = re.compile(
    r"\s*(?:python3? (?:setup\.py|-m (?:build|twine|pytest))|twine|rm -rf? (?:dist|build)|"
    r"cmake|make|ninja|swig|protoc|pkg-config|"
    r"git(?:$| (?:tag|push|rev-parse|describe|log|status|show|diff|ls-files|submodule)))(?:\b|$)"
)
"""What a ``setup.py`` builds and publishes with, and asks for its version."""
_ITSELF: Final = re.compile(r"[\[(]?\s*f?['\"]?\{?sys\.executable")
_LITERAL: Final = re.compile(r"[\[(]*\s*[rbfu]{0,2}['\"]{1,3}(?P<text>[^'\"\n]*)")
_VARIABLE: Final = re.compile(r"(?:args\s*=|shlex\.split\()?\s*(?P<name>[A-Za-z_]\w*)")
_BANG: Final = re.compile(r"^[ \t]*!(?P<text>[^\n]*)", re.MULTILINE)
_HEREDOC: Final = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?(?P<rest>[^\n]*)\n.*?^\s*\1\s*$", re.DOTALL | re.MULTILINE)
_QUOTED: Final = re.compile(r"'[^'\n]*'|\"(?:\\.|[^\"\\\n])*\"|\\\n|\$\{[^}\n]*\}|\$?\(\([^\n]*?\)\)")
_COMMENT: Final = re.compile(r"^\s*(?:#|::|rem\b)[^\n]*|\s#[^\n]*", re.IGNORECASE | re.MULTILINE)
_BETWEEN: Final = re.compile(r"[;|&\n`]+|\$\(|<\(|[(){}](?=\s|$)|^\s*\(", re.MULTILINE)
_CHOICE: Final = re.compile(r"^\s*\(?[\w*.|\"'?-]+\)(?=\s|$)", re.MULTILINE)  # of a ``case``
_DEFINED: Final = re.compile(r"^\s*(?:function\s+)?([\w-]+)\s*\(\)|^\s*function\s+([\w-]+)", re.MULTILINE)
_AHEAD: Final = re.compile(
    r"(?:\s+|[A-Za-z_]\w*\+?=\S*|(?:sudo|time|nohup|command|exec|then|do|else|if|elif|while|until|!|@|env)\b(?=\s|$)|"
    r"(?:not|(?:exist|errorlevel|defined)\s+\S+)(?=\s|$)|-\S+(?=\s)|\d?[<>]+&?\S*)*",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"(?:/usr/bin/|/bin/|/opt/\S*/)?@?(?P<word>[^\s<>=]+)")
_OWN: Final = re.compile(
    r"\.{0,2}/?(?:[\w.-]+/)*[\w.-]+\.(?:sh|py|bash|bat|R)$|echo\.|\$|%|_|#|\"|:|-|\d|\.?v?env/|\./|[\w*.]+\)$|~$|[{}\[\]]+$|"
    r"(?:[\w.-]+/)+activate$"
)
"""A program of the project itself, a variable, or what is left of a text."""


def judge_script(found: Collector, source: ByteSource, name: str, where: str, *, started: bool) -> None:
    """Judge a program by its text; `started` says that something else than people starts it, so that it has less to do."""
    text = source.read(0, min(source.size, _READ)).decode("utf-8", "replace")
    limits.budget().charge(len(text) // 1000)
    suffix = name.rpartition(".")[2].lower()
    if suffix == "ipynb":
        text = "\n\n".join(_list_cells(text))
    for seen in dict.fromkeys(_list_acts(_spell_out(text) if suffix in _PYTHON else text, suffix, started)):
        found.add("AK8016", Severity.MEDIUM, where, f"a program that {seen}", loading.BESIDE)


def _list_cells(text: str) -> Iterator[str]:
    """The programs in a notebook; where it is none, its text."""
    try:
        for cell in json.loads(text)["cells"]:
            source = cell.get("source", "")
            if cell.get("cell_type") != "markdown":
                yield source if isinstance(source, str) else "".join(source)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield text.replace("\\n", "\n").replace('\\"', '"')


def _spell_out(text: str) -> str:
    """A program in which what it renames has its own name again: ``import subprocess as s``, ``from os import remove``."""
    for module, alias in set(_RENAMED.findall(text)):
        text = re.sub(rf"(?<![\w.]){alias}\.", f"{module}.", text)
    for module, listed in _TAKEN.findall(text)[:_MOST]:
        for name, alias in re.findall(r"(\w+)(?:\s+as\s+(\w+))?", listed):
            text = re.sub(rf"(?<![\w.]){alias or name}\s*\(", f"{module}.{name}(", text)
    return text


def _list_acts(text: str, suffix: str, started: bool) -> Iterator[str]:
    for pattern, seen in (
        (_FETCHED, "is fetched and run"),
        *_read_rules("told"),
        *_read_rules("anywhere"),
        *_read_rules("python" if suffix in _PYTHON else "others"),
    ):
        if match := pattern.search(text):
            yield f"{seen}: {match[0].strip()[:80]!r}"
    for command in _list_commands(text, suffix):
        if odd := command if started and suffix == "py" and not _OF_PACKAGING.match(command) else find_odd_command(command):
            yield f"calls a command that no project needs: {odd.strip()[:80]!r}"


@cache
def _read_rules(kind: str) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile("|".join(rule["any"]), re.MULTILINE), rule["seen"]) for rule in read_beside()[kind]]


@cache
def read_beside() -> dict[str, Any]:
    """What is known of files beside a model."""
    return tomllib.loads(read_data("anykeras.auditing", "beside.toml"))


def find_told(text: str) -> str:
    """What settings of a tool have it run that nothing of theirs needs, else ""."""
    found = (match[0] for pattern, _ in _read_rules("told") if (match := pattern.search(text)))
    return next(found, "")


def _list_commands(text: str, suffix: str) -> Iterator[str]:
    """What a program gives to a shell, or the whole of it."""
    if suffix in _PYTHON:
        yield from _list_called(text)
    elif suffix in _SHELL or text.startswith("#!"):
        yield text
    if suffix == "ipynb":
        yield from (match["text"] for match in _BANG.finditer(text))
        yield from (cell.partition("\n")[2] for cell in text.split("\n\n") if cell.startswith(("%%bash", "%%sh")))


def _list_called(text: str) -> Iterator[str]:
    """The commands that a program in Python gives to a shell: as texts, or as variables that texts are put into."""
    for match in _CALLS.finditer(text):
        given = match["given"].lstrip()
        if _ITSELF.match(given):
            continue
        if literal := _LITERAL.match(given):
            yield literal["text"]
        elif (variable := _VARIABLE.match(given)) and variable["name"] != "self":
            assigned = re.compile(rf"\b{variable['name']}\s*(?::\s*\w+\s*)?=\s*{_LITERAL.pattern}")
            yield from [held["text"] for held in assigned.finditer(text)] or [f"{variable['name']} (not known)"]


def find_odd_command(text: str) -> str:
    """The first command of a shell in a text that is none of those that projects use, else ""."""
    commands = _read_commands()
    plain = _QUOTED.sub(lambda match: " " if match[0] == "\\\n" else "_", _HEREDOC.sub(r"\g<rest>", text))
    known = commands | {name for pair in _DEFINED.findall(plain) for name in pair if name}
    for part in _BETWEEN.split(_CHOICE.sub("", _COMMENT.sub("", plain))):
        ahead = _AHEAD.match(part)
        rest = part[ahead.end() if ahead else 0 :]
        word = _WORD.match(rest)
        if word is None or (word["word"].isidentifier() and rest[word.end() :].lstrip()[:1] == "="):
            continue
        if not {word["word"], word["word"].lower()} & known and not _OWN.match(word["word"]):
            return part
    return ""


@cache
def _read_commands() -> frozenset[str]:
    return frozenset(read_beside()["commands"].split())
