"""Models of Keras' own classes that are no graph: FeatureSpace, LinearModel and WideDeepModel, saved alone.

Their configurations and weights tell the graph that they compute; each becomes a functional model of it, in the vocabulary
of its writer. Sources: keras/src/layers/preprocessing/feature_space.py 3.3.3 (keras/src/utils 2.12 to 2.15) and
keras/src/premade_models of 2.15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..catalog import layout
from ..containers.base import Json, NamedWeights, Raw, TreeWeights, WeightGroup
from ..document.build import Builder
from ..document.model import Config, Era, Layer, Ref, Value, Writer
from ..errors import Malformed
from ..tensors import Tensor
from . import keras3, legacy
from .reading import ParseContext, mapping, plain, sequence, text
from .tree import bind_assets, bind_tree
from .weights import bind_named

_TRAINING = ("trainable", "dtype")


def parse_premade(raw: Raw, writer: Writer, context: ParseContext) -> Layer | None:
    """The model with its weights, None where it is of another kind. Raises Malformed."""
    data = raw.architecture
    if not isinstance(data, dict) or not isinstance(config := data.get("config"), dict):
        return None
    own = str(data.get("module", "keras")).split(".")[0] in ("keras", "tf_keras", "tensorflow")
    class_name = str(data.get("class_name"))
    compose = _KINDS.get(class_name) if own and not context.is_custom(class_name, config) else None
    return compose(_PremadeWeights(raw, writer, context), data, config) if compose is not None else None


class _PremadeWeights:
    """The weights of a file, part by part."""

    def __init__(self, raw: Raw, writer: Writer, context: ParseContext) -> None:
        self.raw, self.era, self.context = raw, writer.era, context

    def layer(self, value: Json, what: str) -> Layer:
        """A layer or model of the configuration."""
        data = mapping(value, self.context, what)
        if self.era is Era.KERAS3 or isinstance(data.get("module"), str):
            return keras3.parse_layer(data, self.context)
        return legacy.parse_layer(data, self.context)

    def input(self, sub: Builder, name: str, size: int | None, dtype: str = "float32") -> Ref:
        """An input (batch, size)."""
        key = "batch_shape" if self.era is Era.KERAS3 else "batch_input_shape"
        return sub.input((size,), dtype, name, key)

    def below(self, *homes: str) -> TreeWeights | None:
        """What is stored in the first of these groups that is there; paths and assets begin behind it."""
        weights = self.raw.weights
        if not isinstance(weights, TreeWeights):
            return None
        for home in homes:
            found = {path[len(home) + 1 :]: t for path, t in weights.tensors.items() if path.startswith(f"{home}/")}
            if found:
                return TreeWeights(found)
        return TreeWeights({})

    def bind(self, layer: Layer, *homes: str) -> Layer:
        """A layer with what is stored in the first of these groups that is there."""
        weights = self.below(*homes)
        if weights is None:
            return layer
        # A group of a Keras 2 file says in its own names how layers are filed; an empty one says nothing.
        layer = bind_tree(layer, weights, self.era) if weights.tensors else layer
        assets = {
            f"assets/{path.removeprefix(f'assets/{home}/')}": asset
            for home in homes
            for path, asset in self.raw.assets.items()
            if path.startswith(f"assets/{home}/")
        }
        return bind_assets(layer, assets, self.era)

    def groups(self) -> tuple[WeightGroup, ...]:
        """Weights by layer, of an HDF5 file."""
        return self.raw.weights.groups if isinstance(self.raw.weights, NamedWeights) else ()

    def malformed(self, seen: str, layer: str) -> Malformed:
        """The error for a model of which the file does not tell enough."""
        step = "" if self.raw.weights is not None else "Give the weights too, `weights=`, or "
        step = f"{step}build the model with the code that defined it."
        return Malformed("AK1211", seen, part=self.context.part, layer=layer, next_step=step[0].upper() + step[1:])


# FeatureSpace: an input and a preprocessing layer for each feature, crosses of some, all of them encoded.


def _parse_feature_space(file: _PremadeWeights, data: Mapping[str, Json], config: Mapping[str, Json]) -> Layer:
    context = file.context
    features = mapping(config.get("features"), context, "features")
    held = {name: mapping(mapping(item, context, name).get("config"), context, name) for name, item in features.items()}
    layers = [_as_layer(file.layer(item.get("preprocessor"), name)) for name, item in held.items()]
    homes = [f"preprocessors/{home}" for home in layout.number_names(layers, file.era)]
    sub = Builder(text(config.get("name", "feature_space"), context, "name"))
    inputs = {name: file.input(sub, name, 1, text(item.get("dtype"), context, "dtype")) for name, item in held.items()}
    bound = [file.bind(layer, home) for layer, home in zip(layers, homes, strict=True)]
    values: dict[str, Ref] = {}
    encoded: dict[str, tuple[Ref, Json, Value]] = {}
    for name, layer in zip(held, bound, strict=True):
        values[name] = sub.add(layer, _as_read(sub, layer, inputs[name]))
        encoded[name] = values[name], held[name].get("output_mode"), _find_cardinality(layer)
    crossed: dict[str, tuple[Ref, Json, Value]] = {}
    for item in sequence(config.get("crosses") or [], context, "crosses"):
        cross = mapping(mapping(item, context, "cross").get("config"), context, "cross")
        names = [text(name, context, "feature") for name in sequence(cross.get("feature_names"), context, "feature_names")]
        if not set(names) <= values.keys():
            raise context.malformed(f"a cross of {names} names a feature that is not listed", key="crosses")
        name, bins = "_X_".join(names), cross.get("crossing_dim")
        made = sub.layer("HashedCrossing", {"num_bins": plain(bins)}, tuple(values[n] for n in names), name=name)
        crossed[name] = made, cross.get("output_mode"), bins if isinstance(bins, int) else None
    ends: dict[str, Value] = {}
    for name, (ref, mode, size) in (*sorted(encoded.items()), *sorted(crossed.items())):
        ends[name] = _parse_one_hot(file, sub, name, ref, size) if mode == "one_hot" else ref
    together = config.get("output_mode", "concat") == "concat"
    outputs: Value = sub.layer("Concatenate", {"axis": -1}, tuple(ends.values()), name="concat") if together else ends
    model = sub.finish(outputs)
    assert model.graph is not None
    return replace(model, graph=replace(model.graph, inputs=dict(inputs)))


def _as_layer(layer: Layer) -> Layer:
    """The layer; `TFDIdentity` is Keras 3's own name of an Identity here (feature_space.py 3.6)."""
    known = layer.bare_class_name in ("TFDIdentity", "Identity")
    return replace(layer, class_name="Identity", registered_name=None, module="keras.layers") if known else layer


def _as_read(sub: Builder, layer: Layer, start: Ref) -> Ref:
    """The tensor that a preprocessing layer is called on: of (batch, 1), Keras 3 takes the counts of words for (batch, 1,
    words) while it builds a graph (`compute_output_shape` of text_vectorization.py, 3.15.1)."""
    counts = layer.class_name == "TextVectorization" and layer.config.get("output_mode", "int") != "int"
    return sub.op("squeeze", start, axis=-1) if counts else start


def _parse_one_hot(file: _PremadeWeights, sub: Builder, name: str, ref: Ref, size: Value) -> Ref:
    if not isinstance(size, int):
        raise file.context.malformed(f"how many values the feature {name!r} has is not known", layer=name)
    return sub.layer("CategoryEncoding", {"num_tokens": size, "output_mode": "multi_hot"}, ref, name=f"{name}_encoded")


def _find_cardinality(layer: Layer) -> Value:
    """How many values a preprocessing layer tells apart."""
    config = layer.config
    if layer.class_name in ("StringLookup", "IntegerLookup"):
        words, stated = config.get("vocabulary"), config.get("vocabulary_size")
        return stated if isinstance(stated, int) else len(words) if isinstance(words, tuple) else None
    if layer.class_name == "CategoryEncoding":
        return config.get("num_tokens")
    bins = config.get("bin_boundaries")
    return config.get("num_bins") or (len(bins) + 1 if isinstance(bins, tuple) else None)


# LinearModel: a Dense layer for each input, their sum, a bias.


def _parse_linear_model(file: _PremadeWeights, data: Mapping[str, Json], config: Mapping[str, Json]) -> Layer:
    return _make_linear(file, data, config, _find_linear_weights(file, file.groups(), ""))


_Linear = tuple[list[tuple[str, Tensor]], Tensor | None]
"""The kernels by the name of their layer, in the order of the inputs, and the bias."""


def _find_linear_weights(file: _PremadeWeights, groups: Sequence[WeightGroup], *homes: str) -> _Linear:
    tree = file.below(*homes) if any(homes) else file.raw.weights
    if isinstance(tree, TreeWeights):
        kernels = [(path.split("/")[1], t) for path, t in tree.tensors.items() if path.startswith(("layers/", "dense_layers/"))]
        return sorted(kernels, key=lambda item: _number(item[0])), tree.tensors.get("vars/0")
    found = [(group.name, name, tensor) for group in groups for name, tensor in group.weights]
    kernels = [(group, tensor) for group, name, tensor in found if name.endswith("kernel:0")]
    biases = [tensor for _, name, tensor in found if name.endswith("bias:0")]
    return kernels, biases[0] if biases else None


def _number(name: str) -> int:
    """The number behind the name of a group: 0 for ``dense``, 1 for ``dense_1``."""
    end = name.rpartition("_")[2]
    return int(end) if end.isdecimal() and len(end) < 9 else 0


def _make_linear(file: _PremadeWeights, data: Mapping[str, Json], config: Mapping[str, Json], weights: _Linear) -> Layer:
    held = _list_values(file, config)
    name = str(held.pop("name", "linear_model"))
    kernels, bias = weights
    if not kernels:
        raise file.malformed(f"how many inputs the LinearModel {name!r} has is in its weights alone", name)
    if bias is None and held.get("use_bias", True):
        raise file.malformed(f"the bias of the LinearModel {name!r} was not saved (TensorFlow before 2.6 left it out)", name)
    named = _list_named_inputs(data, kernels)
    sub = Builder(name)
    starts = [
        file.input(sub, key, kernel.shape[0]) for key, (_, kernel) in zip(named or [""] * len(kernels), kernels, strict=True)
    ]
    made = []
    for i, (start, (_, kernel)) in enumerate(zip(starts, kernels, strict=True)):
        has_bias = i == 0 and bias is not None
        dense: Config = {key: held[key] for key in (*_TRAINING, "units", "kernel_regularizer") if held.get(key) is not None}
        dense = {**dense, "use_bias": has_bias, **({"bias_regularizer": held.get("bias_regularizer")} if has_bias else {})}
        tensors = {"kernel": kernel, **({"bias": bias} if has_bias and bias is not None else {})}
        made.append(sub.layer("Dense", dense, start, weights=tensors, name=f"{name}_dense"))
    total = sub.layer("Add", {}, tuple(made), name=f"{name}_sum") if len(made) > 1 else made[0]
    model = sub.finish(
        sub.layer("Activation", {"activation": held.get("activation", "linear")}, total, name=f"{name}_activation")
    )
    assert model.graph is not None
    return replace(model, graph=replace(model.graph, inputs=dict(zip(named, starts, strict=True)))) if named else model


def _list_values(file: _PremadeWeights, config: Mapping[str, Json]) -> dict[str, Value]:
    read: Callable[[Json, ParseContext], Value] = keras3.parse_value if file.era is Era.KERAS3 else legacy.parse_value
    return {key: read(value, file.context) for key, value in config.items() if key not in ("linear_model", "dnn_model")}


def _list_named_inputs(data: Mapping[str, Json], kernels: Sequence[tuple[str, Tensor]]) -> list[str]:
    """The names of the inputs, where the model takes them by name; they are sorted."""
    built = data.get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    if isinstance(shape, dict):
        return sorted(shape) if len(shape) == len(kernels) else []
    if shape is not None:
        return []
    names = [name for name, _ in kernels]
    return [] if all(name == "dense" or (name.startswith("dense_") and _number(name)) for name in names) else names


# WideDeepModel: a LinearModel and another model, their outputs added.


def _parse_wide_deep_model(file: _PremadeWeights, data: Mapping[str, Json], config: Mapping[str, Json]) -> Layer:
    context = file.context
    wide = mapping(config.get("linear_model"), context, "linear_model")
    groups = file.groups()
    own = mapping(wide.get("config"), context, "linear_model")
    mine = [group for group in groups if group.name == own.get("name")]
    linear = _make_linear(file, wide, own, _find_linear_weights(file, mine, "linear_model", "layers/linear_model"))
    deep = file.layer(config.get("dnn_model"), "dnn_model")
    if isinstance(file.raw.weights, NamedWeights):
        rest = [group for group in groups if group.name == deep.name]
        deep = bind_named(deep, _group_by_layer(deep, rest), file.era, "model_weights") if rest else deep
    else:
        kind = next(layout.number_names([replace(deep, class_name=deep.bare_class_name)], file.era))
        deep = file.bind(deep, "dnn_model", f"layers/{kind}", "layers/functional", "layers/model")
    held = _list_values(file, config)
    name = str(held.get("name", "wide_deep_model"))
    sub = Builder(name)
    assert linear.graph is not None
    sizes = [_find_shape(layer) for layer in linear.graph.layers if layer.class_name == "InputLayer"]
    size = sizes[0][1] if len(sizes) == 1 and isinstance(sizes[0], tuple) else None
    if not isinstance(size, int):
        raise file.malformed(f"the WideDeepModel {name!r} takes several inputs for one of its halves", name)
    first = file.input(sub, f"{name}_wide", size)
    second = first if _takes_one(data) else file.input(sub, f"{name}_deep", _find_first_size(deep))
    total = sub.layer("Add", {}, (sub.add(linear, first), sub.add(deep, second)), name=f"{name}_sum")
    activation = held.get("activation", "linear")
    return sub.finish(sub.layer("Activation", {"activation": activation or "linear"}, total, name=f"{name}_activation"))


def _takes_one(data: Mapping[str, Json]) -> bool:
    """Whether both halves read the same input: the file says so where it records what the model was built for."""
    built = data.get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    return isinstance(shape, list) and not any(isinstance(item, list) for item in shape)


def _find_shape(layer: Layer) -> Value:
    return layer.config.get("batch_shape", layer.config.get("batch_input_shape"))


def _find_first_size(model: Layer) -> int | None:
    """The size of what a model of vectors is called on, by its first input or its first kernel."""
    for _, layer in model.graph.members if model.graph is not None else ():
        shape = _find_shape(layer)
        if isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[1], int):
            return shape[1]
        if "kernel" in layer.weights and layer.class_name == "Dense":
            return int(layer.weights["kernel"].shape[0])
    return None


def _group_by_layer(model: Layer, groups: Sequence[WeightGroup]) -> NamedWeights:
    """The weights of a model inside another, which its group names after its layers, as those of a file of its own."""
    names = [layer.name for _, layer in model.graph.members] if model.graph is not None else []
    kept: dict[str, list[tuple[str, Tensor]]] = {name: [] for name in names}
    for group in groups:
        for name, tensor in group.weights:
            owner = next((part for part in name.split("/") if part in kept), None)
            kept.setdefault(owner or group.name, []).append((name, tensor))
    return NamedWeights(tuple(WeightGroup(name, tuple(weights)) for name, weights in kept.items()))


_Compose = Callable[[_PremadeWeights, Mapping[str, Json], Mapping[str, Json]], Layer]
_KINDS: Mapping[str, _Compose] = {
    "FeatureSpace": _parse_feature_space,
    "LinearModel": _parse_linear_model,
    "WideDeepModel": _parse_wide_deep_model,
}
