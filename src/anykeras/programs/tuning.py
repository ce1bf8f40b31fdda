"""``hp`` of a tuner: what it chose is not in the program, so that every choice is tried, and the weights show which it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from ..errors import AnyKerasError, MissingObject
from .inert import Missing

USUAL = ("hp", "hps", "trial", "hyperparameters")
_STEP = "Give the values that were chosen before the expression, as in model.py:hp={'units': 32}; build(hp)."
_MOST = 256  # ways to choose that are tried
_FEW = 8  # whole numbers up to here may say how often something is done
_Outcome = TypeVar("_Outcome")


@dataclass
class Choices:
    """What a tuner chose in one run, and between what, in the order in which the program asked.

    `sizes` are the whole numbers that may be chosen among many; without them many stay open (`Missing`).
    """

    values: dict[str, object] = field(default_factory=dict)
    sizes: tuple[int, ...] | None = None
    domains: dict[str, list[object]] = field(default_factory=dict)

    def choose(self, name: str, domain: list[object]) -> object:
        """The value of this run."""
        self.domains.setdefault(name, domain)
        return self.values.setdefault(name, domain[0])


_CURRENT: ContextVar[Choices | None] = ContextVar("_CURRENT", default=None)


class Hyperparameters:
    """The object that a tuner hands to a program, with the values that the user gives."""

    def __init__(self, told: Mapping[str, object] | None = None) -> None:
        self._told = dict(told or {})

    def _choose(self, name: str, *args: object, **kwargs: object) -> object:
        values = kwargs.get("values", kwargs.get("choices", args[0] if args else None))
        return self._among(name, list(values) if isinstance(values, list | tuple) else [])

    Choice = suggest_categorical = _choose

    def _count(self, name: str, *args: object, **kwargs: object) -> object:
        low, high, step = (*args, *(None,) * 3)[:3]
        low, high = kwargs.get("min_value", kwargs.get("low", low)), kwargs.get("max_value", kwargs.get("high", high))
        step = kwargs.get("step", step) or 1
        if type(low) is int and type(high) is int and type(step) is int:
            return self._among(name, list(range(low, high + 1, step)))
        return self._among(name, [])

    Int = suggest_int = _count

    def _measure(self, name: str, *args: object, **kwargs: object) -> object:
        """A number that is no size. Where the program runs on Keras itself two are tried: of training alone, both are one."""
        choices = _CURRENT.get()
        if name not in self._told and choices is not None and choices.sizes is not None:
            return choices.choose(name, [0.25, 0.125])
        return self._told.get(name, Missing(f"hp({name!r})", "a tuner chose it", "the source", _STEP))

    Float = quniform = suggest_float = suggest_loguniform = suggest_uniform = _measure

    def Boolean(self, name: str, *args: object, **kwargs: object) -> object:
        """Whether something is done."""
        return self._among(name, [False, True])

    def Fixed(self, name: str, value: object = None, *args: object, **kwargs: object) -> object:
        """A value that no tuner changes."""
        return self._told.get(name, value)

    def _among(self, name: str, domain: list[object]) -> object:
        """What was chosen: the only value, what the user gives, one of few, one of the sizes of the weights, or open."""
        if name in self._told or len(domain) == 1:
            return self._told.get(name, domain[0] if domain else None)
        choices, numbers = _CURRENT.get(), [value for value in domain if type(value) is int]
        whole = len(numbers) == len(domain)
        if choices is not None and choices.sizes is not None and whole:
            domain = [value for value in numbers if value in choices.sizes or value <= _FEW]
        if choices is None or not domain or (whole and choices.sizes is None and max(numbers) > _FEW):
            return Missing(f"hp({name!r})", "a tuner chose it", "the source", _STEP)
        return choices.choose(name, domain)


def find_usual(name: str) -> object:
    """What an argument is by its usual name, None for most."""
    return Hyperparameters() if name in USUAL else None


@contextmanager
def _choosing(choices: Choices) -> Iterator[None]:
    token = _CURRENT.set(choices)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def try_choices(run: Callable[[], _Outcome], sizes: tuple[int, ...] | None) -> list[tuple[dict[str, object], _Outcome]]:
    """What `run` gives for each way to choose, with what was chosen; one without choices runs once.

    Raises:
        MissingObject: there are more ways than are tried: the weights may fit one of the others as well.
        AnyKerasError: every way fails; the reason of the first.
    """
    values: dict[str, object] | None = {}
    refusals: list[AnyKerasError] = []
    found: list[tuple[dict[str, object], _Outcome]] = []
    while values is not None:
        if len(found) + len(refusals) == _MOST:
            raise MissingObject("AK1327", f"a tuner chose among more than {_MOST} ways to build the model", next_step=_STEP)
        choices = Choices(values, sizes)
        try:
            with _choosing(choices):
                found.append((choices.values, run()))
        except AnyKerasError as error:
            refusals.append(error)
        values = _advance(choices)
    if not found:
        raise refusals[0]
    return found


def _advance(choices: Choices) -> dict[str, object] | None:
    """The next way to choose: the last choice that has more values takes its next; None where there is none."""
    asked = list(choices.domains)
    while asked:
        name = asked.pop()
        domain = choices.domains[name]
        place = domain.index(choices.values[name]) + 1
        if place < len(domain):
            return {**{other: choices.values[other] for other in asked}, name: domain[place]}
    return None
