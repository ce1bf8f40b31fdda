"""What a shim is, and how it is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..catalog import find
from ..document.model import Call, Config, Era, Layer, Value, refs
from ..findings import Fidelity, Finding
from ..lazily import np
from ..migrations import RuleContext
from ..pages import require_page
from ..registry import Registry
from ..tensors import Array, Tensor, combine

Change = Callable[[Layer, RuleContext], Layer | None]


@dataclass(frozen=True)
class Shim:
    """One class of a package in native layers.

    `classes` are the names under which it is saved. `package` names what it is taken for and the versions looked at,
    `change` gives the layer or submodel in its place, or None where the configuration is not that package's.
    `arguments` are the names of the tensors that its ``call`` takes, for each way in which it was written, where they are
    several. What it was compared with is on its page.
    """

    code: str
    title: str
    classes: tuple[str, ...]
    package: str
    change: Change
    fidelity: Fidelity = Fidelity.EQUIVALENT
    arguments: tuple[tuple[str, ...], ...] = ()


_shims: Registry[tuple[str, str], Shim] = Registry("shim", __package__)
"""By class name and package."""


def register_shim(
    code: str, *, classes: Sequence[str], arguments: Sequence[tuple[str, ...]] = ()
) -> Callable[[Change], Change]:
    """Register the decorated function as a shim.

    Its page is titled "classes -> layers in their place", and its section "Versions" begins with the package.

    Raises:
        ValueError: the code has no page, or the package has a shim for one of these classes already.
    """
    page = require_page(code)
    title, fidelity = page.title.partition(" -> ")[2], page.fidelity or Fidelity.EQUIVALENT
    package = page.sections["Versions"].partition("\n")[0]

    def register(change: Change) -> Change:
        shim = Shim(code, title, tuple(classes), package, change, fidelity, tuple(arguments))
        for class_name in shim.classes:
            _shims.add((class_name, package), shim)
        return change

    return register


def list_shims() -> list[Shim]:
    """All shims, by code."""
    return sorted({shim.code: shim for shim in _shims.values()}.values(), key=lambda shim: shim.code)


def apply_shim(layer: Layer, context: RuleContext) -> Layer | None:
    """What replaces a layer of an unresolved class, None where no shim knows it. Records the finding."""
    class_name = layer.bare_class_name
    for known in list_shims():
        if class_name not in known.classes or _takes_others(layer, context):
            continue
        replacement = known.change(layer, context)
        if replacement is None:
            continue
        seen = f"{class_name} is not in custom_objects; its arguments and weights are those of {known.package}"
        context.findings.append(Finding(known.code, layer.address or layer.name, seen, known.title, known.fidelity))
        return replace(replacement, address=layer.address)
    return None


# What a file holds of a layer of a package: its arguments, and weights under all kinds of names.


SHARED: Final = frozenset({"trainable", "dtype", "batch_input_shape", "batch_shape", "input_dtype", "build_input_shape"})
"""Configuration keys that layers of every class may have (the name is kept apart)."""
_NUMBER = re.compile(r"_\d+$")
_TRAINED = {"kernel": ("kernel_regularizer", "kernel_constraint"), "bias": ("bias_regularizer", "bias_constraint")}


def list_role_arguments(*roles: str) -> frozenset[str]:
    """The arguments for how weights start and are trained: ``kernel_initializer``, ``kernel_regularizer`` ..."""
    return frozenset(f"{role}_{kind}" for role in roles for kind in ("initializer", "regularizer", "constraint"))


def has_only(layer: Layer, *keys: str) -> bool:
    """Whether the configuration has no arguments but these and those that every layer has."""
    return layer.config.keys() <= {"name", *SHARED, *keys}


def has_arguments(layer: Layer, required: Iterable[str], optional: Iterable[str] = ()) -> bool:
    """Whether the arguments are just these, `required` ones all there."""
    needed = set(required)
    return needed <= layer.config.keys() <= needed | set(optional) | SHARED | {"weights"}


def strip_number(role: str) -> str:
    """The role without the number that tells it from others of its name."""
    return _NUMBER.sub("", role)


def weights_by_letter(layer: Layer) -> dict[str, Tensor] | None:
    """The weights by the last word of their names: `attention_1_W` and `W_2` are both `W`; None where two are alike."""
    found = {strip_number(role).rpartition("_")[2]: tensor for role, tensor in layer.weights.items()}
    return found if len(found) == len(layer.weights) else None


def weights_ending(layer: Layer, *endings: str) -> Mapping[str, Tensor] | None:
    """The weights of a layer by the last word of their names; None where they are not exactly these."""
    found = weights_by_letter(layer)
    return found if found is not None and found.keys() == set(endings) else None


def weights_by_end(layer: Layer, *ends: str) -> list[Tensor] | None:
    """The weights whose names end so, in this order; None unless they are all the weights, one for each end."""
    found = [[tensor for name, tensor in layer.weights.items() if name.endswith(end)] for end in ends]
    if len(layer.weights) != len(ends) or any(len(one) != 1 for one in found):
        return None
    return [one[0] for one in found]


def list_training_arguments(layer: Layer, bias: bool, activation: Value = "linear") -> Config:
    """Arguments of a Dense layer that is trained as the weights of `layer` were."""
    kinds = ("kernel", "bias") if bias else ("kernel",)
    kept = {key: layer.config[key] for kind in kinds for key in _TRAINED[kind] if layer.config.get(key) is not None}
    return {"use_bias": bias, "activation": activation, **kept}


def combine_direction_and_length(direction: Tensor, length: Tensor) -> Tensor:
    """The kernel of which weight normalisation keeps a direction, and a length for each output (the last axis)."""

    def compute(v: Array, g: Array) -> Array:
        values = v.astype("float64")
        norms = np.sqrt(np.maximum((values**2).sum(tuple(range(v.ndim - 1))), 1e-12))
        return np.asarray(values / norms * g).astype(v.dtype)

    return combine("weight normalisation", [direction, length], direction.shape, compute)


def unwrap(wrapper: Layer, **changed: Tensor) -> Layer | None:
    """The layer inside under the wrapper's name, or None where its weights are not all there.

    A wrapper's own name stands before all of its weights in the file, so they were bound to the wrapper. `changed`
    takes the place of weights of these roles.
    """
    layer = wrapper.config.get("layer")
    if not isinstance(layer, Layer):
        return None
    entry = find(layer.class_name, Era.KERAS3)
    roles = [role.name for role in entry.roles(layer)] if entry is not None else []
    held = {**wrapper.weights, **layer.weights, **changed}
    if any(held.get(role) is None for role in roles) and any((*wrapper.weights, *layer.weights)):
        return None
    weights = {role: held[role] for role in roles if role in held}
    return replace(layer, name=wrapper.name, weights=weights, address=wrapper.address)


# How a layer that a shim replaces is called.


def calls_of(layer: Layer, context: RuleContext) -> tuple[Call, ...]:
    """The calls of the layer in its graph; none where it stands in a sequence or in another layer."""
    graph = context.surroundings.graphs.get((layer.name, layer.class_name))
    return () if graph is None else graph.calls.get(layer.name, ())


def tensors_taken(layer: Layer, context: RuleContext) -> int:
    """On how many tensors the layer is called; 1 where its calls are not in a graph."""
    calls = calls_of(layer, context)
    return max(1, len(refs(calls[0].args[:1]))) if calls else 1


_GIVEN_BY_KERAS: Final = frozenset({"mask", "training", "initial_state", "constants"})


def _takes_others(layer: Layer, context: RuleContext) -> bool:
    """Whether a call gives tensors under names that no shim of the class has."""
    return any(
        refs(value) for call in calls_of(layer, context) for key, value in call.kwargs.items() if key not in _GIVEN_BY_KERAS
    )


def gather_tensors(layer: Layer, calls: Iterable[Call]) -> tuple[Call, ...]:
    """The calls of a layer that a shim may replace, several tensors as one tuple: models are called so.

    Classes that took several tensors were called with them one behind the other, and by name: tf.keras writes all but
    the first by name.
    """
    ways = [way for shim in list_shims() if layer.bare_class_name in shim.classes for way in shim.arguments]
    return tuple(_gather(call, ways) for call in calls)


def _gather(call: Call, ways: Sequence[tuple[str, ...]]) -> Call:
    named = {key for key, value in call.kwargs.items() if refs(value) and key not in _GIVEN_BY_KERAS}
    way = next((way for way in ways if named <= set(way[len(call.args) :])), None)
    if way is None or (not call.args and not named):
        return call
    found = (*call.args, *(call.kwargs[key] for key in way[len(call.args) :] if key in named))
    kept = {key: value for key, value in call.kwargs.items() if key not in named and (key != "mask" or refs(value))}
    return Call((found,) if len(found) > 1 else found, kept)


# Classes of packages that have the name of a class of Keras and other arguments.


# Arguments that the package's class writes and that of Keras has never had.
_TELLING: Final[Mapping[str, frozenset[str]]] = {
    # keras-multi-head 0.27.0; tensorflow-addons 0.15.0
    "MultiHeadAttention": frozenset({"head_num", "head_size"}),
    "BatchNormalization": frozenset({"freeze"}),  # keras-resnet 0.0.8 to 0.2.0
}
# Arguments of which the class of Keras has always written one, and the packages' write none.
_MISSING: Final[Mapping[str, frozenset[str]]] = {
    "Attention": frozenset({"causal", "use_scale", "score_mode"}),  # tf.keras 1.14 to 2.15, keras 3.15.1
}


def is_namesake(class_name: str, config: Collection[str]) -> bool:
    """Whether a class of a built-in name is another one, by the keys of its configuration."""
    keys = set(config)
    telling, missing = _TELLING.get(class_name, frozenset()), _MISSING.get(class_name, frozenset())
    return bool(telling & keys) or (bool(missing) and not missing & keys)
