"""Objects that code of then and code of Keras share."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

from .tensor import OldTensor

if TYPE_CHECKING:
    from .world import World


class TwoFaced:
    """Mixed into a class of the running Keras; `world` is whose code derives from it.

    To code of then, variables, tensors and functions of Keras that are attributes are old ones; to Keras they are its own.
    """

    world: ClassVar[World]

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return found if name.startswith("__") or name == "world" else type(self).facing(found)

    @classmethod
    def facing(cls, found: Any) -> Any:
        """An attribute as the code sees it that runs."""
        if found is None or isinstance(found, bool | int | str):
            return found
        world: World = cls.world
        if not world.old:
            return found.raw if isinstance(found, OldTensor) else found
        if isinstance(found, FunctionType):
            return world.inwards(found) if found.__module__.startswith("keras.") else found
        if isinstance(found, world.keras.layers.Layer):
            return world.as_then(found)
        return world.wrap(found) if world.is_tensor(found) else found
