"""What is said of a file and a release: opens, does not, or depends; and why not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ..bytecode import BytecodeError, CodeLayout, identify, read_stored
from ..catalog.releases import Release
from ..containers.base import Raw
from ..document.model import Era
from ..parse.era import infer
from .objects import Found

_SHOWN = 3  # traits in a sentence


@dataclass(frozen=True)
class Obstacle:
    """One thing in a file that a release does not take.

    `message` is the error that people see there, as far as it can be known, `reason` the same in plain words. `layer` and
    `key` say where.
    """

    message: str
    reason: str
    layer: str = ""
    key: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The obstacle as JSON values."""
        return {"layer": self.layer, "key": self.key, "message": self.message, "reason": self.reason}


@dataclass(frozen=True)
class Forecast:
    """Whether stock ``load_model(path)`` of a release opens a file as it is, without custom objects.

    `opens` is None where that depends on something that neither the file nor the release tells, or where the file has
    something that no file had which a genuine stack of the release was seen to open (`unmet`); `doubt` says what.
    `converted` tells whether ``convert --target`` writes a file that it opens, None where that was not asked.
    """

    release: Release
    opens: bool | None
    obstacles: tuple[Obstacle, ...] = ()
    doubt: str = ""
    converted: bool | None = None
    conversion: str = ""
    unmet: tuple[str, ...] = ()

    @property
    def objected(self) -> bool:
        """Whether something is known that speaks against it, and not only that its like was never met."""
        return self.opens is False or (self.opens is None and not self.unmet)

    def as_dict(self) -> dict[str, Any]:
        """The forecast as JSON values."""
        return {
            "release": str(self.release),
            "opens": self.opens,
            "obstacles": [obstacle.as_dict() for obstacle in self.obstacles],
            "doubt": self.doubt,
            "unmet": list(self.unmet),
            "converted": self.converted,
            "conversion": self.conversion,
        }


@dataclass
class Notes:
    """What is noted while a configuration is read for one release; the first obstacle is what people see."""

    obstacles: list[Obstacle] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    unmet: tuple[str, ...] = ()

    def forecast(self, release: Release) -> Forecast:
        """What follows from the notes: an obstacle outweighs a doubt."""
        opens = False if self.obstacles else None if self.doubts or self.unmet else True
        doubts = dict.fromkeys(self.doubts)
        if self.unmet and not self.obstacles:
            shown = ", ".join(self.unmet[:_SHOWN]) + (", ..." if len(self.unmet) > _SHOWN else "")
            doubts[f"no file that {release} or a release near it was seen to open has this: {shown}"] = None
        return Forecast(release, opens, tuple(self.obstacles), "; ".join(doubts), unmet=self.unmet)


_LINES: Final = {
    Era.KERAS0: "keras1", Era.KERAS1: "keras1", Era.KERAS2: "keras2", Era.TF2: "tf", Era.KERAS3: "keras3",
}  # fmt: skip


class Content:
    """A file with what is found in it once for all releases: who wrote it, and its configuration as one text."""

    def __init__(self, raw: Raw) -> None:
        self.raw, self.writer = raw, infer(raw)
        self.line = _LINES[self.writer.era]
        self.text = json.dumps(raw.architecture)
        self.masked = '"Masking"' in self.text or '"mask_zero": true' in self.text
        self._layouts: dict[str, frozenset[CodeLayout]] = {}

    def list_layouts(self, function: Any) -> frozenset[CodeLayout]:
        """How the Pythons lay code out that may have written a function; empty where no known Python has."""
        text = json.dumps(function)
        if text not in self._layouts:
            try:
                found = identify(read_stored(function).code_bytes).versions
            except BytecodeError:
                found = ()
            self._layouts[text] = frozenset(CodeLayout.of(version) for version in found)
        return self._layouts[text]


class Reader(Protocol):
    """One file read for one release, as the facts see it: `typed` says that objects are found by their modules."""

    content: Content
    raw: Raw
    release: Release
    notes: Notes
    box: str
    typed: bool

    def refuse(self, message: str, reason: str, layer: str = "", key: str = "") -> None:
        """Note what the release does not take."""

    def check_keys(self, found: Found, config: Mapping[str, Any], layer: str, key: str = "") -> None:
        """Note the keys that a constructor does not take, or lacks."""

    def check_object(self, kind: str, value: Any, layer: str, key: str) -> None:
        """Note what a release does not know of a name, or of an object with its configuration."""

    def list_groups(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """Shapes of weights by layer of the top level, of HDF5."""


def find_oldest_and_newest(forecasts: Sequence[Forecast]) -> tuple[Release | None, Release | None]:
    """The first and the last of the releases, in their order, that open the file."""
    opening = [forecast.release for forecast in forecasts if forecast.opens]
    return (opening[0], opening[-1]) if opening else (None, None)
