"""What a project says once for every call: the table ``[tool.anykeras]`` of its ``pyproject.toml``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Unsupported

FILE = "pyproject.toml"
_EVERYWHERE = {"format", "fail-on", "ignore"}
_OF_VERBS = {"strict", "target", "tolerance", "trust", "backend", "jobs", "exclude", "defaults", "data-format", "writer"}
"""What may stand there. Nothing that runs code, names a file, or replaces one: a project one looks at may be a stranger's."""


@dataclass(frozen=True)
class Settings:
    """Defaults of options: of every verb, and of each verb by its name; names as in ``--options``.

    ``path`` is the file they are from, or None.
    """

    everywhere: Mapping[str, Any] = field(default_factory=dict)
    verbs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    path: str | None = None

    def for_verb(self, verb: str) -> dict[str, Any]:
        """The defaults of one verb, under the names of its parameters (``fail_on``)."""
        return {_parameter(key): value for key, value in (*self.everywhere.items(), *self.verbs.get(verb, {}).items())}


def find_settings(folder: str | os.PathLike[str] = ".") -> Settings:
    """The settings of the nearest ``pyproject.toml`` of `folder` or above that has any. Raises Unsupported."""
    for file in _files_above(Path(folder).absolute()):
        settings = read_settings(file)
        if settings is not None:
            return settings
    return Settings()


def _files_above(folder: Path) -> Iterator[Path]:
    for above in (folder, *folder.parents):
        file = above / FILE
        if file.is_file():
            yield file
        if (above / ".git").exists():
            return


def read_settings(file: str | os.PathLike[str]) -> Settings | None:
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
    _check(path, everywhere, _EVERYWHERE | _OF_VERBS, "tool.anykeras")
    for verb, options in verbs.items():
        _check(path, options, _EVERYWHERE | _OF_VERBS, f"tool.anykeras.{verb}")
    return Settings(everywhere, verbs, path)


def _check(path: str, options: Mapping[str, Any], known: set[str], where: str) -> None:
    for key, value in options.items():
        if key not in known:
            raise _refuse(path, f"{where}.{key}", f"there is no setting {key!r}; settings are {', '.join(sorted(known))}")
        whole = isinstance(value, list) and all(isinstance(item, str) for item in value)
        if not (whole or isinstance(value, str | int | float)):
            raise _refuse(path, f"{where}.{key}", "it is text, a number, or a list of texts")


def _refuse(path: str, key: str | None, what: str) -> Unsupported:
    return Unsupported(
        "AK9001", f"the settings in {path}: {what}", key=key, next_step="Correct it, or pass --isolated to do without."
    )


def _parameter(key: str) -> str:
    return key.replace("-", "_")
