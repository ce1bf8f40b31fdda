"""``Layer`` with the ways of Keras 0.3 to 2.15, over the Layer of the running Keras.

Code of then and code of Keras share an object: `LegacyRuntime.old` says whose turn it is. To the first, variables and tensors
that are attributes are old ones; to the second they are its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from ..document.model import Era
from ..errors import Unsupported
from .keras0 import asked
from .proxies import LegacyProxy
from .tensor import LegacyTensor, to_legacy_shape, to_plain_shape

if TYPE_CHECKING:
    from .runtime import LegacyRuntime

# Methods of built-in layers that those of Keras 3 do not call: what overrides them would be passed over in silence.
_HOOKS = frozenset(
    {"step", "get_constants", "preprocess_input", "get_initial_states", "pooling_function", "_pooling_function", "get_output"}
)
# What the attributes of Keras 1's layers are called since (the arguments of each class, keras/layers/*.py 1.2.2 and 2.0.0).
_NAMES_OF_KERAS1 = {
    "W": "kernel",
    "U": "recurrent_kernel",
    "b": "bias",
    "output_dim": "units",
    "nb_filter": "filters",
    "subsample": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "p": "rate",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
}

# Arguments of every old Layer that Keras 3 does not take (keras/engine/topology.py 1.2.2, base_layer.py 2.3.1).
_PLACE = ("input_shape", "batch_input_shape", "batch_size", "input_dim", "input_length", "input_dtype",
          "create_input_layer", "dynamic", "experimental_autocast", "implementation")  # fmt: skip


class LegacyLayer(LegacyProxy):
    """Mixed into a layer class of the running Keras; `runtime` is whose code derives from it."""

    initial_weights: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if "legacy_runtime" in own:
            return
        for name, made in asked(cls.legacy_runtime, own).items():
            setattr(cls, name, made)
        lost = sorted(_HOOKS & own.keys()) if getattr(cls, "built_in", False) else []
        if lost:
            raise Unsupported(
                "AK5010", f"{cls.__name__} overrides {', '.join(lost)} of a built-in layer, which Keras 3 does not call"
            )
        if "get_output_shape_for" in own and "compute_output_shape" not in own:
            cls.compute_output_shape = own["get_output_shape_for"]  # type: ignore[attr-defined]
        for name, change in _METHODS.items():
            method = vars(cls).get(name)
            if inspect.isfunction(method):
                setattr(cls, name, change(cls.legacy_runtime, method))

    @staticmethod
    def begin(self: Any, current: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The constructor: what only a first layer's place needed is set aside."""
        weights = kwargs.pop("weights", None)
        takes = inspect.signature(current.__init__).parameters  # type: ignore[misc]
        for key in _PLACE:
            if key not in takes:
                kwargs.pop(key, None)
        if isinstance(kwargs.get("dtype"), LegacyTensor | type):
            kwargs.pop("dtype")
        with type(self).legacy_runtime.outside():
            current.__init__(self, *args, **kwargs)  # type: ignore[misc]
        if not getattr(type(self).compute_mask, "_is_default", False):
            self.supports_masking = True  # before Keras 3 every layer's compute_mask was asked
        object.__setattr__(self, "initial_weights", weights)

    def __getattribute__(self, name: str) -> Any:
        if name == "bias" and _has_flag(self):
            name = "use_bias"
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        """What a layer of then had under another name, or had before it was built."""
        hidden = vars(self).get(f"_{name}")
        if hidden is not None and isinstance(getattr(type(self), name, None), property):
            return type(self).legacy_runtime.wrap(hidden) if type(self).legacy_runtime.old else hidden
        current = _NAMES_OF_KERAS1.get(name) if type(self).legacy_runtime.context.era in (Era.KERAS0, Era.KERAS1) else None
        if current is None:
            apart = getattr(super(), "__getattr__", None)  # on torch a layer keeps the layers inside it apart
            if apart is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return type(self).present(apart(name))
        return (
            type(self).legacy_runtime.wrap(super().__getattribute__(current)) if current == "bias" else getattr(self, current)
        )

    def __setattr__(self, name: str, value: Any) -> None:
        runtime: LegacyRuntime = type(self).legacy_runtime
        if isinstance(value, LegacyTensor):
            if runtime.context.tf_keras and isinstance(value.raw, runtime.keras.Variable):
                self._held(value.raw)  # tf.keras kept every variable that was an attribute
            held = getattr(type(self), name, None)
            name = f"_{name}" if isinstance(held, property) and held.fset is None else name
            object.__setattr__(self, name, value)
            return
        super().__setattr__(name, value)

    def _held(self, raw: Any) -> None:
        layer: Any = self
        known = [id(variable) for variable in (*layer._trainable_variables, *layer._non_trainable_variables)]
        known += [id(variable) for variable in layer.variables]
        if id(raw) not in known:
            locked, layer._tracker.locked = layer._tracker.locked, False
            layer._track_variable(raw)
            layer._tracker.locked = locked

    def add_weight(self, *args: Any, **kwargs: Any) -> Any:
        """``add_weight(shape, initializer, name)`` of Keras 1, ``add_weight(name, shape, ...)`` of Keras 2."""
        runtime = type(self).legacy_runtime
        if not runtime.old:
            return super().add_weight(*args, **kwargs)  # type: ignore[misc]
        given = _weight_arguments(args, kwargs)
        given["initializer"] = _initializer(runtime, given.get("initializer"))
        with runtime.outside():
            made = super().add_weight(**given)  # type: ignore[misc]
        return runtime.wrap(made)

    add_variable = add_weight

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Updates of variables, carried out in training."""
        runtime = type(self).legacy_runtime
        for update in updates if isinstance(updates, list) else [updates]:
            if isinstance(update, tuple) and runtime.context.training:
                variable, value = runtime.unwrap(update)
                variable.assign(value)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """A term of the training loss."""
        super().add_loss(type(self).legacy_runtime.unwrap(losses))  # type: ignore[misc]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer of a configuration that may have today's names for arguments of Keras 1: ``get_config`` of today wrote it."""
        takes = inspect.signature(cls.__init__).parameters
        renamed = {new: old for old, new in _NAMES_OF_KERAS1.items() if old in takes and old not in config}
        return super().from_config({renamed.get(key, key): value for key, value in config.items()})  # type: ignore[misc]

    def save_own_variables(self, store: Any) -> None:
        """All variables in order: those of Keras' own layers file only what the built-in class has."""
        type(self).legacy_runtime.keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        """The counterpart."""
        type(self).legacy_runtime.keras.layers.Layer.load_own_variables(self, store)

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """A number that was shown beside the loss."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        runtime = type(self).legacy_runtime
        if args and isinstance(args[0], list | tuple) and len(args[0]) > 1 and isinstance(self, runtime.keras.layers.RNN):
            kwargs["initial_state"] = list(args[0][1:])  # as a file of Keras 2 has it
            args = (args[0][0], *args[1:])
        if not runtime.old:
            return super().__call__(*args, **kwargs)  # type: ignore[misc]
        with runtime.outside():
            made = super().__call__(*runtime.unwrap(args), **runtime.unwrap(kwargs))  # type: ignore[misc]
        return runtime.wrap(made)

    def get_output_shape_for(self, input_shape: Any) -> Any:
        """``compute_output_shape`` of Keras 1."""
        with type(self).legacy_runtime.outside():
            return to_legacy_shape(super().compute_output_shape(to_plain_shape(input_shape)))  # type: ignore[misc]

    @property
    def trainable_weights(self) -> list[Any]:
        """The trainable variables; assigning a list makes its members such."""
        found: list[Any] = super().trainable_weights  # type: ignore[misc]
        return found

    @trainable_weights.setter
    def trainable_weights(self, weights: Iterable[Any]) -> None:
        self._keep(weights, True)

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables; assigning a list makes its members such."""
        found: list[Any] = super().non_trainable_weights  # type: ignore[misc]
        return found

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights: Iterable[Any]) -> None:
        self._keep(weights, False)

    @property
    def _trainable_weights(self) -> Kept:
        return Kept(self, True)

    @_trainable_weights.setter
    def _trainable_weights(self, weights: Iterable[Any]) -> None:
        self._keep(weights, True)

    @property
    def _non_trainable_weights(self) -> Kept:
        return Kept(self, False)

    @_non_trainable_weights.setter
    def _non_trainable_weights(self, weights: Iterable[Any]) -> None:
        self._keep(weights, False)

    def _keep(self, weights: Iterable[Any], trainable: bool) -> None:
        for weight in weights:
            raw = type(self).legacy_runtime.unwrap(weight)
            raw.trainable = trainable
            self._held(raw)


class Kept:
    """The list of a layer's weights, to which old code appends."""

    def __init__(self, layer: Any, trainable: bool) -> None:
        self._layer, self._trainable = layer, trainable

    def append(self, weight: Any) -> None:
        """One more weight."""
        self._layer._keep([weight], self._trainable)

    def extend(self, weights: Iterable[Any]) -> None:
        """Several more."""
        self._layer._keep(weights, self._trainable)

    def __add__(self, weights: Iterable[Any]) -> list[Any]:
        return [*self, *weights]

    __iadd__ = __add__

    def __iter__(self) -> Any:
        layer = self._layer
        return iter(layer._trainable_variables if self._trainable else layer._non_trainable_variables)


def _has_flag(layer: LegacyLayer) -> bool:
    """To code of Keras 1 the `bias` of a built-in layer was whether there is one, and `b` the variable."""
    runtime = type(layer).legacy_runtime
    if not runtime.old or runtime.context.era not in (Era.KERAS0, Era.KERAS1) or not getattr(type(layer), "built_in", False):
        return False
    return "use_bias" in vars(layer)


def _weight_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    shape_first = bool(args) and isinstance(args[0], tuple | list)
    order = ("shape", "initializer", "name", "trainable", "regularizer", "constraint") if shape_first else (
        "name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint"
    )  # fmt: skip
    given = {**dict(zip(order, args, strict=False)), **kwargs}
    known = ("name", "shape", "initializer", "trainable", "regularizer", "constraint", "dtype")
    made = {key: given[key] for key in known if given.get(key) is not None}
    made["shape"] = to_plain_shape(tuple(made.get("shape", ())))
    if "name" in made:
        made["name"] = str(made["name"]).replace("/", "_")
    if made.get("dtype") is not None:
        made["dtype"] = getattr(made["dtype"], "name", made["dtype"])
    return made


def _initializer(runtime: LegacyRuntime, given: Any) -> Any:
    """An initializer of old code: a name, an object, or a function of a shape that returned a variable."""
    if not inspect.isfunction(given) and not inspect.ismethod(given):
        return given
    takes = inspect.signature(given).parameters

    def make(shape: Any, dtype: Any = None) -> Any:
        kwargs = {"dtype": dtype} if "dtype" in takes else {}
        made = runtime.unwrap(given(tuple(shape), **kwargs))
        numbers = runtime.numbers(made) if runtime.is_tensor(made) else np.asarray(made)
        return runtime.keras.ops.convert_to_tensor(numbers, dtype=dtype)

    return make


def wrap_tensor_method(runtime: LegacyRuntime, method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that Keras calls on tensors: it is given old ones, and what it returns is turned back."""

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        from .runtime import holds_legacy

        if told and "training" not in kwargs and len(args) <= told:
            kwargs["training"] = bool(_training(self, kwargs))
        if holds_legacy(args) or holds_legacy(kwargs):
            return method(self, *args, **kwargs)
        with runtime.calling(_training(self, kwargs)):
            made = method(self, *runtime.wrap(args), **runtime.wrap(kwargs))
        return runtime.unwrap(made)

    signature = inspect.signature(method)
    told = _place_of_training(signature)
    changed = [_optional(p) if told else p for p in signature.parameters.values()]
    call.__signature__ = signature.replace(parameters=changed)  # type: ignore[attr-defined]
    call.is_legacy = True  # type: ignore[attr-defined]
    return call


def _place_of_training(signature: inspect.Signature) -> int:
    """Where a ``training`` stands that has no default, counted without `self`; 0 for none. tf.keras always gave it."""
    for i, parameter in enumerate(list(signature.parameters.values())[1:]):
        if parameter.name == "training" and parameter.default is parameter.empty:
            return i
    return 0


def _optional(parameter: inspect.Parameter) -> inspect.Parameter:
    lacks = parameter.default is parameter.empty and parameter.name in ("training", "mask")
    return parameter.replace(default=None) if lacks else parameter


def _training(layer: Any, kwargs: dict[str, Any]) -> bool | None:
    """Whether the layer is called in training, as Keras told it or the layers around it."""
    told = kwargs.get("training")
    if told is None and hasattr(layer, "_get_call_context"):
        context = layer._get_call_context()
        told = getattr(context, "training", None)
        if told is None and context.entry_layer is layer:
            layer._maybe_reset_call_context()  # asking has opened one, in which all later calls would be inner ones
    return told if isinstance(told, bool) else None


def _shaped(runtime: LegacyRuntime, method: Callable[..., Any]) -> Callable[..., Any]:
    """``build`` and ``compute_output_shape``: shapes in, and for the latter a shape out."""

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = [to_legacy_shape(arg) for arg in args]
        with runtime.inside():
            return to_plain_shape(method(self, *given, **{key: to_legacy_shape(value) for key, value in kwargs.items()}))

    call.is_legacy = True  # type: ignore[attr-defined]
    return call


_METHODS: dict[str, Callable[[Any, Callable[..., Any]], Callable[..., Any]]] = {
    "call": wrap_tensor_method,
    "compute_mask": wrap_tensor_method,
    "step": wrap_tensor_method,
    "preprocess_input": wrap_tensor_method,
    "get_initial_states": wrap_tensor_method,
    "build": _shaped,
    "compute_output_shape": _shaped,
}
