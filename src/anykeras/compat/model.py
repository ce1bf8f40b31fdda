"""Models that code of then makes, calls and derives from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .bridges import bridges
from .faces import TwoFaced
from .layer import OldLayer

if TYPE_CHECKING:
    from .world import World


class Called(TwoFaced):
    """Mixed into a model that code of then calls: it takes and gives old tensors."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        world = type(self).world
        if not world.old:
            return super().__call__(*args, **kwargs)  # type: ignore[misc]
        with world.outside():
            return world.wrap(super().__call__(*world.unwrap(args), **world.unwrap(kwargs)))  # type: ignore[misc]


def called_by_old(world: World, made: Any) -> Any:
    """A live model that code of then can call."""
    if isinstance(made, TwoFaced):
        return made
    current = type(made)
    body = {"world": world, "__module__": current.__module__, "__doc__": current.__doc__}
    object.__setattr__(made, "__class__", type(current.__name__, (Called, current), body))
    return made


def model(world: World, current: Any) -> type:
    """A model class of the running Keras: to derive from, or to make a model of inputs and outputs by."""
    keras = world.keras

    def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:
        if cls is not made:
            return current.__new__(cls)
        with world.outside():
            return called_by_old(world, current(*world.unwrap(args), **world.unwrap(kwargs)))

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        OldLayer.begin(self, current, tuple(world.unwrap(args)), dict(world.unwrap(kwargs)))

    plain = {"built_in": current is not keras.Model, "world": world, "__module__": current.__module__}
    body = {"__new__": __new__, "__init__": __init__, "__doc__": current.__doc__, **plain, **bridges(world, current)}
    made = type(current.__name__, (OldLayer, current), body)
    return made
