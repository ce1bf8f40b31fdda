"""What a lifter is: it turns one layer that holds code into native operations, given the shapes that reach it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...document.model import Code, Deferred, FromUser, Layer, Object, Value
from ...errors import Bug
from ...registry import Registry

if TYPE_CHECKING:
    from ...catalog.shapes import Argument
    from ..functions import FunctionContext
    from ..lift import CustomObjects, Lifted

NODE: Final = "TensorFlowOpLayer"
CODE_CLASSES: Final = frozenset((
    "Lambda", "TFOpLambda", "SlicingOpLambda", NODE, "AddLoss", "AddMetric", "ClassMethod",
    "InstanceMethod", "InstanceProperty",
))  # fmt: skip
"""The classes that are nothing but code."""
ACTIVATION_KEYS: Final = ("activation", "recurrent_activation")
# keras/src/activations/__init__.py 3.15.1, with the names that `get` takes beside those of the functions
_ACTIVATIONS: Final = frozenset((
    "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish",
    "tanh", "tanh_shrink", "threshold",
))  # fmt: skip


@dataclass(frozen=True)
class CodeSite:
    """One call of a layer: its arguments with specs where tensors stand, who wrote it, and the custom objects.

    `masked` says which of the tensors carry a mask; `mask_consumed` whether any layer of the model uses masks; `trace`
    lifts a layer whose class is the user's, `lift_node` one that is a node of a graph of TensorFlow.
    """

    args: Sequence[Argument]
    kwargs: Mapping[str, Argument]
    context: FunctionContext
    custom_objects: CustomObjects
    masked: tuple[bool, ...] = ()
    mask_consumed: bool = False
    trace: Lifter | None = None
    lift_node: Lifter | None = None


if TYPE_CHECKING:
    Lifter = Callable[[Layer, CodeSite], Lifted]
else:
    Lifter = Callable

_by_class: Registry[str, Lifter] = Registry("lifter of the class", __package__)
MERGE, ACTIVATION = "Merge", "activation"  # what the places that are no classes of their own are entered under


def find_code_site(*places: str) -> Callable[[Lifter], Lifter]:
    """Enter a lifter for classes that are nothing but code, or for `MERGE` or `ACTIVATION`.

    Raises:
        ValueError: :func:`holds_code` does not know the class.
    """
    if unknown := set(places) - CODE_CLASSES - {MERGE, ACTIVATION}:
        raise ValueError(f"no classes that hold code: {', '.join(sorted(unknown))}")
    return _by_class.register(*places)


def find_activation_function(value: Value) -> Code | None:
    """The function that an activation is, where stock Keras 3 would not find it."""
    if isinstance(value, Code):
        return value
    if isinstance(value, str) and value not in _ACTIVATIONS:
        return Code(value, "function")
    if isinstance(value, Mapping) and value.keys() == {"value"}:
        return Code(value, "__lambda__")  # Keras 3 keeps only the inner part of a lambda given as an activation
    if isinstance(value, Object) and value.class_name == "function" and isinstance(value.config, str):
        known = value.config in _ACTIVATIONS and not (value.module or "").startswith("tensorflow")
        return None if known else Code(value.config, "function", value.module)
    return None


def _find_place(layer: Layer) -> str | None:
    """Under what the lifter of a layer is entered; None for one that holds no code."""
    if layer.class_name in CODE_CLASSES:
        return layer.class_name
    if layer.class_name == MERGE and isinstance(layer.config.get("mode"), Code):
        return MERGE
    config = layer.config
    return ACTIVATION if any(find_activation_function(config.get(key)) is not None for key in ACTIVATION_KEYS) else None


def holds_code(layer: Layer) -> bool:
    """Whether a layer is to be lifted: it holds code, or is of a class of custom_objects, or of a deferred shim."""
    if layer.operation or layer.graph is not None:
        return False
    return isinstance(layer.origin, FromUser | Deferred) or _find_place(layer) is not None


def delegate(lifter: Lifter | None, layer: Layer, site: CodeSite) -> Lifted:
    """A layer lifted by what a room above handed in. Raises Bug where it handed nothing in."""
    if lifter is None:
        raise Bug("AK6009", f"nothing lifts the class {layer.class_name!r}", layer=layer.name)
    return lifter(layer, site)


def find_lifter(layer: Layer) -> Lifter | None:
    """The lifter of a layer, or None where it holds no code."""
    if layer.operation or layer.graph is not None:
        return None
    if isinstance(layer.origin, FromUser):
        return lambda inner, site: delegate(site.trace, inner, site)
    if isinstance(layer.origin, Deferred):
        return layer.origin.make
    place = _find_place(layer)
    return _by_class[place] if place is not None else None
