"""The five kinds of YAML scalars: plain, single-quoted, double-quoted, literal and folded (YAML 1.1, chapter 9)."""

from __future__ import annotations

import re

from ....errors import Malformed

ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
CODES = {"x": 2, "u": 4, "U": 8}
BREAK = re.compile(r"[ \t]*\n[ \t\n]*")
DOUBLE = re.compile(r'[^"\\\n \t]+|[ \t]*\n[ \t\n]*|[ \t]+|\\|"')
SINGLE = re.compile(r"[^'\n \t]+|[ \t]*\n[ \t\n]*|[ \t]+|''|'")
# A plain scalar ends at ": ", at " #" and, inside brackets, at their marks.
PLAIN_BLOCK = re.compile(r"(?:[^\s:#]|:(?=\S)|(?<=\S)#|[ \t]+(?=[^\s#])(?!:(?:\s|\Z)))*")
PLAIN_FLOW = re.compile(r"(?:[^\s:#,\[\]{}]|:(?=[^\s,\[\]{}])|(?<=\S)#|[ \t]+(?=[^\s#:,\[\]{}])|[ \t]+(?=:[^\s,\[\]{}]))*")
HEADER = re.compile(r"([|>])([+-]?)([1-9]?)([+-]?)[ \t]*(?:#[^\n]*)?(?:\n|\Z)")


def make_yaml_error(what: str, text: str, at: int, part: str) -> Malformed:
    """The error of a text that is not YAML, with its line."""
    return Malformed(
        "AK1123",
        f"not YAML as Keras writes it: {what} (line {text.count(chr(10), 0, at) + 1})",
        part=part,
        next_step="The text is cut off or was edited. Export the architecture again.",
    )


def fold(blank: str) -> str:
    """What a line break with its surroundings stands for: a space, or the empty lines in it."""
    return "\n" * (blank.count("\n") - 1) or " "


def read_quoted(text: str, at: int, part: str) -> tuple[str, int]:
    """The content of the quoted scalar at `at` and where it ends."""
    return _read_double(text, at, part) if text[at] == '"' else _read_single(text, at, part)


def _read_single(text: str, at: int, part: str) -> tuple[str, int]:
    pieces: list[str] = []
    start = at
    at += 1
    while (found := SINGLE.match(text, at)) is not None:
        piece, at = found.group(), found.end()
        if piece == "'":
            return "".join(pieces), at
        pieces.append("'" if piece == "''" else fold(piece) if "\n" in piece else piece)
    raise make_yaml_error("a quote is not closed", text, start, part)


def _read_double(text: str, at: int, part: str) -> tuple[str, int]:
    pieces: list[str] = []
    start = at
    at += 1
    while (found := DOUBLE.match(text, at)) is not None:
        piece, at = found.group(), found.end()
        if piece == '"':
            return "".join(pieces), at
        if piece == "\\":
            piece, at = _escape(text, at, part)
        elif "\n" in piece:
            piece = fold(piece)
        pieces.append(piece)
    raise make_yaml_error("a quote is not closed", text, start, part)


def _escape(text: str, at: int, part: str) -> tuple[str, int]:
    mark = text[at : at + 1]
    if mark in ESCAPES and mark:
        return ESCAPES[mark], at + 1
    if mark == "\n":  # the line goes on, without the white space at the start of the next one
        found = BREAK.match(text, at)
        end = found.end() if found else at + 1
        return "\n" * (text.count("\n", at, end) - 1), end
    if mark in CODES and mark:
        digits = text[at + 1 : at + 1 + CODES[mark]]
        if re.fullmatch(r"[0-9a-fA-F]+", digits) and len(digits) == CODES[mark] and int(digits, 16) < 0x110000:
            return chr(int(digits, 16)), at + 1 + CODES[mark]
    raise make_yaml_error(f"an unknown escape \\{mark}", text, at, part)


def read_plain(text: str, at: int, indent: int, flow: bool) -> tuple[str, int]:
    """The plain scalar at `at`; following lines belong to it while they are indented deeper than `indent`."""
    pattern = PLAIN_FLOW if flow else PLAIN_BLOCK
    found = pattern.match(text, at)
    end = found.end() if found else at
    pieces = [text[at:end]]
    while pieces[-1] and (gap := BREAK.match(text, end)) is not None:
        column = gap.end() - (text.rfind("\n", 0, gap.end()) + 1)
        following = pattern.match(text, gap.end())
        if column <= indent or following is None or following.end() == gap.end() or _is_key(text, following.end(), flow):
            break
        if text[gap.end()] == "#" or (column == 0 and text.startswith(("---", "..."), gap.end())):
            break
        pieces += [fold(gap.group()), text[gap.end() : following.end()]]
        end = following.end()
    return "".join(pieces), end


def _is_key(text: str, at: int, flow: bool) -> bool:
    rest = text[at : at + 2]
    return not flow and rest[:1] == ":" and (len(rest) < 2 or rest[1].isspace())


def read_block(text: str, at: int, indent: int, part: str) -> tuple[str, int]:
    """The literal or folded scalar at `at` inside something indented by `indent`."""
    header = HEADER.match(text, at)
    if header is None:
        raise make_yaml_error("a block of text with an unknown header", text, at, part)
    style, chomp, digit = header.group(1), header.group(2) or header.group(4), header.group(3)
    lines, end = _list_block_lines(text, header.end(), max(indent, 0) + int(digit) if digit else None, indent)
    while lines and not lines[-1]:
        lines.pop()
    body = "\n".join(lines) if style == "|" else _fold_lines(lines)
    trailing = text.count("\n", header.end(), end) - max(0, len(lines) - 1)
    if chomp == "-" or (not lines and chomp != "+"):
        return body, end
    return body + "\n" * (trailing if chomp == "+" else min(1, trailing)), end


def _list_block_lines(text: str, at: int, width: int | None, indent: int) -> tuple[list[str], int]:
    lines: list[str] = []
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop]
        lead = len(line) - len(line.lstrip(" "))
        if line.strip(" "):
            if lead <= indent or (width is not None and lead < width):
                break
            width = lead if width is None else width
        lines.append(line[width:] if width is not None else "")
        at = min(stop + 1, len(text))
    return lines, at


def _fold_lines(lines: list[str]) -> str:
    out, empty = "", 0
    previous = ""
    for line in lines:
        if not line:
            empty += 1
            continue
        if out:
            deeper = line[0] in " \t" or previous[0] in " \t"
            out += "\n" * (empty + 1) if deeper else "\n" * empty or " "
        else:
            out = "\n" * empty
        out, previous, empty = out + line, line, 0
    return out
