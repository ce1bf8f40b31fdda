"""What a program of its time mentions and its architecture does without: optimizers, callbacks, sessions, plots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ..compat.tensor import holds_legacy
from ..errors import MissingObject, Unsupported
from ..texts import list_words

# What takes tensors of a model and gives none: a layer that is called on the outcome is refused.
_TRAINING = ("keras.optimizers.", "keras.callbacks.", "tensorflow.train.", "tensorflow.gradients", "tensorflow.summary.")


_PRIMES = (1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051, 1061, 1063, 1069, 1087, 1091, 1093, 1097, 1103, 1109)


@dataclass
class Unknowns:
    """The sizes of one run of a program, by the expression that gives each."""

    values: dict[str, int | None] = field(default_factory=dict)
    primes: dict[str, int] = field(default_factory=dict)
    counts: dict[str, None] = field(default_factory=dict)  # those that say how often something is done
    asked: dict[str, Missing] = field(default_factory=dict)  # those that stand for one
    rank: int | None = None  # of the input, where the first kernel of the weights tells it

    def size(self, missing: Missing) -> int | None:
        """The value, or the prime that stands for it. Raises AnyKerasError where there are too many."""
        name = missing._name
        self.asked[name] = missing
        if name in self.values:
            return self.values[name]
        if name not in self.primes and len(self.primes) == len(_PRIMES):
            seen = f"{name} is not known, and neither are {len(_PRIMES)} sizes more"
            raise MissingObject("AK1323", seen, next_step="Give their values before the expression, as in model.py:n=32.")
        return self.primes.setdefault(name, _PRIMES[len(self.primes)])


_CURRENT: ContextVar[Unknowns | None] = ContextVar("_CURRENT", default=None)


def current() -> Unknowns | None:
    """The sizes of the run that is under way."""
    return _CURRENT.get()


@contextmanager
def standing_for(unknowns: Unknowns) -> Iterator[None]:
    """A run in which `unknowns` say what sizes are."""
    token = _CURRENT.set(unknowns)
    try:
        yield
    finally:
        _CURRENT.reset(token)


class Inert:
    """An object that takes every call and attribute and does nothing."""

    def __init__(self, name: str = "") -> None:
        self.__dict__["_name"] = name

    def __call__(self, *args: object, **kwargs: object) -> Any:
        if not self._name.startswith(_TRAINING) and (holds_legacy(args) or holds_legacy(kwargs)):
            raise Unsupported(
                "AK1322",
                f"{self._name or 'a function'} is called on a tensor, and is not one that AnyKeras knows",
                next_step="Report the function, or write it with keras.backend or TensorFlow functions in the source.",
            )
        return Inert(f"{self._name}()") if self._name else INERT

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert(f"{self._name}.{name}" if self._name else name)

    def __setattr__(self, name: str, value: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __getitem__(self, key: object) -> Any:
        if isinstance(key, int) and key >= 3:
            raise IndexError(key)
        return Inert(f"{self._name}[{_spell(key)}]") if self._name else INERT

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        return (InertBase,)

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __neg__(self, *args: object, **kwargs: object) -> Any:
        return INERT

    __array_ufunc__ = __array_function__ = __neg__  # of arrays with it
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = __neg__

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *args: object) -> None:
        pass

    def __repr__(self) -> str:
        return f"<{self._name or 'nothing'}>"


class InertBase:
    """What classes of a program derive from that derive from a callback or another object of training."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass


INERT = Inert()


class Flags:
    """``tf.app`` and ``tf.flags`` of a program that is started without arguments: ``DEFINE_integer("n", 32)`` sets a value."""

    def __init__(self) -> None:
        self.FLAGS = self.flags = self.app = self
        self.run = INERT

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("DEFINE_"):
            raise AttributeError(f"no flag {name!r} was defined")
        return lambda flag, default=None, *args, **kwargs: setattr(self, flag, kwargs.get("default_value", default))


def _is_part_of_model(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_is_part_of_model, value))
    if isinstance(value, Missing | Inert):
        return False
    return holds_legacy(value) or hasattr(value, "batch_input_shape") or hasattr(value, "add_weight")


class Needed(MissingObject):
    """A name that is missing was used."""

    def __init__(self, missing: Missing) -> None:
        held = missing.__dict__
        name = held["_name"] if len(held["_name"]) < 80 else f"{held['_name'][:77]}..."
        seen = f"{name} is needed, and {held['_reason']}"
        super().__init__(held["_code"], seen, part=held["_part"], next_step=held["_next_step"])
        self.missing = missing


class Missing:
    """A name that a statement would have defined, which failed: using it raises, with the reason.

    Calling it gives what is missing too, as long as neither a tensor nor a model is handed over: programs make loaders
    and loggers that their model does without.
    """

    def __init__(self, name: str, reason: str, part: str, next_step: str, code: str = "AK1323", by: str = "") -> None:
        self.__dict__.update(_name=name, _reason=reason, _part=part, _next_step=next_step, _code=code, _by=by)

    def refuse(self, *args: object, **kwargs: object) -> Any:
        """Raise Needed: the name is needed."""
        raise Needed(self)

    def stop(self) -> None:
        """Raise MissingObject: a part of the model needs the name, so that nothing can stand for what it would have made."""
        needed = Needed(self)
        raise MissingObject(needed.code, needed.seen, part=needed.part, next_step=needed.next_step)

    def passed_on(self) -> Missing:
        """What is missing because this is."""
        reason = self._reason if self._by else f"it needs {self._name}: {self._reason}"
        return Missing(self._name, reason, self._part, self._next_step, self._code, by=self._name)

    def rename(self, name: str) -> Missing:
        """Another name that is missing for the same reason."""
        return Missing(name, self._reason, self._part, self._next_step, self._code, self._by)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.rename(f"{self._name}.{name}")

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        return (InertBase,)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        if any(map(_is_part_of_model, (*args, *kwargs.values()))):
            self.stop()
        spelled = [*map(_spell, args), *(f"{key}={_spell(value)}" for key, value in kwargs.items())]
        return self.rename(f"{self._name}({', '.join(spelled)})")

    def __getitem__(self, key: object) -> Missing:
        return self.rename(f"{self._name}[{_spell(key)}]")

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __index__(self) -> int:
        """The number, where it is known by now: programs count with it."""
        unknowns = current()
        value = unknowns.values.get(self._name) if unknowns is not None else None
        if unknowns is not None and value is None:
            unknowns.counts[self._name] = None
        return int(self.refuse()) if value is None else value

    def __array_function__(self, function: Callable[..., object], types: object, args: object, kwargs: object) -> Missing:
        return self.rename(f"{function.__name__}({_spell(args)})")

    def __array_ufunc__(self, function: Callable[..., object], method: str, *args: object, **kwargs: object) -> Missing:
        return self.rename(f"{function.__name__}({_spell(args)})")

    def __repr__(self) -> str:
        return f"<{self._name} is not known>"

    __iter__ = __len__ = __array__ = __enter__ = __bool__ = __int__ = __float__ = __contains__ = refuse
    __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = refuse
    __hash__ = object.__hash__

    def __exit__(self, *args: object) -> None:
        pass


def _calculate(name: str) -> Callable[[Missing, Any], Missing]:
    def run(self: Missing, other: object = "") -> Missing:
        if _is_part_of_model(other):
            self.stop()
        return self.rename(f"{name}({self._name}, {_spell(other)})")

    return run


for _operator in list_words("add sub mul truediv floordiv mod pow neg abs round"):
    setattr(Missing, f"__{_operator}__", _calculate(_operator))
    setattr(Missing, f"__r{_operator}__", _calculate(f"r{_operator}"))


def _spell(value: object) -> str:
    """A value in the name of one that is missing."""
    if isinstance(value, Missing | Inert):
        return str(value._name)
    if isinstance(value, list | tuple):
        return ", ".join(map(_spell, value))
    if isinstance(value, slice):
        return ":".join("" if end is None else _spell(end) for end in (value.start, value.stop))
    return repr(value) if isinstance(value, str | int | float | None) else type(value).__name__


def soften(function: Callable[..., object]) -> Callable[..., Any]:
    """A function of Python for which what is missing gives what is missing: ``len(words)``."""

    def run(*args: object, **kwargs: object) -> Any:
        for arg in args:
            if isinstance(arg, Missing | Inert) and (function is len or not isinstance(arg, Inert)):
                return _missing(arg).rename(f"{function.__name__}({_spell(args)})")
        return function(*args, **kwargs)

    return run


def take_apart(value: Any, parts: tuple[Any, ...]) -> Any:
    """What is assigned to several names: of what is missing every part is missing."""
    if isinstance(value, Missing | Inert):
        missing = _missing(value)
        items: Any = [missing.rename(f"{missing._name}[{i}]") for i in range(len(parts))]
    elif not any(parts):
        return value
    else:
        items = list(value)
        if len(items) != len(parts):
            return items
    return [take_apart(item, inner) if inner else item for item, inner in zip(items, parts, strict=True)]


def _missing(value: Missing | Inert) -> Missing:
    if isinstance(value, Missing):
        return value
    step = "Say the value of a name that depends on data, as in model.py:num_words=5000."
    return Missing(value._name or "a value of the data", "it depends on data that is not here", "the source", step)


# The arguments that are sizes, those that act in training alone, and those that only name.
_SIZES = frozenset(list_words("""units output_dim input_dim filters nb_filter input_length input_shape batch_input_shape shape
    batch_shape n target_shape dims num_heads key_dim hidden_dim kernel_size nb_row nb_col filter_length"""))  # fmt: skip
RATES = frozenset(list_words("p rate dropout recurrent_dropout dropout_W dropout_U stddev sigma"))
_SHAPES = frozenset({"input_shape", "shape", "batch_input_shape", "batch_shape"})


def fill_sizes(arguments: dict[str, Any], class_name: str) -> dict[str, Any]:
    """The arguments of a layer with the sizes that are not known as numbers (`Unknowns`), without those of training."""
    found = {}
    for key, value in arguments.items():
        if not isinstance(value, Missing) or key not in (*RATES, "name", "trainable"):
            found[key] = _fill(value, class_name if key in _SHAPES else "") if key in _SIZES else value
        elif key in RATES:
            found[key] = 0.5
    return found


def _fill(value: object, class_name: str = "") -> Any:
    unknowns = current()
    if isinstance(value, list | tuple):
        return type(value)(map(_fill, value))
    if not isinstance(value, Missing | Inert) or unknowns is None:
        return value
    missing = _missing(value)
    if not class_name:
        return unknowns.size(missing)
    rank = unknowns.rank if class_name == "InputLayer" else _rank(class_name)
    if rank is None:
        missing.stop()
    return tuple(unknowns.size(missing.rename(f"{missing._name}[{i}]")) for i in range(rank or 0))


def _rank(class_name: str) -> int | None:
    """How many sizes the input of a layer has, without the batch."""
    for part, rank in (("ConvLSTM2D", 4), ("1D", 2), ("2D", 3), ("3D", 4), ("LSTM", 2), ("GRU", 2), ("RNN", 2), ("Dense", 1)):
        if part in class_name:
            return 1 if class_name == "Embedding" else rank
    return None


def stop_at_missing(value: object) -> None:
    """Raise MissingObject where an argument of a part of the model holds a name that is missing."""
    if isinstance(value, Missing):
        value.stop()
    if isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            stop_at_missing(item)
