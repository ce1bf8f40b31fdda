"""A file as private memory: pages are read on first use and copied on first write, and the file never changes.

Beneath such memory lies the file itself, and a program that cuts or rewrites it in place (``model.save`` over the very file)
would pull the pages away. So a mapping is made only under a lease of Linux (``fcntl(2)``, F_SETLEASE): the kernel holds whoever
opens the file for writing until the rest of its pages is copied into memory of our own, at the same addresses. Where there
is no lease (another system, a network, a file of another user), there is no mapping, and the bytes are read instead.
Removing or replacing the file needs none of this: a mapping keeps what was removed.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import signal
import struct
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..lazily import np
from ..tensors import Array

# linux/magic.h: file systems of this machine alone, on which nobody else can write past the lease. They are ext2 to ext4,
# XFS, Btrfs, tmpfs, F2FS and overlayfs.
_LOCAL = frozenset({0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0xF2F52010, 0x794C7630})
_F_SETSIG, _F_SETOWN_EX = 10, 15  # fcntl.h; an owner is a kind (0: a thread) and its number
_ANONYMOUS_PRIVATE, _READ_WRITE, _MAYMOVE_FIXED = 0x22, 3, 3  # mman.h of x86 and ARM
_STEP = 2 << 20  # bytes that are copied at a time; at most 1,000 times a mapping, as the pieces of a process are numbered


@dataclass(frozen=True)
class _Mapping:
    """One mapped file: the memory while somebody has it, where it lies, the descriptor with the lease, which file it is."""

    memory: weakref.ref[mmap.mmap]
    address: int
    size: int
    lease: int
    file: tuple[int, int]


def map_file(descriptor: int) -> Array | None:
    """All bytes of an open file as an array of uint8 that may be written to; None where a lease cannot be had.

    The memory goes, and the lease with it, when the last array over it does.
    """
    if not sys.platform.startswith("linux") or ctypes.sizeof(ctypes.c_void_p) != 8 or not _is_local(descriptor):
        return None
    return _WATCH.map(descriptor)


def forget_pages(array: Array, start: int, count: int) -> None:
    """Let whole pages of a mapping go, nothing of which has been written; they are read again when they are asked for."""
    first, end = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE, start + count
    if end < array.size:
        end = end // mmap.PAGESIZE * mmap.PAGESIZE
    if end > first:
        _WATCH.forget(array.ctypes.data, first, end - first)


def _is_local(descriptor: int) -> bool:
    found = (ctypes.c_long * 32)()  # struct statfs, which begins with the kind of file system
    return _load_libc().fstatfs(descriptor, found) == 0 and found[0] in _LOCAL


def _load_libc() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    libc.mmap.restype = libc.mremap.restype = pointer
    libc.mmap.argtypes = [pointer, size, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.mremap.argtypes = [pointer, size, size, ctypes.c_int, pointer]
    return libc


class _Watch:
    """All mappings of the process, and the thread that hears of a lease that is to be broken."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._mappings: dict[int, _Mapping] = {}
        self._thread = 0  # its number, as the kernel has it
        self._prepared = False

    def map(self, descriptor: int) -> Array | None:
        """A mapping under a lease, or None."""
        import fcntl

        try:
            # A description of its own: a lease belongs to one, and each mapping gives its lease back alone.
            lease = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY)
        except OSError:
            return None
        try:
            with self._lock:
                self._prepare()
                fcntl.fcntl(lease, _F_SETSIG, _choose_signal())
                fcntl.fcntl(lease, _F_SETOWN_EX, struct.pack("ii", 0, self._thread))
                fcntl.fcntl(lease, fcntl.F_SETLEASE, fcntl.F_RDLCK)
                status = os.fstat(lease)
                flags = mmap.MAP_PRIVATE | getattr(mmap, "MAP_NORESERVE", 0)
                memory = mmap.mmap(lease, status.st_size, flags=flags, prot=mmap.PROT_READ | mmap.PROT_WRITE)
                array = np.frombuffer(memory, np.uint8)
                mapping = _Mapping(weakref.ref(memory), array.ctypes.data, array.size, lease, (status.st_dev, status.st_ino))
                self._mappings[mapping.address] = mapping
                weakref.finalize(memory, self._forget, mapping).atexit = False
        except (OSError, ValueError, OverflowError):  # no lease, no memory, or a file that somebody writes just now
            os.close(lease)
            return None
        return array

    def _forget(self, mapping: _Mapping) -> None:
        """The last array over a mapping is gone."""
        if self._mappings.pop(mapping.address, None) is not None:
            _give_back(mapping.lease)

    def forget(self, address: int, start: int, count: int) -> None:
        """Let pages of a mapping go. Once copies are in their place, they stay: nothing but zeros would come after them."""
        with self._lock:
            mapping = self._mappings.get(address)
            memory = mapping.memory() if mapping is not None else None
            if memory is not None:
                memory.madvise(mmap.MADV_DONTNEED, start, count)

    def _prepare(self) -> None:
        if not self._thread:
            ready = threading.Event()
            threading.Thread(target=self._listen, args=(ready,), name="anykeras-leases", daemon=True).start()
            ready.wait()
        if not self._prepared:
            self._prepared = True
            os.register_at_fork(
                before=self._before_fork, after_in_parent=self._after_fork, after_in_child=self._after_fork_in_child
            )
            _guard_hdf5(self)

    def _listen(self, ready: threading.Event) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # those of the program are for its own threads
        self._thread = threading.get_native_id()
        ready.set()
        while True:
            signal.sigwaitinfo({_choose_signal()})
            self._answer()

    def _answer(self) -> None:
        """Somebody waits to write a file: give its pages memory of their own, then the lease back."""
        import fcntl

        self._detach_where(lambda mapping: fcntl.fcntl(mapping.lease, fcntl.F_GETLEASE) != fcntl.F_RDLCK)

    def _detach(self, mapping: _Mapping) -> None:
        """Put copies of the pages in their place, piece by piece, so that whoever computes with them goes on.

        What another thread writes into a piece while that piece is copied (a tenth of a millisecond) is lost.
        """
        del self._mappings[mapping.address]
        libc, step = _load_libc(), max(_STEP, -(-mapping.size // 1000) // mmap.PAGESIZE * mmap.PAGESIZE)
        for start in range(0, mapping.size, step):
            count = min(step, mapping.size - start)
            whole = -(-count // mmap.PAGESIZE) * mmap.PAGESIZE
            copy = libc.mmap(None, whole, _READ_WRITE, _ANONYMOUS_PRIVATE, -1, 0)
            if copy in (None, ctypes.c_void_p(-1).value):
                raise MemoryError("no memory for the pages of a model file that is being rewritten")
            ctypes.memmove(copy, mapping.address + start, count)
            libc.mremap(copy, whole, whole, _MAYMOVE_FIXED, mapping.address + start)
        _give_back(mapping.lease)  # whoever waits goes on

    def detach_file(self, path: Any) -> None:
        """Detach what is mapped of the file at `path`."""
        if self._mappings:
            with contextlib.suppress(OSError, ValueError):
                status = os.stat(path)
                self._detach_where(lambda mapping: mapping.file == (status.st_dev, status.st_ino))

    def _detach_where(self, wanted: Callable[[_Mapping], bool]) -> None:
        with self._lock:
            for mapping in list(self._mappings.values()):
                memory = mapping.memory()  # so that it stays meanwhile, and its lease with it
                if memory is not None and wanted(mapping):
                    self._detach(mapping)

    def _before_fork(self) -> None:
        """A child has no thread that listens; it and its parent share copies."""
        self._lock.acquire()
        self._detach_where(lambda mapping: True)

    def _after_fork(self) -> None:
        self._lock.release()

    def _after_fork_in_child(self) -> None:
        self._lock, self._thread = threading.RLock(), 0


def _give_back(lease: int) -> None:
    """Closing alone would not do: Python keeps a descriptor of the same description with the mapping."""
    import fcntl

    fcntl.fcntl(lease, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    os.close(lease)


def _choose_signal() -> int:
    """A signal that programs leave alone, sent to the listening thread only."""
    return int(signal.SIGRTMAX) - 7


def _guard_hdf5(watch: _Watch) -> None:
    """Detach a file before this process opens it with h5py for writing.

    h5py waits for the kernel with the lock of the interpreter in its hands, without which the listening thread cannot run.
    """
    from h5py import h5f

    create, open_ = h5f.create, h5f.open

    def create_file(name: object, *args: object, **kwargs: object) -> Any:
        watch.detach_file(name)
        return create(name, *args, **kwargs)

    def open_file(name: object, flags: int = h5f.ACC_RDWR, *args: object, **kwargs: object) -> Any:
        if flags & h5f.ACC_RDWR:
            watch.detach_file(name)
        return open_(name, flags, *args, **kwargs)

    h5f.create, h5f.open = create_file, open_file


_WATCH = _Watch()
