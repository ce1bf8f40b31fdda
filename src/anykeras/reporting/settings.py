"""What a project says once for every call: the table ``[tool.anykeras]`` of its ``pyproject.toml``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import Unsupported
from .formats import FORMATS
from .notices import Severity

FILE = "pyproject.toml"
_ONE_OF = {"format": ("text", *FORMATS), "fail-on": (*Severity, "never")}
_LISTS = {"ignore", "strict", "trust"}
_NUMBERS = {"jobs", "tolerance"}
_KNOWN = {*_ONE_OF, *_LISTS, *_NUMBERS, "target", "backend", "defaults", "data-format", "writer"}
"""What may stand there. Nothing that runs code, names a file, or replaces one: a project one looks at may be a stranger's."""


@dataclass(frozen=True)
class Settings:
    """Defaults of options: of every verb, and of each verb by its name; names as in ``--options``.

    ``path`` is the file they are from, or None.
    """

    everywhere: Mapping[str, object] = field(default_factory=dict)
    verbs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    path: str | None = None

    def for_verb(self, verb: str) -> dict[str, object]:
        """The defaults of one verb, under the names of its parameters (``fail_on``)."""
        found = {**self.everywhere, **self.verbs.get(verb, {})}
        return {
            key.replace("-", "_"): [value] if key in _LISTS and isinstance(value, str) else value
            for key, value in found.items()
        }


def find_settings(verbs: Sequence[str], folder: str | os.PathLike[str] = ".") -> Settings:
    """The settings of the nearest ``pyproject.toml`` of `folder` or above that has any, for `verbs`. Raises Unsupported."""
    for file in _list_files_above(Path(folder).absolute()):
        settings = read_settings(file, verbs)
        if settings is not None:
            return settings
    return Settings()


def _list_files_above(folder: Path) -> Iterator[Path]:
    for above in (folder, *folder.parents):
        file = above / FILE
        if file.is_file():
            yield file
        if (above / ".git").exists():
            return


def read_settings(file: str | os.PathLike[str], known: Sequence[str]) -> Settings | None:
    """The table ``[tool.anykeras]`` of one file; None where it has none. Raises Unsupported for one that says nonsense."""
    import tomllib  # only where there is a project

    path = os.fspath(file)
    try:
        with open(path, "rb") as stream:
            table = tomllib.load(stream).get("tool", {}).get("anykeras")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError) as error:
        raise _refuse(path, None, f"it cannot be read: {error}") from None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise _refuse(path, None, "[tool.anykeras] is no table")
    verbs = {key: value for key, value in table.items() if isinstance(value, dict)}
    everywhere = {key: value for key, value in table.items() if key not in verbs}
    _check(path, everywhere, "tool.anykeras")
    for verb, options in verbs.items():
        if verb not in known:
            raise _refuse(path, f"tool.anykeras.{verb}", f"there is no verb {verb!r}; verbs are {', '.join(known)}")
        _check(path, options, f"tool.anykeras.{verb}")
    return Settings(everywhere, verbs, path)


def _check(path: str, options: Mapping[str, object], where: str) -> None:
    for key, value in options.items():
        if key not in _KNOWN:
            raise _refuse(path, f"{where}.{key}", f"there is no setting {key!r}; settings are {', '.join(sorted(_KNOWN))}")
        if key in _NUMBERS:
            fits, kind = isinstance(value, int | float) and not isinstance(value, bool), "a number"
        elif key in _LISTS:
            fits, kind = isinstance(value, str) or _is_list_of_texts(value), "a text or a list of texts"
        else:
            allowed = _ONE_OF.get(key, ())
            fits, kind = isinstance(value, str) and value in (allowed or (value,)), " or ".join(allowed) or "a text"
        if not fits:
            raise _refuse(path, f"{where}.{key}", f"{value!r} is not {kind}")


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _refuse(path: str, key: str | None, what: str) -> Unsupported:
    return Unsupported(
        "AK9001", f"the settings in {path}: {what}", key=key, next_step="Correct it, or pass --isolated to do without."
    )
