"""Objects that code of then and code of Keras share."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

from .tensor import LegacyTensor

if TYPE_CHECKING:
    from .runtime import LegacyRuntime


class LegacyProxy:
    """Mixed into a class of the running Keras; `runtime` is whose code derives from it.

    To code of then, variables, tensors and functions of Keras that are attributes are old ones; to Keras they are its own.
    """

    legacy_runtime: ClassVar[LegacyRuntime]

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return found if name.startswith("__") or name == "legacy_runtime" else type(self).present(found)

    @classmethod
    def present(cls, found: Any) -> Any:
        """An attribute as the code sees it that runs."""
        if found is None or isinstance(found, bool | int | str):
            return found
        runtime: LegacyRuntime = cls.legacy_runtime
        if not runtime.old:
            return found.raw if isinstance(found, LegacyTensor) else found
        if isinstance(found, FunctionType):
            return runtime.inwards(found) if found.__module__.startswith("keras.") else found
        if isinstance(found, runtime.keras.layers.Layer):
            return runtime.as_legacy(found)
        return runtime.wrap(found) if runtime.is_tensor(found) else found
