"""The model that a program of its time makes: run in the legacy runtime, noted down, and written as an architecture."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from ..containers.base import Json, Match, NamedWeights, Raw
from ..custom import CustomObjects
from ..document.model import Era, Writer
from ..errors import AnyKerasError, MissingObject, Unsupported
from ..texts import list_words
from .architecture import write_architecture
from .choices import Sliced, append_statements, list_calls, slice_choices
from .current import run_current
from .goals import find_builders
from .inert import RATES, Inert, Missing, Needed, Unknowns, standing_for
from .layers import Recorded
from .models import RecordedModel, Unbuilt
from .reading import Given, parse_program
from .running import Program
from .runtime import RecordingRuntime
from .sequential import RecordedGraph
from .solving import list_sizes, solve
from .tuning import USUAL, try_choices
from .ways import guess_inputs, name_by_attributes
from .writer import find_writer, guess_format, list_writers

_FORMATS = ("channels_last", "channels_first")
_LACKING = ("AK1323", "AK1326")  # a value or module that the program reads elsewhere is not here
_STARTING = ("initializer", "regularizer", "constraint")
_COUNTS = 9
_RUNS = 64


@dataclass(frozen=True)
class Noted:
    """The architecture that a program left, who wrote it, and the program's own functions and classes."""

    sliced: Sliced
    writer: Writer
    architecture: Json
    custom_objects: CustomObjects
    model: Any = None  # as it was noted, with its attributes
    remarks: tuple[str, ...] = ()
    choice: str = ""  # which of several models it is, where the program makes several; "" where it is sure

    def is_choice(self, other: Noted) -> bool:
        """Whether two are one choice of the program, with the channels of images elsewhere."""
        return self.choice == other.choice and self.sliced.statements is other.sliced.statements

    def is_same(self, other: Noted) -> bool:
        """Whether two programs or choices made the same model, whatever its layers are called."""
        return _without_names(self.architecture) == _without_names(other.architecture)

    def as_raw(self) -> Raw:
        """As a file that holds the architecture alone."""
        name = os.path.basename(self.sliced.given.path)
        match = Match("python source", self.sliced.given.path, f"{len(self.sliced.statements)} statements were run")
        return Raw(match, architecture=self.architecture, part=name, notes=self.remarks)

    def with_weights(self, held: Raw) -> Raw:
        """The architecture with weights: those of the layers that attributes of the program lead to, where they do."""
        named = name_by_attributes(self.model, held.weights) if isinstance(held.weights, NamedWeights) else None
        return self.as_raw().with_weights(held if named is None else replace(held, weights=named))


# Layers that act in training alone, so that a model without one gives the same.
_OF_TRAINING = frozenset(list_words("""Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout GaussianNoise
    GaussianDropout ActivityRegularization"""))  # fmt: skip


def _without_training(value: Json, drops: bool = False) -> Json:
    """An architecture without what acts in training alone; layers that do are left out of a list of layers (`drops`)."""
    if isinstance(value, list):
        kept = [item for item in value if not (drops and isinstance(item, dict) and item.get("class_name") in _OF_TRAINING)]
        return [_without_training(item) for item in kept]
    if not isinstance(value, dict):
        return value
    plain = "Sequential" in (value.get("class_name"), value.get("name"))
    rest = {key: item for key, item in value.items() if not (key in RATES or key.endswith(_STARTING) or key == "seed")}
    inside = rest.get("config") if plain else None
    if isinstance(inside, dict) and isinstance(inside.get("layers"), list):
        rest["config"] = {**inside, "layers": _without_training(inside["layers"], True)}
    return {key: item if key == "config" and plain else _without_training(item) for key, item in rest.items()}


def _without_names(architecture: Json) -> str:
    """An architecture with its layers by number, and without what acts in training alone."""
    text = json.dumps(_without_training(architecture), sort_keys=True)
    names = dict.fromkeys(re.findall(r'"name": "([^"]*)"', text))
    numbers = {name: f"#{i}" for i, name in enumerate(names)}
    return re.sub(r'"([^"]*)"', lambda match: f'"{numbers.get(match[1], match[1])}"', text)


def note_program(given: Given, weights: Raw, said: str | None = None) -> Iterator[Noted | AnyKerasError]:
    """The architectures that a program may have meant: one for each model that it may be, and of those one for each place of
    the channels where it leaves that open; the refusal of one that cannot be made.

    A model of its own class that is never built comes with every input that the weights could take, behind the refusal
    that it is if none fits.

    Raises:
        AnyKerasError: the program cannot be read, or makes no model.
    """
    for number, sliced in enumerate(slice_choices(given, weights.match.path)):
        try:
            yield from _note_choice(sliced, number, weights, said)
        except AnyKerasError as error:
            named = not given.expression or given.expression.isidentifier()
            calls = list_calls(given, find_builders(parse_program(given.path))) if named and error.code in _LACKING else []
            if calls and not number:
                error.next_step = f"{error.next_step} Or give the values yourself: {' or '.join(calls)}."
            yield error


def _note_choice(sliced: Sliced, number: int, weights: Raw, said: str | None) -> Iterator[Noted | Unsupported]:
    """What one choice of a program may be."""
    refusal: Unbuilt | None = None
    for with_calls in (False, True):
        if with_calls:
            given = sliced.given
            sliced = list(slice_choices(given, weights.match.path, True))[0 if given.expression else number]
        try:
            yield from _note_either(sliced, weights, said)
            return
        except Unbuilt as error:
            refusal = error
    assert refusal is not None
    yield refusal
    yield from _note_guessed(sliced, weights, said, [str(shape) for shape in refusal.shapes])


def _note_guessed(sliced: Sliced, weights: Raw, said: str | None, stated: list[str]) -> Iterator[Noted]:
    """The architectures for inputs that the program states elsewhere, and those that the kernels of the file could take:
    whether it is that, the weights show."""
    for shape in dict.fromkeys([*stated, *guess_inputs(weights)]):
        built = append_statements(sliced, f"_model = {sliced.expression}\n_model.build({shape})", "_model")
        remark = f"the input is taken to be {shape}, which the weights fit; {sliced.expression}.build(...) says another"
        try:
            found = list(_note_either(built, weights, said))
        except AnyKerasError:
            continue  # not that one
        for noted in found:
            if shape.count("None") == 1 or '"Flatten"' not in json.dumps(noted.architecture):  # which needs every size
                yield replace(noted, remarks=(remark,))


def _note_either(sliced: Sliced, weights: Raw, said: str | None) -> Iterator[Noted]:
    writer = find_writer(sliced, weights, said)
    if writer.era is Era.KERAS3:
        for values, (architecture, objects) in try_choices(lambda: run_current(sliced), tuple(list_sizes(weights))):
            objects_of = CustomObjects(objects, path=sliced.given.path)
            yield _tell_choice(Noted(sliced, writer, architecture, objects_of), values)
        return
    first = guess_format(weights, writer)
    formats = (first, *(other for other in _FORMATS if other != first))
    refusals: list[AnyKerasError] = []
    ways = [(data_format, one) for data_format in formats for one in list_writers(writer, sliced)]
    for data_format, one in ways:
        try:
            yield from _note_tuned(sliced, one, data_format, weights)
        except AnyKerasError as refusal:
            refusals.append(refusal)  # a program that has its channels last may not run with them first
    if len(refusals) == len(ways):
        raise refusals[0]


def _note_tuned(sliced: Sliced, writer: Writer, data_format: str, weights: Raw) -> Iterator[Noted]:
    """With every way in which a tuner may have chosen."""
    for values, noted in try_choices(lambda: list(_note_counts(sliced, writer, data_format, weights)), None):
        yield from (_tell_choice(one, values) for one in noted)


def _tell_choice(noted: Noted, values: Mapping[str, object]) -> Noted:
    """A model that a tuner had made, with the values of its choices."""
    if not values:
        return noted
    name = next((name for name in noted.sliced.unknown if name in USUAL), USUAL[0])
    return replace(noted, choice=f"{name}={values}; {noted.choice or noted.sliced.given.expression or noted.sliced.expression}")


def _note_counts(sliced: Sliced, writer: Writer, data_format: str, weights: Raw) -> Iterator[Noted]:
    """With what the program counts with that nobody knows: each number of times up to the first few."""
    unknowns = Unknowns(rank=_rank_of_input(weights))
    try:
        yield from _note(sliced, writer, data_format, weights, unknowns)
    except AnyKerasError:
        if len(unknowns.counts) != 1:
            raise
        name = next(iter(unknowns.counts))
        found = 0
        for value in range(1, _COUNTS):
            tried = Unknowns({name: value}, rank=unknowns.rank)
            with suppress(AnyKerasError):
                for noted in _note(replace(sliced, sure=False), writer, data_format, weights, tried):
                    found += 1
                    yield replace(noted, choice=f"{name}={value}; {noted.choice}")
        if not found:
            raise


def _note(sliced: Sliced, writer: Writer, data_format: str, weights: Raw, unknowns: Unknowns) -> Iterator[Noted]:
    """Each model that the program made; sizes that it would have read elsewhere are those that the weights have."""
    first = _run(sliced, writer, data_format, unknowns)
    if not unknowns.primes:
        yield from first
        return
    for number, noted in enumerate(first):
        found = solve(noted.architecture, writer, noted.custom_objects, weights, unknowns)
        hidden = [name for name in unknowns.primes if found is not None and name not in found]
        sizes = list_sizes(weights) if hidden else [0]
        if found is None or len(hidden) > 2 or len(sizes) ** len(hidden) > _RUNS:  # what is not tried may fit as well
            needed = Needed(unknowns.asked[(hidden or list(unknowns.primes))[0]])
            needed.seen += "; the weights leave it open"
            raise needed
        for values in product(sizes, repeat=len(hidden)):
            known = {**unknowns.values, **found, **dict(zip(hidden, values, strict=True))}
            with suppress(AnyKerasError) if hidden else nullcontext():
                again = _run(sliced, writer, data_format, Unknowns(known, rank=unknowns.rank))[number]
                told = ", ".join(f"{name} = {size}" for name, size in known.items())
                choice = f"{told}; {sliced.expression}" if hidden else again.choice
                yield replace(again, choice=choice, remarks=(f"{told}: the program reads it elsewhere, the weights show it",))


def _run(sliced: Sliced, writer: Writer, data_format: str, unknowns: Unknowns) -> list[Noted]:
    runtime = RecordingRuntime(writer, data_format)
    with runtime.legacy_code(), standing_for(unknowns):
        outcome = Program(sliced.given.path, runtime).run(sliced.statements, sliced.expression, sliced.told, sliced.unknown)
        models = _find_models(outcome, sliced)
        written = {
            name: (model, write_architecture(model)) for name, model in models.items() if len(models) < 2 or model.is_built
        }
    objects = CustomObjects(runtime.recorder.custom_objects(), path=sliced.given.path, runtime=runtime)
    sure = sliced.sure and len(written) == 1
    made = replace(writer, data_format=data_format)
    return [
        Noted(sliced, made, architecture, objects, model, choice="" if sure else name)
        for name, (model, architecture) in written.items()
    ]


def _rank_of_input(weights: Raw) -> int | None:
    """How many sizes the input has behind the batch, by the first kernel of the weights."""
    groups = weights.weights.groups if isinstance(weights.weights, NamedWeights) else ()
    ranks = [len(tensor.shape) for group in groups for _, tensor in group.weights]
    return ranks[0] - 1 if ranks and ranks[0] > 1 else None


def _find_models(outcome: object, sliced: Sliced) -> dict[str, Any]:
    """The models that an expression gave or holds, by the expression of each; one that is a part of an object of the program
    is held by it. Raises MissingObject where there are none."""
    if isinstance(outcome, Missing):
        outcome.stop()
    held: dict[int, tuple[str, Any]] = {}
    _collect_models(outcome, sliced.expression, held, 3)
    if not held:
        raise MissingObject(
            "AK1327",
            f"{sliced.expression} gives no models, and one is wanted: it is a {type(outcome).__name__}",
            part=sliced.given.path,
            next_step="Give an expression that makes the model.",
        )
    return dict(held.values())


def _collect_models(value: object, name: str, held: dict[int, tuple[str, Any]], depth: int) -> None:
    if isinstance(value, RecordedModel | RecordedGraph):
        held.setdefault(id(value), (name, value))
        return
    if isinstance(value, list | tuple):
        items = {f"{name}[{i}]": item for i, item in enumerate(value)}
    elif isinstance(value, Mapping):
        items = {f"{name}[{key!r}]": item for key, item in value.items()}
    elif isinstance(value, Recorded | Inert | type) or not hasattr(value, "__dict__"):
        return
    else:
        items = {f"{name}.{key}": item for key, item in vars(value).items()}
    for way, item in items.items() if depth else ():
        _collect_models(item, way, held, depth - 1)
