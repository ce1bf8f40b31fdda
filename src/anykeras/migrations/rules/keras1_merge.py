"""The Merge layer of Keras 0 and 1: one class with a mode, where Keras 2 has a class for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...catalog.shapes import Spec, infer
from ...document.build import Builder
from ...document.edit import change_calls, change_layers
from ...document.graph import find_users, iterate_steps
from ...document.model import Call, Code, Era, Layer, Value, Writer, refs
from ...errors import Unsupported
from ...findings import Affects, Fidelity, Finding
from ..rulebook import RuleContext, rule
from .keras1_layouts import OLD, integers

# The class of today for each elementwise mode (keras/engine/topology.py Merge.call 1.2.2; keras/layers/core.py 0.3.3).
_CLASSES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate", "dot": "Dot"}
_EPSILON = 10e-8  # keras/backend/common.py 1.2.2


def _cosine(layer: Layer, floor: float | None, spread: bool) -> Layer:
    """x.y / sqrt(x.x * y.y), the divisor at least `floor`, with one more axis of length 1 when `spread`."""
    sub = Builder(layer.name, layer.address)
    x, y = sub.input(name=f"{layer.name}_x"), sub.input(name=f"{layer.name}_y")
    axes = {"axes": _axes(layer)}
    xy, xx, yy = (sub.layer("Dot", axes, pair) for pair in ((x, y), (x, x), (y, y)))
    divisor: Value = sub.op("sqrt", sub.op("multiply", xx, yy))
    if floor is not None:  # a root of a negative number is not above the floor either, on Theano
        divisor = sub.op("where", sub.op("greater", divisor, floor), divisor, floor)
    out = sub.op("divide", xy, divisor)
    return sub.finish(sub.op("expand_dims", out, axis=1) if spread else out)


# Keras 0 has no floor and gives one column; Keras 1.0.0 to 1.0.3 have no floor yet (`Merge.get_output`, `Merge.call`).
_COSINES: tuple[tuple[Callable[[Writer], bool], float | None, bool], ...] = (
    (lambda writer: writer.era is Era.KERAS0, None, False),
    (lambda writer: bool(writer.release) and writer.release < (1, 0, 4), None, True),
    (lambda writer: True, _EPSILON, True),
)


def _axes(layer: Layer) -> Value:
    axes = layer.config.get("dot_axes", -1)
    return axes if isinstance(axes, int) else _pair(layer, axes)


def _pair(layer: Layer, axes: Value) -> tuple[int, ...]:
    """[a, b]; Keras 0 wrote [[a], [b]]. Contractions of several axes at once have no counterpart."""
    found = tuple(a[0] if isinstance(a, tuple) and len(a) == 1 else a for a in (axes if isinstance(axes, tuple) else ()))
    pair = integers(found, 2)
    if not pair:
        raise Unsupported(
            "AK2111",
            f"the Merge {layer.name!r} contracts the axes {axes!r}, and Keras 3 contracts one axis of each input",
            layer=layer.name,
            key="dot_axes",
            next_step="Reshape the inputs so that one axis of each is contracted, in the Keras that wrote the file.",
        )
    return pair


@rule(
    "AK2111",
    to=Era.KERAS2,
    eras=OLD,
    classes=("Merge",),
    after=("AK2102",),
)
def _merge_modes(layer: Layer, context: RuleContext) -> Layer | None:
    mode = layer.config.get("mode", "sum")
    if mode == "cos":
        floor, spread = next((f, s) for applies, f, s in _COSINES if applies(context.writer))
        return _cosine(layer, floor, spread)
    class_name = _CLASSES.get(mode) if isinstance(mode, str) else None
    if class_name is None:
        return None if isinstance(mode, Code) else _unknown(layer, mode)
    own: dict[str, Value] = {}
    if mode == "concat":
        own = {"axis": layer.config.get("concat_axis", -1)}
    if mode == "dot":
        own = {"axes": _axes(layer), "normalize": False}
    if "trainable" in layer.config:
        own["trainable"] = layer.config["trainable"]
    return replace(layer, class_name=class_name, config=own)


def _unknown(layer: Layer, mode: Value) -> Layer:
    """``join`` of Keras 0 makes a dictionary for a Lambda; Lambdas could not be saved then, so nothing can read it."""
    raise Unsupported(
        "AK2111",
        f"the Merge {layer.name!r} has the mode {mode!r}, which has no counterpart",
        layer=layer.name,
        key="mode",
        next_step="Only sum, mul, concat, ave, max, dot and cos can be carried over.",
    )


@rule(
    "AK2213",
    to=Era.KERAS3,
    eras=(Era.KERAS2,),
    classes=("Merge",),
)
def _merge_in_keras2(layer: Layer, context: RuleContext) -> Layer | None:
    """Keras 2.0 and 2.1 still had the class and saved it (keras/legacy/layers.py 2.0.0)."""
    return _merge_modes(layer, context)


_DOT = "keras.layers.dot"


@rule(
    "AK2289",
    to=Era.KERAS3,
    classes=("Functional",),
)
def multiply_last_axes(model: Layer, context: RuleContext) -> Layer | None:
    """Each Dot of tensors with four axes or more as a product of matrices, which are their last two."""
    writer, graph = context.writer, model.graph
    if graph is None or writer.backend not in ("tensorflow", None) or not () < writer.release < (2, 3):
        return None
    if "Dot" not in model.class_names:
        return None
    known = infer(model)
    seen = {layer.name: [known.get(ref) for ref in refs(call.args)] for layer, _, call in iterate_steps(graph)}
    behind_code = any(layer.class_name == "Lambda" for layer in graph.layers)
    changed = _in_layers(model, lambda layer: _multiply(layer, seen.get(layer.name, []), writer, behind_code))
    return None if changed is model else changed


def _in_layers(model: Layer, change: Callable[[Layer], Layer]) -> Layer:
    """The model with `change` done to each layer, and the calls of those that became functions with their arguments."""
    return change_calls(change_layers(model, change), _call_function)


def _call_function(layer: Layer, call: Call) -> Call:
    new = layer.class_name == "TFOpLambda" and layer.config.get("function") == _DOT and not call.kwargs
    return replace(call, kwargs={key: layer.config[key] for key in ("axes", "normalize")}) if new else call


def _multiply(layer: Layer, specs: Sequence[Spec | None], writer: Writer, behind_code: bool) -> Layer:
    ranks = [len(spec.shape) if spec is not None and spec.shape is not None else 0 for spec in specs]
    if behind_code and len(ranks) == 2 and 0 in ranks:
        return _leave_to_recovery(layer)
    if len(ranks) != 2 or min(ranks) < 4:
        return layer
    if layer.graph is not None:  # the cosine of Keras 1
        return change_layers(layer, lambda inner: _multiply(inner, specs, writer, behind_code))
    if layer.class_name != "Dot":
        return layer
    axes = layer.config.get("axes")
    if writer.backend is None:
        raise Unsupported(
            "AK2289",
            f"the Dot {layer.name!r} contracts an axis of tensors with {ranks[0]} and {ranks[1]} axes, which was "
            "another product on Theano than on TensorFlow, and the file does not say which it was",
            layer=layer.name,
            key="axes",
            writer=str(writer),
            next_step="Reshape the inputs to three axes, in the Keras that wrote the file.",
        )
    first, second = axes if isinstance(axes, tuple) else (axes, axes)
    if not isinstance(first, int) or not isinstance(second, int) or ranks[0] != ranks[1]:
        raise Unsupported(
            "AK2289",
            f"the Dot {layer.name!r} contracts {axes!r} of tensors with {ranks[0]} and {ranks[1]} axes",
            layer=layer.name,
            key="axes",
            next_step="Reshape the inputs to three axes, in the Keras that wrote the file.",
        )
    sub = Builder(layer.name, layer.address)
    x: Value = sub.input(name=f"{layer.name}_x")
    y: Value = sub.input(name=f"{layer.name}_y")
    if layer.config.get("normalize"):
        x = sub.op("normalize", x, axis=first, order=2)
        y = sub.op("normalize", y, axis=second, order=2)
    if first % ranks[0] != ranks[0] - 1:
        x = sub.op("swapaxes", x, -1, -2)
    if second % ranks[1] == ranks[1] - 1:
        y = sub.op("swapaxes", y, -1, -2)
    return sub.finish(sub.op("matmul", x, y))


# What gives the same numbers whatever shape it was built for (keras/layers/core.py, noise.py, advanced_activations.py 1.2.2).
_ELEMENTWISE = ("Activation", "Dropout", "GaussianDropout", "GaussianNoise", "LeakyReLU", "ELU", "ThresholdedReLU")
_RESHAPING = ("Flatten", "Reshape")


@rule(
    "AK2309",
    to=Era.KERAS3,
    eras=OLD,
    classes=("Functional",),
    report=False,
)
def tell_of_cosines(model: Layer, context: RuleContext) -> Layer | None:
    """Nothing; a finding for what was built for another shape than a cosine of three axes or more gave it.

    Raises Unsupported where that has weights, which are of the other shape.
    """
    graph = model.graph
    if graph is None or context.writer.era is not Era.KERAS1 or not any(map(_is_cosine, graph.layers)):
        return None
    known, layers, readers = infer(model), {layer.name: layer for layer in graph.layers}, find_users(graph)
    waiting = [
        (layer.name, number)
        for layer, number, call in iterate_steps(graph)
        if _is_cosine(layer) and any(len(spec.shape or ()) > 2 for ref in refs(call.args) if (spec := known.get(ref)))
    ]
    for node in waiting:  # grows by what hands the shape on
        for reader in readers.get(node, ()):
            behind = layers[reader[0]]
            if behind.class_name in _ELEMENTWISE:
                waiting.append(reader)
            elif behind.class_name not in _RESHAPING:
                _tell_of_shape(behind, context)
    return None


def _tell_of_shape(behind: Layer, context: RuleContext) -> None:
    seen = (
        f"{behind.class_name} reads a cosine Merge of tensors with three axes or more, which has one axis more than Keras 1 "
        "built the layers behind it for"
    )
    if behind.weights:
        step = "Rebuild the layers behind the Merge in code, with the weights of the file."
        raise Unsupported("AK2309", seen, layer=behind.name, writer=str(context.writer), next_step=step)
    done = "called on what the Merge gives"
    context.findings.append(Finding("AK2309", behind.address or behind.name, seen, done, Fidelity.APPROXIMATE, Affects.OUTPUTS))


def _is_cosine(layer: Layer) -> bool:
    return layer.graph is not None and [inner.class_name for inner in layer.graph.layers].count("Dot") == 3


def _leave_to_recovery(layer: Layer) -> Layer:
    """A Dot behind a Lambda as a function of its time: recovery knows the shapes that the Lambda gives."""
    if layer.graph is not None:
        return _in_layers(layer, _leave_to_recovery) if _is_cosine(layer) else layer
    if layer.class_name != "Dot":
        return layer
    config = {"function": _DOT, "axes": layer.config.get("axes", -1), "normalize": bool(layer.config.get("normalize"))}
    return Layer("TFOpLambda", layer.name, config, address=layer.address)
