"""What the names of old libraries mean to a program whose model is noted down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from ..catalog import find as find_entry
from ..catalog.signatures import find_signature
from ..compat.runtime import LegacyModule, LegacyRuntime
from ..compat.tensor import mark_legacy
from ..document.model import Era
from ..errors import Unsupported
from ..recovery.functions import EntryKind, resolve
from ..recovery.functions import names as known_names
from ..registry import Registry
from . import applications
from .inert import INERT, Inert, fill_sizes, stop_at_missing
from .layers import RecordedClass, RecordedLayer
from .models import RecordedModel
from .recording import Recorder
from .sequential import RecordedGraph, RecordedSequential, model_class
from .tensors import holds_recorded, recorded

Function = Callable[..., Any]
_table: Registry[str, Function] = Registry("function of a program that is noted down")
# Bases that a program derives from; its own layers are live.
_LIVE = frozenset({"Layer", "Wrapper", "Recurrent", "MaskedLayer", "InputSpec", "AbstractRNNCell", "Loss", "Metric"})
_INERT = ("keras.callbacks.", "keras.optimizers.", "keras.preprocessing.", "keras.wrappers.", "keras.metrics.", "keras.utils.",
          "keras.datasets.", "keras.losses.", "keras.objectives.", "keras.mixed_precision.", "keras.experimental.",
          "tensorflow.", "theano.", "keras.estimator.")  # fmt: skip
_MERGES = ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot")
_FLAGS = ("tensorflow.app", "tensorflow.flags", "tensorflow.compat.v1.app", "tensorflow.compat.v1.flags")
_PACKAGES = ("keras_contrib", "tensorflow_addons")


def find(runtime: LegacyRuntime, name: str) -> object:
    """What a canonical name means, None where the finders of the runtime decide."""
    recorder: Recorder = runtime.recorder  # type: ignore[attr-defined]
    root, last = name.split(".")[0], name.rpartition(".")[2]
    run = _table.get(name)
    if run is None and root == "keras":
        run = _table.get(f"keras.*.{last}")
    if run is not None:
        return _bind(run, recorder, last)
    if name in _FLAGS:
        return recorder.flags
    if root in _PACKAGES and last[:1].isupper():
        return RecordedClass(recorder, f"Addons>{last}" if root == "tensorflow_addons" else last)
    if root == "keras" and name.count("."):
        return _find_of_keras(runtime, recorder, name, last)
    return None if root != "tensorflow" else _find_inert(runtime, name)


def _bind(run: Function, recorder: Recorder, last: str) -> Function:
    def call(*args: object, **kwargs: object) -> Any:
        return run(recorder, *args, **kwargs)

    call.__name__ = last
    return mark_legacy(call)


def _find_of_keras(runtime: LegacyRuntime, recorder: Recorder, name: str, last: str) -> object:
    if last in _MODELS and not name.startswith("keras.applications."):
        return model_class(recorder, _MODELS[last])
    if name == "keras.layers.merge":
        return _MergeModule(runtime, "keras.layers.merge")
    if last in _MERGES and name.startswith("keras.layers."):
        return _merge_function(recorder, last.capitalize())
    if name.startswith("keras.applications."):
        return applications.find(recorder, name)
    if name.startswith(("keras.layers.", "keras.engine.", "keras.legacy.")) and last[:1].isupper() and last not in _LIVE:
        eras = (recorder.writer.era, Era.KERAS1)
        if any(find_entry(last, era) or find_signature(last, era) for era in eras) or find_signature(last, recorder.writer):
            return RecordedClass(recorder, last)
    return _find_inert(runtime, name)


def _find_inert(runtime: LegacyRuntime, name: str) -> object:
    """An object that does nothing for a name of training, storing or running which nobody else knows."""
    if not name.startswith(_INERT):
        return None
    always = name.startswith(("keras.callbacks.", "keras.optimizers.", "keras.preprocessing."))
    return Inert(name) if always or not _is_known(runtime, name) else None


def _is_known(runtime: LegacyRuntime, name: str) -> bool:
    entry = resolve(name, runtime.context)
    if entry is not None and entry.kind is EntryKind.REFUSED:
        return False
    known = runtime.knows(name)  # type: ignore[attr-defined]
    if known_names(f"{name}.") or (entry is not None and entry.kind is EntryKind.VALUE):
        return True  # it holds names that are known, as `tf.image.ResizeMethod`
    return known or (name.rpartition(".")[2].islower() and runtime.is_package(name))


_MODELS: Mapping[str, type] = {
    **dict.fromkeys(("Model", "Container", "Network", "Functional"), RecordedModel),
    "Sequential": RecordedSequential,
    "Graph": RecordedGraph,
}


# The arguments of ``merge`` behind its inputs (keras/engine/topology.py 1.2.2).
_MERGE = ("mode", "concat_axis", "dot_axes", "output_shape", "output_mask", "arguments", "name")


class _MergeModule(LegacyModule):
    """``keras.layers.merge``: a function in Keras 1, and in Keras 2 a module too."""

    def __call__(self, inputs: Any, *args: object, **kwargs: object) -> Any:  # type: ignore[override]  # as it was called
        """``merge(inputs, mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name)``."""
        call = {**dict(zip(_MERGE, args, strict=False)), **kwargs}
        options = {"mode": "sum", "concat_axis": -1, "dot_axes": -1} | call
        if not callable(options["mode"]):
            options = {key: options[key] for key in ("mode", "concat_axis", "dot_axes", "name") if key in options}
        recorder: Recorder = self._runtime.recorder  # type: ignore[attr-defined]
        return RecordedLayer(recorder, "Merge", (), options)(inputs)


def _merge_function(recorder: Recorder, class_name: str) -> Function:
    def call(inputs: Any, *args: object, **kwargs: object) -> Any:
        return RecordedLayer(recorder, class_name, args, kwargs)(inputs)

    call.__name__ = class_name.lower()
    return mark_legacy(call)


def register(*names: str) -> Callable[[Function], Function]:
    """Register a function whose first argument is the recorder; ``keras.*.NAME`` is it in any module of Keras."""
    return _table.register(*names)


@register("keras.*.Input")
def make_input(
    recorder: Recorder, shape: object = None, batch_shape: Any = None, name: str | None = None, dtype: object = None,
    sparse: bool = False, tensor: Any = None, *, batch_size: int | None = None, batch_input_shape: Any = None, **kwargs: Any,
) -> Any:  # fmt: skip
    """A tensor that a model is called on. In tf.keras the second argument by place is the size of the batch."""
    if isinstance(batch_shape, int):
        batch_size, batch_shape = batch_shape, None
    given = fill_sizes({"shape": shape, "batch_shape": batch_shape, "batch_input_shape": batch_input_shape}, "InputLayer")
    shape, batch_shape, batch_input_shape = given.values()
    stop_at_missing((shape, batch_shape, batch_input_shape))
    whole = batch_shape if batch_shape is not None else batch_input_shape
    if whole is None and shape is None and tensor is not None:
        whole = tuple(tensor.shape)
    if whole is None:
        sizes = shape if isinstance(shape, list | tuple) else (shape,)
        whole = (batch_size, *sizes)
    plain = tuple(None if size is None else int(size) for size in whole)
    return recorder.input(plain, dtype or "float32", name)


@register("keras.*.InputLayer")
def make_input_layer(recorder: Recorder, input_shape: object = None, batch_size: int | None = None, **kwargs: object) -> Any:
    """The layer of such a tensor."""
    names = ("shape", "batch_shape", "batch_input_shape", "name", "dtype", "sparse", "ragged")
    given = {key: value for key, value in kwargs.items() if key in names}
    given["dtype"] = given.get("dtype") or kwargs.get("input_dtype")
    return make_input(recorder, given.pop("shape", input_shape), batch_size=batch_size, **given).node.layer


@register("keras.backend.image_dim_ordering")
def image_dim_ordering(recorder: Recorder) -> str:
    """``th`` or ``tf``."""
    return "th" if recorder.data_format == "channels_first" else "tf"


@register("keras.backend.image_data_format")
def image_data_format(recorder: Recorder) -> str:
    """``channels_first`` or ``channels_last``."""
    return recorder.data_format


@register("keras.backend.set_image_dim_ordering", "keras.backend.set_image_data_format")
@register("keras.backend.common.set_image_dim_ordering")
def set_image_format(recorder: Recorder, value: str) -> None:
    """Where images have their channels from here on."""
    recorder.data_format = {"th": "channels_first", "tf": "channels_last"}.get(value, value)


@register("keras.backend.clear_session", "keras.backend.reset_uids", "tensorflow.reset_default_graph")
def clear_session(recorder: Recorder) -> None:
    """Names are given from the start again."""
    recorder.counts.clear()


@register("keras.backend.get_session", "keras.backend.set_session", "keras.backend.set_learning_phase")
@register("keras.backend.manual_variable_initialization", "keras.backend.function", "keras.backend.gradients")
@register("keras.*.plot_model", "keras.*.plot", "keras.*.model_to_dot", "keras.utils.get_file", "keras.*.print_summary")
@register("tensorflow.Session", "tensorflow.InteractiveSession", "tensorflow.get_default_graph", "tensorflow.ConfigProto")
@register("keras.utils.data_utils.get_file", "keras.*.save_model", "keras.*.set_random_seed")
def do_nothing(recorder: Recorder, *args: object, **kwargs: object) -> Any:
    """Nothing."""
    return INERT


@register("tensorflow.device", "tensorflow.name_scope", "tensorflow.variable_scope", "keras.backend.name_scope")
def scope(recorder: Recorder, *args: object, **kwargs: object) -> Any:
    """A block that only named things, or said where they run."""
    return nullcontext()


@register("keras.*.multi_gpu_model")
def multi_gpu_model(recorder: Recorder, model: object, *args: object, **kwargs: object) -> Any:
    """The model itself: the numbers of a multi-GPU model are those of the model in it."""
    return model


@register("keras.*.load_model", "keras.*.model_from_json", "keras.*.model_from_yaml", "keras.*.model_from_config")
def read_model(recorder: Recorder, *args: object, **kwargs: object) -> Any:
    """A file that holds the model is what AnyKeras opens by itself."""
    raise Unsupported(
        "AK1325",
        "the program reads its model from a file",
        next_step="Give that file: as architecture=, or as the model itself.",
    )


@register("keras.*.is_keras_tensor")
def is_keras_tensor(recorder: Recorder, x: Any) -> bool:
    """Whether a value is a tensor of a model."""
    return holds_recorded(x) or isinstance(recorder.runtime.unwrap(x), recorder.runtime.keras.KerasTensor)


@register("keras.*.get_source_inputs")
def get_source_inputs(recorder: Recorder, tensor: object, *args: object, **kwargs: object) -> list[Any]:
    """The input tensors that a tensor is computed from."""
    found, stack, seen = [], list(recorded(tensor)), set[int]()
    while stack:
        item = stack.pop()
        if id(item.node) in seen:
            continue
        seen.add(id(item.node))
        found += [] if item.node.args else [item]
        stack.extend(item.node.tensors)
    return found


@register("keras.*._obtain_input_shape", "keras.*.obtain_input_shape")
def obtain_input_shape(
    recorder: Recorder, input_shape: Any, default_size: int, min_size: int, data_format: str | None = None,
    require_flatten: bool = True, weights: str | None = None, include_top: bool | None = None,
) -> Any:  # fmt: skip
    """The size of images that a network of ``keras.applications`` took (keras/applications/imagenet_utils.py 2.1.5)."""
    flattens = require_flatten if include_top is None else include_top
    first = (data_format or recorder.data_format) == "channels_first"
    if input_shape and not (weights == "imagenet" and flattens):
        return tuple(input_shape)
    size = default_size if flattens else None
    return (3, size, size) if first else (size, size, 3)


@register("keras.*.to_categorical")
def to_categorical(
    recorder: Recorder, y: object, num_classes: int | None = None, nb_classes: int | None = None, **_: object
) -> Any:
    """Rows with a one at the number of the class."""
    numbers = np.asarray(y, dtype="int64").ravel()
    count = num_classes or nb_classes or (int(numbers.max()) + 1 if numbers.size else 0)
    return np.eye(count, dtype="float32")[numbers]


# Penalties by the names of every era, with the arguments by place (keras/regularizers.py 0.3.3 to 2.3.1).
def _penalty(l1: float, l2: float) -> Function:
    def make(recorder: Recorder, *args: float, **kwargs: Any) -> Any:
        both = l1 and l2
        first = kwargs.get("l1", kwargs.get("l", args[0] if args else l1)) if l1 else 0.0
        second = kwargs.get(
            "l2", kwargs.get("l", (args[1] if both and len(args) > 1 else args[0] if args and not both else l2))
        )
        return recorder.runtime.keras.regularizers.L1L2(l1=float(first), l2=float(second) if l2 else 0.0)

    return make


for _names, _make in (
    (("l1", "activity_l1", "L1"), _penalty(0.01, 0.0)),
    (("l2", "activity_l2", "L2"), _penalty(0.0, 0.01)),
    (("l1l2", "activity_l1l2", "l1_l2", "L1L2", "WeightRegularizer", "ActivityRegularizer"), _penalty(0.01, 0.01)),
):
    register(*(f"keras.regularizers.{_name}" for _name in _names))(_make)


# Bounds on weights (keras/constraints.py 0.3.3 to 2.3.1): the class and its arguments by place.
_BOUNDS: Mapping[str, tuple[str, Sequence[str]]] = {
    **dict.fromkeys(("maxnorm", "max_norm", "MaxNorm"), ("MaxNorm", ("max_value", "axis"))),
    **dict.fromkeys(("nonneg", "non_neg", "NonNeg"), ("NonNeg", ())),
    **dict.fromkeys(("unitnorm", "unit_norm", "UnitNorm"), ("UnitNorm", ("axis",))),
    **dict.fromkeys(("min_max_norm", "MinMaxNorm"), ("MinMaxNorm", ("min_value", "max_value", "rate", "axis"))),
}


def _register_bound(name: str, class_name: str, order: Sequence[str]) -> None:
    @register(f"keras.constraints.{name}")
    def make(recorder: Recorder, *args: Any, **kwargs: object) -> Any:
        called = {
            **dict(zip(order, args, strict=False)),
            **{"max_value" if key == "m" else key: v for key, v in kwargs.items()},
        }
        return getattr(recorder.runtime.keras.constraints, class_name)(**called)


for _name, (_class_name, _order) in _BOUNDS.items():
    _register_bound(_name, _class_name, _order)


# Data that programs load to learn its shape: (training samples, test samples, sizes of one, classes).
_DATA: Mapping[str, tuple[int, int, tuple[int, ...], int]] = {
    "mnist": (60000, 10000, (28, 28), 10),
    "fashion_mnist": (60000, 10000, (28, 28), 10),
    "cifar10": (50000, 10000, (32, 32, 3), 10),
    "cifar100": (50000, 10000, (32, 32, 3), 100),
    "boston_housing": (404, 102, (13,), 0),
}


def load_zeros(name: str, first: bool = False) -> Function | None:
    """What loads zeros of the shape of a data set, and labels of every class; `first` where images have channels first."""
    if name not in _DATA:
        return None
    train, test, sizes, classes = _DATA[name]
    if len(sizes) == 3 and first:
        sizes = (sizes[2], *sizes[:2])

    def part(count: int) -> tuple[Any, object]:
        labels = np.arange(count) % classes if classes else np.zeros(count)
        labels = labels[:, None] if name.startswith("cifar") else labels
        return np.broadcast_to(np.zeros((), "uint8" if classes else "float64"), (count, *sizes)), labels

    return lambda *args, **kwargs: (part(train), part(test))


def _register_data(name: str) -> None:
    @register(f"keras.datasets.{name}.load_data")
    def load(recorder: Recorder, *args: object, **kwargs: object) -> Any:
        found = load_zeros(name, recorder.data_format == "channels_first")
        return None if found is None else found()


for _name in _DATA:
    _register_data(_name)
