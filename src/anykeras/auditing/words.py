"""Texts of a configuration or an attribute: a program or pickle as text, plain or encoded, which nothing in a model is."""

from __future__ import annotations

import base64
import re

from .. import limits
from ..bytecode import looks_stored
from ..containers.source import wrap_bytes
from . import loading
from .contents import find_hidden
from .pickles import audit_pickle, looks_pickled
from .risks import Collector, Severity

_SOURCE = re.compile(
    r"__import__\s*\(|\b(?:eval|exec|compile|getattr|open)\s*\(|\bos\.(?:system|popen)|\bsubprocess\b|\.__(?:class|globals|subclasses|"
    r"builtins|mro|bases?)__|\blambda\s{1,64}+\w*+\s{0,64}[:,]|/bin/(?:ba)?sh\b|\bpowershell\b|\b(?:curl|wget)\s+\S*https?:|<script|<\?php|"
    r"<\w+[ /][^<>]{0,80}\bon\w{1,40}\s{0,8}=|"
    r"!!python/|\{\{.{1,200}\}\}|\{%.{1,100}%\}|\$\{jndi:|\$\([^)]{1,500}+\)|\bimport\s+(?:os|sys|subprocess|socket|pickle)\b|javascript:",
    re.IGNORECASE | re.DOTALL,
)
"""Programs as text. No repeat is without a bound where its text can begin anew at each letter."""
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}|\n)+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\n?")
_HEX = re.compile(r"(?:[0-9a-f]{2}){20,}")
_SEARCHED = 65536


def judge_words(found: Collector, text: str, where: str) -> None:
    """A program or pickle as text, plain or encoded, which nothing in a model is."""
    if len(text) >= 16 and _BASE64.fullmatch(text):
        _judge_encoded(found, text, where)
    elif (text[:1] == "\x80" or "\n" in text[:80]) and looks_pickled(data := text.encode("latin-1", "replace")):
        judge_hidden_pickle(found, data, where)
    if len(text) < _SEARCHED and (match := _SOURCE.search(text)):
        seen = f"a program as text: {text[max(0, match.start() - 20) : match.end() + 60]!r}"
        found.add("AK8003", Severity.MEDIUM, where, seen, loading.SHOWN)


def _judge_encoded(found: Collector, value: str, where: str) -> None:
    """A text of base64: a pickle or a program in it."""
    try:
        data = base64.b64decode(value[: limits.MIB // 4 * 4])
    except ValueError:
        return
    for held in (data, bytes.fromhex(value)) if _HEX.fullmatch(value) else (data,):
        if looks_pickled(held[:4096]):
            judge_hidden_pickle(found, held, where)
        elif held is not data and looks_stored(base64.b64encode(held).decode()):
            found.add("AK8003", Severity.MEDIUM, where, "code of Python as text", loading.HIDDEN)
        find_hidden(found, b"\0" + held, where)


def judge_hidden_pickle(found: Collector, data: bytes, where: str) -> None:
    """A pickle where Keras keeps numbers and texts."""
    found.add("AK8008", Severity.MEDIUM, where, "a pickle, where Keras keeps numbers and texts", loading.PICKLE)
    for _ in audit_pickle(found, wrap_bytes(data, where), where):
        pass  # what it holds is no worse than the pickle itself
