"""Where a Sequential model says what goes into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...document.edit import UniqueNames
from ...document.model import Era, Graph, Layer, Value, refs
from ..rulebook import RuleContext, rule

Shape = tuple[Value, ...]


@rule(
    "AK2210",
    to=Era.KERAS3,
    classes=("Sequential",),
    after=("AK2202",),
    report=False,
)
def input_of_sequential(model: Layer, context: RuleContext) -> Layer | None:
    """An InputLayer in front, and no input shapes on the layers behind."""
    graph = model.graph
    if graph is None or not graph.layers or graph.layers[0].class_name == "InputLayer":
        return None
    first = graph.layers[0]
    shape = _read_stated(first) or _read_built(model) or _infer_needed(first)
    if shape is None:
        return None
    name = UniqueNames(layer.name for layer in graph.layers).claim(f"{first.name}_input", first=1)
    entrance = Layer("InputLayer", name, {"batch_shape": shape, "dtype": _dtype(first)}, address=first.address)
    layers = (entrance, first.without("batch_input_shape", "input_dtype"), *graph.layers[1:])
    return replace(model, graph=replace(graph, layers=layers))


@rule(
    "AK2211",
    to=Era.KERAS3,
    classes=("Functional", "Sequential"),
    after=("AK2202",),
)
def called_inputs(model: Layer, context: RuleContext) -> Layer | None:
    """An Activation that changes nothing, of the same name, in place of each InputLayer that is called."""
    graph = model.graph
    if graph is None:
        return None
    layers = tuple(
        _pass_on(layer) if layer.class_name == "InputLayer" and _is_called(graph, place, layer) else layer
        for place, layer in enumerate(graph.layers)
    )
    return replace(model, graph=replace(graph, layers=layers)) if layers != graph.layers else None


def _is_called(graph: Graph, place: int, layer: Layer) -> bool:
    if graph.sequential:
        return place > 0
    return any(refs(call.args) for call in graph.calls.get(layer.name, ()))


def _pass_on(entrance: Layer) -> Layer:
    dtype = entrance.config.get("dtype")
    cast: dict[str, Value] = {"dtype": dtype} if isinstance(dtype, str) and "float" in dtype else {}
    return Layer("Activation", entrance.name, {"activation": "linear", **cast}, address=entrance.address)


def _read_stated(first: Layer) -> Shape | None:
    """What the layer itself says, or the input of a model that stands first."""
    shape = first.config.get("batch_input_shape")
    if first.graph is not None and shape is None:
        inputs = first.graph.layers[:1] if first.graph.sequential else _inputs(first.graph)
        shape = inputs[0].config.get("batch_shape") if len(inputs) == 1 else None
    return shape if isinstance(shape, tuple) else None


def _inputs(graph: Graph) -> tuple[Layer, ...]:
    return tuple(graph.layer(ref.layer) for ref in refs(graph.inputs))


def _read_built(model: Layer) -> Shape | None:
    for key in ("build_input_shape", "batch_input_shape"):
        shape = model.config.get(key)
        if isinstance(shape, tuple) and shape and not isinstance(shape[0], tuple):
            return (None, *shape[1:])
    return None


def _dtype(first: Layer) -> str:
    """A model of Keras 2 takes numbers in the dtype of its first layer (engine/sequential.py, `add`)."""
    if first.graph is not None and first.graph.layers:
        return _dtype(first.graph.layers[0])
    dtype = first.config.get("dtype")
    return dtype if isinstance(dtype, str) and not dtype.startswith("mixed_") else "float32"


def _infer_needed(first: Layer) -> Shape | None:
    """The shape that the weights of a layer ask for, other axes unknown."""
    inner = first.config.get("layer")
    if first.class_name == "TimeDistributed" and isinstance(inner, Layer):
        shape = _infer_needed(inner)
        return None if shape is None else (None, *shape)
    if first.class_name == "Bidirectional" and isinstance(inner, Layer):
        return _infer_needed(inner)
    wanted = _NEEDED.get(first.class_name)
    kernel = next((t for role, t in first.weights.items() if role.endswith("kernel") or role == "embeddings"), None)
    return None if wanted is None or kernel is None else wanted(first, kernel.shape)


def _sequence(layer: Layer, kernel: tuple[int, ...]) -> Shape:
    return (None, None, kernel[0])


def _image(rank: int) -> Callable[[Layer, tuple[int, ...]], Shape]:
    def shape(layer: Layer, kernel: tuple[int, ...]) -> Shape:
        groups = layer.config.get("groups")
        channels = kernel[rank] * (groups if isinstance(groups, int) and groups > 1 else 1)
        spatial: Shape = (None,) * rank
        first = layer.config.get("data_format") == "channels_first"
        return (None, channels, *spatial) if first else (None, *spatial, channels)

    return shape


_NEEDED: dict[str, Callable[[Layer, tuple[int, ...]], Shape]] = {
    "Dense": lambda layer, kernel: (None, kernel[0]),
    "Embedding": lambda layer, kernel: (None, None),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU"), _sequence),
    **{f"Conv{rank}D": _image(rank) for rank in (1, 2, 3)},
    **{f"SeparableConv{rank}D": _image(rank) for rank in (1, 2)},
    **{f"DepthwiseConv{rank}D": _image(rank) for rank in (1, 2)},
}
