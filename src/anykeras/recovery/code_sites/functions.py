"""``Lambda`` layers, ``Merge`` with a function for its mode (Keras 1), and activations that are a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ...catalog.shapes import Output, Spec
from ...catalog.shapes.engine import Inference
from ...document.build import Builder
from ...document.model import Code, Era, Layer, Object, Value
from ...errors import AnyKerasError, Unsupported
from ..domain import CodeDomain
from ..follow import Start, find, list_readings
from ..functions import FunctionContext, Operand
from ..graph_ops import GraphOps
from ..lift import Lifted, Lifting, enter_inputs
from .base import ACTIVATION, ACTIVATION_KEYS, MERGE, CodeSite, find_activation_function, find_code_site


@find_code_site("Lambda")
def lift_lambda(layer: Layer, site: CodeSite) -> Lifted:
    """The function of a Lambda, called on what the layer is called on, with its ``arguments``.

    Keras writes the mask (and tf.keras and Keras 3 the training flag) over an argument of that name: keras 2.3.1
    layers/core.py, tf.keras 2.15 core/lambda_layer.py. Keras 2 even stores it among the arguments, as null.
    """
    context = site.context
    offered = {"training": context.training} if context.tf_keras or context.era is Era.KERAS3 else {}
    lifted = Lifting(
        layer, "function", _read_function(layer), site.args[0], context, site.custom_objects, _read_arguments(layer), offered,
        site.masked,
    ).lift()  # fmt: skip
    return _add_mask(layer, site, _check_shape(layer, site, lifted))


def _read_function(layer: Layer) -> Code:
    code = layer.config.get("function")
    if isinstance(code, Code):
        return code
    if isinstance(code, str):
        return Code(code, "function")
    if isinstance(code, Object) and code.class_name == "function" and isinstance(code.config, str):
        return Code(code.config, "function", code.module)
    raise Unsupported(
        "AK3001",
        f"the function of the Lambda is a {type(code).__name__}",
        layer=layer.name,
        key="function",
        next_step="Report this file: the spelling is not one that AnyKeras knows.",
    )


def _read_arguments(layer: Layer) -> Mapping[str, Value]:
    held = layer.config.get("arguments")
    return dict(held) if isinstance(held, Mapping) else {}


@find_code_site(MERGE)
def merge_layer(layer: Layer, site: CodeSite) -> Lifted:
    """A Merge whose mode is a function of the list of its inputs (keras 1.2.2 engine/topology.py)."""
    code = layer.config["mode"]
    assert isinstance(code, Code)
    lifted = Lifting(
        layer, "mode", code, site.args[0], site.context, site.custom_objects, _read_arguments(layer), masked=site.masked
    ).lift()
    return _add_mask(layer, site, _check_shape(layer, site, lifted), "output_mask")


def _check_shape(layer: Layer, site: CodeSite, lifted: Lifted) -> Lifted:
    """What ``output_shape`` says is not needed: the function was followed. Where the two differ, it is said."""
    code = layer.config.get("output_shape")
    if not isinstance(code, Code) or not isinstance(lifted.outputs, Spec) or lifted.outputs.shape is None:
        return lifted
    try:
        said = _follow(code, site.context, lambda ops: [_list_shapes(site.args[0])])
    except AnyKerasError:
        return lifted  # a shape function that cannot be followed decides nothing
    if not isinstance(said, tuple | list) or _fits(said, lifted.outputs.shape):
        return lifted
    note = f"output_shape says {tuple(said)}, and the function gives {lifted.outputs.shape}: the function counts"
    return replace(lifted, notes=(*lifted.notes, note))


def _list_shapes(specs: Operand) -> Operand:
    return specs.shape if isinstance(specs, Spec) else [_list_shapes(item) for item in specs]


def _fits(said: Operand, shape: tuple[int | None, ...]) -> bool:
    return len(said) == len(shape) and all(
        a == b or not isinstance(a, int) or b is None for a, b in zip(said, shape, strict=True)
    )


def _follow(code: Code, context: FunctionContext, arguments: Callable[[GraphOps], Sequence[Operand]]) -> Operand:
    """The outcome of a small function of the layer, over a graph that is then thrown away."""

    def begin() -> Start:
        ops = GraphOps(Builder("side"), context)
        return Start(CodeDomain(ops), arguments(ops), {})

    return list_readings(find(code))[0].run(begin)[1]


def _add_mask(layer: Layer, site: CodeSite, lifted: Lifted, key: str = "mask") -> Lifted:
    """The mask that the layer hands on. Without code there is none; code that returns the mask it is given keeps it.

    Keras calls ``mask(inputs, mask)`` for a Lambda and ``output_mask(masks)`` for a Merge.
    """
    code = layer.config.get(key)
    if not isinstance(code, Code):
        lost = any(site.masked) and site.mask_consumed and site.context.era is Era.KERAS2
        note = "the mask ends here; Keras 2 does not store `mask=`, so it is unknown whether there was one"
        return replace(lifted, notes=(*lifted.notes, note)) if lost else lifted
    if not (site.mask_consumed and (any(site.masked) or key == "mask")):
        return lifted
    kept: list[Operand] = []

    def arguments(ops: GraphOps) -> list[Operand]:
        kept[:] = [ops.input(Spec((None, None), "bool")) if has else None for has in site.masked]
        masks = kept if isinstance(site.args[0], list | tuple) else kept[0]
        return [masks] if key == "output_mask" else [enter_inputs(ops, site.args[0]), masks]

    outcome = _follow(code, site.context, arguments)
    if outcome is None:
        return lifted
    if outcome is kept[0] and isinstance(lifted.outputs, Spec) and lifted.outputs == site.args[0]:
        return replace(lifted, layer=Layer("Activation", layer.name, {"activation": lifted.layer}, address=layer.address))
    raise Unsupported(
        "AK3011",
        f"{key} of {layer.class_name} {layer.name!r} computes a mask, and a layer of the model uses masks",
        layer=layer.name,
        key=key,
        next_step="Compute the mask in the model, and call the layers that need it with mask=.",
    )


# Functions for activations: code, or the name of a function that Keras 3 does not have.


_CONVOLUTIONAL = {"ConvLSTM1D": 1, "ConvLSTM2D": 2, "ConvLSTM3D": 3}


@find_code_site(ACTIVATION)
def lift_activation(layer: Layer, site: CodeSite) -> Lifted:
    """The layer with a model for each activation that is a function."""
    functions = {key: code for key in ACTIVATION_KEYS if (code := find_activation_function(layer.config.get(key))) is not None}
    outputs = Inference().call(layer.with_config(**dict.fromkeys(functions, "linear")), site.args, site.kwargs)
    changed, parts = layer, list[Lifted]()
    for key, code in functions.items():
        given = _find_argument(layer, outputs)
        lifted = Lifting(layer, key, code, given, site.context, site.custom_objects, name=f"{layer.name}_{key}").lift()
        changed = changed.with_config(**{key: lifted.layer})
        parts.append(lifted)
    return Lifted(
        changed,
        outputs,
        tuple(note for part in parts for note in part.notes),
        tuple(record for part in parts for record in part.code),
        tuple(damage for part in parts for damage in part.damage),
    )


def _find_argument(layer: Layer, outputs: Output) -> Spec:
    """The tensor that the activation is applied to: the outcome, and inside a recurrence one step of it."""
    units = layer.config.get("units")
    if "recurrent_activation" in layer.config or layer.class_name.startswith("SimpleRNN"):
        if layer.class_name in _CONVOLUTIONAL:
            return Spec((None,) * (_CONVOLUTIONAL[layer.class_name] + 2), "float32")
        return Spec((None, units if isinstance(units, int) else None), "float32")
    first = outputs
    while isinstance(first, tuple | list):
        first = first[0]
    return first if isinstance(first, Spec) else Spec()
