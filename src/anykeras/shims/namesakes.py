"""Classes of packages that have the name of a class of Keras and other arguments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

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
