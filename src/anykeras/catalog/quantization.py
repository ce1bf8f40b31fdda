"""How a layer's dtype policy says that its weights are quantized.

Source: keras 3.15.1, ``dtype_policies/dtype_policy.py``: the names ``int8_from_float32``, ``float8_from_float32``,
``int4/BLOCK_from_float32`` (block -1 or absent: one scale a channel), ``gptq/BITS/GROUP_from_..``,
``awq/BITS/GROUP_from_..``; and the classes that stand for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..document.model import Config, Object, Value

Mode = str
_KINDS: Final = ("int8", "int4", "float8", "gptq", "awq")


def mode_of(config: Config) -> Mode:
    """``""`` for a plain layer, else ``int8``, ``int4``, ``int4 in blocks``, ``float8``, ``gptq`` or ``awq``."""
    dtype = config.get("dtype")
    if isinstance(dtype, Object) and isinstance(dtype.config, Mapping):
        mode, block = dtype.config.get("mode"), dtype.config.get("block_size", 128)
        if dtype.class_name == "DTypePolicy" or not isinstance(mode, str):
            return _from_name(dtype.config.get("name"))
        return _with_block(*mode.split("/")) if "/" in mode else _with_block(mode, str(block))
    return _from_name(dtype)


def _from_name(name: Value) -> Mode:
    if not isinstance(name, str) or "_from_" not in name:
        return ""
    kind, *details = name.partition("_from_")[0].split("/")
    return _with_block(kind, *details)


def _with_block(kind: str, *details: str) -> Mode:
    if kind not in _KINDS:
        return ""
    in_blocks = kind == "int4" and bool(details) and details[0] not in ("-1", "None")
    return "int4 in blocks" if in_blocks else kind
