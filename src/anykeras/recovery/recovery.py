"""A document without its code, and every function it holds. What follows code is loaded only where there is some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ..catalog.operations import spell_in_snake_case
from ..document.model import Code, Document, Layer, Object, Slice, Value
from ..document.walk import layers_of, rebuild
from ..findings import Fidelity, Finding
from .code_sites import CodeSite, holds_code

if TYPE_CHECKING:
    from .code_sites import Lifter
    from .lift import CustomObjects, Recovered

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
    return isinstance(value, Code) or (isinstance(value, str) and spell_in_snake_case(value) not in _INITIALIZERS)


# Every function that a file holds, wherever it stands. What reads them is loaded where there is one.


_HeldCode = tuple[str, Code]


def read(document: Document) -> tuple[Recovered, ...]:
    """All functions of a document, without knowing what reaches them: as Python text, else as a listing, else as stored."""
    layers = layers_of(document.model)
    found = [(layer.name, layer.address or layer.name, *held) for layer in layers for held in _find_held(layer)]
    training = document.training.config if document.training is not None else {}
    found += [("", f"training/{key}", key, code) for key, value in training.items() for _, code in _list_codes(key, value)]
    if not found:
        return ()
    from .lift import read_function

    return tuple(read_function(*held) for held in found)


def _find_held(layer: Layer) -> Iterator[_HeldCode]:
    """The functions of a layer itself, and of its calls."""
    for key, value in layer.config.items():
        yield from _list_codes(key, value)
    for calls in layer.graph.calls.values() if layer.graph is not None else ():
        for call in calls:
            for value in (*call.args, *call.kwargs.values()):
                yield from _list_codes("call", value)


def _list_codes(key: str, value: Value) -> Iterator[_HeldCode]:
    """The functions in a value; layers in it are walked on their own."""
    if isinstance(value, Code):
        yield key, value
    elif isinstance(value, tuple):
        for item in value:
            yield from _list_codes(key, item)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _list_codes(f"{key}.{name}", item)
    elif isinstance(value, Object) and isinstance(value.config, Mapping):
        yield from _list_codes(key, value.config)
    elif isinstance(value, Slice):
        yield from _list_codes(key, (value.start, value.stop, value.step))


# A document without the code that came with it. What follows code is loaded only where there is some.


@dataclass(frozen=True)
class Recovery:
    """The outcome: a document without code, what was found, and the code as it was understood."""

    document: Document
    findings: tuple[Finding, ...] = ()
    code: tuple[Recovered, ...] = ()


def recover(
    document: Document,
    custom_objects: CustomObjects | None = None,
    trace: Lifter | None = None,
    lift_node: Lifter | None = None,
) -> Recovery:
    """The document with native operations for every function found in it, and what was found.

    Args:
        document: in the vocabulary of Keras 3.
        custom_objects: functions and constants by name, for what the code uses and the file does not hold.
        trace: lifts the layers whose class comes from custom_objects.
        lift_node: lifts the layers that are nodes of a graph of TensorFlow.

    Raises:
        MissingObject: the code needs a name that is neither in the file nor given.
        Unsupported: the code cannot be followed, or has no counterpart; the error shows it.
    """
    model, findings = replace_initializers(document.model)
    if not any(map(holds_code, layers_of(model))):
        return Recovery(replace(document, model=model), tuple(findings))
    from .passes import recover_code

    make_site = partial(CodeSite, custom_objects=custom_objects or {}, trace=trace, lift_node=lift_node)
    model, more, code = recover_code(model, document.writer, make_site)
    return Recovery(replace(document, model=model), (*findings, *more), code)
