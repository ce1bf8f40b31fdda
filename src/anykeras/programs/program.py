"""The model that a program of its time makes: run in the legacy runtime, noted down, and written as an architecture."""

from __future__ import annotations

import ast
import builtins
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Any
from unittest.mock import patch

from ..containers.base import Json, Match, NamedWeights, Raw
from ..custom import CustomObjects
from ..document.model import Era, Evidence, Writer
from ..errors import AnyKerasError, MissingFile, MissingObject, Unsupported
from ..keras_private import iterate_inner_layers
from ..matching.evidence import writer_of_weights
from ..parse.era import KERAS1_WORDS, KERAS2_WORDS
from .architecture import write_architecture
from .inert import Inert, Missing, Needed, Unknowns, standing_for, stop_at_missing
from .layers import NUMBER, Recorded, find_again
from .models import RecordedModel
from .names import load_zeros
from .reading import Given, parse_program
from .running import Program
from .runtime import RecordingRuntime
from .sequential import RecordedGraph
from .slicing import (
    Builder,
    Goal,
    defined_names,
    find_builders,
    find_goals,
    find_inner_goals,
    flatten,
    free_names,
    slice_for,
    slice_import,
)
from .solving import list_sizes, solve
from .ways import guess_inputs, name_by_attributes

# What programs of TensorFlow 1 mention, and those of 2 have not.
_TENSORFLOW1 = ("tf.Session", "tf.placeholder", "tf.enable_eager_execution", "tf.train.AdamOptimizer", "tf.ConfigProto",
                "tf.train.RMSPropOptimizer", "tf.contrib", "tf.get_default_graph", "global_variables_init")  # fmt: skip
_FORMATS = ("channels_last", "channels_first")
_LACKING = ("AK1323", "AK1326")  # a value or module that the program reads elsewhere is not here
_SHOWN = 5
_CHOICES = 16  # models of a program that are tried
_COUNTS = 9
_RUNS = 64
# Names under which everybody has these, so that an expression may use them where its file does not import them.
_USUAL = {
    "Input": "from keras.layers import Input",
    "K": "from keras import backend as K",
    "keras": "import keras",
    "layers": "from keras import layers",
    "np": "import numpy as np",
    "tf": "import tensorflow as tf",
}


@dataclass(frozen=True)
class Sliced:
    """What of a program runs: its statements, and the expression that gives the model."""

    given: Given
    statements: tuple[ast.stmt, ...]
    expression: str
    told: Mapping[str, str] = field(default_factory=dict)
    text: str = ""  # of the whole program
    unknown: tuple[str, ...] = ()  # arguments that nobody gives a value
    sure: bool = True  # whether the program, or the user, says that this is the model of the weights

    def as_text(self) -> str:
        """The statements as Python text, each with its line in the file."""
        lines = [f"{name} = {value}  # given" for name, value in self.told.items()]
        for statement in self.statements:
            first, *rest = ast.unparse(statement).split("\n")
            lines += [f"{first}  # line {statement.lineno}", *rest]
        return "\n".join([*lines, self.expression])


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


def slice_program(given: Given, weights: str = "", calls: bool = False) -> Sliced:
    """What of a program makes the model that its weights most likely are of (`slice_choices`): nothing is run yet."""
    return next(iter(slice_choices(given, weights, calls)))


def slice_choices(given: Given, weights: str = "", calls: bool = False) -> Iterator[Sliced]:
    """What of a program makes each model that its weights may be of, the likeliest first: nothing is run yet.

    Args:
        given: the file, with the expression where the user gives one.
        weights: the path of the weights, which the program may mention.
        calls: whether statements run that call the model.

    Raises:
        MissingFile: there is no such file.
        MissingObject: the file is no Python, or makes no model.
    """
    if not os.path.isfile(given.path):
        seen = f"no such file: {given.path} (current directory: {os.getcwd()})"
        raise MissingFile("AK5003", seen, part=given.path, next_step="Give the path of the source file.")
    tree = parse_program(given.path)
    given, told = _take_told(given)
    text = ast.unparse(tree)
    if given.expression:
        yield _slice_expression(Sliced(given, (), given.expression, told, text), tree, calls)
        return
    choices = _find_choices(given, tree, weights)
    sure = _is_sure(choices)
    for choice in choices[:_CHOICES]:
        base = Sliced(given, (), choice.name, told, text, sure=sure and choice is choices[0])
        if isinstance(choice, Goal):
            kept = slice_for(choice.name, choice.statements, calls, told.keys())
            yield replace(base, statements=tuple(kept), unknown=choice.unknown)
        else:
            given = replace(given, expression=choice.call)
            yield _slice_expression(replace(base, given=given, expression=choice.call, unknown=choice.required), tree, calls)


def _slice_expression(base: Sliced, tree: ast.Module, calls: bool) -> Sliced:
    wanted = ast.parse(base.expression, mode="eval").body
    kept = [*_import_usual(wanted, tree), *slice_import(wanted, tree.body, calls, base.told.keys())]
    known = {name for node in (*flatten(tree.body), *kept) for name in defined_names(node)} | vars(builtins).keys()
    unknown = tuple(dict.fromkeys([*base.unknown, *sorted(free_names(wanted) - known - base.told.keys())]))
    return _kept_if_built(replace(base, statements=tuple(kept), unknown=unknown), wanted)


def _import_usual(expression: ast.expr, tree: ast.Module) -> list[ast.stmt]:
    """Imports of what an expression has under its usual name and the file does not: ``body(Input((32, 32, 3)), 10)``."""
    known = {name for statement in flatten(tree.body) for name in defined_names(statement)}
    return [ast.parse(_USUAL[name]).body[0] for name in sorted(free_names(expression) - known) if name in _USUAL]


def _take_told(given: Given) -> tuple[Given, dict[str, str]]:
    """The expression that makes the model, and the names that the user gives a value before it: ``n=5; build(n)``.

    Raises MissingObject where it is no Python.
    """
    told: dict[str, str] = {}
    try:
        body = ast.parse(given.expression).body
        for statement in body:
            if isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in statement.targets):
                told |= {ast.unparse(target): ast.unparse(statement.value) for target in statement.targets}
            elif statement is not body[-1] or not isinstance(statement, ast.Expr):
                raise SyntaxError("it is an expression, with values of names before it")
    except SyntaxError as error:
        raise MissingObject(
            "AK1327",
            f"{given.expression!r} is no Python expression: {error.msg}",
            part=given.path,
            next_step='Give one that makes the model, as in "model.py:build(32)".',
        ) from None
    last = body[-1] if body else None
    return replace(given, expression=ast.unparse(last) if isinstance(last, ast.Expr) else ""), told


def _kept_if_built(sliced: Sliced, expression: ast.expr) -> Sliced:
    """An expression that ends in ``.build(...)`` as the model that was built: Keras gives None there."""
    if not (
        isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute) and expression.func.attr == "build"
    ):
        return sliced
    model, arguments = ast.unparse(expression.func.value), ", ".join(map(ast.unparse, [*expression.args, *expression.keywords]))
    return _append(sliced, f"_model = {model}\n_built = _model.build({arguments})", "_model if _built is None else _built")


def _append(sliced: Sliced, text: str, expression: str) -> Sliced:
    return replace(sliced, statements=(*sliced.statements, *ast.parse(text).body), expression=expression)


def _find_choices(given: Given, tree: ast.Module, weights: str) -> list[Goal | Builder]:
    """The models of the top level, those that functions make, and the functions. Raises MissingObject where there are none."""
    goals, inner, builders = find_goals(tree, weights), find_inner_goals(tree, weights), find_builders(tree)
    named = [goal for goal in (*goals, *inner) if goal.rank > 2]
    treated = [goal for goal in goals if goal.rank]
    free = [builder for builder in builders if not builder.required]
    rest: list[Goal | Builder] = [*treated, *free, *goals, *inner, *builders]
    found = list(dict.fromkeys([*named, *rest]))
    if not found:
        raise MissingObject(
            "AK1327",
            f"{os.path.basename(given.path)} makes no model that AnyKeras finds",
            part=given.path,
            next_step='Say how it is made, as in "model.py:build(32)".',
        )
    return found


def _is_sure(choices: Sequence[Goal | Builder]) -> bool:
    """Whether the first choice is what the program itself treats as the model, and nothing else is so."""
    first = choices[0]
    if isinstance(first, Builder):
        return len(choices) == 1
    return not any(isinstance(other, Goal) and other.rank == first.rank for other in choices[1:])


def _without_names(architecture: Json) -> str:
    """An architecture with its layers by number."""
    text = json.dumps(architecture, sort_keys=True)
    names = dict.fromkeys(re.findall(r'"name": "([^"]*)"', text))
    numbers = {name: f"#{i}" for i, name in enumerate(names)}
    return re.sub(r'"([^"]*)"', lambda match: f'"{numbers.get(match[1], match[1])}"', text)


def _list_calls(given: Given, builders: Sequence[Builder]) -> list[str]:
    """What to write for the first models that a program can make."""
    return [f"{given.path}:{builder.call}" for builder in builders[:_SHOWN]]


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
            calls = _list_calls(given, find_builders(parse_program(given.path))) if named and error.code in _LACKING else []
            if calls and not number:
                error.next_step = f"{error.next_step} Or give the values yourself: {' or '.join(calls)}."
            yield error


def _note_choice(sliced: Sliced, number: int, weights: Raw, said: str | None) -> Iterator[Noted | Unsupported]:
    """What one choice of a program may be."""
    refusal: Unsupported | None = None
    for with_calls in (False, True):
        if with_calls:
            given = replace(sliced.given, expression=sliced.given.expression)
            sliced = list(slice_choices(given, weights.match.path, True))[0 if given.expression else number]
        try:
            yield from _note_either(sliced, weights, said)
            return
        except Unsupported as error:
            if error.code != "AK1321":
                raise
            refusal = error
    assert refusal is not None
    yield refusal
    yield from _note_guessed(sliced, weights, said)


def _note_guessed(sliced: Sliced, weights: Raw, said: str | None) -> Iterator[Noted]:
    """The architectures for inputs that the kernels of the file could take: whether it is that, the weights show."""
    for shape in guess_inputs(weights):
        built = _append(sliced, f"_model = {sliced.expression}\n_model.build({shape})", "_model")
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
        yield _note_current(sliced, writer)
        return
    first = guess_format(weights, writer)
    formats = (first, *(other for other in _FORMATS if other != first))
    refusals: list[AnyKerasError] = []
    ways = [(data_format, one) for data_format in formats for one in _releases(writer, sliced)]
    for data_format, one in ways:
        try:
            yield from _note_counts(sliced, one, data_format, weights)
        except AnyKerasError as refusal:
            refusals.append(refusal)  # a program that has its channels last may not run with them first
    if len(refusals) == len(ways):
        raise refusals[0]


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
        if found is None or len(hidden) > 2:
            needed = Needed(unknowns.asked[(hidden or list(unknowns.primes))[0]])
            needed.seen += "; the weights leave it open"
            raise needed
        sizes = list_sizes(weights) if hidden else [0]
        for values in islice(product(sizes, repeat=len(hidden)), _RUNS):
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


def _releases(writer: Writer, sliced: Sliced) -> list[Writer]:
    """The writer, or both that it may be: TensorFlow 1.13 to 1.15, 2.0 and 2.1 stamp the same, and had other defaults."""
    if writer.version != "2.2.4-tf" or writer.tensorflow is not None:
        return [writer]
    old = any(word in sliced.text for word in _TENSORFLOW1)
    return [replace(writer, tensorflow=major) for major in ((1, 2) if old else (2, 1))]


def _find_models(outcome: Any, sliced: Sliced) -> dict[str, Any]:
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


def _collect_models(value: Any, name: str, held: dict[int, tuple[str, Any]], depth: int) -> None:
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


# -- who wrote it


def find_writer(sliced: Sliced, weights: Raw, said: str | None = None) -> Writer:
    """Whose libraries the program imports: by the evidence of its weights, and by its own words where they leave that open."""
    writer = writer_of_weights(weights, said)
    text = "\n".join(ast.unparse(statement) for statement in sliced.statements)
    if weights.weights is None or (isinstance(weights.weights, NamedWeights) and not weights.weights.groups):
        return _writer_of_text(text)
    if "ASK(" not in text and (writer.version is not None or writer.era is Era.KERAS3):
        return writer
    if "ASK(" in text or _speaks_later(writer.era, text):
        return Writer(Era.KERAS3, "keras", evidence=(Evidence("source", "its arguments are those of Keras 3"),))
    if writer.era is Era.KERAS0:
        return replace(writer, version="0.3.3")
    if writer.era is Era.KERAS1:
        return replace(writer, version="1.2.2", backend=writer.backend or "tensorflow")
    spoken = _writer_of_text(text)
    if spoken.era is Era.TF2:
        return replace(spoken, backend="tensorflow")
    return replace(writer, version="2.2.4", backend=writer.backend or "tensorflow")


def _speaks_later(era: Era, text: str) -> bool:
    """Whether a source has the words of Keras 2 and later alone, while its weights are older."""
    said = {word for word in KERAS2_WORDS if f"{word}=" in text} - {"padding"}
    return era in (Era.KERAS0, Era.KERAS1) and bool(said) and not any(f"{word}=" in text for word in KERAS1_WORDS)


def _writer_of_text(text: str) -> Writer:
    """The writer by what a program imports and how it names arguments."""
    seen = (Evidence("source", "its imports and arguments"),)
    if "tensorflow.keras" in text or "tf.keras" in text or "tensorflow.python.keras" in text:
        return Writer(Era.TF2, "tf.keras", "2.4.0", "tensorflow", evidence=seen)
    if any(word in text for word in ("Graph(", "add_node(", "layers.containers")):
        return Writer(Era.KERAS0, "keras", "0.3.3", "theano", evidence=seen)
    if any(f"{word}=" in text for word in KERAS1_WORDS):
        return Writer(Era.KERAS1, "keras", "1.2.2", "tensorflow", evidence=seen)
    return Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow", evidence=seen)


def guess_format(weights: Raw, writer: Writer) -> str:
    """Where images have their channels: the kernels of Keras 0 and 1 tell; else as the backend had it.

    Theano's kernels of then are (out, in, rows, columns), TensorFlow's (rows, columns, in, out).
    """
    if writer.era not in (Era.KERAS0, Era.KERAS1):
        return "channels_last"
    votes = 0
    for group in weights.weights.groups if isinstance(weights.weights, NamedWeights) else ():
        for _, tensor in group.weights:
            if len(tensor.shape) == 4:
                first, last = max(tensor.shape[:2]), max(tensor.shape[2:])
                votes += (first > last) - (last > first)
    if votes:
        return "channels_first" if votes > 0 else "channels_last"
    return "channels_first" if writer.backend == "theano" else "channels_last"


# -- programs of Keras 3


def _note_current(sliced: Sliced, writer: Writer) -> Noted:
    """The live model that a program of Keras 3 makes on the running Keras, as its configuration."""
    import keras

    with _without_training(keras):
        outcome = Program(sliced.given.path, None).run(sliced.statements, sliced.expression, sliced.told)
    stop_at_missing(outcome)
    model = outcome
    if not isinstance(model, keras.Model):
        items = (
            outcome
            if isinstance(outcome, list | tuple)
            else list(vars(outcome).values())
            if hasattr(outcome, "__dict__")
            else []
        )
        models = [item for item in items if isinstance(item, keras.Model)]
        if len(models) != 1:
            raise MissingObject(
                "AK1327",
                f"{sliced.expression} gives {len(models) or 'no'} models, and one is wanted",
                part=sliced.given.path,
                next_step="Give an expression that makes the model.",
            )
        model = models[0]
    with _numbered(list(iterate_inner_layers(model))) as objects:
        architecture, own = describe_live(model)
    return Noted(sliced, writer, architecture, CustomObjects({**own, **objects}, path=sliced.given.path))


@contextmanager
def _numbered(layers: list[Any]) -> Iterator[dict[str, Any]]:
    """The program's own classes by name. Layers whose class has no ``get_config`` say in their configuration which they are,
    and their class finds them by it: what Keras notes of their arguments need not be all that the constructor took.
    """
    strangers = [layer for layer in layers if type(layer).__module__.split(".")[0] != "keras"]
    own = [layer for layer in strangers if type(layer).get_config.__module__.split(".")[0] == "keras"]
    for number, layer in enumerate(own):
        config = {"name": layer.name, "trainable": layer.trainable, NUMBER: number}
        object.__setattr__(layer, "get_config", lambda config=config: config)
    try:
        yield {type(layer).__name__: type(layer) for layer in strangers} | {
            type(layer).__name__: find_again(type(layer), own) for layer in own
        }
    finally:
        for layer in own:
            object.__delattr__(layer, "get_config")


def describe_live(model: Any) -> tuple[Json, dict[str, Any]]:
    """The configuration of a live model of the running Keras, and the classes in it that are not of Keras, by name."""
    import keras

    architecture: Json = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    layers = list(iterate_inner_layers(model))
    own = {type(layer).__name__: type(layer) for layer in layers if type(layer).__module__.split(".")[0] != "keras"}
    text = json.dumps(architecture)
    functions = {name: held for name, held in keras.saving.get_custom_objects().items() if not isinstance(held, type)}
    own |= {name: held for name, held in functions.items() if json.dumps(name) in text}
    return _unregister(architecture, own), own


def _unregister(value: Json, own: Mapping[str, type]) -> Json:
    """The configuration with own classes under their bare names: Keras prefers a class that was registered to one passed."""
    if isinstance(value, list):
        return [_unregister(item, own) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _unregister(item, own) for key, item in value.items()}
    if "registered_name" in found and found.get("class_name") in own:
        found["registered_name"] = found["class_name"]
    return found


@contextmanager
def _without_training(keras: Any) -> Iterator[None]:
    """Models of the running Keras neither train nor read or write files, and nothing is loaded from elsewhere."""
    names = ("fit", "evaluate", "predict", "load_weights", "save_weights", "save", "train_on_batch", "summary")

    def nothing(self: Any, *args: Any, **kwargs: Any) -> None:
        return None

    def not_here(what: str) -> Any:
        step = "Give the value that depends on it before the expression, as in model.py:num_words=5000."
        return lambda *args, **kwargs: Missing(what, "nothing is downloaded for a model", "the source", step)

    from keras.src.utils import file_utils

    data = [
        getattr(keras.datasets, name) for name in dir(keras.datasets) if hasattr(getattr(keras.datasets, name), "load_data")
    ]
    loads = {module.__name__.rpartition(".")[2]: module for module in data}
    patches: list[Any] = [patch.object(keras.Model, name, nothing) for name in names]
    patches += [patch.object(owner, "get_file", not_here("get_file()")) for owner in (keras.utils, file_utils)]
    patches += [
        patch.object(module, "load_data", load_zeros(name) or not_here(f"{name}.load_data()")) for name, module in loads.items()
    ]
    for held in patches:
        held.start()
    try:
        yield
    finally:
        for held in patches:
            held.stop()
