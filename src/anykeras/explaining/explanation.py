"""A pasted message or traceback: which cause it names, in ten lines."""

from __future__ import annotations

import html
import math
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from .causes import Cause, load_causes

LONGEST = 20_000
"""How many characters of a pasted text are looked at: its last ones, and a fifth of that from its beginning."""
MOST_ERRORS = 50
"""How many errors of a chain are looked at: the last ones."""
_NAME = r"(?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*(?:Error|Exception|Warning)|BadZipFile|Exception(?! encountered))"
_ERROR = re.compile(rf"^(?:E[ \t]+|[|> \t]*){_NAME}(?::?(?: |$)|\((?=['\"]))|(?<=[\s|]){_NAME}: (?=\S)", re.MULTILINE)
"""The name of an error: at the beginning of a line (also as `repr` writes it), or after what a log writes before each line."""
_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)
_WARNING = re.compile(r"\W*(?:[A-Za-z_]\w*\.)*\w*Warning\b")
_FRAME = re.compile(
    r"^[ \t]*(?:File \"|Traceback \(most|During handling of|The above exception|-{3,}>? |~?[\w/\\.:<>-]+ in [\w<>]+\()",
    re.MULTILINE,
)
_MARKS = str.maketrans(dict.fromkeys('`"‘’“”´«»「」『』‹›„‚', "'") | {"：": ": ", "，": ", ", "（": " (", "）": ") "})
"""Quotes and marks of every language, as translators and forums write them."""
_SUFFIX = r"\.(?:h5|hdf5|keras|hdf|json|yaml|pb|ckpt)\b"
_FILE = re.compile(
    rf"(?<=')(?P<quoted>(?![\s),.:;=])[^'\n]{{1,300}}?{_SUFFIX})(?=')"
    rf"|(?:^|[\s'(=])(?P<drive>[A-Za-z]:[\\/](?:(?!\.\w+\s)[^'\n<>|*?:,]){{1,300}}?{_SUFFIX})"
    rf"|(?:^|[\s'(=])(?P<plain>[^\s'(),=]*[^\s'(),=/.]{_SUFFIX})"
)
"""A model file: in quotes, or behind the letter of a drive, with blanks; else up to the next blank."""
_DRIVE = re.compile(r"\b[A-Za-z]:\\")
_COLOUR = re.compile(r"(?:\x1b|\\u001b|\\x1b|\\033|\u241b)\[[0-9;]*m|\[[01](?:;\d{1,2})?m")
"""Colours of a terminal, also where the escape became text or was lost."""
_RAISE = re.compile(
    r"^[ \t|>]*\d{1,5}[ \t]+raise [^\n]*\)[ \t]*\n(?=(?:[ \t|>]*\d{1,5}(?:[ \t][^\n]*)?\n){0,8}[ \t|>]*-{2,}>)", re.MULTILINE
)
"""What a notebook shows of the source above the line that failed: an error raised there did not happen."""


@dataclass(frozen=True)
class FileCheck:
    """What a file tells of the cause: whether it is there (None where that cannot be told), where, and whether it opens."""

    path: str
    present: bool | None
    says: str
    opens: str

    def as_dict(self) -> dict[str, Any]:
        """The check as plain JSON values."""
        return {"path": self.path, "present": self.present, "says": self.says, "opens": self.opens}


@dataclass(frozen=True, repr=False)
class Explanation:
    """What a message means.

    Attributes:
        message: the error that decided, shortened to one line.
        cause: what is known of it; None where it is not known.
        others: what else the same words may come from, each with how to tell.
        earlier: whether the last error of the text is not known, and one before it decided.
        elsewhere: where the message is about something else than a model file: what that is.
        names: what the message names: ``cls``, ``key``, ``name`` ...
        nearest: where nothing is known: the three causes whose words are nearest, best first; one that the text around the
            errors has the words of stands before them.
        file: the model file that the message names, where it names one.
        check: what a model file at hand tells of the cause, where one was given.
    """

    message: str
    cause: Cause | None
    names: Mapping[str, str] = field(default_factory=dict)
    nearest: tuple[Cause, ...] = ()
    elsewhere: str | None = None
    file: str | None = None
    check: FileCheck | None = None
    others: tuple[str, ...] = ()
    earlier: bool = False

    @property
    def known(self) -> bool:
        """Whether the message is known."""
        return self.cause is not None

    def fill(self, text: str) -> str:
        """A text of the cause with what the message names in it; what it does not name reads on without."""
        named = re.sub(r"\{(\w+)_or\}", lambda found: f"{self.names[found[1]]}: " if self.names.get(found[1]) else "", text)
        return re.sub(r"\{(\w+)\}", lambda found: self.names.get(found[1]) or "that it names", named)

    def command_for(self, file: str | None = None) -> str:
        """The command of the cause, for a file."""
        name = file or self.file or "FILE"
        quoted = f'"{name}"' if " " in name else name
        command = self.cause.command if self.cause is not None else ""
        return re.sub(r"(?<=')FILE(?=')|\bFILE\b", lambda found: name if f"'{found[0]}'" in command else quoted, command)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        cause = self.cause
        described = None
        if cause is not None:
            described = {
                "id": cause.id,
                "means": self.fill(cause.means),
                "why": self.fill(cause.why),
                "versions": cause.versions,
                "opens": cause.opens,
                "answer": self.fill(cause.answer),
                "command": self.command_for(),
            }
        return {
            "message": self.message,
            "known": self.known,
            "cause": described,
            "others": [self.fill(other) for other in self.others],
            "earlier": self.earlier,
            "elsewhere": self.elsewhere,
            "names": dict(self.names),
            "file": self.file,
            "check": self.check.as_dict() if self.check is not None else None,
            "nearest": [{"id": near.id, "means": self.fill(near.means)} for near in self.nearest],
        }

    def __repr__(self) -> str:
        return f"<Explanation {self.cause.id if self.cause else 'not known'}: {textwrap.shorten(self.message, 80)!r}>"


def explain_message(text: str) -> Explanation:
    """What a pasted message or traceback means. Reads nothing but the text, in linear time."""
    shown = _RAISE.sub("", _QUOTED.sub("", html.unescape(_COLOUR.sub("", text)).replace("：", ": ")))
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST // 5]}\n{shown[-LONGEST:]}"
    blocks = list(_list_errors(shown))[-MOST_ERRORS:]
    whole = normalise(shown)
    followed = False  # by an error that is not known: a note before it did not cause it
    for block in reversed(blocks or [shown]):
        decided = _decide(normalise(block), whole, noting=followed)
        if decided is not None and decided[0].elsewhere:
            return _leave_open(blocks[-1] if blocks else shown, shown, elsewhere=decided[0].means)
        if decided is not None:
            return _describe(block, shown, *decided, earlier=followed)
        followed = followed or not _WARNING.match(block)
    if blocks and (placed := _decide(normalise(blocks[-1]), whole, noting=True, resort=True)) is not None:
        return _describe(blocks[-1], shown, *placed, earlier=False)
    around = _decide(whole, whole, noting=True) if blocks else None
    hint = () if around is None or around[0].elsewhere else (around[0],)
    return _leave_open(blocks[-1] if blocks else shown, shown, hint)


def _decide(error: str, text: str, noting: bool, resort: bool = False) -> tuple[Cause, re.Match[str], tuple[str, ...]] | None:
    """The first cause that the words of an error have; no mere note where `noting`, and last resorts alone or not at all."""
    for cause in load_causes():
        if cause.resort is resort and not (noting and cause.note) and (found := cause.find(error, text)) is not None:
            return cause, *found
    return None


def normalise(text: str) -> str:
    """`text` as patterns are searched in: one kind of quotes, the last one closed, single blanks, no emphasis."""
    plain = re.sub(r"\bu(?=['\"])", "", text).translate(_MARKS).replace("\\'", "'").replace("\\n", " ").replace("**", "")
    return re.sub(r"\s+", " ", f"{plain}'" if plain.count("'") % 2 else plain)


def _list_errors(text: str) -> Iterator[str]:
    """The errors of a traceback in order: from the name of each to the next frame or error."""
    starts = [found.start() for found in _ERROR.finditer(text)]
    for number, start in enumerate(starts):
        block = text[start : starts[number + 1] if number + 1 < len(starts) else len(text)]
        frame = _FRAME.search(block, 1)
        yield block[: frame.start()] if frame else block


def _leave_open(block: str, text: str, hint: tuple[Cause, ...] = (), elsewhere: str | None = None) -> Explanation:
    nearest = (*hint, *(near for near in _find_nearest(block) if near not in hint))[:3]
    return Explanation(_shorten(block), None, nearest=nearest, elsewhere=elsewhere, file=_find_file(text))


def _describe(block: str, text: str, cause: Cause, found: re.Match[str], others: tuple[str, ...], earlier: bool) -> Explanation:
    names = {key: value.strip() for key, value in found.groupdict().items() if value}
    file = names.pop("file", None) or _find_file(block) or _find_file(text)
    return Explanation(_shorten(block), cause, names, file=file, others=others, earlier=earlier)


def _find_file(text: str) -> str | None:
    """The model file that a text names: the last one."""
    # behind the letter of a drive, \n is the beginning of a name, no end of a line
    shown = text.translate(_MARKS).replace("\\\\", "\\") if _DRIVE.search(text) else normalise(text)
    found = list(_FILE.finditer(shown))
    return found[-1][found[-1].lastgroup or 0] if found else None


def _shorten(block: str) -> str:
    return textwrap.shorten(" ".join(block.split()), 160, placeholder=" ...")


def _list_words(text: str) -> Counter[str]:
    return Counter(word.lower() for word in re.findall(r"[A-Za-z][A-Za-z_]{2,}", text))


@cache
def _list_vocabulary() -> tuple[tuple[tuple[Cause, Counter[str]], ...], Mapping[str, float]]:
    """The words of every cause, and how much each says: the rarer, the more."""
    described = []
    for cause in load_causes():
        if cause.elsewhere:
            continue
        patterns = " ".join(re.sub(r"\\[a-zA-Z]|\(\?P?<?[\w!:=]*>?", " ", sign.words.pattern) for sign in cause.signs)
        described.append((cause, _list_words(f"{patterns} {cause.means} {cause.id}")))
    count = Counter(word for _, words in described for word in words)
    return tuple(described), {word: math.log(1 + len(described) / number) for word, number in count.items()}


def _find_nearest(block: str, number: int = 3) -> tuple[Cause, ...]:
    described, weight = _list_vocabulary()
    asked = _list_words(block[:4000])

    def similarity(words: Counter[str]) -> float:
        common = sum(weight[word] ** 2 for word in words if word in asked)
        length = math.sqrt(sum(weight[word] ** 2 for word in words))
        return common / length if length else 0.0

    ranked = sorted(described, key=lambda pair: -similarity(pair[1]))
    return tuple(cause for cause, _ in ranked[:number])
