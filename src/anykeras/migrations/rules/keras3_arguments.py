"""The last word on arguments: what current Keras 3 does not take is dropped where it means nothing, else refused."""

from __future__ import annotations

from collections.abc import Mapping

from ...catalog import find
from ...catalog.signatures import NOW, default, list_accepted_arguments, signature
from ...document.build import Builder
from ...document.model import Code, Era, Layer, Object, Value, Writer
from ...errors import Unsupported
from ...findings import Fidelity, Finding
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
    described = signature(name)
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
    usual = default(layer.class_name, key, writer)
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
