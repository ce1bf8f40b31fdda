"""A graph evaluated from its outputs: each node that they need once, calls inlined, branches and loops by `control`.

Control inputs are not followed: what hangs on them alone (assertions, counters, summaries, queues) is no part of the
outputs. Nothing recurses over nodes, only over calls of functions, of which at most `DEPTH` lie in each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from .. import limits
from ..containers.savedmodel.constants import read_array
from ..containers.savedmodel.graph import VARIABLES, Body, GraphFile, strip
from ..containers.savedmodel.restore import GraphVariable
from ..containers.wire import read_message
from ..containers.wire.messages import AttrValue, NodeDef
from ..containers.wire.reader import make_wire_error
from ..errors import AnyKerasError
from ..recovery.functions import Operand, Refused
from . import control, frames, recurrent
from .ops import OPS, NodeCall
from .ops.sizes import count
from .refusals import make_changed_error, make_fed_error, make_op_error, make_stateful_error
from .registry import find_output_place, read_attribute, read_attributes
from .scopes import Outputs, Scope
from .values import DEAD, Guarded, Handle
from .writer import GraphWriter

DEPTH = 100
ASSIGNS = ("Assign", "ResourceScatter", "ScatterUpdate", "ScatterAdd", "ScatterSub", "ResourceApply")
NODE_STEPS = 20  # what a node costs, in steps of a budget


class Engine:
    """Evaluates the outputs of a graph over a writer.

    Args:
        graph: the graph.
        writer: makes the nodes of the document.
        variables: by the name of their node.
        feeds: what inputs are, by ``node`` or ``node:output``.
    """

    def __init__(
        self,
        graph: GraphFile,
        writer: GraphWriter,
        variables: Mapping[str, GraphVariable],
        feeds: Mapping[str, Operand],
    ) -> None:
        self.graph, self.ops, self.variables = graph, writer, variables
        self.feeds = dict(feeds)
        self.root = Scope(graph.body)
        self.used: set[str] = set()
        self.updated: set[str] = set()  # variables that the signature assigns to

    def outputs(self, refs: Sequence[str]) -> list[Operand]:
        """The values of tensors of the main graph, such as ``dense/BiasAdd:0``."""
        return [self.value(self.root, ref) for ref in refs]

    def value(self, scope: Scope, ref: str) -> Operand:
        """The value of one tensor."""
        self.evaluate(scope, ref)
        return self._take(scope, ref)

    def evaluate(self, scope: Scope, ref: str) -> None:
        """Every node that a tensor needs, without recursion. Raises Malformed (AK1150) for a graph that goes in circles."""
        waiting, begun = [ref], set[str]()
        while waiting:
            name = strip(waiting[-1])
            if name in scope.results or self._find(scope, waiting[-1]) is not None:
                waiting.pop()
                continue
            node = self._node(scope, name)
            missing = [need for need in self._needs(scope, node) if not self._known(scope, need)]
            if missing and name in begun:
                raise make_wire_error(f"the graph goes in a circle at {name}", self.graph.part)
            if missing:
                begun.add(name)
                waiting += missing
                continue
            scope.results[name] = self._run(scope, node)
            waiting.pop()

    def _known(self, scope: Scope, ref: str) -> bool:
        return strip(ref) in scope.results or self._find(scope, ref) is not None

    def _find(self, scope: Scope, ref: str) -> Outputs | None:
        """What is given from outside: an argument of a function, or an input of the graph."""
        name = ref.partition(":")[0]
        if name in scope.arguments:
            return (scope.arguments[name],)
        if not scope.body.name and scope.outer is None:
            whole = name if ref.endswith(":0") or ":" not in ref else ref
            return (self.feeds[whole],) if whole in self.feeds else None
        return self._find(scope.outer, ref) if scope.outer is not None else None

    def _take(self, scope: Scope, ref: str) -> Operand:
        given = self._find(scope, ref)
        if given is not None:
            return given[0]
        name, _, rest = ref.partition(":")
        outputs = scope.results[name]
        output, _, number = rest.rpartition(":")
        place = int(number or 0) if number.isdigit() or not number else 0
        if output:
            place = find_output_place(self._node(scope, name), output, place, self.graph.part)
        if not 0 <= place < len(outputs):
            raise make_wire_error(f"{name} has no output {place}", self.graph.part)
        return outputs[place]

    def _node(self, scope: Scope, name: str) -> NodeDef:
        node = scope.body.nodes.get(name)
        if node is None:
            raise make_wire_error(f"there is no node {name}", self.graph.part)
        return node

    def _needs(self, scope: Scope, node: NodeDef) -> list[str]:
        if node.op in frames.OWN:
            return []  # they look at the loop around them first
        return [ref for ref in node.inputs if not ref.startswith("^")]

    def _run(self, scope: Scope, node: NodeDef) -> Outputs:
        limits.budget().charge(NODE_STEPS)
        self.used.add(node.op)
        if node.op in frames.OWN:
            return frames.evaluate(self, scope, node)
        given = [self._take(scope, ref) for ref in node.inputs if not ref.startswith("^")]
        if node.op == "Switch":
            return control.switch(self.ops, given)
        if node.op == "Merge":
            return control.merge(self.ops, given)
        if any(value is DEAD for value in given):
            return (DEAD,) * 64
        guards = control.guards_of(given)
        if not guards:
            return self._compute(scope, node, given)
        plain = [value.value if isinstance(value, Guarded) else value for value in given]
        return tuple(Guarded(value, guards) for value in self._compute(scope, node, plain))

    def _compute(self, scope: Scope, node: NodeDef, given: list[Operand]) -> Outputs:
        if node.op in VARIABLES:
            return (self._variable(node),)
        if node.op == "Const":
            return (self._constant(node),)
        if node.op in ("Placeholder", "PlaceholderV2"):
            raise make_fed_error(node.name)
        if any(isinstance(value, Handle) for value in given):
            self._check_order(scope, node, given)
        called = self.graph.called(node)
        if called is not None:
            return self.call(called, given, scope.depth + 1)
        attributes = read_attributes(node, self.graph.part)
        special = _CONTROL.get(node.op)
        if special is not None:
            return special(self, node, given, attributes, scope.depth)
        found = run_op(self.ops, node, given, attributes)
        return found if isinstance(found, tuple) else (found,)

    def _constant(self, node: NodeDef) -> Operand:
        beside = self.graph.constants.get(node.name)
        array = beside.read() if beside is not None else read_array(node, self.graph.part)
        return self.ops.constant_weight(node.name, array, self.graph.frozen)

    def _variable(self, node: NodeDef) -> Handle:
        found = self.variables.get(node.name)
        if found is None:
            raise make_stateful_error(node.name)
        return Handle(found)

    def call(self, body: Body, given: Sequence[Operand], depth: int) -> Outputs:
        """The outputs of a function for arguments; a recurrent layer of Keras where the function is one."""
        if depth > DEPTH:
            raise Refused(f"functions call each other more than {DEPTH} deep", "AK3062", layer=body.name)
        if not self.ops.recognises:
            return self._inline(body, given, depth)
        known = recurrent.call_layer(
            self.ops, body, given, lambda numbers: self._inline(body, numbers, depth), self._plain_attribute
        )
        return known if known is not None else self._inline(body, given, depth)

    def _plain_attribute(self, data: memoryview) -> Operand:
        return read_attribute(read_message(AttrValue, data, self.graph.part))

    def _inline(self, body: Body, given: Sequence[Operand], depth: int) -> Outputs:
        scope = Scope(body, dict(zip(body.arguments, given, strict=False)), depth=depth)
        self.updated |= {handle.variable.name for handle in self._assigned(body, scope.arguments)}
        return tuple(self.value(scope, ref) for ref in body.returns)

    def _assigned(self, body: Body, arguments: Mapping[str, Operand]) -> Iterator[Handle]:
        """Variables among the arguments that a body assigns to; the states of recurrences are meant to be."""
        for node in body.nodes.values():
            held = arguments.get(strip(node.inputs[0])) if node.op.startswith(ASSIGNS) and node.inputs else None
            if isinstance(held, Handle) and not held.variable.state:
                yield held

    def _check_order(self, scope: Scope, node: NodeDef, given: Sequence[Operand]) -> None:
        """Refuse a variable that is read after it was assigned to, which only a control input says."""
        read = {value.variable.name for value in given if isinstance(value, Handle)}
        before = (scope.body.nodes.get(strip(ref)) for ref in node.inputs if ref.startswith("^"))
        for earlier in before:
            if earlier is None or not earlier.inputs:
                continue
            called = self.graph.called(earlier)
            refs = [ref for ref in earlier.inputs if not ref.startswith("^")]
            if earlier.op.startswith(ASSIGNS):
                handles = [self.value(scope, refs[0])]
            elif called is not None:
                values = {
                    name: self.value(scope, ref)
                    for name, ref in zip(called.arguments, refs, strict=False)
                    if _list_changes(called, name)
                }
                handles = list(values.values())
            else:
                continue
            if any(isinstance(handle, Handle) and handle.variable.name in read for handle in handles):
                raise make_changed_error(node.name, sorted(read)[0])

    def function(self, name: Operand, depth: int) -> Callable[[Sequence[Operand]], Outputs]:
        """A function by name, to be called."""
        body = self.graph.function(str(name))
        if body is None:
            raise make_wire_error(f"there is no function {name}", self.graph.part)
        return lambda given: self.call(body, given, depth + 1)


def _list_changes(body: Body, argument: str) -> bool:
    """Whether a function assigns to a variable that it is given."""
    return any(
        node.op.startswith(ASSIGNS) and bool(node.inputs) and strip(node.inputs[0]) == argument for node in body.nodes.values()
    )


def run_op(ops: GraphWriter, node: NodeDef, given: Sequence[Operand], attributes: Mapping[str, Operand]) -> Operand:
    """What a node without branches gives for its inputs: one value, or a tuple. Raises Unsupported for an op of no table."""
    run = OPS.get(node.op)
    if run is None:
        raise make_op_error(node)
    call = NodeCall(ops, node.op, node.name, tuple(given), attributes)
    try:
        found = count(call)
        return run(call) if found is NotImplemented else found
    except AnyKerasError as error:
        error.layer = error.layer or node.name
        raise
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise Refused(f"the op {node.op} fails on its inputs: {error}", "AK3062", layer=node.name) from error


Special = Callable[[Engine, NodeDef, list[Operand], Mapping[str, Operand], int], Outputs]


def _follow_if(engine: Engine, node: NodeDef, given: list[Operand], at: Mapping[str, Operand], depth: int) -> Outputs:
    branches = [engine.function(at.get(key), depth) for key in ("then_branch", "else_branch")]
    return control.follow_branch(engine.ops, given[0], given[1:], branches)


def _follow_case(engine: Engine, node: NodeDef, given: list[Operand], at: Mapping[str, Operand], depth: int) -> Outputs:
    branches = [engine.function(name, depth) for name in at.get("branches") or (None,)]
    return control.follow_case(engine.ops, given[0], given[1:], branches)


def _follow_while(engine: Engine, node: NodeDef, given: list[Operand], at: Mapping[str, Operand], depth: int) -> Outputs:
    cond, body = (engine.function(at.get(key), depth) for key in ("cond", "body"))
    return tuple(control.follow_loop(engine.ops, control.Loop(cond, body, node.name), given))


_CONTROL: Mapping[str, Special] = {
    "If": _follow_if, "StatelessIf": _follow_if, "Case": _follow_case, "StatelessCase": _follow_case,
    "While": _follow_while, "StatelessWhile": _follow_while,
}  # fmt: skip
