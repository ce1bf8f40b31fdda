"""``Layer`` with the ways of Keras 0.3 to 2.15, over the Layer of the running Keras."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .tensor import OldTensor, old_shape, plain_shape

if TYPE_CHECKING:
    from .world import World

# Arguments of every old Layer that Keras 3 does not take (keras/engine/topology.py 1.2.2, base_layer.py 2.3.1).
_PLACE = ("input_shape", "batch_input_shape", "batch_size", "input_dim", "input_length", "input_dtype",
          "create_input_layer", "dynamic", "experimental_autocast", "implementation")  # fmt: skip


class OldLayer:
    """Mixed into a layer class of the running Keras; `world` is whose code derives from it."""

    world: ClassVar[World]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if "world" in own:
            return
        if "get_output_shape_for" in own and "compute_output_shape" not in own:
            cls.compute_output_shape = own["get_output_shape_for"]  # type: ignore[attr-defined]
        for name, change in _METHODS.items():
            method = vars(cls).get(name)
            if inspect.isfunction(method):
                setattr(cls, name, change(cls.world, method))

    @staticmethod
    def begin(self: Any, current: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The constructor: what only a first layer's place needed is set aside."""
        weights = kwargs.pop("weights", None)
        for key in _PLACE:
            kwargs.pop(key, None)
        if isinstance(kwargs.get("dtype"), OldTensor | type):
            kwargs.pop("dtype")
        current.__init__(self, *args, **kwargs)  # type: ignore[misc]
        object.__setattr__(self, "initial_weights", weights)

    def __setattr__(self, name: str, value: Any) -> None:
        world: World = type(self).world
        if isinstance(value, OldTensor):
            if world.context.tf_keras and isinstance(value.raw, world.keras.Variable):
                self._held(value.raw)  # tf.keras kept every variable that was an attribute
            object.__setattr__(self, name, value)
            return
        super().__setattr__(name, value)

    def _held(self, raw: Any) -> None:
        layer: Any = self
        known = [id(variable) for variable in (*layer._trainable_variables, *layer._non_trainable_variables)]
        if id(raw) not in known:
            locked, layer._tracker.locked = layer._tracker.locked, False
            layer._track_variable(raw)
            layer._tracker.locked = locked

    def add_weight(self, *args: Any, **kwargs: Any) -> Any:
        """``add_weight(shape, initializer, name)`` of Keras 1, ``add_weight(name, shape, ...)`` of Keras 2."""
        given = _weight_arguments(args, kwargs)
        world = type(self).world
        given["initializer"] = _initializer(world, given.get("initializer"))
        made = super().add_weight(**given)  # type: ignore[misc]
        return world.wrap(made)

    add_variable = add_weight

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Updates of variables, carried out in training."""
        world = type(self).world
        for update in updates if isinstance(updates, list) else [updates]:
            if isinstance(update, tuple) and world.context.training:
                variable, value = world.unwrap(update)
                variable.assign(value)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """A term of the training loss."""
        super().add_loss(type(self).world.unwrap(losses))  # type: ignore[misc]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        world = type(self).world
        made = super().__call__(*world.unwrap(args), **world.unwrap(kwargs))  # type: ignore[misc]
        return world.wrap(made) if world.calls else made

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
            raw = type(self).world.unwrap(weight)
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


def _weight_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    shape_first = bool(args) and isinstance(args[0], tuple | list)
    order = ("shape", "initializer", "name", "trainable", "regularizer", "constraint") if shape_first else (
        "name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint"
    )  # fmt: skip
    given = {**dict(zip(order, args, strict=False)), **kwargs}
    known = ("name", "shape", "initializer", "trainable", "regularizer", "constraint", "dtype")
    made = {key: given[key] for key in known if given.get(key) is not None}
    made["shape"] = plain_shape(tuple(made.get("shape", ())))
    if "name" in made:
        made["name"] = str(made["name"]).replace("/", "_")
    if made.get("dtype") is not None:
        made["dtype"] = getattr(made["dtype"], "name", made["dtype"])
    return made


def _initializer(world: World, given: Any) -> Any:
    """An initializer of old code: a name, an object, or a function of a shape that returned a variable."""
    if not inspect.isfunction(given) and not inspect.ismethod(given):
        return given
    takes = inspect.signature(given).parameters

    def make(shape: Any, dtype: Any = None) -> Any:
        kwargs = {"dtype": dtype} if "dtype" in takes else {}
        made = world.unwrap(given(tuple(shape), **kwargs))
        numbers = world.numbers(made) if world.is_tensor(made) else np.asarray(made)
        return world.keras.ops.convert_to_tensor(numbers, dtype=dtype)

    return make


def called_as_then(world: World, method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that Keras calls on tensors: it is given old ones, and what it returns is turned back."""

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        from .world import holds_old

        if holds_old(args) or holds_old(kwargs):
            return method(self, *args, **kwargs)
        with world.calling(_training(self, kwargs)):
            made = method(self, *_tensors(world, args), **_tensors(world, kwargs))
        return world.unwrap(made)

    call.of_old = True  # type: ignore[attr-defined]
    return call


def _tensors(world: World, value: Any) -> Any:
    return world.wrap(value)


def _training(layer: Any, kwargs: dict[str, Any]) -> bool | None:
    """Whether the layer is called in training, as Keras told it or the layers around it."""
    told = kwargs.get("training")
    if told is None and hasattr(layer, "_get_call_context"):
        told = getattr(layer._get_call_context(), "training", None)
    return told if isinstance(told, bool) else None


def _shaped(world: World, method: Callable[..., Any]) -> Callable[..., Any]:
    """``build`` and ``compute_output_shape``: shapes in, and for the latter a shape out."""

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = [old_shape(arg) for arg in args]
        return plain_shape(method(self, *given, **{key: old_shape(value) for key, value in kwargs.items()}))

    call.of_old = True  # type: ignore[attr-defined]
    return call


_METHODS: dict[str, Callable[[Any, Callable[..., Any]], Callable[..., Any]]] = {
    "call": called_as_then,
    "compute_mask": called_as_then,
    "step": called_as_then,
    "preprocess_input": called_as_then,
    "get_initial_states": called_as_then,
    "build": _shaped,
    "compute_output_shape": _shaped,
}
