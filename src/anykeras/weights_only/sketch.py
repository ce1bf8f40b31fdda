"""Code for weights without an architecture: every layer with what its shapes tell, and an ``ASK(...)`` for each unknown.

Text out of the file stands in the code as string literals and in comments of one line, never as a name.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence

from ..catalog.known_models import KnownModel
from ..catalog.signatures import MISSING, find_signature
from ..document.model import Era, Value, Writer
from ..matching.kinds import Kind
from ..matching.saved_layers import Chain, Jump, SavedLayer, unfold
from ..matching.unknowns import SUCCESSORS, TRAINING_ONLY, list_unknown_arguments
from ..texts import escape, write_comment
from .inspection import WeightsInspection

_HEAD = '''
import sys

import keras
from keras import layers


def ASK(*suggestion):
    """Stands where the file does not say what the program had: replace each by its value (the one inside is the default)."""
    line = sys._getframe(1).f_lineno
    known = " (the default was %r)" % suggestion if suggestion else ""
    raise NotImplementedError("line %d of this file: ASK(...) is not answered%s" % (line, known))


def DEFAULT(*suggestion):
    """build(DEFAULT) takes the default wherever an ASK has one; the others must still be answered."""
    if suggestion:
        return suggestion[0]
    line = sys._getframe(1).f_lineno
    raise NotImplementedError("line %d of this file: ASK() has no default, and must be answered" % line)
'''
_HARD_SIGMOID = '''

def hard_sigmoid_of_then(x):
    """The hard_sigmoid of Keras 0 to 2; the one of Keras 3 is another function."""
    return keras.activations.relu(0.2 * x + 0.5, max_value=1.0)


if keras.__version__ >= "3":  # a Bidirectional makes its layer anew, by the name of the function
    keras.saving.register_keras_serializable("anykeras")(hard_sigmoid_of_then)
'''
_CHECK = '''

def check(model):
    """The model, if its weights have the shapes of the file; else the first layer whose settings do not lead there."""
    for layer in model.layers:
        expected = SHAPES.get(layer.name)
        found = [list(weight.shape) for weight in layer.weights if "seed_generator" not in weight.path]
        if found and expected is not None and sorted(map(str, found)) != sorted(map(str, expected)):
            hint = HINTS.get(layer.name, "its arguments, or the layers before it, are not those of the program")
            raise ValueError("layer %r has weights %s, the file has %s: %s" % (layer.name, found, expected, hint))
    missing = sorted(set(SHAPES) - set(layer.name for layer in model.layers))
    if missing:
        raise ValueError("the model lacks layers of the file: %s" % ", ".join(missing))
    return model
'''
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_GONE = ("MaxoutDense", "Highway", "LocallyConnected1D", "LocallyConnected2D", "ParametricSoftplus", "SReLU")
_HOLDERS = ("TimeDistributed", "Bidirectional", "RNN", "Wrapper", "StackedRNNCells", "Pipeline")
_MERGING = (
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "Merge", "Attention"),
    *("AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
)
_FORMATTED = ("Conv", "Depthwise", "Separable", "MaxPool", "AveragePool", "Global", "UpSampling", "ZeroPadding", "Cropping")


def write_sketch(found: WeightsInspection) -> str:
    """Python text with a function ``build`` that makes a model for these weights once every ASK in it is answered."""
    return _Sketch(found).text()


class _Sketch:
    """One file's sketch."""

    def __init__(self, found: WeightsInspection) -> None:
        self.found = found
        self.writer: Writer = found.writer
        self.chain: Chain = found.chain
        self.place = {id(layer): number for number, layer in enumerate(self.chain.layers)}
        self.jumps: dict[str, Jump] = {jump.layer.name: jump for jump in self.chain.jumps}
        self.file = os.path.basename(found.raw.match.path)
        self.formatted = any(_takes_format(_class_of(layer) or "") for layer in self.chain.layers)

    def text(self) -> str:
        known = self.found.known_model
        if known is not None and not known.further:
            return self._whole(self._known(known))
        if self._sequential():
            return self._whole(self._build_sequential())
        return self._whole(self._build_functional())

    def _sequential(self) -> bool:
        if not self.chain.linear or any(layer.inner for layer in self.found.saved.layers):
            return False
        return all(_class_of(layer) not in _MERGING and not _has_inputs(layer) for layer in self.chain.layers[1:])

    def _whole(self, body: Sequence[str]) -> str:
        recurrent = any(
            SUCCESSORS.get(_class_of(layer) or "") in _RECURRENT or _class_of(layer) in _RECURRENT
            for layer in self.chain.layers
        )
        needs_line = recurrent and self.writer.era is not Era.KERAS3
        lines = [
            write_comment(f"Written by anykeras from {self.file} (weights only, written by {self.writer})."),
            "#",
            "# The file holds weights and no architecture. Answer every ASK(...): its value changes the outputs. Then",
            "#",
            write_comment(f"    model = anykeras.load_model({self.file!r}, architecture={'model.py:build()'!r})"),
            "#",
            "# with this text as model.py. build(DEFAULT) takes the defaults of then for every ASK that has one.",
            *self._shared_names(),
            *_HEAD.splitlines(),
            *(_HARD_SIGMOID.splitlines() if needs_line else ()),
            "",
            "",
            *self._tables(),
            *_CHECK.splitlines(),
            "",
            "",
            *body,
        ]
        return "\n".join(lines) + "\n"

    def _shared_names(self) -> Iterator[str]:
        if not self.chain.unique:
            yield "# The file lists layers by class. Widths follow in several orders, or in none; this is one of them."
        for group in self.found.alike:
            yield write_comment(f"Layers of equal shapes, told apart by name and order alone: {', '.join(group)}.")

    def _tables(self) -> Iterator[str]:
        """What `check` compares with."""
        yield "SHAPES = {"
        if self.found.known_model is None or self.found.known_model.further:
            for layer in self.chain.layers:
                shapes = self._expected(layer)
                if shapes is not None:
                    yield f"    {_write_text(layer.name)}: {shapes!r},"
        yield "}"
        if not self.jumps:
            yield "HINTS = {}"
            return
        yield "HINTS = {"
        for name, jump in self.jumps.items():
            hint = (
                f"it takes {jump.positions * jump.features} features, {jump.positions} positions{_is_square(jump.positions)} of"
                f" {jump.features}: look at the strides, paddings and pooling before it, and at the input shape"
            )
            yield f"    {_write_text(name)}: {hint!r},"
        yield "}"

    def _expected(self, layer: SavedLayer) -> list[list[int]] | None:
        """The shapes that the layer's weights have today; None where they are not compared."""
        kind = layer.kind
        if not layer.atoms or kind is None or layer.inner or kind.class_name in _GONE:
            return None
        if kind.wrapper is not None or kind.layout is not None or kind.class_name in ("PReLU", "Normalization"):
            return None
        if kind.class_name in ("LSTM", "GRU", "SimpleRNN") and isinstance(kind.arguments.get("units"), int):
            return _list_recurrent_shapes(kind)
        if kind.class_name.startswith(("CuDNN", "Conv")) and ("LSTM" in kind.class_name or "GRU" in kind.class_name):
            return None
        if kind.class_name.startswith("Conv1D") and self.writer.era in (Era.KERAS0, Era.KERAS1):
            return None
        return [list(shape) for shape in layer.weights.values()]

    # The body

    def _known(self, known: KnownModel) -> list[str]:
        call = known.call.removesuffix(")")
        return [
            "def build(ASK=ASK):",
            write_comment(f"the weights are those of {known}", "    "),
            f"    return check({call}, input_shape=ASK(None)))",
        ]

    def _build_sequential(self) -> list[str]:
        lines = ["def build(ASK=ASK):", *self._data_format(), "    model = keras.Sequential(["]
        lists_flatten = any(_class_of(layer) == "Flatten" for layer in self.chain.layers)
        lines += [f"        {line}" for line in self._input()]
        for index, layer in enumerate(self.chain.layers):
            jump = self.jumps.get(layer.name)
            if jump is not None and not lists_flatten:
                lines.append(f"        {self._flatten()},  # {self._explain(jump)}")
            if index and layer.atoms:
                lines += self._open_place()
            lines += [f"        {line}" for line in self._layer(layer, index)]
        return [*lines, *self._open_place(), "    ])", "    return check(model)"]

    def _open_place(self) -> list[str]:
        """A line for layers without weights, where the file does not say where they stand."""
        saved = self.found.saved
        if saved.in_order and saved.lists_all:
            return []
        bare = [layer.name for layer in itertools.islice(unfold(saved.layers), 200) if not layer.atoms][:20]
        where = f"the file names {escape(', '.join(bare))} and no place" if bare else "the file does not list them"
        return [f"        *ASK([]),  # layers without weights (activation, pooling ...) here? {where}"]

    def _build_functional(self) -> list[str]:
        """One line a layer; how they are connected is not in the file, and asked."""
        lines = ["def build(ASK=ASK):", *self._data_format()]
        lines += [write_comment("How the layers are connected is not in the file: name the input of each.", "    ")]
        names = _name_variables(list(self._flattened()))
        lines += [f"    inputs = {self._input()[0].rstrip(',')}" if not self._input()[0].startswith("#") else ""]
        before = "inputs"
        for index, layer in enumerate(self._flattened()):
            why = self.chain.breaks.get(layer.name)
            for line in self._layer(layer, index, listed=False):
                if line.startswith("#"):
                    lines.append(f"    {line}")
                    continue
                call, _, remark = line.partition("  # ")
                suggestion = f"ASK({before})" if not why or index == 0 else "ASK()"
                remark = "  # " + "; ".join(part for part in (remark, escape(why or "")) if part) if remark or why else ""
                lines.append(f"    {names[index]} = {call}({suggestion}){remark}")
                before = names[index]
        lines += [f"    return check(keras.Model(ASK(inputs), ASK({before})))"]
        return [line for line in lines if line]

    def _flattened(self) -> Iterator[SavedLayer]:
        """The layers of the file; in order, nested models unfolded."""
        for layer in self.chain.layers:
            if _class_of(layer) != "InputLayer":
                yield layer

    def _data_format(self) -> Iterator[str]:
        if not self.formatted:
            return
        layout = self.found.saved.layout
        if layout == "th":
            yield '    data_format = ASK("channels_first")  # kernels are in the layout of Theano'
        else:
            backend = "channels_first" if self.writer.backend == "theano" and layout is None else "channels_last"
            yield f"    data_format = ASK({backend!r})"

    def _input(self) -> list[str]:
        """The input, as far as the first layer tells it."""
        first = next((layer for layer in self.chain.layers if layer.atoms), None)
        kind = first.kind if first is not None else None
        if kind is None or first is None:
            return ["keras.Input(ASK()),  # the shape without the batch"]
        why = f"  # {escape(first.name)} takes {kind.takes} features" if kind.takes is not None else ""
        before = [layer for layer in self.chain.layers[: self.place[id(first)]] if _class_of(layer) != "InputLayer"]
        free = (kind.rank or 0) - 2
        if kind.class_name == "Embedding" and not before:
            return ['keras.Input((ASK(None),), dtype="int32"),  # numbers of words']
        if before or kind.takes is None:
            return [f"keras.Input(ASK()),  # the shape without the batch{';' + why[3:] if why else ''}"]
        if kind.rank is None or free <= 0:
            if kind.class_name == "Dense":
                return [f"keras.Input(ASK(({kind.takes},))),{why}"]
            return [f"keras.Input((*ASK(()), {kind.takes})),{why}"]
        if free == 1:
            return [f"keras.Input((ASK(None), {kind.takes})),{why}"]
        sizes = ", ".join(["ASK()"] * free)
        if self.formatted:
            first_way = f"({kind.takes}, {sizes})"
            return [f'keras.Input({first_way} if data_format == "channels_first" else ({sizes}, {kind.takes})),{why}']
        return [f"keras.Input(({sizes}, {kind.takes})),{why}"]

    def _flatten(self) -> str:
        return "layers.Flatten(data_format=data_format)" if self.formatted and self._flatten_moves() else "layers.Flatten()"

    def _flatten_moves(self) -> bool:
        """Whether Flatten of the writer put channels last by itself (Keras 2.2 and later)."""
        return self.writer.era in (Era.TF2, Era.KERAS3) or self.writer.release >= (2, 2)

    def _explain(self, jump: Jump) -> str:
        total = jump.positions * jump.features
        return f"{total} = {jump.positions} positions{_is_square(jump.positions)} of {jump.features}"

    def _layer(self, layer: SavedLayer, index: int, listed: bool = True) -> list[str]:
        """The lines of one layer: a call, behind it what is to be said of it."""
        end = "," if listed else ""
        class_name = _class_of(layer)
        if class_name == "InputLayer":
            return []
        if class_name is None or (layer.atoms and layer.kind is None):
            held = ", ".join(f"{escape(role)} {shape}" for role, shape in layer.weights.items())
            why = f"weights {held}: a class of its own" if held else "without weights; the file does not say its class"
            return [f"ASK(){end}  # {escape(layer.name)}, {why}"]
        if class_name in _GONE:
            return [f"ASK(){end}  # {escape(layer.name)}: {layer.kind or class_name}, which Keras 3 has no more"]
        now = SUCCESSORS.get(class_name, class_name)
        if not layer.atoms and now in _HOLDERS:
            return [f"ASK(){end}  # {escape(layer.name)}: {now}; what it holds has no weights"]
        if find_signature(now) is None:
            return [f"ASK(){end}  # {escape(layer.name)}: {escape(class_name)}, a class that Keras 3 does not have"]
        remarks = list(self._remarks(layer))
        remark = f"  # {'; '.join(remarks)}" if remarks else ""
        return [f"{self._call(layer, now, index)}{end}{remark}"]

    def _remarks(self, layer: SavedLayer) -> Iterator[str]:
        kind = layer.kind
        if kind is not None and kind.others:
            yield f"or {' or '.join(kind.others)}: weights and name do not tell"
        jump = self.jumps.get(layer.name)
        if jump is not None:
            yield self._explain(jump)
        if not layer.atoms and layer.class_name is not None and TRAINING_ONLY.match(layer.class_name):
            yield "acts on training alone"

    def _call(self, layer: SavedLayer, class_name: str, index: int) -> str:
        kind = layer.kind
        name = f"name={_write_text(layer.name)}"
        if kind is None or kind.wrapper is None:
            arguments = self._arguments(layer, class_name, kind)
            return f"layers.{class_name}({', '.join([*arguments, name])})"
        inner = f"layers.{class_name}({', '.join(self._arguments(layer, class_name, kind))})"
        if kind.wrapper == "Bidirectional":
            after = self._next(layer)
            merged = [] if after is None else [mode for mode in (_merge_mode(kind, after),) if mode]
            mode = f"merge_mode={merged[0]!r}" if merged else 'merge_mode=ASK("concat")'
            return f"layers.Bidirectional({inner}, {mode}, {name})"
        return f"layers.TimeDistributed({inner}, {name})"

    def _arguments(self, layer: SavedLayer, class_name: str, kind: Kind | None) -> list[str]:
        told: dict[str, Value] = dict(kind.arguments) if kind is not None else {}
        if layer.name in self.chain.groups:
            told["groups"] = self.chain.groups[layer.name]
        if kind is not None and kind.class_name.startswith("CuDNN"):
            told |= {"activation": "tanh", "recurrent_activation": "sigmoid"}
            told |= {"reset_after": True} if class_name == "GRU" else {}
        if kind is not None and class_name == "PReLU" and layer.weights:
            shape = next(iter(layer.weights.values()))
            told["shared_axes"] = tuple(axis + 1 for axis, size in enumerate(shape) if size == 1) or None
        if class_name in _RECURRENT and self._sequence_follows(layer):
            told["return_sequences"] = True
        if TRAINING_ONLY.match(class_name):
            return [] if class_name == "ActivityRegularization" else ["0.5"]
        found = [f"{key}={_write_literal(value)}" for key, value in told.items() if value is not None]
        if self.formatted and _takes_format(class_name):
            found.append("data_format=data_format")
        if class_name == "Flatten" and self.formatted and self._flatten_moves():
            found.append("data_format=data_format")
        for unknown in list_unknown_arguments(class_name, told, self.writer):
            found.append(f"{unknown.name}={self._ask(unknown.suggestion, unknown.name)}")
        return found

    def _ask(self, suggestion: object, argument: str) -> str:
        if suggestion is MISSING:
            return "ASK()"
        if suggestion == "hard_sigmoid" and self.writer.era is not Era.KERAS3:
            return "ASK(hard_sigmoid_of_then)"
        return f"ASK({_write_literal(suggestion)})"

    def _next(self, layer: SavedLayer) -> SavedLayer | None:
        after = itertools.islice(self.chain.layers, self.place[id(layer)] + 1, None)
        return next((other for other in after if other.atoms), None)

    def _sequence_follows(self, layer: SavedLayer) -> bool:
        """Whether what comes behind a recurrent layer takes a sequence, so that it returned one."""
        if not self.chain.linear:
            return False
        for other in itertools.islice(self.chain.layers, self.place[id(layer)] + 1, None):
            if other.class_name == "RepeatVector":
                return False
            if other.atoms:
                return other.kind is not None and (other.kind.rank == 3 or other.name in self.jumps)
        return False


def _class_of(layer: SavedLayer) -> str | None:
    return layer.kind.class_name if layer.kind is not None else layer.class_name


def _has_inputs(layer: SavedLayer) -> bool:
    return _class_of(layer) == "InputLayer"


def _takes_format(class_name: str) -> bool:
    return class_name.startswith(_FORMATTED) and class_name.endswith(("2D", "3D", "2DTranspose", "3DTranspose"))


def _merge_mode(kind: Kind, after: SavedLayer) -> str | None:
    """What the width behind a Bidirectional says of how it joins its halves."""
    takes = after.kind.takes if after.kind is not None else None
    return "concat" if takes is not None and takes == kind.gives else None


def _is_square(positions: int) -> str:
    side = round(positions**0.5)
    return f" ({side}x{side} if square)" if side * side == positions and side > 1 else ""


def _list_recurrent_shapes(kind: Kind) -> list[list[int]]:
    units, takes = kind.arguments["units"], kind.takes or 0
    assert isinstance(units, int)
    gates = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}[kind.class_name]
    shapes = [[takes, gates * units], [units, gates * units]]
    if kind.arguments.get("use_bias", True):
        shapes.append([2, gates * units] if kind.arguments.get("reset_after") else [gates * units])
    return shapes


def _name_variables(layers: Sequence[SavedLayer]) -> list[str]:
    """A variable a layer: never a name out of the file."""
    return [f"x{number}" for number, _ in enumerate(layers, 1)]


def _write_text(text: str) -> str:
    """A string literal in ASCII, whatever the text."""
    return ascii(text)


def _write_literal(value: object) -> str:
    if isinstance(value, str):
        return ascii(value)
    if isinstance(value, Mapping):
        return "None"
    return repr(value)
