"""What a call of a ``keras.ops`` function looks like in a Keras 3 file, and back.

A document names the public function and holds the arguments of that function. A file names an operation class, keeps
some of the arguments in that operation's configuration and the others in the call. Which go where is a fact of Keras,
read from its sources into ``operations.json`` by ``scripts/make_operations.py`` (Keras 3.0.5 to 3.15.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..document.model import Config, Dtype, Value
from ..lazily import read_data


class UnknownOperation(LookupError):
    """A function or an operation class that ``keras.ops`` does not have, or arguments that it does not take."""


@dataclass(frozen=True)
class OperationNode:
    """An operation as a file holds it: constructor arguments in `config`, the rest in the call."""

    module: str
    class_name: str
    config: Config
    args: tuple[Value, ...]
    kwargs: Config


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function, constructor or call; its name begins with ``*`` or ``**`` where it is variadic."""

    name: str
    required: bool
    default: Value = None


@dataclass(frozen=True)
class Operation:
    """One public function: the class of its nodes, and where each of its arguments goes.

    `config` maps constructor arguments to parameters of the function; `args` are the parameters that the call takes
    by position, `kwargs` those that it takes by name; `prepare` says what Keras does to a value first. `since` is the
    first release (of those looked at) in which the function makes this node, `later` that of a constructor argument
    which came after it; `named` the one since which the node takes a name, "" where it always did.
    """

    function: str
    module: str
    class_name: str
    parameters: tuple[Parameter, ...]
    init: Mapping[str, Parameter]
    config: Mapping[str, str]
    call: tuple[Parameter, ...]
    args: tuple[str, ...]
    kwargs: Mapping[str, str]
    prepare: Mapping[str, str]
    since: str
    later: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = field(default=())
    named: str = ""


def find(function: str) -> Operation | None:
    """The operation behind a function of ``keras.ops``, by any of its public names (``"relu"``, ``"nn.relu"``)."""
    return _read_functions().get(function)


def list_functions() -> list[str]:
    """The names (one each, the shortest) of all functions that make a node."""
    return sorted({operation.function for operation in _read_functions().values()})


def split(function: str, args: Sequence[Value], kwargs: Config, complete: bool = False) -> OperationNode:
    """The node that a call of `function` leaves in a file; raises UnknownOperation.

    Constructor arguments that equal the constructor's default are left out, so that every Keras minor that has the
    operation can read the node; with `complete` those alone that came later, as some defaults were others (`sorted` of TopK).
    """
    operation = find(function)
    if operation is None:
        raise UnknownOperation(f"keras.ops has no function {function!r} that can be part of a model")
    given = bind(operation, args, kwargs)
    config = {}
    for key, parameter in operation.config.items():
        value = _prepare(operation.prepare.get(parameter), _read_argument(operation, given, parameter))
        stated = complete and key not in operation.later
        if stated or operation.init[key].required or not _are_same(value, operation.init[key].default):
            config[key] = value
    positional: list[Value] = []
    for name in operation.args:
        value = _read_argument(operation, given, name)
        positional.extend(value if name.startswith("*") and isinstance(value, tuple) else [value])
    return OperationNode(operation.module, operation.class_name, config, tuple(positional), _read_keywords(operation, given))


def join(
    module: str | None, class_name: str, config: Config, args: Sequence[Value], kwargs: Config
) -> tuple[str, tuple[Value, ...], dict[str, Value]]:
    """The function of ``keras.ops`` and its arguments that a node of a file stands for; raises UnknownOperation.

    `module` and `class_name` may be those of any Keras 3 release; a class that has moved is found by its name.
    """
    operation = find_node(module, class_name)
    if operation is None:
        raise UnknownOperation(f"keras.ops has no operation {module}.{class_name}")
    given = _read_call(operation, args, kwargs)
    for key, value in config.items():
        if key in operation.config:
            given[operation.config[key]] = value
        elif key not in ("name", "dtype") and key in {p.name for p in operation.parameters}:
            given[key] = value
    return operation.function, *_arrange(operation, given)


def find_node(module: str | None, class_name: str) -> Operation | None:
    """The operation that a file's module and class name mean, or None."""
    return _read_nodes().get((module, class_name)) or _read_nodes().get((None, class_name))


def bind(operation: Operation, args: Sequence[Value], kwargs: Config) -> dict[str, Value]:
    """Arguments by the name of the function's parameter; raises UnknownOperation where they do not fit."""
    given: dict[str, Value] = {}
    left = list(args)
    plain = [p.name for p in operation.parameters]
    for name in plain:
        if name.startswith("**") or not left:
            break
        if name.startswith("*"):
            given[name], left = tuple(left), []
        else:
            given[name] = left.pop(0)
    rest = {name: value for name, value in kwargs.items() if name not in plain}
    variadic = next((name for name in plain if name.startswith("**")), None)
    if left or (rest and variadic is None) or given.keys() & kwargs.keys():
        raise UnknownOperation(f"keras.ops.{operation.function} does not take {tuple(args)!r} and {dict(kwargs)!r}")
    given.update({name: value for name, value in kwargs.items() if name in plain})
    if rest and variadic is not None:
        given[variadic] = rest
    return given


def _read_argument(operation: Operation, given: Mapping[str, Value], name: str) -> Value:
    if name in given:
        return given[name]
    parameter = next(p for p in operation.parameters if p.name == name)
    if parameter.required and not name.startswith("*"):
        raise UnknownOperation(f"keras.ops.{operation.function} needs its argument {name!r}")
    return () if name.startswith("*") else parameter.default


def _read_keywords(operation: Operation, given: Mapping[str, Value]) -> dict[str, Value]:
    """The call's keyword arguments, less those that equal the default of the call."""
    called = {p.name: p for p in operation.call}
    found: dict[str, Value] = {}
    for key, name in operation.kwargs.items():
        if key == "**":
            rest = given.get("**" + name, {})
            found.update(rest if isinstance(rest, Mapping) else {})
            continue
        value = _read_argument(operation, given, name)
        if key not in called or called[key].required or not _are_same(value, called[key].default):
            found[key] = value
    return found


def _read_call(operation: Operation, args: Sequence[Value], kwargs: Config) -> dict[str, Value]:
    """The arguments of a node's call by the name of the function's parameter.

    An older minor may have taken in the call what the constructor takes now (``dtype`` of ``FullLike``, keras 3.6).
    """
    by_place = list(operation.args)
    by_name = {p.name: p.name for p in operation.parameters if not p.name.startswith("*")}
    by_name |= {p.name: name for p, name in zip(operation.call, by_place, strict=False)} | dict(operation.kwargs)
    by_place += [by_name[p.name] for p in operation.call[len(by_place) :] if p.name in by_name]
    given: dict[str, Value] = {}
    left = list(args)
    for name in by_place:
        if not left:
            break
        if name.startswith("*"):
            given[name], left = tuple(left), []
        else:
            given[name] = left.pop(0)
    rest = {key: value for key, value in kwargs.items() if key not in by_name}
    if left or (rest and "**" not in operation.kwargs):
        raise UnknownOperation(f"{operation.class_name} is not called with {tuple(args)!r} and {dict(kwargs)!r}")
    given.update({by_name[key]: value for key, value in kwargs.items() if key in by_name})
    return given | ({"**" + operation.kwargs["**"]: rest} if rest else {})


def _arrange(operation: Operation, given: Mapping[str, Value]) -> tuple[tuple[Value, ...], dict[str, Value]]:
    """Positional arguments as far as they go without a gap, the others by name unless they equal the default."""
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    gap = False
    for parameter in operation.parameters:
        name = parameter.name
        value = given.get(name, parameter.default)
        if name not in given or (not parameter.required and _are_same(value, parameter.default)):
            gap = True
        elif name.startswith("**") and isinstance(value, Mapping):
            kwargs.update(value)
        elif name.startswith("*") and isinstance(value, tuple):
            args.extend(value)
            gap = True
        elif gap or not parameter.required:
            kwargs[name] = value
            gap = True
        else:
            args.append(value)
    return tuple(args), kwargs


def _prepare(how: str | None, value: Value) -> Value:
    """What Keras itself does to a value before it goes into a constructor; a dtype is always by name."""
    if isinstance(value, Dtype):
        return value.name
    if how == "data_format" and value is None:
        return "channels_last"
    if how == "floatx" and value is None:
        return "float32"
    if how == "lower" and isinstance(value, str):
        return value.lower()
    if how == "tuple" and not isinstance(value, tuple):
        return (value,)
    return value


def _are_same(value: Value, default: Value) -> bool:
    """Equal, and not merely in number: ``True`` is not ``1`` and a document's values may not compare at all."""
    return type(value) is type(default) and value == default


@cache
def _read_table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(read_data("anykeras.catalog", "operations.json"))
    return table


@cache
def _read_functions() -> dict[str, Operation]:
    found = [_read_operation(name, raw) for name, raw in _read_table()["functions"].items()]
    return {name: operation for operation in found for name in (operation.function, *operation.also)}


@cache
def _read_nodes() -> dict[tuple[str | None, str], Operation]:
    """Operations by the module and class name of their nodes; of several functions the one called like the class."""
    current = [operation for name, operation in _read_functions().items() if name == operation.function]
    former = [_read_operation(raw["function"], raw) for raw in _read_table()["former"].values()]
    nodes: dict[tuple[str | None, str], Operation] = {}
    for operation in sorted([*former, *current], key=lambda o: (o.function == spell_in_snake_case(o.class_name), o in former)):
        nodes[None, operation.class_name] = nodes[operation.module, operation.class_name] = operation
    return nodes


def spell_in_snake_case(class_name: str) -> str:
    """``GetItem`` -> ``get_item``, as Keras itself names things (keras/src/utils/naming.py, 3.15.1)."""
    name = re.sub(r"\W+", "", class_name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _read_operation(function: str, raw: Mapping[str, Any]) -> Operation:
    return Operation(
        function=function,
        module=raw["module"],
        class_name=raw["class_name"],
        parameters=_list_parameters(raw["parameters"]),
        init={p.name: p for p in _list_parameters(raw["init"])},
        config=raw["config"],
        call=_list_parameters(raw["call"]),
        args=tuple(raw["args"]),
        kwargs=raw["kwargs"],
        prepare=raw["prepare"],
        since=raw.get("since", ""),
        later=raw.get("later", {}),
        also=tuple(raw["also"]),
        named=raw.get("named", ""),
    )


def _list_parameters(raw: Sequence[Sequence[Any]]) -> tuple[Parameter, ...]:
    return tuple(Parameter(p[0], len(p) == 1, _freeze(p[1]) if len(p) > 1 else None) for p in raw)


def _freeze(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(_freeze(item) for item in value)
    found: Value = value
    return found
