"""The refusals of recovery, each with what a person can do about it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from ..bytecode import MissingName
from ..errors import AnyKerasError, LimitExceeded, MissingObject, Unsupported
from ..texts import Lines, escape, join_lines
from .functions import is_module

# Modules that no one would name a helper after; others (`code`, `signal`) are known as modules by what follows the dot.
_REACHING = frozenset(("os", "sys", "subprocess", "shutil", "socket", "pickle", "ctypes", "importlib", "builtins"))
# What code calls or reads that wants out of the model: to the interpreter, to processes, files and the network.
_WAYS_OUT = _REACHING | {
    *("__builtins__", "__class__", "__code__", "__globals__", "__import__", "__loader__", "__mro__", "__subclasses__"),
    *("breakpoint", "check_output", "compile", "eval", "exec", "ftplib", "get_file", "globals", "import_module"),
    *("load_library", "load_op_library", "marshal", "multiprocessing", "nt", "open", "pathlib", "popen", "posix", "pty"),
    *("read_file", "requests", "rmtree", "runpy", "shelve", "smtplib", "spawn", "system", "tempfile", "urllib", "urlopen"),
    *("urlretrieve", "webbrowser", "write_file"),
}
_TRUST = "Find out what the file is meant to do before you trust it. `anykeras inspect --code FILE` shows its code."
_WHOLE = "the whole function under the layer's name: custom_objects={'LAYER': function}"


def refuse_missing(name: str) -> MissingObject:
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


def refuse_module(name: str) -> Unsupported:
    """The refusal for a module of Python: files, processes, the program around the function."""
    return Unsupported(
        "AK3015",
        f"the code uses {name} of Python's standard library; code of a file never reaches that here",
        key=name,
        next_step=_TRUST,
    )


def refuse_function(name: str) -> Unsupported:
    """The refusal for a function of a library that the tables do not have."""
    return Unsupported(
        "AK3005", f"the function {name} is not one that AnyKeras can express", key=name, next_step=f"Give {_WHOLE}."
    )


def refuse_unstored(what: str, name: str, value: bool = False) -> MissingObject:
    """The refusal for what Keras did not store with the function; with `value` one can be given under the name."""
    way = f"Give the values, custom_objects={{{name!r}: value}}, or {_WHOLE}." if value else f"Give {_WHOLE}."
    return MissingObject("AK3012", what, key=name, next_step=way)


def refuse_defaults(names: Sequence[str], keyword_only: bool) -> MissingObject:
    """The refusal for defaults that Keras did not store."""
    why = "stores those of positional parameters only" if keyword_only else "of this version stored the code alone"
    what = f"the function needs {_list_names(names)}, and the default values are not in the file (Keras {why})"
    return refuse_unstored(what, names[0], value=True)


def refuse_closure(names: Sequence[str]) -> MissingObject:
    """The refusal for variables of an enclosing function that Keras did not store."""
    what = f"the function uses {_list_names(names)} of the function around it, and this Keras did not store such values"
    return refuse_unstored(what, names[0], value=True)


def refuse_list(names: Sequence[str]) -> MissingObject:
    """The refusal for objects (a namedtuple, say) of which JSON kept a list."""
    what = f"the function uses attributes of {_list_names(names)} from around it, of which Keras stored a plain list"
    return refuse_unstored(what, names[0])


def refuse_wrapper(name: str) -> MissingObject:
    """The refusal where a decorator's code was stored in place of the function's."""
    what = f"the stored code is {name}, TensorFlow's wrapper around its functions; the wrapped function is not in the file"
    return refuse_unstored(what, "function")


def _list_names(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def locate(error: AnyKerasError, layer: str, source: str = "", names: Iterable[str] = ()) -> AnyKerasError:
    """The refusal with the layer, and the recovered source, that it is about.

    Where the function uses one of the `names` that lead out of the model, the advice is not to give it what it asks for.
    """
    plain: AnyKerasError = error
    if isinstance(error, MissingName):
        plain = _refuse_unknown(error.name)
    kind = next((kind for kind in (MissingObject, LimitExceeded) if isinstance(plain, kind)), Unsupported)
    step = plain.next_step.replace("'LAYER'", repr(layer)) if plain.next_step else None
    step = step if _WAYS_OUT.isdisjoint(names) else _TRUST
    return kind(
        plain.code,
        Lines(escape(plain.seen) + _show_source(source)),
        part=plain.part,
        layer=plain.layer or layer,
        key=plain.key,
        writer=plain.writer,
        next_step=step or f"Give {_WHOLE.replace('LAYER', layer)}.",
    )


def _refuse_unknown(name: str) -> AnyKerasError:
    root, dot, _ = name.partition(".")
    if dot and is_module(root):
        return refuse_function(name)
    return refuse_module(name) if root in (sys.stdlib_module_names if dot else _REACHING) else refuse_missing(name)


def _show_source(source: str) -> str:
    if not source:
        return ""
    if "\n" not in source:
        return f"; the function is `{escape(source)}`"
    return "; the function is\n" + join_lines(f"    {line}" for line in source.split("\n")) + "\n"
