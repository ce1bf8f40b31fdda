"""The bytes of files as memory that a live model keeps: aligned, writable, and that of one variable alone."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..lazily import np
from ..tensors import Array, Tensor

ALIGNMENT = 64  # what XLA and TensorFlow ask of memory that they take as it is
MAPPED = 1 << 20  # bytes from which on an array is mapped; smaller ones are read
_SCANNED = 32 << 20  # bytes that are looked at before their pages go


class File(Protocol):
    """An open file."""

    descriptor: int

    def fill(self, start: int, buffer: memoryview) -> int:
        """Read into a buffer from a position on; how many bytes there were."""


@dataclass
class _Mapped:
    """The mapping of a file, where there is one, and which ranges of it are given away, as starts and ends in order."""

    memory: Array | None
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def take(self, start: int, count: int) -> Array | None:
        """A range that nobody has a part of; None where there is none."""
        at = bisect(self.starts, start)
        before, behind = self.ends[at - 1] if at else 0, self.starts[at] if at < len(self.starts) else start + count
        if self.memory is None or start + count > self.memory.size or before > start or behind < start + count:
            return None
        self.starts.insert(at, start)
        self.ends.insert(at, start + count)
        return self.memory[start : start + count]

    def give_back(self, start: int, count: int) -> None:
        """A range that was taken and only read: its pages go."""
        from .mapping import forget_pages

        at = bisect(self.starts, start) - 1
        del self.starts[at], self.ends[at]
        if self.memory is not None:
            forget_pages(self.memory, start, count)


class Memory:
    """What one live model is filled from: arrays that are its variables' alone, and may be written to."""

    def __init__(
        self,
        mapped: bool = False,
        unaligned: bool = False,
        fresh: Callable[[tuple[int, ...], str], Array | None] | None = None,
    ) -> None:
        """What the variables take.

        Args:
            mapped: whether a variable's memory may be that of a file.
            unaligned: whether it may begin anywhere in the file.
            fresh: gives for a shape and type uint8 memory that belongs to the backend, which is filled where nothing is mapped.
        """
        self._may_map, self._unaligned, self._fresh = mapped, unaligned, fresh
        self._tensor: Tensor | None = None  # the one that is read now
        self._files: dict[File, _Mapped] = {}
        self._as_it_lies = False  # of the tensor that is read now
        self._taken: list[Array] = []
        self._borrowed: list[tuple[_Mapped, int, int]] = []  # the ranges of mappings among them

    def own(self, tensor: Tensor) -> Array:
        """The values of a tensor, C-contiguous, in memory that nobody else has; as they lie in the file where that can be."""
        array, taken, borrowed = self._read(tensor, not tensor.steps)
        fits = array.flags.c_contiguous and array.flags.writeable and (self._unaligned or _is_aligned(array))
        if fits and any(np.may_share_memory(array, part) for part in taken):
            return array
        memory = self._ask_backend(array.nbytes, array.shape, str(array.dtype))
        copy = (allocate(array.nbytes) if memory is None else memory).view(array.dtype).reshape(array.shape)
        np.copyto(copy, array)
        for mapped, start, count in borrowed:
            mapped.give_back(start, count)
        return copy

    def hold(self, tensor: Tensor) -> Tensor:
        """The tensor, to be owned later, when nothing can go wrong any more.

        What was mapped costs nothing until then; what has to be read or computed first is read.
        """
        held = tensor.follow(self._hold_leaf)
        if held is not None:
            return held
        array = self.own(tensor)
        return Tensor(tensor.shape, tensor.dtype, tensor.origin, lambda: self._hand_out(array, [array], []))

    def _hold_leaf(self, leaf: Tensor) -> Tensor:
        array, taken, borrowed = self._read(leaf, False)
        return replace(leaf, load=lambda: self._hand_out(array, taken, borrowed), stream=None)

    def _hand_out(self, array: Array, taken: list[Array], borrowed: list[tuple[_Mapped, int, int]]) -> Array:
        self._taken += taken
        self._borrowed += borrowed
        return array

    def _read(self, tensor: Tensor, as_it_lies: bool) -> tuple[Array, list[Array], list[tuple[_Mapped, int, int]]]:
        """The values of a tensor, with all memory that was taken for them, and the ranges of mappings in that."""
        self._as_it_lies, self._tensor = as_it_lies, tensor
        with _use(self):
            array = tensor.read()
        taken, self._taken = self._taken, []
        borrowed, self._borrowed = self._borrowed, []
        return array, taken, borrowed

    def take(self, file: File, start: int, count: int) -> Array:
        """`count` bytes of a file, fewer at its end, as an array of uint8 that nobody else has."""
        array, tensor = None, self._tensor
        if count >= MAPPED and (not self._as_it_lies or self._unaligned or start % ALIGNMENT == 0):
            mapped = self._map(file)
            array = mapped.take(start, count)
            if array is not None:
                self._borrowed.append((mapped, start, count))
        if array is None:
            if self._as_it_lies and tensor is not None and tensor.nbytes == count:
                array = self._ask_backend(count, tensor.shape, tensor.dtype)
            array = allocate(count) if array is None else array
            array = array[: file.fill(start, array.data)]
        self._taken.append(array)
        return array

    def _ask_backend(self, count: int, shape: tuple[int, ...], dtype: str) -> Array | None:
        return self._fresh(shape, dtype) if self._fresh is not None and count >= MAPPED else None

    def scan(self, file: File, start: int, count: int) -> Iterator[memoryview] | None:
        """A range of a mapped file, some megabytes at a time, of which none stays in memory; None where it is not mapped."""
        mapped = self._map(file) if count >= MAPPED else None
        if mapped is None or mapped.memory is None or start + count > mapped.memory.size or mapped.starts:
            return None
        return _scan(mapped.memory, start, start + count)

    def _map(self, file: File) -> _Mapped:
        if file not in self._files:
            from .mapping import map_file  # needs ctypes, and is only for live models

            self._files[file] = _Mapped(map_file(file.descriptor) if self._may_map else None)
        return self._files[file]


def _scan(memory: Array, start: int, end: int) -> Iterator[memoryview]:
    from .mapping import forget_pages

    for at in range(start, end, _SCANNED):
        yield memory[at : min(end, at + _SCANNED)].data
        forget_pages(memory, at, _SCANNED)


def _is_aligned(array: Array) -> bool:
    return array.nbytes < MAPPED or array.ctypes.data % ALIGNMENT == 0


def allocate(size: int) -> Array:
    """So many bytes of fresh memory, aligned."""
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size]


_memory: ContextVar[Memory | None] = ContextVar("anykeras_memory", default=None)


@contextmanager
def _use(memory: Memory) -> Iterator[None]:
    token = _memory.set(memory)
    try:
        yield
    finally:
        _memory.reset(token)


def measure_in_use() -> Memory | None:
    """The memory that tensors are read into now; None where they are read to look at."""
    return _memory.get()
