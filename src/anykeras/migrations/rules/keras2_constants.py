"""Numbers of the file where a layer is called on a tensor: constant inputs, masks and states."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...catalog.masks import ATTENTIONS
from ...document.edit import GraphEditor
from ...document.graph import iterate_steps
from ...document.model import Call, Era, Layer, Ref, Value, number_depth, refs
from ...lazily import np
from ...tensors import constant
from ..rulebook import RuleContext, rule

if TYPE_CHECKING:
    import numpy.typing as npt

_OPERATIONS = frozenset(("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "AddLoss",
                         "AddMetric"))  # fmt: skip
_STATE_RANKS = {"ConvLSTM1D": 3, "ConvLSTM2D": 4, "ConvLSTM3D": 5}


@rule(
    "AK2203",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("Functional",),
    report=False,
)
def constants_as_tensors(model: Layer, context: RuleContext) -> Layer | None:
    """The graph with operations that make such constants, each hung on a tensor of the call."""
    graph = model.graph
    if graph is None or graph.sequential:
        return None
    editor = GraphEditor(graph, model.address)
    for layer, number, call in iterate_steps(graph):
        if layer.operation or layer.class_name in _OPERATIONS or not _holds_numbers((call.args, call.kwargs)):
            continue
        found = refs((call.args, call.kwargs))
        if not found:
            continue
        made = _Constants(editor, layer, found[0]).in_call(call)
        if made != call:
            editor.replace_call(layer.name, number, made)
    return replace(model, graph=editor.finish()) if editor.changed else None


def _holds_numbers(value: Value) -> bool:
    """Whether rows of numbers stand anywhere."""
    if isinstance(value, tuple):
        return any(number_depth(item) is not None or _holds_numbers(item) for item in value)
    if isinstance(value, dict):
        return any(number_depth(item) or _holds_numbers(item) for item in value.values())
    return False


class _Constants:
    """The constants of one call of a layer as tensors."""

    def __init__(self, editor: GraphEditor, layer: Layer, anchor: Ref) -> None:
        self._editor, self._layer, self._anchor = editor, layer, anchor
        self._nothing: Ref | None = None

    def in_call(self, call: Call) -> Call:
        """The call on tensors alone."""
        args = call.args
        if args:
            first = args[0]
            several = isinstance(first, tuple) and bool(refs(first))
            args = (self._each(first) if several else self._whole(first), *args[1:])
        return Call(args, {key: self._argument(key, value) for key, value in call.kwargs.items()})

    def _argument(self, key: str, value: Value) -> Value:
        if key == "initial_state":
            inner = self._layer.config.get("layer")
            name = inner.class_name if isinstance(inner, Layer) else self._layer.class_name
            return self._states(value, _STATE_RANKS.get(name, 2))
        listed = key == "constants" and isinstance(value, tuple) and len(value) == self._layer.config.get("num_constants")
        if listed or (key == "mask" and self._layer.class_name in ATTENTIONS):
            return self._each(value)
        return self._whole(value) if number_depth(value) else self._each(value)

    def _states(self, value: Value, rank: int) -> Value:
        depth = number_depth(value)
        if isinstance(value, tuple) and (depth is None or depth > rank):
            return tuple(self._states(item, rank) for item in value)
        return self._whole(value)

    def _each(self, value: Value) -> Value:
        return tuple(self._whole(item) for item in value) if isinstance(value, tuple) else value

    def _whole(self, value: Value) -> Value:
        if number_depth(value) is None:
            return value
        array = np.asarray(value)
        kind = {"b": "bool", "i": "int32"}.get(array.dtype.kind, self._float())
        return self._tensor(array.astype(kind), kind)

    def _float(self) -> str:
        dtype = self._layer.config.get("dtype")
        return dtype if dtype == "float64" else "float32"

    def _tensor(self, array: npt.NDArray[Any], kind: str) -> Ref:
        name = self._layer.name
        if self._nothing is None:
            zeros = self._editor.op(f"{name}_zeros", "zeros_like", self._anchor)
            self._nothing = self._editor.op(f"{name}_nothing", "sum", zeros)
        nothing = self._editor.op(f"{name}_cast", "cast", self._nothing, kind)
        return self._editor.op(f"{name}_constant", "logical_or" if kind == "bool" else "add", nothing, constant(array, kind))
