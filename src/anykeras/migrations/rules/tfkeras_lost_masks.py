"""Masks that ended, went on or began at a layer of Keras 2 or tf.keras where they do not in Keras 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ...catalog.masks import Outgoing, find_mask_rule, holds_mask_maker, makes_mask
from ...catalog.shapes import Argument, Output, Spec
from ...catalog.shapes.engine import Inference
from ...catalog.shapes.masks import find_met, infer_outgoing
from ...document.build import Builder
from ...document.model import Ellipsis_, Era, Layer, Path, Value, Writer
from ...document.walk import rebuild, rebuild_paths
from ..mask_flow import build_mask_carrier, build_mask_reader
from ..rulebook import RuleContext, rule

# Layers that give back the very tensor that they got, mask and all, where nothing changes (on JAX).
_SAME_TENSOR = frozenset(("Reshape", "Permute", "Flatten"))


@rule(
    "AK2281",
    to=Era.KERAS3,
    eras=(Era.TF2,),
    classes=("Functional", "Sequential"),
    # Attention that did not read masks is named there.
    after=("AK2266",),
)
def end_masks(model: Layer, context: RuleContext) -> Layer | None:
    """Copies before the layers of the model, and of models in it, at which a mask ended."""
    if context.writer.era is not Era.TF2 or not holds_mask_maker(model):
        return None
    return where_masked(model, lambda layer: _unmask(layer) if _is_end(layer, context.writer) else layer)


def where_masked(model: Layer, change: Callable[[Layer], Layer]) -> Layer | None:
    """The model with `change` done to the layers, in models called in it too, that a mask reaches; None where to none."""
    carried = find_met(model)

    def change_carrier(path: Path, layer: Layer) -> Layer:
        return change(layer) if layer.graph is None and any(carried.get(path, ())) else layer

    changed = rebuild_paths(model, change_carrier)
    return None if changed is model else changed


def _is_end(layer: Layer, writer: Writer) -> bool:
    if layer.graph is not None or layer.operation:
        return False
    kept = find_mask_rule(layer.class_name).outgoing is Outgoing.KEPT
    ended = find_mask_rule(layer.class_name, writer).outgoing is Outgoing.NONE
    return layer.class_name in _SAME_TENSOR or (kept and ended)


def _unmask(layer: Layer) -> Layer:
    sub = Builder(layer.name, layer.address)
    bare = sub.op("copy", sub.input())
    out = sub.add(Layer(layer.class_name, f"{layer.name}_inner", layer.config, layer.weights, address=layer.address), bare)
    return sub.finish(out, bool(layer.config.get("trainable", True)))


@rule(
    "AK2282",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("Functional", "Sequential"),
)
def unread_masks(model: Layer, context: RuleContext) -> Layer | None:
    """Activations in place of every Softmax that a mask reaches, also step by step."""
    if find_mask_rule("Softmax", context.writer).reads or not holds_mask_maker(model):
        return None
    return where_masked(model, _without_softmax)


def _without_softmax(layer: Layer) -> Layer:
    inner = layer.config.get("layer")
    if layer.class_name != "TimeDistributed" or not isinstance(inner, Layer):
        return _unread(layer)
    unread = rebuild(inner, _unread)  # of a model, every one: TimeDistributed hands it the mask of its step
    return layer if unread is inner else layer.with_config(layer=unread)


def _unread(layer: Layer) -> Layer:
    if layer.class_name != "Softmax":
        return layer
    axis = layer.config.get("axis", -1)
    activation: Value = "softmax"
    if axis != -1:
        sub = Builder(f"{layer.name}_softmax", layer.address)
        activation = sub.finish(sub.op("softmax", sub.input(), axis=axis))
    kept = {key: layer.config[key] for key in ("dtype", "trainable") if key in layer.config}
    return Layer("Activation", layer.name, {**kept, "activation": activation}, address=layer.address)


_STEPPED = (2, 2)


@rule(
    "AK2283",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("TimeDistributed",),
)
def masks_by_step(layer: Layer, context: RuleContext) -> Layer | None:
    """The layer inside, under the name of the wrapper."""
    inner, writer = layer.config.get("layer"), context.writer
    if not isinstance(inner, Layer) or not makes_mask(inner):
        return None
    if writer.era is Era.KERAS2 and writer.release < _STEPPED:
        return None
    place = {"batch_input_shape": shape} if (shape := layer.config.get("batch_input_shape")) is not None else {}
    return replace(inner, name=layer.name, address=layer.address).with_config(**place)


@rule(
    "AK2286",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("Functional", "Sequential"),
    after=("AK2281", "AK2283"),
)
def masks_by_any(model: Layer, context: RuleContext) -> Layer | None:
    """Models in place of such wrappers, wherever a mask reaches them."""
    writer = context.writer
    early = writer.era is Era.KERAS2 and writer.release < _STEPPED
    if early or not holds_mask_maker(model):
        return None
    return where_masked(model, _with_less_mask)


def _with_less_mask(layer: Layer) -> Layer:
    inner = layer.config.get("layer")
    if layer.class_name != "TimeDistributed" or not isinstance(inner, Layer):
        return layer
    return layer if any(infer_outgoing(inner, [True])) or not _reads_steps(inner) else _reduce_mask(layer)


def _reads_steps(layer: Layer) -> bool:
    """Whether the layer takes a sequence, so that the mask has an axis for it."""
    rule = find_mask_rule(layer.class_name)
    return layer.graph is not None or (rule.reads and rule.outgoing in (Outgoing.STEPS, Outgoing.WRAPPED, Outgoing.NONE))


def _reduce_mask(layer: Layer) -> Layer:
    name = layer.name
    sub = Builder(name, layer.address)
    x = sub.input()
    ones = sub.layer("Rescaling", {"scale": 0.0, "offset": 1.0}, x)
    seen = sub.layer("Attention", {}, (ones, sub.op("ones_like", ones)))  # zeros where its query is masked
    kept = sub.op("not_equal", sub.op("get_item", seen, (Ellipsis_(), 0)), 0.0)
    inner = replace(layer, name=f"{name}_inner").without("batch_input_shape")
    out = sub.op("copy", sub.add(inner, sub.op("copy", x), mask=kept))
    return sub.finish(sub.add(build_mask_carrier(f"{name}_masked"), out, mask=sub.op("any", kept, axis=-1)))


class _Ranks(Inference):
    """A pass that notes how many axes BatchNormalization normalizes, by path, and how many the masks have."""

    def __init__(self) -> None:
        super().__init__()
        self.normalized: dict[Path, int] = {}
        self.masks: set[int] = set()

    def call(self, layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        found = super().call(layer, args, kwargs)
        first = args[0] if args else None
        if isinstance(first, Spec) and first.shape is not None and layer.class_name == "BatchNormalization":
            self.normalized[self.path] = len(first.shape)
        if makes_mask(layer):
            self.masks.add(len(found.shape) - 1 if isinstance(found, Spec) and found.shape is not None else 0)
        return found


@rule(
    "AK2301",
    to=Era.KERAS3,
    eras=(Era.KERAS1, Era.KERAS2, Era.TF2),
    classes=("Functional", "Sequential"),
    after=("AK2281", "AK2286"),
)
def pass_masks_by(model: Layer, context: RuleContext) -> Layer | None:
    """Models in place of each BatchNormalization that a mask of steps reaches on more than vectors."""
    if "BatchNormalization" not in model.class_names or not holds_mask_maker(model):
        return None
    ranks, carried = _Ranks(), find_met(model)
    ranks.graph(model, None)

    def change(path: Path, layer: Layer) -> Layer:
        wide = ranks.normalized.get(path, 3) > 3 and ranks.masks == {2}
        return _pass_by(layer) if wide and any(carried.get(path, ())) else layer

    changed = rebuild_paths(model, change)
    return None if changed is model else changed


def _pass_by(layer: Layer) -> Layer:
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    vectors = sub.layer("TimeDistributed", {"layer": Layer("Flatten", f"{layer.name}_flat")}, x)
    mask = sub.add(build_mask_reader(f"{layer.name}_present"), vectors)
    end = sub.add(replace(layer, name=f"{layer.name}_inner"), sub.op("copy", x))
    end = sub.add(build_mask_carrier(f"{layer.name}_masked"), end, mask=mask)
    return sub.finish(end, bool(layer.config.get("trainable", True)))
