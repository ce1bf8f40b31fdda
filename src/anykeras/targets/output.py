"""The file or folder that a conversion ends in: it appears whole or not at all, and never in the place of what was read.

Where the system has them, the bytes go to a file without a name, so that a killed process leaves nothing behind. Elsewhere
they go to a locked file of a name of ours; one that nobody locks any more was left by a killed process and is removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Final

from ..errors import AnyKerasError, OutputExists, TargetError

try:
    import fcntl
except ImportError:  # Windows, which does not let go of open files
    fcntl = None  # type: ignore[assignment]

SUFFIX: Final = ".keras"
_OURS: Final = re.compile(r"\.anykeras-[0-9a-f]{16}\.tmp")
_DESCRIPTORS: Final = "/proc/self/fd"
_CHUNK: Final = 8 << 20


def check_output(path: str, *, force: bool, sources: Sequence[str] = (), suffixes: Sequence[str] = (SUFFIX,)) -> None:
    """Refuse a path that no ``.keras`` file can be written to.

    Args:
        path: the file to write.
        force: whether a file that is there may be replaced.
        sources: the files that were read; a folder stands for everything in it.
        suffixes: what the name may end in; the first is proposed.

    Raises:
        OutputExists: there is a file, and `force` is false.
        TargetError: AK6024 a name that is none, AK6025 one of the `sources`, AK6011 a place that cannot be written to.
    """
    _check_name(path, suffixes)
    status = _read_status(path)
    if status is None:
        if any(os.path.isdir(source) and _lies_in(path, source) for source in sources):
            raise _make_source_error(path)
        return
    if stat.S_ISDIR(status.st_mode):
        raise _make_name_error(
            path, "is a folder", f"Give the name of a file in it: {os.path.join(path, 'model' + suffixes[0])}"
        )
    if stat.S_ISLNK(status.st_mode):
        raise _make_name_error(path, "is a symbolic link that leads nowhere", "Remove the link, or give another name.")
    if not stat.S_ISREG(status.st_mode):
        raise _make_name_error(path, "is a device, a pipe or a socket", "Give the name of a file.")
    if _is_source(path, status, sources):
        raise _make_source_error(path)
    if not force:
        raise _make_exists_error(path, "already exists")


def _check_name(path: str, suffixes: Sequence[str]) -> None:
    """Raises TargetError AK6024 for a text that does not name a file with one of the suffixes."""
    if not path:
        raise _make_name_error(path, "is empty", "Give the name of the file to write: model.keras")
    if path == "-":
        raise _make_name_error(path, "stands for standard output, which is not supported", "Give the name of a file.")
    if "\0" in path:
        raise _make_name_error(path, "has a NUL character in it", "Give the name of a file.")
    if path.endswith(tuple(sep for sep in (os.sep, os.altsep) if sep)):
        raise _make_name_error(path, "names a folder", f"Give the name of a file in it: {path}model{suffixes[0]}")
    if not path.endswith(tuple(suffixes)) and not os.path.isdir(path):
        stem = os.path.splitext(path)[0]
        why = ", and Keras opens the file under such a name only" if SUFFIX in suffixes else ""
        raise _make_name_error(path, f"does not end in {' or '.join(suffixes)}{why}", f"Write to {stem}{suffixes[0]}")


def _make_name_error(path: str, seen: str, advice: str) -> TargetError:
    return TargetError("AK6024", f"the output {path!r} {seen}; nothing was written", next_step=advice)


def _make_exists_error(path: str, how: str) -> OutputExists:
    return OutputExists("AK6010", f"Output {path} {how}. Use --force (force=True) to overwrite it.", part=path)


def _make_source_error(path: str) -> TargetError:
    return TargetError(
        "AK6025",
        f"the output {path!r} is one of the files that are read; nothing was written",
        next_step="Give another name. The source is never replaced, with --force neither.",
    )


def _read_status(path: str) -> os.stat_result | None:
    """What lies at the path, links followed; the link itself where it leads nowhere, None where nothing is there."""
    try:
        try:
            return os.stat(path)
        except FileNotFoundError:
            return os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TargetError("AK6011", f"cannot write {path!r}: {error.strerror}") from None
    except ValueError as error:
        raise _make_name_error(path, f"is not a file name here ({type(error).__name__})", "Give another name.") from None


def _is_source(path: str, status: os.stat_result, sources: Iterable[str]) -> bool:
    for source in sources:
        held = _read_status(source)
        if held is not None and os.path.samestat(held, status):
            return True
        if held is not None and stat.S_ISDIR(held.st_mode):
            inside = (_read_status(os.path.join(source, name)) for name in os.listdir(source))
            if _lies_in(path, source) or any(one is not None and os.path.samestat(one, status) for one in inside):
                return True
    return False


def _lies_in(path: str, folder: str) -> bool:
    here, there = os.path.realpath(path), os.path.realpath(folder)
    return os.path.commonpath([here, there]) == there


@contextmanager
def open_output(
    path: str, *, force: bool, sources: Sequence[str] = (), suffixes: Sequence[str] = (SUFFIX,)
) -> Iterator[IO[bytes]]:
    """A stream to write to and to read; what was written takes the name `path` at the end, or vanishes on an error.

    A file that appears under that name meanwhile is replaced only with `force`; arguments and errors are those of
    :func:`check_output`.
    """
    check_output(path, force=force, sources=sources, suffixes=suffixes)
    folder = os.path.dirname(path) or os.curdir
    try:
        _sweep(folder)
        with _Temporary(folder) as file:
            yield file.stream
            file.stream.flush()
            os.fsync(file.stream.fileno())
            if force:
                check_output(path, force=True, sources=sources, suffixes=suffixes)
                file.replace(path)
            else:
                file.put(path)
    except AnyKerasError:
        raise
    except FileExistsError:
        raise _make_exists_error(path, "appeared while it was written") from None
    except OSError as error:
        where = path if os.path.isdir(folder) else f"in {folder}"
        raise TargetError("AK6011", f"cannot write {where}: {error.strerror or error}") from error


@contextmanager
def open_output_folder(
    path: str, *, force: bool, sources: Sequence[str], replaces: Callable[[Sequence[str]], bool]
) -> Iterator[str]:
    """A new folder to write into; it takes the name `path` at the end, or vanishes on an error.

    Args:
        path: the folder to be.
        force: whether a folder that is there may be replaced, if `replaces` says so of the names in it.
        sources: the files that were read.
        replaces: see there.

    Raises:
        OutputExists, TargetError: as :func:`check_output`.
    """
    path = path.rstrip(os.sep + (os.altsep or "")) or path
    _check_folder(path, force, sources, replaces)
    parent = os.path.dirname(path) or os.curdir
    try:
        _sweep(parent)
        staged = _choose_name(parent)
        os.mkdir(staged)
        held = os.open(staged, os.O_RDONLY) if fcntl is not None else None
        try:
            if held is not None:
                _lock(held)
            yield staged
            for name in os.listdir(staged):
                with open(os.path.join(staged, name), "rb") as file:
                    os.fsync(file.fileno())
            _check_folder(path, force, sources, replaces)
            _give_name(staged, path)
        finally:
            if held is not None:
                os.close(held)
            shutil.rmtree(staged, ignore_errors=True)
    except AnyKerasError:
        raise
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            said = f"Output {path} appeared while it was written. Give another name."
            raise OutputExists("AK6010", said, part=path) from None
        where = path if os.path.isdir(parent) else f"in {parent}"
        raise TargetError("AK6011", f"cannot write {where}: {error.strerror or error}") from error


def check_place(path: str, sources: Sequence[str]) -> None:
    """Refuse what names no folder that many files can be written below: raises TargetError AK6024, AK6025, AK6011."""
    if not path or path == "-" or "\0" in path:
        raise _make_name_error(path, "names no folder", "Give the name of the folder to write into.")
    status = _read_status(path)
    if any(os.path.isdir(source) and _lies_in(path, source) for source in sources):
        raise _make_source_error(path)
    if status is not None and not stat.S_ISDIR(status.st_mode):
        raise _make_name_error(path, "is no folder", "Give the name of the folder to write into.")


def _check_folder(path: str, force: bool, sources: Sequence[str], replaces: Callable[[Sequence[str]], bool]) -> None:
    if not path or path == "-" or "\0" in path:
        raise _make_name_error(path, "names no folder", "Give the name of the folder to write: model_tfjs")
    if path.endswith((SUFFIX, ".h5", ".hdf5", ".json", ".bin")):
        advice = f"Write to {os.path.splitext(path)[0]}"
        raise _make_name_error(path, "is the name of a file, and TensorFlow.js reads a folder", advice)
    status = _read_status(path)
    if any(os.path.isdir(source) and _lies_in(path, source) for source in sources):
        raise _make_source_error(path)
    if status is None:
        return
    if os.path.islink(path) or not stat.S_ISDIR(status.st_mode):
        raise _make_name_error(path, "is no folder", "TensorFlow.js reads a folder: give another name.")
    if any(_lies_in(source, path) for source in sources):
        raise _make_source_error(path)
    if not force:
        raise _make_exists_error(path, "already exists")
    if not replaces(os.listdir(path)):
        raise _make_name_error(path, "is a folder with other files in it, which --force does not remove", "Give another name.")


def _give_name(staged: str, path: str) -> None:
    """Rename a folder. One that has the name goes to another name first, and back where that fails."""
    if not os.path.isdir(path):
        os.rename(staged, path)
        return
    aside = f"{path}.old-{secrets.token_hex(4)}"  # of a name that nobody sweeps, should the process end here
    os.rename(path, aside)
    try:
        os.rename(staged, path)
    except OSError:
        os.rename(aside, path)
        raise
    shutil.rmtree(aside)


class _Temporary:
    """A new file in a folder, without a name where the system has such files; gone when the block ends."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._name, descriptor = "", _open_unnamed(folder)
        if descriptor is None:
            self._name, descriptor = _open_named(folder)
        self.stream: IO[bytes] = os.fdopen(descriptor, "w+b")

    def __enter__(self) -> _Temporary:
        return self

    def __exit__(self, *_: object) -> None:
        if self._name:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._name)
        self.stream.close()

    def put(self, path: str) -> None:
        """Give the file its name. Raises FileExistsError where something has it."""
        if self._name:
            _link_named(self._name, path)
        else:
            self._link_unnamed(path)

    def replace(self, path: str) -> None:
        """Give the file its name, whatever has it."""
        if not self._name:
            self._link_unnamed(_choose_name(self._folder))
        os.replace(self._name, path)
        self._name = ""

    def _link_unnamed(self, path: str) -> None:
        """A name for a file that has none; where the file system refuses that, a copy under a name of ours."""
        folder = os.open(os.path.dirname(path) or os.curdir, os.O_RDONLY)
        is_ours = _OURS.fullmatch(os.path.basename(path)) is not None
        try:
            # With a folder's descriptor this is linkat() with AT_SYMLINK_FOLLOW, as open(2) describes for O_TMPFILE.
            os.link(f"{_DESCRIPTORS}/{self.stream.fileno()}", os.path.basename(path), dst_dir_fd=folder, follow_symlinks=True)
            if is_ours:
                self._name = path
                _lock(self.stream.fileno())
        except FileExistsError:
            raise
        except OSError:
            self._copy()
            if not is_ours:
                _link_named(self._name, path)
        finally:
            os.close(folder)

    def _copy(self) -> None:
        self._name, descriptor = _open_named(self._folder)
        unnamed, self.stream = self.stream, os.fdopen(descriptor, "w+b")
        with unnamed:
            unnamed.seek(0)
            shutil.copyfileobj(unnamed, self.stream, _CHUNK)
        self.stream.flush()
        os.fsync(self.stream.fileno())


def _open_unnamed(folder: str) -> int | None:
    """A file that never had a name, None where the system has no such files."""
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag or not os.path.isdir(_DESCRIPTORS):
        return None
    try:
        return os.open(folder, os.O_RDWR | flag, 0o666)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            return None
        raise


def _open_named(folder: str) -> tuple[str, int]:
    while True:
        name = _choose_name(folder)
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        _lock(descriptor)
        if os.name != "posix" or os.fstat(descriptor).st_nlink:
            return name, descriptor
        os.close(descriptor)  # another process swept it before it was locked


def _choose_name(folder: str) -> str:
    return os.path.join(folder, f".anykeras-{secrets.token_hex(8)}.tmp")


def _lock(descriptor: int) -> None:
    """Mark a file as in use as long as this process lives; some file systems have no locks."""
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)


def _link_named(name: str, path: str) -> None:
    """A second name for a file, never one that is taken. Raises FileExistsError."""
    try:
        os.link(name, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.name == "nt":
            os.rename(name, path)
            return
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.replace(name, path)


def _sweep(folder: str) -> None:
    """Remove what killed processes left in a folder: files and folders of our names and this user that nobody locks."""
    if fcntl is None:
        return
    for name in filter(_OURS.fullmatch, os.listdir(folder)):
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            kind = os.O_RDONLY if stat.S_ISDIR(os.lstat(path).st_mode) else os.O_RDWR
            descriptor = os.open(path, kind | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                status = os.fstat(descriptor)
                is_folder = stat.S_ISDIR(status.st_mode)
                if (is_folder or stat.S_ISREG(status.st_mode)) and status.st_uid == os.getuid():
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    (shutil.rmtree if is_folder else os.unlink)(path)
            finally:
                os.close(descriptor)
