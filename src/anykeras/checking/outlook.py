"""``anykeras.check``: forecasts for the releases that are asked for, and whether a conversion would help."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import pipeline, targets
from ..catalog.releases import RELEASES, Release, find_release
from ..errors import AnyKerasError, Unsupported
from ..opened import Opened
from ..opening import open_file
from .forecast import Forecast, find_oldest_and_newest
from .pins import list_releases
from .reading import forecast_all

Path = str | os.PathLike[str]


_SHOWN = 4  # releases in a short text


@dataclass(frozen=True, repr=False)
class Outlook:
    """What `check` found: a forecast for each release."""

    path: str
    forecasts: tuple[Forecast, ...]

    @property
    def opens(self) -> bool:
        """Whether every release opens the file."""
        return all(one.opens for one in self.forecasts)

    @property
    def span(self) -> tuple[Release | None, Release | None]:
        """The oldest and the newest of the releases that open the file."""
        return find_oldest_and_newest(self.forecasts)

    def __repr__(self) -> str:
        words = {True: "opens", False: "does not open", None: "depends"}
        listed = ", ".join(f"{one.release}: {words[one.opens]}" for one in self.forecasts[:_SHOWN])
        more = f", {len(self.forecasts) - _SHOWN} more" if len(self.forecasts) > _SHOWN else ""
        return f"<Outlook {self.path!r}: {listed}{more}>"

    def as_dict(self) -> dict[str, Any]:
        """The check as JSON values."""
        oldest, newest = self.span
        return {
            "path": self.path,
            "opens": self.opens,
            "oldest": str(oldest) if oldest else None,
            "newest": str(newest) if newest else None,
            "releases": [one.as_dict() for one in self.forecasts],
        }


def check(path: Path, releases: Sequence[str] = (), *, conversion: bool = True) -> Outlook:
    """Whether stock ``load_model(path)`` opens a file as it is, release by release, without custom objects.

    Imports no framework. A forecast is not a proof: ``anykeras check --run`` opens the file for real.

    Args:
        path: a model file of any Keras.
        releases: names (``"keras-3.6"``, ``"tf.keras==2.13"``) or dependency files (``requirements.txt``,
            ``pyproject.toml``, ``environment.yml``), whose pins are taken; () for every release that there is a record of.
        conversion: where a named release does not open the file, try whether ``convert(target=...)`` can write it one.

    Raises:
        MissingFile: there is no such file.
        Unsupported: a release that there is no record of, or a dependency file that asks for no Keras.
        AnyKerasError: the file is no model, or too damaged to read.
    """
    raw = pipeline.read(path)
    wanted = tuple(dict.fromkeys(release for name in releases for release in _list_releases(name))) or RELEASES
    found = forecast_all(raw, wanted)
    if conversion and releases:
        found = _add_conversion(path, found)
    return Outlook(os.fsdecode(path), tuple(found))


def _list_releases(name: str) -> tuple[Release, ...]:
    release = find_release(name)
    if release is not None:
        return (release,)
    if name.endswith((".txt", ".toml", ".yml", ".yaml", ".in", ".cfg")) or os.path.exists(name):
        return list_releases(name)
    known = ", ".join(str(one) for one in RELEASES)
    raise Unsupported("AK7101", f"there is no record of a release {name!r}", next_step=f"Choose one of: {known}.")


def _add_conversion(path: Path, found: Sequence[Forecast]) -> list[Forecast]:
    """The forecasts with whether the way back can write a file for each release that does not open this one."""
    if all(one.opens for one in found):
        return list(found)
    try:
        opened: Opened | AnyKerasError = open_file(path, native=True)
    except AnyKerasError as error:
        opened = error
    return [one if one.opens else _plan(opened, one) for one in found]


def _plan(opened: Opened | AnyKerasError, found: Forecast) -> Forecast:
    release = found.release
    if isinstance(opened, AnyKerasError):
        return replace(found, converted=False, conversion=str(opened))
    if not release.boxes:
        return replace(found, conversion=f"AnyKeras writes no files for {release}")
    try:
        targets.plan(opened.document, f"model{release.boxes[0]}", str(release))
    except AnyKerasError as error:
        known = error.code != "AK6005"
        said = str(error) if known else f"AnyKeras writes no files for {release}"
        return replace(found, converted=False if known else None, conversion=said)
    return replace(found, converted=True, conversion=f"anykeras convert FILE NEW{release.boxes[0]} --target {release}")
