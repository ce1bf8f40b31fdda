"""Files of other machines by URL (``s3://``, ``gs://``, ``hf://``, ``https://``), read by ranges where the store can.

`fsspec` has a file system for each kind of URL; it is the extra ``anykeras[remote]``, and the stores' own packages come
beside it (``s3fs``, ``gcsfs``, ``huggingface_hub``). Only what the user asks for is opened, never a URL from within a file.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import MissingFile, NotAModel, TargetError, import_extra
from .folder import MOST, Box
from .source import BLOCK, ByteSource, limit_error, open_source

_MARKS = ("ETag", "etag", "md5Hash", "content_hash", "blob_id", "last_commit", "LastModified", "mtime", "updated", "created")
PAGES = 32  # blocks of one file that are held
_URL = re.compile(r"[a-z][a-z0-9+.-]+::?//?|[a-z][a-z0-9+-]*://", re.IGNORECASE)


def is_url(path: str) -> bool:
    """Whether a path is the URL of a file, with its protocol."""
    return "://" in path and _URL.match(path) is not None


def open_any(path: str) -> ByteSource:
    """The file at a path or URL. Raises NotAModel (AK1001 nothing there, AK1002 not a file that we may read)."""
    return open_remote(path) if is_url(path) else open_source(path)


def _open_store(url: str) -> tuple[Any, str]:
    """The file system of a URL and the path in it. Raises TargetError (AK6051) without `fsspec` or the store's package."""
    fsspec = import_extra("fsspec.core", "remote", "URLs need", url)
    try:
        store, path = fsspec.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise TargetError("AK6051", f"no file system for this URL: {error}", part=url) from None
    return store, path


def open_remote(url: str) -> ByteSource:
    """The file at a URL, of which the blocks that are asked for are fetched. Raises NotAModel (AK1001, AK1002)."""
    store, path = _open_store(url)
    try:
        size = store.info(path).get("size")
        if size is None:
            data = store.cat_file(path)
            return ByteSource(url, len(data), lambda at, count: data[at : at + count])
        file = _RemoteBlocks(store, path, int(size), url)
    except Exception as error:  # each store has errors of its own
        cause = error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ is not None else error
        if isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) == 404:
            raise MissingFile("AK1001", f"No such file: {url}", part=url, next_step="Check the address.") from None
        # A website that does not answer, or forbids it, is none to fsspec as well: it says why in the cause.
        raise _refuse(f"the file cannot be opened: {type(cause).__name__}: {cause}", url) from None
    return ByteSource(url, int(size), file.fetch)


def _refuse(seen: str, url: str) -> NotAModel:
    return NotAModel("AK1002", seen, part=url, next_step="Check the address, the connection and your access to it.")


def stamp_remote(url: str) -> tuple[int, int]:
    """Size of the file at a URL, and a number that changes with its content; (-1, 0) where its store tells no such thing."""
    try:
        store, path = _open_store(url)
        facts = store.info(path)
    except Exception:  # each store has errors of its own; who opens the file is told
        return -1, 0
    known = [str(facts[key]) for key in _MARKS if facts.get(key)]
    if not known or facts.get("size") is None:
        return -1, 0
    import hashlib  # only for what lies elsewhere

    return int(facts["size"]), int.from_bytes(hashlib.sha256("|".join(known).encode()).digest()[:7], "big")


def open_box(url: str) -> Box | None:
    """The files below a URL that is a folder; None where it is none. Of a website, a folder is what ends with a slash."""
    if url.startswith("http") and not url.endswith("/"):
        return None
    store, path = _open_store(url)
    home = path.rstrip("/")
    try:
        if not store.isdir(home):
            return None
        found = store.find(home, detail=True)
    except Exception as error:  # each store has errors of its own
        raise _refuse(f"the URL cannot be read: {error}", url) from None
    facts = {name[len(home) :].lstrip("/"): facts for name, facts in sorted(found.items())[:MOST]}

    def read(inside: str, limit: int) -> ByteSource:
        source = open_remote(f"{url.rstrip('/')}/{inside}")
        if source.size > limit:
            raise limit_error("bytes", source.size, limit, inside)
        return source

    return Box(_FileSizes(store, home, facts), read)


class _FileSizes(Mapping[str, int]):
    """Bytes of the files of a folder; a website tells them file by file, so that each is asked for when it is wanted."""

    def __init__(self, store: Any, home: str, facts: dict[str, dict[str, Any]]) -> None:
        self._store, self._home, self._facts = store, home, facts

    def __getitem__(self, name: str) -> int:
        facts = self._facts[name]
        if facts.get("size") is None:
            facts["size"] = self._store.size(f"{self._home}/{name}") or 0
        return int(facts["size"])

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


def list_remote(url: str) -> list[tuple[str, str]]:
    """(URL, path below it) of what a URL means: itself, or the files and SavedModels of a folder or of a pattern."""
    if not url.endswith("/") and "*" not in url:
        return [(url, url.rpartition("/")[2])]
    store, path = _open_store(url)
    found = store.glob(path) if "*" in url else store.find(path)
    home = path.partition("*")[0].rpartition("/")[0]
    models = tuple(sorted(one.rpartition("/")[0] + "/" for one in found if one.endswith("/saved_model.pb")))
    listed = [one for one in found if not one.startswith(models)] + [
        one.rstrip("/") for one in models if one.rstrip("/") != home
    ]
    if models and len(listed) < len(found) and home + "/" in models:
        return [(url, url.rstrip("/").rpartition("/")[2])]
    return [(store.unstrip_protocol(one), one[len(home) :].lstrip("/")) for one in sorted(listed)]


class _RemoteBlocks:
    """Reads of a remote file in blocks of a MiB; the longest unused one goes first."""

    def __init__(self, store: Any, path: str, size: int, url: str) -> None:
        self._store, self._path, self._size, self._url = store, path, size, url
        self._lock = threading.Lock()
        self._held: dict[int, bytes] = {}

    def fetch(self, start: int, count: int) -> bytes:
        """Up to `count` bytes from `start`."""
        if count > 4 * BLOCK:
            return self._range(start, start + count)
        parts = []
        with self._lock:
            for number in range(start // BLOCK, (start + count - 1) // BLOCK + 1):
                parts.append(self._block(number))
        offset = start % BLOCK
        return b"".join(parts)[offset : offset + count]

    def _block(self, number: int) -> bytes:
        data = self._held.pop(number, None)
        if data is None:
            data = self._range(number * BLOCK, (number + 1) * BLOCK)
            if len(self._held) >= PAGES:
                del self._held[next(iter(self._held))]
        self._held[number] = data
        return data

    def _range(self, start: int, end: int) -> bytes:
        try:
            return bytes(self._store.cat_file(self._path, start=start, end=min(end, self._size)))
        except Exception as error:  # each store has errors of its own
            raise _refuse(f"the file cannot be read: {error}", self._url) from None
