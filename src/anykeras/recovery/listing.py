"""A function that a file holds, whatever becomes of it: what ``inspect --code`` shows of it."""

from __future__ import annotations

from ..bytecode import describe_constant, list_code
from ..document.model import Code
from ..errors import AnyKerasError
from .follow import Found, find, list_readings, thaw
from .lift import Recovered
from .readable import source


def read_function(layer: str, address: str, key: str, code: Code) -> Recovered:
    """A function of a layer (of the training where that has no name), without knowing what reaches it."""
    try:
        found = find(code)
    except AnyKerasError as error:
        text = f"# These bytes cannot be read as a Python function: {error.seen}\n{describe_constant(thaw(code.stored))}"
        return Recovered(layer, address, key, (), f"stored as {code.kind}", text, False)
    spelling = found.stored.spelling if found.stored is not None else f"the name {found.name}"
    return Recovered(layer, address, key, found.pythons, spelling, _write(found), False)


def _write(found: Found) -> str:
    try:
        return source(list_readings(found)[0])
    except AnyKerasError as error:
        listing = "\n".join(list_code(found.identified.best)) if found.identified is not None else ""
        return f"# This function cannot be written as Python text: {error.seen}\n{listing}"
