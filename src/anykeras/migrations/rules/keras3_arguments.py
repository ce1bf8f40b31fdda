"""The last word on arguments: what current Keras 3 does not take is dropped where it means nothing, else refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...catalog import find
from ...catalog.signatures import NOW, find_default, find_signature, list_accepted_arguments
from ...document.build import Builder
from ...document.model import Code, Era, Layer, Object, Value, Writer
from ...errors import Unsupported
from ...findings import Fidelity, Finding
from ...lazily import np
from ...tensors import Tensor, combine
from ..rulebook import EVERY_OTHER, RuleContext, rule

# Arguments that never change what a built layer computes. Shapes and dtypes of inputs are given by the graph;
# `implementation`, `fused`, `rng_type`, `unroll`, `sparse` of Embedding choose among ways to compute the same;
# initializers, regularizers and constraints under `kernel_` are inherited and unused by depthwise and separable
# convolutions (tf.keras 2.15 base_conv.py `get_config`); MultiHeadAttention writes the shapes that it was built with,
# lookups their size.
_IDLE = frozenset(
    [
        "batch_input_shape",
        "input_shape",
        "batch_size",
        "input_dtype",
        "input_dim",
        "input_length",
        "implementation",
        "consume_less",
        "fused",
        "rng_type",
        "dynamic",
        "build_config",
        "query_shape",
        "key_shape",
        "value_shape",
        "vocabulary_size",
        "kernel_initializer",
        "kernel_regularizer",
        "kernel_constraint",
        "experimental_autocast",
        "reverse_state_order",
        "shared_object_id",
        "seed",
        "sparse",
        "lora_rank",
        "lora_alpha",
        "weights",
        "force_generator",
        "unroll",
        "optional",
        "activity_regularizer",
        "noise_shape",
        "has_static_table",
        "value_range",
        "build_input_shape",
    ]
)
# Arguments that change nothing at these values.
_NEUTRAL: Mapping[str, tuple[Value, ...]] = {
    "time_major": (False,),
    "groups": (1,),
    "ragged": (False,),
    "renorm": (False,),
    "renorm_momentum": (0.99,),
    "causal": (False,),
    "rms_scaling": (False,),
    "softmax_robust_masking": (False,),  # the way to mask of every release before it (tf_keras MultiHeadAttention)
    "mode": (0,),
    "num_constants": (0,),
    "invert": (False,),
}
_EVERY = frozenset({"name", "trainable", "dtype"})


@rule(
    "AK2298",
    to=Era.KERAS3,
    eras=tuple(Era),
    after=EVERY_OTHER,
    report=False,
)
def drop_unknown_arguments(layer: Layer, context: RuleContext) -> Layer | None:
    """The layer without what its class does not take. Raises Unsupported for what would change its outputs."""
    entry = find(layer.class_name, Era.KERAS3)
    if entry is None or layer.graph is not None or _becomes_operations(layer):
        return None
    name = entry.name if list_accepted_arguments(entry.name) else layer.class_name
    takes = list_accepted_arguments(name) | _EVERY
    described = find_signature(name)
    if not list_accepted_arguments(name) or described is None:
        return None
    extra = [key for key in layer.config if key not in takes | described.written]
    for key in extra:
        if not _means_nothing(layer, key, context.writer):
            raise Unsupported(
                "AK2299",
                f"{layer.class_name} has {key}={layer.config[key]!r}, and Keras {NOW} has no such argument",
                layer=layer.name,
                key=key,
                next_step="Replace the layer in the Keras that wrote the file.",
            )
    return layer.without(*extra) if extra else None


def _becomes_operations(layer: Layer) -> bool:
    """Layers that hold code are followed later; what they are called with is for that step to read."""
    return layer.class_name == "Lambda" or any(isinstance(value, Code) for value in layer.config.values())


def _means_nothing(layer: Layer, key: str, writer: Writer) -> bool:
    value = layer.config[key]
    if value is None or key in _IDLE or value in _NEUTRAL.get(key, ()):
        return True
    usual = find_default(layer.class_name, key, writer)
    return bool(usual == value)


CODE = "AK2296"
_HALF = ("float16", "bfloat16")


@rule(
    CODE,
    to=Era.KERAS3,
    eras=tuple(Era),
    report=False,
)
def report_half_precision(layer: Layer, context: RuleContext) -> Layer | None:
    """Says once for a model that it computes in 16 bits."""
    policy = _policy(layer.config.get("dtype"))
    if policy.endswith(_HALF) and all(finding.code != CODE for finding in context.findings):
        seen, done = f"computes under {policy}", "kept; backends round 16 bits differently"
        context.findings.append(Finding(CODE, layer.address or layer.name, seen, done, Fidelity.APPROXIMATE))
    return None


def _policy(value: Value) -> str:
    """The name of a dtype or policy; "" where there is none."""
    if isinstance(value, Object):
        held = value.config if isinstance(value.config, str) else value.config.get("name")
        return str(held or "")
    return value if isinstance(value, str) else ""


@rule(
    "AK2293",
    to=Era.KERAS3,
    eras=(Era.KERAS3,),
    classes=("CategoryEncoding",),
)
def one_hot_categories(layer: Layer, context: RuleContext) -> Layer | None:
    """``one_hot(x, num_tokens)``."""
    release, tokens = context.writer.release, layer.config.get("num_tokens")
    if not release or release >= (3, 4) or layer.config.get("output_mode") != "one_hot" or not isinstance(tokens, int):
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("one_hot", sub.op("cast", sub.input(), "int32"), tokens))


# Layers of Keras 3 that were trained with LoRA.


@rule(
    "AK2310",
    to=Era.KERAS3,
    eras=(Era.KERAS3,),
)
def merge_updates(layer: Layer, context: RuleContext) -> Layer | None:
    """The layer with one kernel. Raises Unsupported where the kernel is quantized and its parts are apart."""
    rank = layer.config.get("lora_rank")
    if layer.graph is not None or not isinstance(rank, int) or not rank:
        return None
    weights = dict(layer.weights)
    for name in ("kernel", "embeddings"):
        left, right = weights.pop(f"lora_{name}_a", None), weights.pop(f"lora_{name}_b", None)
        if left is not None and right is not None:
            weights[name] = _add_update(layer, weights[name], left, right, rank)
    return replace(layer.without("lora_rank", "lora_alpha"), weights=weights)


def _add_update(layer: Layer, kernel: Tensor, left: Tensor, right: Tensor, rank: int) -> Tensor:
    if not kernel.dtype.startswith(("float", "bfloat")):
        raise Unsupported(
            "AK2310",
            f"the kernel of {layer.class_name} {layer.name!r} is {kernel.dtype}, and its update stands beside it",
            layer=layer.name,
            next_step="Save the model as .keras in the Keras that wrote the file: that merges the two.",
        )
    alpha = layer.config.get("lora_alpha") or rank
    share = float(alpha) / rank if isinstance(alpha, int | float) else 1.0

    def compute(whole: Any, a: Any, b: Any) -> Any:
        return np.asarray(whole + share * np.matmul(a, b), dtype=np.asarray(whole).dtype)

    return combine("kernel + update", [kernel, left, right], kernel.shape, compute)


# Transposed convolutions of Keras 3, which did not write all of their arguments.


@rule(
    "AK2294",
    to=Era.KERAS3,
    eras=(Era.KERAS3,),
    classes=("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
)
def state_output_padding(layer: Layer, context: RuleContext) -> Layer | None:
    """The layer with its `output_padding`, where the recorded sizes need one."""
    seen = layer.config.get("recorded_shapes")
    if not isinstance(seen, tuple) or len(seen) != 2:
        return None
    plain = layer.without("recorded_shapes")
    rank = int(layer.class_name[4])
    before, after = (_spatial(shape, rank, layer.config.get("data_format")) for shape in seen)
    size, strides, rate = (_each(layer.config.get(key), rank) for key in ("kernel_size", "strides", "dilation_rate"))
    same = layer.config.get("padding") == "same"
    padding: list[int] = []
    usual = True
    for n, made, k, s, d in zip(before, after, size, strides, rate, strict=True):
        if n is None or made is None:
            return plain
        reach = d * (k - 1) + 1
        usual = usual and made == (n * s if same else (n - 1) * s + max(reach, s))
        padding.append(made - (n - 1) * s - (reach % 2 if same else reach))
    fits = all(0 <= extra < s for extra, s in zip(padding, strides, strict=True))
    return plain.with_config(output_padding=tuple(padding)) if fits and not usual else plain


def _spatial(shape: Value, rank: int, data_format: Value) -> list[int | None]:
    sizes = list(shape) if isinstance(shape, tuple) and len(shape) == rank + 2 else [None] * (rank + 2)
    found = sizes[2:] if data_format == "channels_first" else sizes[1:-1]
    return [size if isinstance(size, int) else None for size in found]


def _each(value: Value, rank: int) -> Sequence[int]:
    sizes = value if isinstance(value, tuple) else (1 if value is None else value,) * rank
    return [size if isinstance(size, int) else 1 for size in sizes]
