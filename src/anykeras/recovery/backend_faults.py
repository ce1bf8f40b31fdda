"""What Keras 3 itself gets wrong on one backend, written so that it is right on all of them.

Whoever wrote a file, nobody knows the backend that it will run on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from ..catalog.shapes import Spec
from ..catalog.shapes.engine import Inference
from ..catalog.shapes.spec import Argument
from ..catalog.shapes.tables import Output
from ..document.build import Builder
from ..document.edit import GraphEditor, replace_refs
from ..document.graph import iterate_leaves, list_refs
from ..document.model import Call, Document, Era, Graph, Layer, Member, Object, Path, Ref, Value
from ..document.walk import layers_of, rebuild, rebuild_paths
from ..findings import Fidelity, Finding
from .lost_tuples import spell_out_lists

Sizes = Sequence[int | None]
_ADDED = ("add", "Add", "Average")
_PROJECTIONS = ("EinsumDense", "MultiHeadAttention")
_CONVOLUTIONS: Final = frozenset(
    f"{kind}{rank}D{end}"
    for kind in ("Conv", "DepthwiseConv", "SeparableConv")
    for rank in (1, 2, 3)
    for end in ("", "Transpose")
)
# Activations that look at one number alone, so that the order of axes is nothing to them.
_ELEMENTWISE: Final = frozenset((
    "celu", "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear", "mish", "relu", "relu6", "selu",
    "sigmoid", "silu", "softplus", "softsign", "swish", "tanh",
))  # fmt: skip
_BEGAN = (3, 8)  # keras/src/backend/tensorflow/numpy.py `add` calls `bias_add` since


def avoid_backend_faults(document: Document) -> tuple[Document, list[Finding]]:
    """The document with other layers and operations, of the same outputs, for those that Keras 3 gets wrong on a backend.

    Args:
        document: in the vocabulary of Keras 3, without code.
    """
    findings = list(_find_squared_scores(document))
    model = spell_out_lists(_limit_classes(_replace_orthogonal(document.model, findings)), findings)
    if model.graph is not None and any(map(_adds, layers_of(model))):
        sums = _Sums()
        sums.graph(model, None)
        kept = document.writer.era is Era.KERAS3 and document.writer.release >= _BEGAN
        model = model if kept else _place_sums(model, frozenset(sums.misplaced))
        left = {**sums.misplaced, **sums.doubtful} if kept else sums.doubtful
        findings += [Finding("AK2311", name, "a sum", "kept: on TensorFlow, Keras from 3.8 on adds along another axis than "
                             "elsewhere", Fidelity.APPROXIMATE) for name in left.values()]  # fmt: skip
        if not kept:
            findings += [Finding("AK2311", name, "a sum", "written so that TensorFlow adds along the same axis",
                                 Fidelity.EQUIVALENT) for name in sums.misplaced.values()]  # fmt: skip
    return (document if model is document.model else replace(document, model=model)), findings


def _find_squared_scores(document: Document) -> Iterator[Finding]:
    """Keras 3.6 alone, on TensorFlow alone, multiplied scores with scores where the scale belonged."""
    if document.writer.era is not Era.KERAS3 or document.writer.release[:2] not in ((), (3, 6)):  # a JSON has no version
        return
    for layer in layers_of(document.model):
        if layer.operation and layer.class_name == "dot_product_attention":
            seen, done = "attention of Keras 3.6, which on TensorFlow squared the scores", "computed by its formula"
            yield Finding("AK2314", layer.address or layer.name, seen, done, Fidelity.APPROXIMATE)


def _adds(layer: Layer) -> bool:
    return layer.class_name in (*_ADDED, *_PROJECTIONS) or _is_biased(layer)


def _is_biased(layer: Layer) -> bool:
    first = layer.config.get("data_format") == "channels_first"
    return first and layer.class_name in _CONVOLUTIONS and layer.config.get("use_bias") is not False


class _Sums(Inference):
    """A pass that notes the layers that TensorFlow may add along another axis in, and of those the ones that stay."""

    def __init__(self) -> None:
        super().__init__()
        self.misplaced: dict[Path, str] = {}
        self.doubtful: dict[Path, str] = {}

    def call(self, layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        result = super().call(layer, args, kwargs)
        if _is_biased(layer) and _is_wide_as_deep(result):
            self.misplaced[self.path] = layer.address or layer.name
        elif layer.class_name in _PROJECTIONS and any(_is_misplaced(*pair) for pair in _list_projected(layer, args, result)):
            self.doubtful[self.path] = layer.address or layer.name
        elif layer.class_name in _ADDED:
            shapes = [
                shape
                for leaf in iterate_leaves([*args, *kwargs.values()])
                if (shape := getattr(leaf, "shape", None)) is not None
            ]
            if any(_is_misplaced(one, other) for one, other in pairwise(shapes)):
                swapped = layer.operation or (len(shapes) == 2 and not _is_misplaced(shapes[1], shapes[0]))
                (self.misplaced if swapped else self.doubtful)[self.path] = layer.address or layer.name
        return result


def _list_projected(layer: Layer, args: Sequence[Argument], result: Output) -> list[tuple[Sizes, Sizes]]:
    """The shapes of what a layer projects, and of the biases that it adds to them."""
    shape = result.shape if isinstance(result, Spec) else None
    if layer.class_name == "EinsumDense":
        after, biased = str(layer.config.get("equation", "")).partition("->")[2], layer.config.get("bias_axes")
        axes = after.replace("...", "").strip()
        if shape is None or not isinstance(biased, str) or len(axes) != len(shape):
            return []
        first = min(map(axes.find, biased))
        bias = [size if axis in biased else 1 for axis, size in zip(axes[first:], shape[first:], strict=True)]
        return [(shape, bias)]
    heads, depth = layer.config.get("num_heads"), layer.config.get("key_dim")
    sequences = [shape for leaf in iterate_leaves(args) if (shape := getattr(leaf, "shape", None)) is not None]
    if layer.config.get("use_bias") is False or not isinstance(heads, int) or not isinstance(depth, int):
        return []
    depths = {depth, wide if isinstance(wide := layer.config.get("value_dim"), int) else depth}
    return [((*sequence[:-1], heads, size), (heads, size)) for sequence in sequences for size in depths]


def _is_wide_as_deep(result: Output) -> bool:
    """Whether the outcome of a convolution may have as many columns as channels."""
    shape = result.shape if isinstance(result, Spec) else None
    return shape is None or (shape[1] != 1 and (shape[-1] is None or shape[1] is None or shape[-1] == shape[1]))


def _is_misplaced(one: Sizes, other: Sizes) -> bool:
    """Whether TensorFlow takes `other` for a bias of `one` and adds it along another axis than NumPy does, in a batch of one
    sample or of several. Open sizes may be any.

    keras 3.15.1 src/backend/tensorflow/numpy.py `add`.
    """
    batches = [(1, *other[1:]), other] if other and other[0] is None else [other]
    return len(one) > 1 and any(_is_along_other_axis(one, batch, len(other) > len(one)) for batch in batches)


def _is_along_other_axis(one: Sizes, vector: Sizes, adds_axes: bool) -> bool:
    """The same for `vector` as it is; axes are counted from the last one."""
    axes = [axis for axis, size in enumerate(reversed(vector)) if size != 1]
    if len(axes) != 1:
        return False
    axis, size = axes[0], vector[-1 - axes[0]]
    if axis == 0 and _may_be(one[-1], size):
        return adds_axes
    if _may_be(one[-1], size):
        return True
    repeated = adds_axes or one[-1 - axis] == 1
    return _may_be(one[1], size) and (axis != len(one) - 2 or repeated)


def _may_be(one: int | None, size: int | None) -> bool:
    """Whether an axis may be `size` long, which is more than one."""
    return one != 1 and (one is None or size is None or one == size)


# -- otherwise ---------------------------------------------------------------------------------------------------------


def _place_sums(model: Layer, misplaced: frozenset[Path]) -> Layer:
    def change(path: Path, layer: Layer) -> Layer:
        if path in misplaced and _is_biased(layer):
            return _put_channels_last(layer)
        if layer.graph is not None and not layer.graph.sequential:
            graph = _subtract(layer.graph, {step[0] for step in _list_inside(path, misplaced)})
            return layer if graph is layer.graph else replace(layer, graph=graph)
        return layer

    return rebuild_paths(model, change)


def _list_inside(path: Path, paths: frozenset[Path]) -> list[Path]:
    return [other[len(path) :] for other in paths if len(other) == len(path) + 1 and other[: len(path)] == path]


def _put_channels_last(layer: Layer) -> Layer:
    """A convolution of images with channels last, between two permutations."""
    rank = next(int(c) for c in layer.class_name if c.isdigit())
    activation = layer.config.get("activation")
    name = activation.config if isinstance(activation, Object) else activation
    apart = isinstance(name, str) and name not in _ELEMENTWISE
    own = {key: layer.config[key] for key in ("dtype",) if key in layer.config}
    sub = Builder(layer.name, layer.address)
    x = sub.layer("Permute", {"dims": (*range(2, rank + 2), 1), **own}, sub.input(), name=f"{layer.name}_channels_last")
    config = {**layer.config, "data_format": "channels_last", **({"activation": "linear"} if apart else {})}
    x = sub.add(replace(layer, config=config), x)
    x = sub.layer("Permute", {"dims": (rank + 1, *range(1, rank + 1)), **own}, x, name=f"{layer.name}_channels_first")
    if apart:
        x = sub.layer("Activation", {"activation": activation, **own}, x)
    return sub.finish(x)


def _subtract(graph: Graph, names: set[object]) -> Graph:
    """``x - (-y)`` for ``x + y``, where Keras sees no bias; a merging layer gets the two the other way round."""
    editor = GraphEditor(graph)
    for layer in graph.layers:
        if Member(layer.name) not in names or layer.class_name not in _ADDED:
            continue
        if layer.operation:
            _subtract_calls(editor, layer)
            continue
        for number, call in enumerate(editor.calls(layer.name)):
            swapped = tuple(reversed(list_refs(call.args)))
            editor.replace_call(layer.name, number, Call((swapped,), call.kwargs))
    return editor.finish()


def _subtract_calls(editor: GraphEditor, layer: Layer) -> None:
    pairs = [(*call.args, *call.kwargs.values()) for call in editor.calls(layer.name)]
    negated = all(isinstance(right, Ref) for _, right in pairs)
    editor.replace_layer(replace(layer, class_name="subtract" if negated else "negative"))
    for number, (left, right) in enumerate(pairs):
        minus = editor.op(f"{layer.name}_minus", "negative", right if negated else left)
        args = (left, minus) if negated else (editor.op(f"{layer.name}_difference", "subtract", minus, right),)
        editor.replace_call(layer.name, number, Call(args))


def _limit_classes(model: Layer) -> Layer:
    """No number of a class beyond the last reaches ``one_hot``: NumPy and PyTorch raise, where the others give zeros."""

    def change(layer: Layer) -> Layer:
        graph = layer.graph
        if graph is None or not any(_is_one_hot(inner) for inner in graph.layers):
            return layer
        editor = GraphEditor(graph)
        for inner in filter(_is_one_hot, graph.layers):
            for number, call in enumerate(editor.calls(inner.name)):
                classes, *rest = (*call.args, *call.kwargs.values())[:2]
                if isinstance(classes, Ref) and rest and isinstance(rest[0], int):
                    below = editor.op(f"{inner.name}_known", "less", classes, rest[0])
                    limited = editor.op(f"{inner.name}_limited", "where", below, classes, -1)
                    editor.replace_call(inner.name, number, replace_refs(call, {classes: limited}))
        return replace(layer, graph=editor.finish()) if editor.changed else layer

    return rebuild(model, change)


def _is_one_hot(layer: Layer) -> bool:
    return layer.operation and layer.class_name == "one_hot"


def _replace_orthogonal(model: Layer, findings: list[Finding]) -> Layer:
    """Another initializer for weights of 16 bits: only TensorFlow decomposes a matrix of those. The weights are there."""

    def change(layer: Layer) -> Layer:
        own = [key for key, value in layer.config.items() if key.endswith("initializer") and _is_orthogonal(value)]
        if not own or _read_dtype_name(layer.config.get("dtype")) not in ("float16", "bfloat16"):
            return layer
        findings.append(Finding("AK2312", layer.address or layer.name, f"Orthogonal as {own[0]}, in 16 bits", "glorot_uniform",
                                Fidelity.EQUIVALENT))  # fmt: skip
        return layer.with_config(**dict.fromkeys(own, "glorot_uniform"))

    return rebuild(model, change)


def _is_orthogonal(value: Value) -> bool:
    name = value.class_name if isinstance(value, Object) else value
    return isinstance(name, str) and name.lower().replace("_", "") in ("orthogonal", "orthogonalinitializer")


def _read_dtype_name(value: Value) -> Value:
    config = value.config if isinstance(value, Object) else None
    return config.get("name") if isinstance(config, Mapping) else value
