"""Source text of any Python as a syntax tree of the running one.

Python 2 is met by rewriting the few forms that its scientific programs used (print and raise statements, ``except A,
e``, ``.iteritems()``, backquotes); in text that needed it, ``/`` between whole numbers divides as it did then. A
definition that was copied out of a function keeps its indentation; it is taken out.
"""

from __future__ import annotations

import ast
import re
import textwrap
import tokenize
from io import BytesIO

from ..errors import MissingObject

_FORMS = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        (r"^(\s*)print\s*$", r"\1print()"),
        (r"^(\s*)print\s+>>\s*\w[\w.]*\s*,\s*(.+?)\s*$", r"\1print(\2)"),
        (r"^(\s*)print\s+(?!\()(.+?),?\s*$", r"\1print(\2)"),
        (r"^(\s*)print\s+(\(.*\)\s*[%+,].*?)\s*$", r"\1print(\2)"),
        (r"^(\s*except\s+.+?)\s*,\s*(\w+)\s*:", r"\1 as \2:"),
        (r"^(\s*)raise\s+([\w.]+)\s*,\s*(.+)$", r"\1raise \2(\3)"),
        (r"`([^`\n]+)`", r"repr(\1)"),
        (r"<>", "!="),
        (r"(?<![.\w])0([0-7]+)\b(?![.\d])", r"0o\1"),
        (r"\b(\d+)[lL]\b", r"\1"),
        (r"\bur(['\"])", r"r\1"),
        (r"\.(iter|view)(items|keys|values)\(\)", r".\2()"),
        (r"([\w.]+)\.has_key\(([^()]*)\)", r"(\2 in \1)"),
    )
)
_DEFINITION = re.compile(r"^([ ]*def \w+\(.*\):[ ]*)(\n\s*)(?=\S)", re.MULTILINE)
_TUPLE = re.compile(r"([(,]\s*)(\(\s*\w+\s*,[\w\s,]*\))(?=\s*[=,)])")
_METHODS = re.compile(r"\.(iter|view)(items|keys|values)\(\)")


def parse_source(data: bytes, path: str) -> ast.Module:
    """The tree of a source file. Raises MissingObject with the first line that no Python parses."""
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        text = data.decode("latin-1")
    text = _METHODS.sub(r".\2()", text.replace("\r\n", "\n").replace("\r", "\n"))
    first: SyntaxError | None = None
    for attempt, old in (
        (text, False),
        (dedent_blocks(text), False),
        (rewrite_python2(text), True),
        (rewrite_python2(dedent_blocks(text)), True),
    ):
        try:
            tree = ast.parse(attempt, path)
        except SyntaxError as error:
            first = first or error
            continue
        return _with_old_division(tree) if old and "division" not in _futures(tree) else tree
    return _parse_pieces(dedent_blocks(text), path, first)


def rewrite_python2(text: str) -> str:
    """The text with the forms of Python 2 written as today."""
    text = text.expandtabs(8)
    for pattern, replacement in _FORMS:
        text = pattern.sub(replacement, text)
    return _DEFINITION.sub(_take_apart_tuples, text)


def _take_apart_tuples(definition: re.Match[str]) -> str:
    """A definition whose parameters are taken apart in its first line: ``def f(a, (b, c)=d)``."""
    taken: list[str] = []

    def name(parameter: re.Match[str]) -> str:
        taken.append(f"{parameter[2]} = _taken_{len(taken)}")
        return f"{parameter[1]}_taken_{len(taken) - 1}"

    head = _TUPLE.sub(name, definition[1])
    return f"{head}{definition[2]}{'; '.join(taken)}{definition[2]}" if taken else definition[0]


def dedent_blocks(text: str) -> str:
    """The text with every block that starts indented after an empty line, at the top level, moved to the margin."""
    blocks = _blocks(text.expandtabs(8))
    return "\n".join(textwrap.dedent(block) for block in blocks)


def _blocks(text: str) -> list[str]:
    """The text cut where a definition or decorator starts less deep than, or as deep as, the block before it."""
    blocks: list[list[str]] = [[]]
    margin = 0
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip())
        empty_before = not blocks[-1] or not blocks[-1][-1].strip()
        starts = line.strip() and (depth == 0 or (empty_before and line.lstrip().startswith(("def ", "class ", "@"))))
        if starts and depth != margin and (depth < margin or not _inside(blocks[-1], depth)):
            blocks.append([])
            margin = depth
        blocks[-1].append(line)
    return ["\n".join(block) for block in blocks]


def _inside(block: list[str], depth: int) -> bool:
    """Whether a line of that depth can belong to the block: something less deep before it ends in a colon."""
    return any(line.rstrip().endswith(":") and len(line) - len(line.lstrip()) < depth for line in block)


def _parse_pieces(text: str, path: str, error: SyntaxError | None) -> ast.Module:
    """The definitions that can be read, where the whole cannot. Raises MissingObject where there are none."""
    body: list[ast.stmt] = []
    for piece in re.split(r"\n(?=\S)", text):
        try:
            body += ast.parse(piece, path).body
        except SyntaxError:
            body += [statement for part in piece.split("\n\n") for statement in _parse_piece(textwrap.dedent(part), path)]
    if body:
        return ast.Module(body, [])
    where = f"line {error.lineno}: {error.msg}" if error is not None else "it is empty"
    raise MissingObject("AK5003", f"{path} is not valid Python: {where}", next_step="Correct the file.")


def _parse_piece(text: str, path: str) -> list[ast.stmt]:
    try:
        return ast.parse(text, path).body
    except SyntaxError:
        return []


def _futures(tree: ast.Module) -> set[str]:
    return {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    }


class _Division(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        test = ast.parse("(lambda a, b: a // b if type(a) is int and type(b) is int else a / b)", mode="eval").body
        return ast.copy_location(ast.Call(test, [node.left, node.right], []), node)


def _with_old_division(tree: ast.Module) -> ast.Module:
    """The tree with the division of Python 2."""
    changed = _Division().visit(tree)
    assert isinstance(changed, ast.Module)
    return ast.fix_missing_locations(changed)
