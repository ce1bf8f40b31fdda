"""Calls, the making of functions, and class statements: the variables of their bodies, ``super()``."""

from __future__ import annotations

from ...code import CodeObject
from ...errors import make_malformed_error, make_unsupported_error
from ...instructions import Instruction
from .. import attributes, classes, formatting, items, operators
from ..frame import Frame
from ..meter import make_exception, throw
from ..runtime import Builtin
from ..values import NULL, Cell, ExceptionValue, Function, Kwargs, Locals
from .names import push_with_null
from .table import HandlerTable

TABLE = HandlerTable()


def _call(frame: Frame, function: object, args: list[object], kwargs: Kwargs) -> None:
    if function is NULL or any(value is NULL for value in args):
        raise make_malformed_error("a call finds an empty slot")
    frame.push(frame.runtime.call(function, tuple(args), kwargs))


def _zip_keywords(names: object, values: list[object]) -> Kwargs:
    if type(names) is not tuple or len(names) != len(values):
        raise make_malformed_error("the keyword names of a call do not fit its values")
    return {_as_keyword(name): value for name, value in zip(names, values, strict=True)}


def _as_keyword(name: object) -> str:
    if type(name) is not str:
        raise throw("TypeError", "keywords must be strings")
    return name


def _to_keywords(frame: Frame, value: object) -> Kwargs:
    return {_as_keyword(name): item for name, item in operators.to_dict(frame.runtime, value).items()}


@TABLE.register("CALL_FUNCTION", "CALL_FUNCTION_KW")
def _call_function(frame: Frame, instruction: Instruction) -> None:
    if frame.traits.call == "pairs":
        _call_pairs(frame, instruction)
        return
    names = frame.pop() if instruction.name.endswith("KW") else ()
    count = len(names) if type(names) is tuple else 0
    values = frame.pops(instruction.arg)
    if count > len(values):
        raise make_malformed_error("a call names more keywords than it has values")
    cut = len(values) - count
    _call(frame, frame.pop(), values[:cut], _zip_keywords(names, values[cut:]))


@TABLE.register("CALL_FUNCTION_VAR", "CALL_FUNCTION_VAR_KW")
def _call_pairs(frame: Frame, instruction: Instruction) -> None:
    """Up to 3.5: positional count in the low byte, (name, value) pairs in the high byte, ``*`` and ``**`` on top."""
    mapping = _to_keywords(frame, frame.pop()) if instruction.name.endswith("KW") else {}
    star: object = ()
    starred = "VAR" in instruction.name
    if starred and not frame.traits.star_below_pairs:
        star = frame.pop()
    pairs = frame.pops(2 * (instruction.arg >> 8 & 0xFF))
    if starred and frame.traits.star_below_pairs:
        star = frame.pop()
    args = frame.pops(instruction.arg & 0xFF) + items.collect(frame.runtime, star)
    kwargs = _zip_keywords(tuple(pairs[::2]), pairs[1::2])
    if kwargs.keys() & mapping.keys():
        raise throw("TypeError", "got multiple values for keyword argument")
    _call(frame, frame.pop(), args, {**kwargs, **mapping})


def _split_callable(frame: Frame, args: list[object]) -> tuple[object, list[object]]:
    """The callable below the arguments, and the arguments with ``self`` where one lies beside it."""
    below, above = frame.pops(2)
    if frame.traits.null_above:
        return below, args if above is NULL else [above, *args]
    return (above, args) if below is NULL else (below, [above, *args])


@TABLE.register("KW_NAMES")
def _kw_names(frame: Frame, instruction: Instruction) -> None:
    names = frame.const(instruction.arg)
    if type(names) is not tuple:
        raise make_malformed_error("keyword names are no tuple")
    frame.keywords = names


@TABLE.register("CALL", "CALL_KW", "CALL_METHOD")
def _call_any(frame: Frame, instruction: Instruction) -> None:
    names = frame.pop() if instruction.name == "CALL_KW" else frame.keywords
    frame.keywords = ()
    values = frame.pops(instruction.arg)
    cut = len(values) - (len(names) if type(names) is tuple else 0)
    if cut < 0:
        raise make_malformed_error("a call names more keywords than it has values")
    function, args = _split_callable(frame, values[:cut])
    _call(frame, function, args, _zip_keywords(names, values[cut:]))


@TABLE.register("CALL_FUNCTION_EX")
def _call_ex(frame: Frame, instruction: Instruction) -> None:
    keywords = frame.pop() if frame.traits.ex_always_kwargs or instruction.arg & 1 else NULL
    kwargs = {} if keywords is NULL else _to_keywords(frame, keywords)
    args = items.collect(frame.runtime, frame.pop())
    if frame.traits.null_above:
        function, args = _split_callable(frame, args)
    else:
        function = frame.pop()
        if frame.traits.ex_null:
            frame.pop()
    _call(frame, function, args, kwargs)


# -- functions


@TABLE.register("MAKE_FUNCTION", "MAKE_CLOSURE")
def _make_function(frame: Frame, instruction: Instruction) -> None:
    if frame.traits.qualname_on_stack:
        frame.pop()
    code = frame.pop()
    if not isinstance(code, CodeObject):
        raise make_malformed_error("a function is made of something that is no code")
    function = Function(frame.runtime, code)
    if frame.traits.make_function == "flags":
        for flag in (8, 4, 2, 1):
            if instruction.arg & flag:
                _set_attribute(function, flag, frame.pop())
    elif frame.traits.make_function == "counts":
        _set_counted_defaults(frame, instruction, function)
    frame.push(function)


def _set_counted_defaults(frame: Frame, instruction: Instruction, function: Function) -> None:
    """Up to 3.5: closure on top, then annotations (unused), keyword-only pairs and defaults below."""
    if instruction.name == "MAKE_CLOSURE":
        _set_attribute(function, 8, frame.pop())
    if frame.traits.python2:
        function.defaults = tuple(frame.pops(instruction.arg))
        return
    frame.pops(instruction.arg >> 16)
    pairs = frame.pops(2 * (instruction.arg >> 8 & 0xFF))
    _set_attribute(function, 2, dict(zip(map(_as_keyword, pairs[::2]), pairs[1::2], strict=True)))
    function.defaults = tuple(frame.pops(instruction.arg & 0xFF))


@TABLE.register("SET_FUNCTION_ATTRIBUTE")
def _set_function_attribute(frame: Frame, instruction: Instruction) -> None:
    value, function = frame.pops(2)
    if not isinstance(function, Function):
        raise make_malformed_error("an attribute is set on something that is no function")
    _set_attribute(function, instruction.arg, value)
    frame.push(function)


def _set_attribute(function: Function, flag: int, value: object) -> None:
    """1 defaults, 2 keyword-only defaults, 8 closure; 4 and 16 are annotations, which nothing here reads."""
    if flag == 1 and type(value) is tuple:
        function.defaults = value
    elif flag == 2 and type(value) is dict:
        function.kwdefaults = value
    elif flag == 8 and type(value) is tuple and all(isinstance(cell, Cell) for cell in value):
        function.closure = tuple(cell for cell in value if isinstance(cell, Cell))
        if len(function.closure) != len(function.code.freevars):
            raise make_malformed_error("a closure does not fit the free variables of its function")
    elif flag not in (4, 16):
        raise make_malformed_error("a function gets an attribute of the wrong kind")


# -- intrinsics


@TABLE.register("CALL_INTRINSIC_1")
def _intrinsic_1(frame: Frame, instruction: Instruction) -> None:
    listed = frame.body.dialect.intrinsics1
    name = listed[instruction.arg] if instruction.arg < len(listed) else ""
    value = frame.pop()
    if name == "INTRINSIC_STOPITERATION_ERROR":
        stopped = isinstance(value, ExceptionValue) and value.kind.name == "StopIteration"
        frame.push(make_exception("RuntimeError", "generator raised StopIteration") if stopped else value)
    elif name == "INTRINSIC_UNARY_POSITIVE":
        frame.push(operators.apply_unary(frame.runtime, "+", value))
    elif name == "INTRINSIC_LIST_TO_TUPLE":
        frame.push(tuple(items.collect(frame.runtime, value)))
    elif name == "INTRINSIC_PRINT":
        frame.push(formatting.represent(frame.runtime, value))
    else:
        raise make_unsupported_error(f"the code uses {name or 'an unknown intrinsic'}")


# Class statements: the variables of their bodies, the class made of them, ``super()``.


_STATEMENT = Builtin("__build_class__", classes.run_statement)


TABLE.load(lambda frame, arg: _STATEMENT, "LOAD_BUILD_CLASS")


@TABLE.register("BUILD_CLASS")
def _build_class(frame: Frame, instruction: Instruction) -> None:
    name, bases, body = frame.pops(3)
    if type(name) is not str or type(bases) is not tuple or not isinstance(body, Locals):
        raise make_malformed_error("a class is made of something else than a name, bases and a body")
    frame.push(classes.build(frame.runtime, name, bases, body))


# -- the variables of a class body


def _list_class_names(frame: Frame) -> dict[str, object]:
    if frame.locals is None:
        raise make_malformed_error("a function reads its variables as a class body does")
    return frame.locals.names


def _load_global(frame: Frame, name: str) -> object:
    return "__main__" if name == "__name__" else frame.runtime.load_global(name)  # which module it was is not stored


@TABLE.register("LOAD_NAME")
def _load_name(frame: Frame, instruction: Instruction) -> None:
    name, names = frame.name(instruction.arg), _list_class_names(frame)
    frame.push(names[name] if name in names else _load_global(frame, name))


@TABLE.register("STORE_NAME")
def _store_name(frame: Frame, instruction: Instruction) -> None:
    _list_class_names(frame)[frame.name(instruction.arg)] = frame.pop()
    frame.runtime.meter.items(1)


@TABLE.register("DELETE_NAME")
def _delete_name(frame: Frame, instruction: Instruction) -> None:
    if _list_class_names(frame).pop(frame.name(instruction.arg), NULL) is NULL:
        raise throw("NameError", f"name {frame.name(instruction.arg)!r} is not defined")


@TABLE.register("LOAD_LOCALS")
def _load_locals(frame: Frame, instruction: Instruction) -> None:
    _list_class_names(frame)
    frame.push(frame.locals)


@TABLE.register("SETUP_ANNOTATIONS")
def _setup_annotations(frame: Frame, instruction: Instruction) -> None:
    _list_class_names(frame).setdefault("__annotations__", {})


def _find_cell_name(frame: Frame, index: int) -> str:
    code = frame.function.code
    names = code.slots if frame.traits.cells_in_slots else (*code.cellvars, *code.freevars)
    if index >= len(names):
        raise make_malformed_error("a cell index is out of range")
    return names[index]


def _push_enclosed(frame: Frame, instruction: Instruction, names: dict[str, object]) -> None:
    name = _find_cell_name(frame, instruction.arg)
    content = names[name] if name in names else frame.cell(instruction.arg).content
    if content is NULL:
        raise throw("NameError", f"the variable {name!r} of the enclosing function has no value")
    frame.push(content)


@TABLE.register("LOAD_CLASSDEREF")
def _load_class_deref(frame: Frame, instruction: Instruction) -> None:
    _push_enclosed(frame, instruction, _list_class_names(frame))


def _pop_names(frame: Frame) -> dict[str, object]:
    found = frame.pop()
    if not isinstance(found, Locals):
        raise make_malformed_error("a variable is looked for in something that is no class body")
    return found.names


@TABLE.register("LOAD_FROM_DICT_OR_DEREF")
def _load_from_dict_or_deref(frame: Frame, instruction: Instruction) -> None:
    _push_enclosed(frame, instruction, _pop_names(frame))


@TABLE.register("LOAD_FROM_DICT_OR_GLOBALS")
def _load_from_dict_or_globals(frame: Frame, instruction: Instruction) -> None:
    name, names = frame.name(instruction.arg), _pop_names(frame)
    frame.push(names[name] if name in names else _load_global(frame, name))


# -- super


@TABLE.register("LOAD_SUPER_ATTR")
def _load_super_attr(frame: Frame, instruction: Instruction) -> None:
    """``super().name`` from 3.12 on: the builtin, the class and the object lie on the stack."""
    called, kind, owner = frame.pops(3)
    bound = frame.runtime.call(called, (kind, owner), {})
    push_with_null(frame, attributes.get(frame.runtime, bound, frame.name(instruction.arg >> 2)), instruction.arg & 1)
