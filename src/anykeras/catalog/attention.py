"""Attention layers: keras 3.15.1 ``layers/attention``, tf.keras 2.15 ``layers/attention``."""

from __future__ import annotations

from .base import LEGACY, MODERN, NOW, Role, entry, flag


def _concat(config: object) -> bool:
    return isinstance(config, dict) and config.get("score_mode", "dot") == "concat"


def _projections(prefix: str, names: tuple[str, ...] = ("query", "key", "value", "output")) -> list[Role]:
    """A kernel and a bias for each projection; HDF5 files call them ``query/kernel``, ``attention_output/bias``."""
    roles = []
    for name in names:
        at, inside = f"{prefix}{name}_dense", "attention_output" if name == "output" else name
        roles.append(Role(f"{name}_kernel", at, also=(f"{inside}/kernel",)))
        roles.append(Role(f"{name}_bias", at, when=flag("use_bias"), also=(f"{inside}/bias",)))
    return roles


entry("MultiHeadAttention", LEGACY, _projections("_"))
entry("MultiHeadAttention", NOW, _projections(""))
entry(
    "GroupedQueryAttention",
    NOW,
    _projections("_"),
    aliases=["GroupQueryAttention"],
    exported="GroupQueryAttention",  # layers/attention/grouped_query_attention.py, `keras_export`
)
entry("Attention", MODERN, [Role("scale", when=flag("use_scale", False)), Role("concat_score_weight", when=_concat)])
entry("AdditiveAttention", MODERN, [Role("scale", when=flag("use_scale"))])
