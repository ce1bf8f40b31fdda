"""Carrying shapes and dtypes through a model, without Keras."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

from ... import limits
from ...document.graph import iterate_leaves, iterate_steps, list_inputs, list_outputs
from ...document.model import Graph, Layer, Member, Path, Ref, Value
from ...document.walk import make_inner_path, rebuild_paths
from ...errors import AnyKerasError
from ..base import Shape
from ..operations import bind, find
from .spec import UNKNOWN, Argument, NothingLeft, Spec, autocast, compute_dtype
from .tables import Output, find_layer_rule, find_wrapper_rule, operation_rule

# What a rule raises over a configuration that Keras would refuse too: the outcome is unknown, and not our error here.
_MODEL_STEPS = 16  # of work, for a model that is called; times its depth twice, as models that call one another twice double
_CALL_STEPS = 16  # for a layer that is called: a file can list more calls than a computer makes
_REFUSED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def infer(model: Layer, inputs: Sequence[Spec] | None = None) -> Mapping[Ref, Spec]:
    """Shape and dtype of every tensor of a model in the Keras 3 vocabulary.

    Args:
        model: a layer with a graph; the refs of the answer are those of that graph.
        inputs: what the model is called on, in the order of its inputs; None for what its InputLayers declare.

    Returns:
        A spec for every outcome of a call; one that could not be found (a layer that nobody knows, a configuration
        that Keras refuses) is UNKNOWN or absent. The batch is None, like every dimension that is open.
    """
    return Inference().graph(model, inputs)


def fill(model: Layer) -> Layer:
    """The model with the shape and dtype of every InputLayer that has none, taken from where the submodel is called.

    A shape that what the submodel is called on contradicts goes too: Keras 3 holds a model to it, older Kerases did not. A
    submodel called on different shapes gets None where they differ. What cannot be found stays open.
    """
    run = Inference()
    run.graph(model, None)

    def fill_input(path: Path, layer: Layer) -> Layer:
        met = run.met.get(path)
        if layer.class_name != "InputLayer" or met is None or met.shape is None:
            return layer
        # A function inside a recurrent layer is called step by step, on what this pass does not follow.
        if not _takes(read_declared(layer), met.shape, stepped="activation" in path):
            return layer
        return layer.with_config(batch_shape=met.shape, dtype=layer.config.get("dtype") or met.dtype)

    return rebuild_paths(model, fill_input)


def _takes(declared: Spec, met: Shape, stepped: bool) -> bool:
    """Whether an InputLayer takes its shape from what its model is called on: it says none, or another one."""
    if declared.shape is None or stepped:
        return declared.shape is None
    pairs = zip(declared.shape[1:], met[1:], strict=False)
    return len(declared.shape) != len(met) or any(a != b for a, b in pairs if a is not None and b is not None)


class Inference:
    """One pass through a model. `met` is what each InputLayer, by its path, was given; `emptied` are the layers that leave
    nothing of what they are called on, and how; `refused` those whose arguments do not go with it; `path` is where it is."""

    def __init__(self) -> None:
        self.met: dict[Path, Spec] = {}
        self.emptied: list[tuple[Layer, str]] = []
        self.refused: list[Layer] = []
        self.path: Path = ()

    def graph(self, model: Layer, called_on: Sequence[Spec] | None) -> dict[Ref, Spec]:
        """The specs of all tensors of a model's graph."""
        graph = model.graph
        if graph is None:
            raise ValueError(f"{model.name} has no graph")
        found: dict[Ref, Spec] = {}
        places = list_inputs(graph)
        for ref, spec in zip(places, called_on or [UNKNOWN] * len(places), strict=False):
            found[ref] = self._enter(graph, ref, spec)
        ways = {layer.name: step for step, layer in graph.members}
        again = Counter[str]()
        for layer, number, call in iterate_steps(graph):
            if layer.class_name == "InputLayer":
                found.setdefault(Ref(layer.name), self._declare(layer))
                continue
            args = [_resolve(a, found) for a in call.args]
            kwargs = {k: _resolve(v, found) for k, v in call.kwargs.items()}
            limits.budget().charge(_CALL_STEPS)
            way = (Member(layer.name, again[layer.name]),) if graph.sequential else ways[layer.name]
            again[layer.name] += 1
            result = iterate_leaves(self._call_at(way, layer, args, kwargs))
            found.update({Ref(layer.name, number, i): spec for i, spec in enumerate(result)})
        return found

    def _enter(self, graph: Graph, ref: Ref, spec: Spec) -> Spec:
        """What an input of a model stands for when the model is called on `spec`."""
        layer = next((x for x in graph.layers if x.name == ref.layer), None)
        if layer is None:
            return spec
        said = read_declared(layer)
        path = (*self.path, Member(layer.name))
        met = self.met.get(path, spec)
        self.met[path] = Spec(_both(met.shape, spec.shape), met.dtype)
        open_dtype = layer.config.get("dtype") is None and said.shape is None
        return Spec(
            said.shape if spec.shape is None else spec.shape,
            spec.dtype if open_dtype and spec.dtype else said.dtype,
            spec.sizes,
        )

    def _declare(self, layer: Layer) -> Spec:
        """What an InputLayer of the outermost model stands for."""
        return read_declared(layer)

    def _call_at(self, way: Path, layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        """As `call`, for a layer that lies `way` from where the pass is."""
        outer, self.path = self.path, self.path + way
        try:
            return self.call(layer, args, kwargs)
        finally:
            self.path = outer

    def call(self, layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        """The outcome of calling a layer, an operation or a model; UNKNOWN where it cannot be found."""
        if (
            any(leaf.shape is None for leaf in iterate_leaves([*args, kwargs]) if isinstance(leaf, Spec))
            and layer.graph is None
        ):
            return UNKNOWN
        try:
            if layer.graph is not None:
                return self._model(layer.graph, layer, args, kwargs)
            if layer.operation:
                return operation(layer.class_name, args, kwargs)
            return self._layer(layer, args, kwargs)
        except AnyKerasError:
            raise
        except NothingLeft as error:
            self.emptied.append((layer, str(error)))
            return UNKNOWN
        except _REFUSED:
            self.refused.append(layer)
            return UNKNOWN

    def _model(self, graph: Graph, model: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        limits.budget().charge(_MODEL_STEPS * len(self.path) ** 2)
        called_on = args[0] if args else kwargs.get("inputs")
        if isinstance(called_on, Mapping) and not isinstance(graph.inputs, Mapping):
            called_on = [called_on.get(ref.layer, UNKNOWN) for ref in list_inputs(graph)]
        found = self.graph(model, [leaf if isinstance(leaf, Spec) else UNKNOWN for leaf in iterate_leaves(called_on)])
        return _infer_outcome(list_outputs(graph), found)

    def _layer(self, layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        args = [autocast(layer, a) for a in args]
        kwargs = {k: autocast(layer, v) for k, v in kwargs.items() if k != "training"}
        wrapper = find_wrapper_rule(layer.class_name)
        if wrapper is not None:
            return wrapper(
                lambda inner, *call: self._call_at(make_inner_path(layer, inner), inner, *call), layer, *args, **kwargs
            )
        rule = find_layer_rule(layer.class_name)
        result = UNKNOWN if rule is None else rule(layer, *args, **kwargs)
        self._activation(layer, result)
        return result

    def _activation(self, layer: Layer, result: Output) -> None:
        """A model that stands for an activation function is called on what its layer gives."""
        function = layer.config.get("activation")
        if isinstance(function, Layer) and function.graph is not None and isinstance(result, Spec):
            self._call_at(("activation",), function, [result], {})


def operation(function: str, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
    """The outcome of a function of ``keras.ops``; its arguments have specs where tensors stand."""
    known = find(function)
    rule = None if known is None else operation_rule(known.function)
    if known is None or rule is None:
        return UNKNOWN
    # `bind` only sorts arguments by name, specs like constants
    bound: dict[str, Argument] = dict(bind(known, cast("list[Value]", list(args)), cast("dict[str, Value]", dict(kwargs))))
    for parameter in known.parameters:
        if not parameter.required:
            bound.setdefault(parameter.name, parameter.default)
    named = {name.lstrip("*"): value for name, value in bound.items() if not name.startswith("**")}
    rest = next((value for name, value in bound.items() if name.startswith("**")), {})
    return rule(**named, **(rest if isinstance(rest, Mapping) else {}))


def read_declared(layer: Layer) -> Spec:
    """What an InputLayer says of itself."""
    shape = layer.config.get("batch_shape")
    if shape is None and isinstance(layer.config.get("shape"), tuple):
        own = layer.config["shape"]
        shape = (layer.config.get("batch_size"), *own) if isinstance(own, tuple) else None
    found = tuple(d if isinstance(d, int) else None for d in shape) if isinstance(shape, tuple) else None
    return Spec(found, compute_dtype(layer))


def _both(one: Shape | None, other: Shape | None) -> Shape | None:
    """The shape that two calls have in common."""
    if one is None or other is None or len(one) != len(other):
        return one if one == other else None
    return tuple(a if a == b else None for a, b in zip(one, other, strict=True))


def _infer_outcome(value: Value, found: Mapping[Ref, Spec]) -> Output:
    """What a model returns: a spec for each of its outputs."""
    if isinstance(value, tuple):
        return tuple(_infer_outcome(item, found) for item in value)
    if isinstance(value, Mapping):
        return {key: _infer_outcome(item, found) for key, item in value.items()}
    return found.get(value, UNKNOWN) if isinstance(value, Ref) else UNKNOWN


def _resolve(value: Value, found: Mapping[Ref, Spec]) -> Argument:
    if isinstance(value, Ref):
        return found.get(value, UNKNOWN)
    if isinstance(value, tuple):
        return tuple(_resolve(item, found) for item in value)
    if isinstance(value, Mapping):
        return {key: _resolve(item, found) for key, item in value.items()}
    return value
