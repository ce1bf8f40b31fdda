"""The refusals of recovery, each with what a person can do about it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

from ..bytecode import MissingName
from ..errors import AnyKerasError, MissingObject, Unsupported

_WHOLE = "the whole function under the layer's name: custom_objects={'LAYER': function}"


def missing(name: str) -> MissingObject:
    """The refusal for a function whose code is not in the file."""
    if not name.replace(".", "").isidentifier():  # <lambda>: Keras stored the name of a function that has none
        return MissingObject(
            "AK3002",
            f"the file holds the name {name!r} of a function and not its code",
            key=name,
            next_step=f"Give the function: load_model(path, custom_objects={{{name!r}: function}}).",
        )
    return MissingObject(
        "AK3002",
        f"the name {name!r} is used, and what it stands for is not in the file",
        key=name,
        next_step=f"Give it: load_model(path, custom_objects={{{name!r}: {name}}}).",
    )


def unfilled(names: Sequence[str], keyword_only: bool) -> MissingObject:
    """The refusal for defaults that Keras did not store."""
    why = "stores those of positional parameters only" if keyword_only else "of this version stored the code alone"
    return MissingObject(
        "AK3012",
        f"the function needs {_listed(names)}, and the default values are not in the file (Keras {why})",
        key=names[0],
        next_step=f"Give the values, custom_objects={{{names[0]!r}: value}}, or {_WHOLE}.",
    )


def unstored(names: Sequence[str]) -> MissingObject:
    """The refusal for variables of an enclosing function that Keras did not store."""
    return MissingObject(
        "AK3012",
        f"the function uses {_listed(names)} of the function around it, and this Keras did not store such values",
        key=names[0],
        next_step=f"Give the values, custom_objects={{{names[0]!r}: value}}, or {_WHOLE}.",
    )


def lost_wrapper(name: str) -> MissingObject:
    """The refusal where a decorator's code was stored in place of the function's."""
    return MissingObject(
        "AK3012",
        f"what was stored is {name}, TensorFlow's own wrapper around its functions; which function it wrapped is not "
        "in the file",
        key="function",
        next_step=f"Give {_WHOLE}.",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def told(error: AnyKerasError, layer: str, source: str = "") -> AnyKerasError:
    """The refusal with the layer, and the recovered source, that it is about."""
    plain = missing(error.name) if isinstance(error, MissingName) else error
    kind = MissingObject if isinstance(plain, MissingObject) else Unsupported
    step = plain.next_step.replace("'LAYER'", repr(layer)) if plain.next_step else None
    return kind(
        plain.code,
        plain.seen + _shown(source),
        part=plain.part,
        layer=plain.layer or layer,
        key=plain.key,
        writer=plain.writer,
        next_step=step or f"Give {_WHOLE.replace('LAYER', layer)}.",
    )


def _shown(source: str) -> str:
    if not source:
        return ""
    return f"; the function is\n{indent(source, '    ')}\n" if "\n" in source else f"; the function is `{source}`"
