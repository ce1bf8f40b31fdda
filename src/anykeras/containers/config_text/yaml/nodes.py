"""The structure of a YAML text: scalars, sequences and mappings with their tags; aliases point at the same node."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from .... import limits
from ...source import limit_error
from . import scalars
from .scalars import make_yaml_error

INLINE = re.compile(r"[ \t]*")
TAG = re.compile(r"!<[^>\s]+>|![^\s,\[\]{}]*")
ANCHOR = re.compile(r"[&*]([0-9A-Za-z_-]+)")
BREAKS = re.compile("[\x85\u2028\u2029]")  # line breaks of YAML 1.1 beside the usual ones
STANDARD = "tag:yaml.org,2002:"
Content = str | list["YamlNode"] | list[tuple["YamlNode", "YamlNode"]]


@dataclass(eq=False)
class YamlNode:
    """A node; `tag` as the text has it (``!!`` written out), None where the text has none.

    `content` is text for a scalar, a list of nodes for a sequence, of pairs for a mapping; `plain`: not quoted.
    """

    tag: str | None
    content: Content
    kind: str  # scalar, sequence, mapping
    plain: bool = False
    at: int = field(default=0, repr=False)


def parse_nodes(text: str, part: str) -> YamlNode:
    """The one document of a text. Raises Malformed (AK1123), LimitExceeded (AK1003)."""
    bounds = limits.current()
    if len(text) > bounds.config_bytes:
        raise limit_error("characters of YAML", len(text), bounds.config_bytes, part, "config_bytes")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (odd := BREAKS.search(text)) is not None:
        raise make_yaml_error("a line break that Keras would have escaped", text, odd.start(), part)
    return _NodeReader(text, part).document()


class _NodeReader:
    def __init__(self, text: str, part: str) -> None:
        self.text, self.part, self.at = text, part, 0
        self.anchors: dict[str, YamlNode] = {}
        self.count = self.depth = 0
        self.bounds = limits.current()

    def document(self) -> YamlNode:
        self.space()
        if self.text.startswith("---", self.at):
            self.at += 3
        node = self.block_node(-1, same_line=False)
        self.space()
        if self.text.startswith("...", self.at):
            self.at += 3
            self.space()
        if self.at < len(self.text):
            raise self.error("something is left over behind the document")
        return node

    def error(self, what: str) -> Exception:
        return make_yaml_error(what, self.text, self.at, self.part)

    def space(self) -> None:
        """Skip blanks, line breaks and comments."""
        while True:
            start = self.at
            self.at = self._end(INLINE)
            if self.text[self.at : self.at + 1] == "#" and (start < self.at or self.column() == 0 or self._after_space()):
                stop = self.text.find("\n", self.at)
                self.at = len(self.text) if stop < 0 else stop
            if self.text[self.at : self.at + 1] == "\n":
                self.at += 1
            if self.at == start:
                return

    def _after_space(self) -> bool:
        return self.text[self.at - 1 : self.at].isspace()

    def _end(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        return found.end() if found else self.at

    def column(self) -> int:
        return self.at - (self.text.rfind("\n", 0, self.at) + 1)

    def mark(self, *marks: str) -> bool:
        """Is one of the marks here, followed by white space or the end?"""
        following = self.text[self.at + 1 : self.at + 2]
        return self.text[self.at : self.at + 1] in marks and (not following or following.isspace())

    def node(self, content: Content, kind: str, tag: str | None, anchor: str | None, plain: bool = False) -> YamlNode:
        self.count += 1
        if self.count > self.bounds.config_nodes:
            raise limit_error("values", self.count, self.bounds.config_nodes, self.part, "config_nodes")
        node = YamlNode(tag, content, kind, plain, self.at)
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def deeper(self, step: int) -> None:
        self.depth += step
        if self.depth > self.bounds.config_depth:
            raise limit_error("levels of nesting", self.depth, self.bounds.config_depth, self.part, "config_depth")

    def properties(self) -> tuple[str | None, str | None]:
        """Tag and anchor in either order, with the blanks of the line behind them."""
        tag = anchor = None
        while True:
            if self.text[self.at : self.at + 1] == "!" and tag is None:
                start, self.at = self.at, self._end(TAG)
                tag = _expand_tag(self.text[start : self.at])
            elif self.text[self.at : self.at + 1] == "&" and anchor is None and ANCHOR.match(self.text, self.at):
                start, self.at = self.at, self._end(ANCHOR)
                anchor = self.text[start + 1 : self.at]
            else:
                return tag, anchor
            self.at = self._end(INLINE)

    def alias(self) -> YamlNode | None:
        found = ANCHOR.match(self.text, self.at) if self.text[self.at : self.at + 1] == "*" else None
        if found is None:
            return None
        self.at = found.end()
        if found.group(1) not in self.anchors:
            raise self.error(f"the alias {found.group()} stands for nothing")
        self.count += 1
        return self.anchors[found.group(1)]

    def block_node(self, indent: int, same_line: bool, sequence_at: int = -2) -> YamlNode:
        """The node here, inside something indented by `indent`.

        `same_line`: behind "key:", where a collection starts on the next line; there a sequence may stand at
        `sequence_at`, the column of the key.
        """
        line = self.text.find("\n", self.at)
        self.space()
        inline = same_line and (line < 0 or self.at <= line)
        start = self.at
        if not self._inside(indent, sequence_at, inline):
            return self.node("", "scalar", None, None, plain=True)
        if not inline and self._key_here():
            return self.mapping(self.column(), None, None)
        tag, anchor = self.properties()
        if (tag or anchor) and self.text[self.at : self.at + 1] in ("", "\n", "#"):
            self.space()
            inline = False
            if not self._inside(indent, sequence_at, inline):
                self.at = start + self._length(start)
                return self.node("", "scalar", tag, anchor, plain=True)
            if self._key_here():
                return self.mapping(self.column(), tag, anchor)
        if not inline and self.mark("-"):
            return self.sequence(self.column(), tag, anchor)
        return self.alias() or self.scalar_or_flow(indent, tag, anchor)

    def _length(self, start: int) -> int:
        """Characters of the properties at `start`."""
        self.at = start
        self.properties()
        return self.at - start

    def _inside(self, indent: int, sequence_at: int, inline: bool) -> bool:
        if self.at >= len(self.text):
            return False
        column = self.column()
        if column == 0 and re.match(r"(?:---|\.\.\.)(?:\s|\Z)", self.text[self.at : self.at + 4]):
            return False
        return inline or column > indent or (column == sequence_at and self.mark("-"))

    def _key_here(self) -> bool:
        """Does a key of a block mapping stand here (with its own properties before it, on the line)?"""
        if self.mark("?"):
            return True
        at = self.at
        self.properties()
        try:
            if self.text[self.at : self.at + 1] in ('"', "'"):
                line = self.text.find("\n", self.at)
                _, end = scalars.read_quoted(self.text, self.at, self.part)
                found = re.match(r"[ \t]*:(?=\s|\Z)", self.text[end : end + 80])
                return found is not None and (line < 0 or end <= line)
            if self.text[self.at : self.at + 1] in ("-", "?", ":") and self.mark("-", "?", ":"):
                return False
            return self._plain_key() is not None
        finally:
            self.at = at

    def _plain_key(self) -> int | None:
        """Where the plain key here ends (at its colon), None when the line has no key."""
        if self.text[self.at : self.at + 1] in tuple("[]{},\"'|>%@`&*!#\n"):
            return None
        found = scalars.PLAIN_BLOCK.match(self.text, self.at)
        end = found.end() if found else self.at
        gap = INLINE.match(self.text, end)
        colon = gap.end() if gap else end
        after = self.text[colon : colon + 2]
        return end if end > self.at and after[:1] == ":" and (len(after) < 2 or after[1].isspace()) else None

    def sequence(self, column: int, tag: str | None, anchor: str | None) -> YamlNode:
        self.deeper(1)
        items: list[YamlNode] = []
        while True:
            self.space()
            if self.at >= len(self.text) or self.column() != column or not self.mark("-"):
                break
            self.at += 1
            items.append(self.block_node(column, same_line=False))
        self.deeper(-1)
        return self.node(items, "sequence", tag, anchor)

    def mapping(self, column: int, tag: str | None, anchor: str | None) -> YamlNode:
        self.deeper(1)
        pairs: list[tuple[YamlNode, YamlNode]] = []
        while True:
            self.space()
            if self.at >= len(self.text) or self.column() != column or not self._key_here():
                break
            pairs.append(self.pair(column))
        if self.at < len(self.text) and self.column() > column:
            raise self.error("a line is indented more than its neighbours")
        self.deeper(-1)
        return self.node(pairs, "mapping", tag, anchor)

    def pair(self, column: int) -> tuple[YamlNode, YamlNode]:
        if self.mark("?"):
            self.at += 1
            key = self.block_node(column, same_line=False)
            self.space()
            if self.column() != column or not self.mark(":"):
                return key, self.node("", "scalar", None, None, plain=True)
            self.at += 1
            return key, self.block_node(column, same_line=False, sequence_at=column)
        key = self.key()
        self.at = self._end(INLINE) + 1
        return key, self.block_node(column, same_line=True, sequence_at=column)

    def key(self) -> YamlNode:
        tag, anchor = self.properties()
        if self.text[self.at] in "\"'":
            content, self.at = scalars.read_quoted(self.text, self.at, self.part)
            return self.node(content, "scalar", tag, anchor)
        end = self._plain_key() or self.at
        content, self.at = self.text[self.at : end], end
        return self.node(content, "scalar", tag, anchor, plain=True)

    def scalar_or_flow(self, indent: int, tag: str | None, anchor: str | None, flow: bool = False) -> YamlNode:
        first = self.text[self.at : self.at + 1]
        if first in ("[", "{") and first:
            return self.flow(first, tag, anchor)
        if first in ("|", ">") and first and not flow:
            content, self.at = scalars.read_block(self.text, self.at, indent, self.part)
            return self.node(content, "scalar", tag, anchor)
        if first in ('"', "'") and first:
            content, self.at = scalars.read_quoted(self.text, self.at, self.part)
            return self.node(content, "scalar", tag, anchor)
        if first in tuple("]},%@`&*!#") and not (flow and first in tuple("]},")):
            raise self.error(f"{first!r} cannot start a value")
        content, end = scalars.read_plain(self.text, self.at, indent, flow)
        if not content and not flow:
            raise self.error("a value is missing or starts with a mark")
        self.at = end
        return self.node(content, "scalar", tag, anchor, plain=True)

    def flow(self, first: str, tag: str | None, anchor: str | None) -> YamlNode:
        self.deeper(1)
        self.at += 1
        close = "]" if first == "[" else "}"
        items: list[YamlNode] = []
        pairs: list[tuple[YamlNode, YamlNode]] = []
        while not self._at_close(close):
            if close == "]":
                items.append(self.flow_node())
            else:
                pairs.append(self.flow_pair())
            self.space()
            if self.text[self.at : self.at + 1] == ",":
                self.at += 1
            elif self.text[self.at : self.at + 1] != close:
                raise self.error("brackets that are not closed, or a comma that is missing")
        self.deeper(-1)
        kind = "sequence" if close == "]" else "mapping"
        return self.node(items if close == "]" else pairs, kind, tag, anchor)

    def _at_close(self, close: str) -> bool:
        self.space()
        if self.at >= len(self.text):
            raise self.error("brackets that are not closed")
        closed = self.text[self.at] == close
        self.at += closed
        return closed

    def flow_node(self) -> YamlNode:
        self.space()
        tag, anchor = self.properties()
        self.space()
        node = self.alias() or self.scalar_or_flow(-1, tag, anchor, flow=True)
        if node.kind == "scalar" and node.content == "" and node.plain and tag is None:
            raise self.error("a value is missing between brackets")
        return node

    def flow_pair(self) -> tuple[YamlNode, YamlNode]:
        if self.mark("?"):
            self.at += 1
        key = self.flow_node()
        self.space()
        if self.text[self.at : self.at + 1] != ":":
            return key, self.node("", "scalar", None, None, plain=True)
        self.at += 1
        self.space()
        if self.text[self.at : self.at + 1] in (",", "}"):
            return key, self.node("", "scalar", None, None, plain=True)
        return key, self.flow_node()


def _expand_tag(tag: str) -> str:
    tag = unquote(tag)
    if tag.startswith("!<"):
        return tag[2:-1]
    return STANDARD + tag[2:] if tag.startswith("!!") else tag
