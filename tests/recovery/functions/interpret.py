"""Runs one line of old code through the function tables: names, calls, attributes and operators by way of lookup."""

from __future__ import annotations

import ast
import operator as python
from typing import Any

from anykeras.recovery.functions import Dim, EntryKind, Ops, Shape, Sizes, TopPair, find_attribute, find_operator, resolve
from anykeras.recovery.functions.table import is_module, module_of

_BINARY = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
}
_COMPARE = {ast.Gt: "gt", ast.GtE: "ge", ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne"}
_UNARY = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert"}


class Interpreter:
    """Evaluates an expression over `ops` with tensors by name."""

    def __init__(self, ops: Ops, tensors: dict[str, Any], division: str = "truediv") -> None:
        self.ops, self.names, self.division = ops, tensors, division

    def run(self, source: str) -> Any:
        return self.value(ast.parse(source, mode="eval").body)

    def value(self, node: ast.expr) -> Any:
        return getattr(self, "on_" + type(node).__name__.lower())(node)

    def on_constant(self, node: ast.Constant) -> Any:
        return node.value

    def on_name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        return Module(module_of(node.id) or node.id)

    def on_tuple(self, node: ast.Tuple) -> Any:
        return tuple(map(self.value, node.elts))

    def on_list(self, node: ast.List) -> Any:
        return list(map(self.value, node.elts))

    def on_slice(self, node: ast.Slice) -> Any:
        return slice(*(None if part is None else self.value(part) for part in (node.lower, node.upper, node.step)))

    def on_lambda(self, node: ast.Lambda) -> Any:
        names = [argument.arg for argument in node.args.args]

        def call(*given: Any) -> Any:
            inner = dict(self.names, **dict(zip(names, given, strict=True)))
            return Interpreter(self.ops, inner, self.division).value(node.body)

        return call

    def on_attribute(self, node: ast.Attribute) -> Any:
        owner = self.value(node.value)
        if isinstance(owner, Module):
            entry = resolve(f"{owner.name}.{node.attr}", self.ops.context)
            if entry is not None:
                return entry.value if entry.kind is EntryKind.VALUE and entry.run is None else entry
            assert is_module(f"{owner.name}.{node.attr}"), f"unknown: {owner.name}.{node.attr}"
            return Module(f"{owner.name}.{node.attr}")
        kinds = {"pair": TopPair, "shape": (Shape, Sizes), "size": (int, Dim)}
        kind = next((name for name, types in kinds.items() if isinstance(owner, types)), "tensor")
        found = find_attribute(node.attr, kind, self.ops.context)
        assert found is not None, f"unknown attribute {node.attr} of a {kind}"
        if found.method:
            return lambda *args, **kwargs: found.entry(self.ops, owner, *args, **kwargs)
        return found.entry(self.ops, owner)

    def on_call(self, node: ast.Call) -> Any:
        function = self.value(node.func)
        args = [self.value(argument) for argument in node.args]
        kwargs = {keyword.arg: self.value(keyword.value) for keyword in node.keywords}
        if isinstance(function, Module):
            plain = {"abs": lambda x: find_operator("abs")(self.ops, x), "int": int, "float": float}
            return plain[function.name](*args)
        if hasattr(function, "run"):
            return function(self.ops, *args, **kwargs)
        return function(*args, **kwargs)

    def _plain(self, *operands: Any) -> bool:
        return not any(self.ops.is_tensor(one) or isinstance(one, Dim | Sizes) for one in operands)

    def on_binop(self, node: ast.BinOp) -> Any:
        a, b = self.value(node.left), self.value(node.right)
        name = _BINARY[type(node.op)]
        return getattr(python, name)(a, b) if self._plain(a, b) else find_operator(name, self.ops.context)(self.ops, a, b)

    def on_compare(self, node: ast.Compare) -> Any:
        a, b = self.value(node.left), self.value(node.comparators[0])
        name = _COMPARE[type(node.ops[0])]
        return getattr(python, name)(a, b) if self._plain(a, b) else find_operator(name, self.ops.context)(self.ops, a, b)

    def on_unaryop(self, node: ast.UnaryOp) -> Any:
        a, name = self.value(node.operand), _UNARY[type(node.op)]
        return getattr(python, name)(a) if self._plain(a) else find_operator(name, self.ops.context)(self.ops, a)

    def on_subscript(self, node: ast.Subscript) -> Any:
        return find_operator("getitem")(self.ops, self.value(node.value), self.value(node.slice))


class Module:
    """A name that is not a tensor: a module of old, or a Python builtin."""

    def __init__(self, name: str) -> None:
        self.name = name
