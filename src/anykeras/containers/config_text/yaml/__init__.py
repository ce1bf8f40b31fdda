"""YAML as Keras wrote it (PyYAML's dump), read into plain values; nothing that a tag names is ever made.

The reader covers what PyYAML 3 to 6 emits: block and flow collections, all five kinds of scalars, tags, anchors.
"""

from ....errors import Malformed
from ...base import Json
from .nodes import parse_nodes
from .values import to_value


def parse_yaml(text: str, part: str, notes: list[str]) -> Json:
    """The value of a YAML text. Tuples become lists, bytes text of one character a byte, keys text as in JSON.

    Raises Malformed (AK1123), Unsupported (AK1124: a tag that would make an object) and LimitExceeded (AK1003).
    """
    try:
        return to_value(parse_nodes(text, part), part, notes)
    except RecursionError:
        raise Malformed("AK1123", "collections inside collections, too deep to read", part=part) from None


__all__ = ["parse_yaml"]
