"""Operations that stock Keras 3 cannot run from a file: their axes come back as a list, where JAX or NumPy want a tuple.

Where others of ``keras.ops``, which take lists, or a layer compute the same, they stand in. Which operations fail was found out
by saving and loading each of them with Keras 3.15.1 on NumPy, JAX and TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ..catalog import operations
from ..document.edit import GraphEditor
from ..document.model import Call, Layer, Ref, Value
from ..document.walk import rebuild
from ..findings import Fidelity, Finding

Arguments = Mapping[str, Value]
Outcome = tuple[str, tuple[Value, ...], Arguments]
"""The operation that takes the name of the one before, with the arguments of its call."""

# Where none of these is written otherwise: what refuses a list of axes, besides those in `_OTHERWISE`.
_FAILING: Final = frozenset((
    "nanmax", "nanmean", "nanmin", "nanstd", "nansum", "nanvar", "norm", "ptp", "quantile", "rot90",
))  # fmt: skip
_POOLING: Final = {"max_pool": "MaxPooling", "average_pool": "AveragePooling"}


class _Writer:
    """Writes operations in front of one call of the operation that they replace."""

    def __init__(self, editor: GraphEditor, layer: Layer, given: Arguments) -> None:
        self._editor, self._name, self._given = editor, layer.name, given
        self.x = given.get("x")
        self.over: dict[str, Value] = {key: given[key] for key in ("axis", "keepdims") if given.get(key) is not None}

    def __getitem__(self, key: str) -> Value:
        return self._given.get(key)

    def __call__(self, function: str, *args: Value, **kwargs: Value) -> Ref:
        return self._editor.op(f"{self._name}_{function}", function, *args, **kwargs)


def _norm(write: _Writer) -> Outcome | None:
    axis, order = write["axis"], write["ord"]
    single = isinstance(axis, int) or (isinstance(axis, tuple) and len(axis) == 1)
    if order in (None, "fro") or (order == 2 and single):
        return "sqrt", (write("sum", write("square", write.x), **write.over),), {}
    if not single or isinstance(order, bool) or not isinstance(order, int | float) or order == 0:
        return None
    if abs(order) == float("inf"):
        return "max" if order > 0 else "min", (write("absolute", write.x),), write.over
    powers = write("power", write("absolute", write.x), order)
    return "power", (write("sum", powers, **write.over), 1.0 / order), {}


def _count_nonzero(write: _Writer) -> Outcome:
    return "sum", (write("cast", write("not_equal", write.x, 0), "int32"),), write.over


def _logsumexp(write: _Writer) -> Outcome:
    x = _sum_exponentials(write)
    return ("add", (x, 0.0), {}) if write["keepdims"] else ("squeeze", (x,), {"axis": write["axis"]})


def _log_softmax(write: _Writer) -> Outcome:
    return "subtract", (write.x, _sum_exponentials(write)), {}


def _softmax(write: _Writer) -> Outcome:
    return "exp", (write("subtract", write.x, _sum_exponentials(write)),), {}


def _sum_exponentials(write: _Writer) -> Value:
    """The logarithm of the sum of exponentials along one axis after the other, which are kept."""
    x, axes = write.x, write["axis"]
    for axis in axes if isinstance(axes, tuple) else ():
        x = write("logsumexp", x, axis=axis, keepdims=True)
    return x


_OTHERWISE: Final[Mapping[str, Callable[[_Writer], Outcome | None]]] = {
    "norm": _norm, "count_nonzero": _count_nonzero, "logsumexp": _logsumexp, "softmax": _softmax, "log_softmax": _log_softmax,
}  # fmt: skip


def spell_out_lists(model: Layer, findings: list[Finding]) -> Layer:
    """The model with other operations for those that do not survive being saved; a finding for each one that has none."""

    def change(layer: Layer) -> Layer:
        graph = layer.graph
        if graph is None or not any(map(_may_fail, graph.layers)):
            return layer
        editor = GraphEditor(graph)
        for inner in filter(_may_fail, graph.layers):
            calls = editor.calls(inner.name)
            if len(calls) == 1:  # of an operation with arguments: every node is a layer of its own
                _spell_out(editor, inner, calls[0], findings)
        return replace(layer, graph=editor.finish()) if editor.changed else layer

    return rebuild(model, change)


def _may_fail(layer: Layer) -> bool:
    return layer.operation and layer.class_name in (_OTHERWISE.keys() | _FAILING | _POOLING.keys())


def _spell_out(editor: GraphEditor, layer: Layer, call: Call, findings: list[Finding]) -> None:
    operation = operations.find(layer.class_name)
    given = operations.bind(operation, call.args, call.kwargs) if operation is not None else {}
    if layer.class_name in _POOLING:
        _pool_by_layer(editor, layer, given)
        return
    lost = isinstance(given.get("axis"), tuple) or (layer.class_name in ("norm", "quantile") and given.get("axis") is not None)
    if not lost:
        return
    spell = _OTHERWISE.get(layer.class_name)
    outcome = spell(_Writer(editor, layer, given)) if spell is not None else None
    if outcome is None:
        done = "kept: Keras runs it from a file on TensorFlow, and fails on JAX or NumPy"
        findings.append(
            Finding("AK2313", layer.address or layer.name, f"{layer.class_name} along axes", done, Fidelity.APPROXIMATE)
        )
        return
    function, args, kwargs = outcome
    editor.replace_layer(replace(layer, class_name=function))
    editor.replace_call(layer.name, 0, Call(args, dict(kwargs)))


def _pool_by_layer(editor: GraphEditor, layer: Layer, given: Arguments) -> None:
    """A layer, which makes tuples of its arguments; one number for all axes is no list."""
    sizes = [given.get(key) for key in ("pool_size", "strides")]
    rank = next((len(size) for size in sizes if isinstance(size, tuple)), None)
    x = given.get("inputs")
    if rank is None or not isinstance(x, Ref):
        return
    config = {key: value for key, value in given.items() if key != "inputs" and value is not None}
    kind = f"{_POOLING[layer.class_name]}{rank}D"
    editor.replace_layer(Layer(kind, layer.name, config, address=layer.address))
    editor.replace_call(layer.name, 0, Call((x,)))
