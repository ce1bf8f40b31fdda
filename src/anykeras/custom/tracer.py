"""Layers of the user's classes in recovery: the shapes of their outputs, and for a file the native layers in their place."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalog.shapes import UNKNOWN, Spec, flatten_specs
from ..document.model import FromUser, Layer
from ..errors import AnyKerasError, MissingObject, Unsupported, describe_error
from ..findings import Fidelity, Finding
from ..keras_private import enter_safe_scope, set_mask
from ..recovery.code_sites import CodeSite
from ..recovery.lift import Lifted
from ..targets.lowering import find_nearest_minor, lower_layer
from .custom_objects import CustomObjects, LayerMaker, is_layer_class, wrap_layer_classes
from .trace import NotTraceable, trace_to_graph


@dataclass(frozen=True)
class Tracer:
    """Lifts the layers of the user's classes in recovery: ``tracer(layer, site)``.

    `native` asks for operations and native layers in their place, as a file that stock Keras opens needs them.
    """

    custom_objects: CustomObjects
    native: bool

    def __call__(self, layer: Layer, site: CodeSite) -> Lifted:
        """The layer, or native layers in its place, with the shapes of its outputs.

        Raises:
            Unsupported: the class does not run on symbolic tensors.
            AnyKerasError: the class cannot be made from the file.
        """
        live = self.make_live(layer)
        if any(spec.shape is None for spec in flatten_specs(site.args)):
            return self._keep(layer, UNKNOWN, "the shape that reaches it is not known")
        inputs = _make_symbols(site.args)
        named = {
            key: _make_symbols((value,))[0] for key, value in site.kwargs.items() if key != "mask" and flatten_specs((value,))
        }
        _set_masks(inputs, site.masked)
        try:
            outputs = live(*inputs, **named)
        except AnyKerasError:
            raise
        except Exception as error:  # whatever the user's class raises is theirs to read
            raise Unsupported(
                "AK5012",
                f"custom_objects[{layer.bare_class_name!r}] does not run on {_show_shapes(site.args)}: {_shorten(error)}",
                layer=layer.name,
                next_step="Correct the class; anykeras.compat has the old keras.backend over Keras 3.",
            ) from error
        specs = _list_specs(outputs)
        if not self.native:
            return Lifted(layer, specs)
        if named:
            return self._keep(layer, specs, "it is called with tensors by name")
        if any(site.masked) and (site.mask_consumed or _takes_mask(live)):
            return self._keep(layer, specs, "a mask reaches it, and it or another layer uses masks")
        try:
            model = trace_to_graph(layer, live, inputs)
        except NotTraceable as reason:
            return self._keep(layer, specs, str(reason))
        seen = f"custom_objects[{layer.bare_class_name!r}]"
        done = f"traced into {len(model.graph.layers) if model.graph else 1} native layers and operations"
        return Lifted(model, specs, findings=(_make_finding("AK5013", layer, seen, done, Fidelity.EQUIVALENT),))

    def make_live(self, layer: Layer) -> Any:
        """A live layer of the user's class. Raises AnyKerasError."""
        found = layer.origin.value if isinstance(layer.origin, FromUser) else None
        if not is_layer_class(found):
            raise MissingObject(
                "AK5014",
                f"custom_objects[{layer.bare_class_name!r}] is not a Layer subclass of Keras 3: {found!r}",
                layer=layer.name,
                next_step="Pass a subclass of keras.layers.Layer, or the source file with its legacy imports.",
            )
        import keras

        config = lower_layer(layer, find_nearest_minor(keras.__version__))["config"]
        with enter_safe_scope(keras, wrap_layer_classes(self.custom_objects.named)):
            return LayerMaker(found).from_config(config)  # type: ignore[arg-type]

    def _keep(self, layer: Layer, specs: Any, reason: str) -> Lifted:
        if not self.native:
            return Lifted(layer, specs)
        done = "kept as it is; whatever opens the file needs the same custom_objects"
        return Lifted(
            layer, specs, findings=(_make_finding("AK5015", layer, f"{layer.bare_class_name}: {reason}", done, Fidelity.EXACT),)
        )


def _make_finding(code: str, layer: Layer, seen: str, done: str, fidelity: Fidelity) -> Finding:
    return Finding(code, layer.address or layer.name, seen, done, fidelity)


def _make_symbols(value: object) -> Any:
    """Symbolic tensors of the running Keras for specs."""
    import keras

    if isinstance(value, Spec):
        return keras.Input(batch_shape=value.shape, dtype=value.dtype)
    if isinstance(value, Mapping):
        return {key: _make_symbols(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_make_symbols(item) for item in value]
    return value


def _takes_mask(live: Any) -> bool:
    """Whether the call of a layer takes a mask."""
    takes = inspect.signature(live.call).parameters.values()
    return any("mask" in p.name or p.kind is p.VAR_KEYWORD for p in takes)


def _set_masks(inputs: object, masked: Sequence[bool]) -> None:
    """Symbolic masks on the symbolic tensors that carry one; their shape is that of the first two dimensions."""
    import keras

    for tensor, carries in zip(keras.tree.flatten(inputs), masked, strict=False):
        if carries and isinstance(tensor, keras.KerasTensor):
            set_mask(tensor, keras.Input(batch_shape=tensor.shape[:2], dtype="bool"))


def _list_specs(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _list_specs(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_list_specs(item) for item in value)
    return Spec(tuple(value.shape), str(value.dtype))


def _show_shapes(args: object) -> str:
    return " and ".join(str(spec.shape) for spec in flatten_specs(args)) or "what reaches it"


def _shorten(error: Exception) -> str:
    """The error's own words, without what Keras puts around them."""
    kind, _, text = describe_error(error, 4000).partition(": ")
    for lead in ("Error encountered:", ".call()."):
        text = text.rpartition(lead)[2] or text
    return f"{kind}: {text.strip()[:400]}"
