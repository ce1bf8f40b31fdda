"""What an entry of the function tables is, and what it may use.

An entry stands for one function of an old library and is ONE Python function over an abstract :class:`Ops`. The same
entry serves the recovery of Lambda code (its `Ops` makes operation nodes in a document), the old ``keras.backend``
offered to people's own layers (its `Ops` calls Keras), and the tests (its `Ops` calls Keras on arrays, and the outcome
is compared with what the old function itself gave).
"""

from __future__ import annotations

import enum
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Generic, TypeGuard, TypeVar

from ...document.model import Era, Writer
from ...errors import AnyKerasError
from .values import Operand, Refused, Size


@dataclass(frozen=True)
class FunctionContext:
    """Who wrote the function: everything that changed what a name means.

    `library` is ``keras``, ``tf.keras`` or ``tf_keras``; `version` is the library's; `data_format` is what
    ``K.image_data_format()`` answered then; `training` is what the learning phase answers; `tensorflow` is the major
    version of TensorFlow where a file of ``tf.keras`` tells it. Where `backend_known` is false, `backend` is the era's
    usual one: no weight and no stamp tells it.
    """

    era: Era = Era.KERAS2
    backend: str = "tensorflow"
    library: str = "keras"
    version: tuple[int, ...] = ()
    data_format: str = "channels_last"
    floatx: str = "float32"
    epsilon: float = 1e-7
    training: bool = False
    tensorflow: int | None = None
    backend_known: bool = True

    @classmethod
    def of(cls, writer: Writer, **changes: Operand) -> FunctionContext:
        """The context of a file's writer; what the file does not say takes the era's usual value."""
        usual = "theano" if writer.era in (Era.KERAS0, Era.KERAS1) else "tensorflow"
        setting: dict[str, Operand] = {
            "era": writer.era,
            "backend": writer.backend or usual,
            "backend_known": writer.backend is not None,
            "library": writer.library,
            "version": writer.release,
            "tensorflow": writer.tensorflow,
            "data_format": writer.data_format or ("channels_first" if writer.era is Era.KERAS0 else "channels_last"),
        }
        return cls(**{**setting, **changes})

    @property
    def tf_keras(self) -> bool:
        """Whether the writer was the Keras inside TensorFlow, or its continuation ``tf_keras``."""
        return self.library in ("tf.keras", "tf_keras")

    @property
    def eager_tensorflow(self) -> bool:
        """Whether TensorFlow 2 is the likely backend: ``==`` compares elements, ``x.shape[0]`` is an int or None."""
        if self.tf_keras:
            return self.tensorflow >= 2 if self.tensorflow else not self.version or self.version >= (2,)
        return self.era is Era.KERAS3

    @property
    def either_tensorflow(self) -> bool:
        """Whether TensorFlow 1.13 to 1.15 could have written the file as well as 2.0 and 2.1."""
        return self.tf_keras and self.version == (2, 2, 4) and self.tensorflow is None

    def on_other_backend(self) -> FunctionContext:
        """The same writer on the other of the two backends that Keras 0 to 2 had from early on."""
        return replace(self, backend="tensorflow" if self.backend == "theano" else "theano")

    def before(self, *version: int) -> bool:
        """Whether the writer's version is known and older than `version`."""
        return bool(self.version) and self.version < version


Tensor = TypeVar("Tensor")


class TensorOps(ABC, Generic[Tensor]):
    """What an entry may do. Every public function of ``keras.ops`` is a method: ``ops.matmul(x, y)``.

    `Tensor` is what the implementation computes with: a symbol of a graph, an array. An implementation gives `op` and the
    other abstract methods. Sizes in shapes are ints where known, else
    :class:`~anykeras.recovery.functions.values.Dim`; `reshape`, `broadcast_to`, `zeros`, `ones`, `full` and `tile` are
    called with whatever sizes the old code computed, so an implementation must take both.
    """

    context: FunctionContext

    @abstractmethod
    def op(self, name: str, /, *args: Operand, **kwargs: Operand) -> Operand:
        """Call ``keras.ops.<name>``; dotted for its modules: ``image.resize``, ``linalg.inv``."""

    @abstractmethod
    def is_tensor(self, x: object) -> TypeGuard[Tensor]:
        """Whether `x` is a tensor of this implementation; constants (numbers, numpy arrays) are not."""

    @abstractmethod
    def shape(self, x: Operand) -> tuple[Size, ...]:
        """The sizes of a tensor or constant: ints, and Dim where unknown."""

    @abstractmethod
    def dtype(self, x: Operand) -> str:
        """The dtype's name: ``float32``."""

    @abstractmethod
    def getitem(self, x: Operand, key: tuple[Operand, ...]) -> Operand:
        """``x[key]`` for a key of ints, slices of ints with a positive step, Ellipsis and None only."""

    @abstractmethod
    def constant(self, array: Operand, dtype: str | None = None) -> Operand:
        """A tensor that holds `array` (numbers or numpy)."""

    @abstractmethod
    def size(self, dim: Operand, dtype: str) -> Operand:
        """A Dim as a scalar tensor."""

    @abstractmethod
    def layer(
        self,
        class_name: str,
        config: Mapping[str, Operand],
        /,
        *args: Operand,
        weights: Mapping[str, Operand] | None = None,
        **kwargs: Operand,
    ) -> Operand:
        """Make a Keras 3 layer (weights by the catalog's role names) and call it; a fresh layer every time."""

    def constant_value(self, x: Operand) -> Operand | None:
        """The numbers of a constant or of a tensor that is one; None where they depend on the input."""
        return None if self.is_tensor(x) else x

    def map_rows(self, function: Callable[[Operand], Operand], x: Operand) -> Operand:
        """`function` on each ``x[i]``, stacked; only needed where the first size is unknown."""
        raise Refused("a function is mapped over a dimension whose size is unknown", "AK3043")

    def loop(self, cond: Callable[..., Operand], body: Callable[..., Operand], state: list[Operand]) -> list[Operand]:
        """``while cond(*state): state = body(*state)``; only where the values of tensors can decide."""
        raise Refused("a loop goes on as long as the values of a tensor say", "AK3043")

    def resize_open(self, x: Operand, sizes: tuple[Operand, ...]) -> Operand:
        """`x` reshaped to sizes of which several are Dims; only where sizes can be computed when the model runs."""
        raise Refused("a reshape leaves more than one size unknown", "AK3043")

    @abstractmethod
    def note(self, text: str) -> None:
        """Something a reader of the report should know about this call; not an error."""

    def rank(self, x: Operand) -> int:
        """The number of dimensions."""
        return len(self.shape(x))

    def __getattr__(self, name: str) -> Callable[..., Operand]:
        if name.startswith("_") or name == "context":
            raise AttributeError(name)
        return lambda *args, **kwargs: self.op(name, *args, **kwargs)


Ops = TensorOps[Operand]  # as entries take it, of whatever tensors


class EntryKind(enum.StrEnum):
    """What calling an entry does."""

    PURE = "pure"
    RANDOM = "random"
    STATEFUL = "stateful"
    VALUE = "value"
    REFUSED = "refused"


@dataclass(frozen=True)
class When:
    """The writers whose name this is; empty means all."""

    eras: tuple[Era, ...] = ()
    backends: tuple[str, ...] = ()
    test: Callable[[FunctionContext], bool] | None = None

    def fits(self, context: FunctionContext) -> bool:
        """Whether a writer of `context` meant this entry."""
        return (
            (not self.eras or context.era in self.eras)
            and (not self.backends or context.backend in self.backends)
            and (self.test is None or self.test(context))
        )


@dataclass(frozen=True, eq=False)
class Entry:
    """One old function, class or constant under its full dotted name.

    A VALUE has `value` and may be callable too (``np.float32``). A REFUSED one has the `reason`; calling it raises
    :class:`Refused`.
    """

    name: str
    run: Callable[..., Operand] | None
    kind: EntryKind = EntryKind.PURE
    when: When = field(default_factory=When)
    value: Operand = None
    reason: str = ""

    def __call__(self, ops: Ops, *args: Operand, **kwargs: Operand) -> Operand:
        """Run over `ops` with the arguments of the old call; raises Refused."""
        if self.run is None:
            raise Refused(f"{self.name}: {self.reason}", "AK3040")
        named = {key: plain(value) for key, value in kwargs.items()}
        if "name" not in self.signature.parameters:
            named.pop("name", None)  # only labels the node in every old library
        ordered = tuple(plain(value) for value in args)
        try:
            self.signature.bind(ops, *ordered, **named)
        except TypeError as error:
            raise Refused(f"{self.name} is called with arguments that it never had: {error}", key=self.name) from None
        try:
            return self.run(ops, *ordered, **named)
        except AnyKerasError:
            raise
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise Refused(f"{self.name} fails on these arguments: {error}", key=self.name) from error

    @cached_property
    def signature(self) -> inspect.Signature:
        """``ops``, and the arguments under their old names."""
        return inspect.Signature() if self.run is None else inspect.signature(self.run)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The old argument names, in order."""
        return tuple(self.signature.parameters)[1:]


def plain(value: Operand) -> Operand:
    """An entry used as an argument (``dtype=np.float32``) is its value."""
    return value.value if isinstance(value, Entry) and value.kind is EntryKind.VALUE else value
