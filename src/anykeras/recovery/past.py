"""What code of the past a saved model no longer needs, and what it cannot tell any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ..document.model import Code, Layer, Object, Value
from ..document.walk import rebuild
from ..findings import Fidelity, Finding

if TYPE_CHECKING:
    from .lift import Recovered

# keras/src/initializers/__init__.py 3.15.1: what stock Keras finds by name
_INITIALIZERS: Final = frozenset((
    "constant", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform",
    "ones", "one", "orthogonal", "orthogonal_initializer", "random_normal", "random_uniform", "stft_initializer", "stft",
    "truncated_normal", "variance_scaling", "zeros", "zero", "normal", "uniform",
))  # fmt: skip


def replace_initializers(model: Layer) -> tuple[Layer, list[Finding]]:
    """The model with a stock initializer wherever one was code or a function of the author's: the weights are there."""
    findings: list[Finding] = []

    def change(layer: Layer) -> Layer:
        own = {key: value for key, value in layer.config.items() if key.endswith("initializer") and _is_custom(value)}
        for key, value in own.items():
            name = value.config if isinstance(value, Object) else value if isinstance(value, str) else "code"
            findings.append(Finding("AK3014", layer.address or layer.name, f"{key} is {name}", "zeros", Fidelity.EQUIVALENT))
        return layer.with_config(**dict.fromkeys(own, "zeros")) if own else layer

    return rebuild(model, change), findings


def _is_custom(value: Value) -> bool:
    if isinstance(value, Object):
        return value.class_name == "function" and value.config not in _INITIALIZERS
    return isinstance(value, Code) or (isinstance(value, str) and _plain(value) not in _INITIALIZERS)


def _plain(name: str) -> str:
    """``GlorotUniform`` as ``glorot_uniform``."""
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def find_late_bound(code: Sequence[Recovered]) -> Iterator[Finding]:
    """Layers whose code is the same, byte for byte, with the same value of a variable from around it.

    A lambda made in a loop sees the loop variable as it is when the lambda is called, so that Keras stored the last
    value for all of them; what each meant when the model was built is then not in the file.
    """
    alike: dict[tuple[bytes, str], list[Recovered]] = {}
    for record in code:
        stored = record.lifting.found.stored if record.lifting is not None else None
        if stored is not None and stored.closure:
            alike.setdefault((stored.code_bytes, repr(stored.closure)), []).append(record)
    for (_, closure), records in alike.items():
        if len(records) > 1:
            names = ", ".join(record.layer for record in records)
            seen = f"{names} hold the same code with the same value {closure} of the variables around it"
            done = "kept as stored; if they were made in a loop, each may have meant another value"
            yield Finding("AK3013", records[0].address, seen, done, Fidelity.APPROXIMATE)
