"""Loops of TensorFlow 1, which are circles in the graph: Enter, Merge, Switch, NextIteration, Exit and LoopCond.

Each frame becomes a loop like ``While``: its variables are the Merges that a NextIteration leads back to, its condition is
what LoopCond reads, its body what each NextIteration reads. Source: tensorflow/core/kernels/control_flow_ops.h (2.21).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..containers.savedmodel.graph import strip
from ..containers.wire.messages import NodeDef
from ..containers.wire.reader import make_wire_error
from ..limits import budget
from ..recovery.functions import Operand
from . import control
from .registry import read_attributes
from .scopes import Evaluator, Outputs, Scope
from .values import DEAD

ENTER, EXIT, NEXT = ("Enter", "RefEnter"), ("Exit", "RefExit"), ("NextIteration", "RefNextIteration")
OWN = (*ENTER, *EXIT)


def evaluate(engine: Evaluator, scope: Scope, node: NodeDef) -> Outputs:
    """``Enter`` is what goes into the loop, ``Exit`` what its variable is when the loop is over."""
    if node.op in ENTER:
        inside = scope.outer is not None and read_attributes(node, engine.graph.part).get("frame_name") == scope.frame
        return (engine.value(scope.outer if inside and scope.outer is not None else scope, node.inputs[0]),)
    switch = _find_node(engine, scope, node.inputs[0], "Switch")
    merge = _find_node(engine, scope, switch.inputs[0], "Merge")
    found = scope.loops.get(merge.name)
    if found is None:
        run_frame(engine, scope, merge, strip(switch.inputs[1]))
        found = scope.loops[merge.name]
    return (found,)


def run_frame(engine: Evaluator, scope: Scope, merge: NodeDef, condition: str) -> None:
    """Run a loop and note what each of its variables came to."""
    frame = _LoopFrame(engine, scope, merge, condition)
    start = [engine.value(scope, enter.inputs[0]) for enter in (*frame.enters, *frame.constants)]
    held = control.Loop(frame.goes_on, frame.step, frame.name)
    for name, value in zip(frame.merges, control.follow_loop(engine.ops, held, start), strict=False):
        scope.loops[name] = value


class _LoopFrame:
    """The parts of one loop, found by walking back from its condition and from what it changes."""

    def __init__(self, engine: Evaluator, scope: Scope, merge: NodeDef, condition: str) -> None:
        self.engine, self.scope, self.condition = engine, scope, condition
        self.name = str(read_attributes(self._enter(merge), engine.graph.part).get("frame_name"))
        self.merges: list[str] = []
        self.enters: list[NodeDef] = []
        self.nexts: list[NodeDef] = []
        self.switches: dict[str, list[str]] = {}
        met: list[NodeDef] = []
        waiting, seen = [merge.name, condition], set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen or name not in scope.body.nodes:
                continue
            seen.add(name)
            budget().charge(1)
            node = scope.body.nodes[name]
            if node.op in ENTER and self._frame_of(node) == self.name:
                met.append(node)
                continue
            if node.op == "Merge" and self._is_ours(node):
                self._add(node)
            if node.op == "Switch" and strip(node.inputs[1]) == condition:
                self.switches.setdefault(strip(node.inputs[0]), []).append(name)
            waiting += [strip(ref) for ref in node.inputs if not ref.startswith("^")]
        changing = {enter.name for enter in self.enters}
        self.constants = [node for node in met if node.name not in changing]  # weights, sizes and what is read step by step

    def _add(self, merge: NodeDef) -> None:
        self.merges.append(merge.name)
        self.enters.append(self._enter(merge))
        self.nexts.append(self._next(merge))

    def _is_ours(self, merge: NodeDef) -> bool:
        nodes = [self.scope.body.nodes.get(strip(ref)) for ref in merge.inputs]
        return any(node is not None and node.op in ENTER and self._frame_of(node) == self.name for node in nodes)

    def _frame_of(self, enter: NodeDef) -> str:
        return str(read_attributes(enter, self.engine.graph.part).get("frame_name"))

    def _enter(self, merge: NodeDef) -> NodeDef:
        return self._of(merge, ENTER)

    def _next(self, merge: NodeDef) -> NodeDef:
        return self._of(merge, NEXT)

    def _of(self, merge: NodeDef, ops: Sequence[str]) -> NodeDef:
        nodes = [self.scope.body.nodes.get(strip(ref)) for ref in merge.inputs]
        found = next((node for node in nodes if node is not None and node.op in ops), None)
        if found is None or not found.inputs:
            raise make_wire_error(f"the loop at {merge.name} has no {ops[0]}", self.engine.graph.part)
        return found

    def goes_on(self, state: Sequence[Operand]) -> Sequence[Operand]:
        """Whether one more step is done."""
        return [self.engine.value(self._around(state), self.condition)]

    def step(self, state: Sequence[Operand]) -> Sequence[Operand]:
        """The variables after one more step, and what stays behind them."""
        scope = self._around(state)
        return [*(self.engine.value(scope, after.inputs[0]) for after in self.nexts), *state[len(self.merges) :]]

    def _around(self, state: Sequence[Operand]) -> Scope:
        """The body with these values of the variables."""
        results: dict[str, Outputs] = {}
        results.update((node.name, (value,)) for node, value in zip(self.constants, state[len(self.merges) :], strict=True))
        for name, value in zip(self.merges, state, strict=False):
            results[name] = (value, 0)
            results.update(dict.fromkeys(self.switches.get(name, ()), (DEAD, value)))
        return self.scope.inside(self.name, results)


def _find_node(engine: Evaluator, scope: Scope, ref: str, op: str) -> NodeDef:
    node = scope.body.nodes.get(strip(ref))
    if node is None or node.op != op or len(node.inputs) < 2:
        raise make_wire_error(f"a loop is left at {strip(ref)}, which is no {op}", engine.graph.part)
    return node
