"""Whether the cause of a message is in a file that is at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..texts import spell_count
from .explanation import Explanation, FileCheck

if TYPE_CHECKING:
    from ..opened import Inspection
    from ..weights_only import WeightsInspection

SHOWN = 3
"""How many places are named."""


def check_file(explanation: Explanation, found: Inspection | WeightsInspection) -> FileCheck:
    """Look for the cause in a file that was inspected."""
    present, says = _look(explanation, found)
    if found.refusal is not None:
        opens = f"no: [{found.refusal.code}] {found.refusal.seen}"
    elif found.raw.architecture is None:
        opens = "it holds weights alone; give the architecture with it"
    else:
        opens = f"yes, with {spell_count(len(found.findings), 'finding')} (anykeras inspect)"
    return FileCheck(found.raw.match.path, present, says, opens)


def _look(explanation: Explanation, found: Inspection | WeightsInspection) -> tuple[bool | None, str]:
    cause = explanation.cause
    if cause is None or not cause.check:
        return None, "the cause does not lie in the file alone"
    tests: dict[str, Callable[[Explanation, Any, Any], list[str]]] = {
        "keys": _list_keys,
        "classes": _list_classes,
        "code": _check_code,
        "weights_only": _weights_only,
    }
    said: list[str] = []
    for kind, wanted in cause.check.items():
        if kind in tests:
            said += tests[kind](explanation, wanted, found)
    raw = found.raw
    if "containers" in cause.check and raw.match.name in cause.check["containers"]:
        said.append(f"it is {raw.match.name}")
    writer = str(found.original.writer if hasattr(found, "original") else found.writer)
    if "writer" in cause.check and re.search(cause.check["writer"], writer, re.IGNORECASE):
        said.append(f"written by {writer}")
    if "training" in cause.check and raw.training is not None:
        pattern = explanation.fill(cause.check["training"])
        if re.search(pattern, json.dumps(raw.training, default=str)):
            said.append("its training configuration has it")
    return bool(said), "; ".join(said) if said else f"nothing of it is in this file, which is {raw.match.name}, {writer}"


def _iterate_configurations(value: Any, where: str = "") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every object of an architecture that names its class: address, class, configuration."""
    stack = [(where, value)]
    while stack:
        address, item = stack.pop()
        if isinstance(item, Mapping):
            config = item.get("config")
            cls = item.get("class_name")
            if isinstance(cls, str):
                own = config.get("name") if isinstance(config, Mapping) else None
                address = f"{address}/{own or item.get('name') or cls}"
                yield address, cls, config if isinstance(config, Mapping) else item
            stack += [(address, inner) for inner in item.values()]
        elif isinstance(item, list | tuple):
            stack += [(address, inner) for inner in item]


def _list_keys(explanation: Explanation, wanted: list[str], found: Any) -> list[str]:
    places = []
    asked = [explanation.fill(key) for key in wanted]
    for address, cls, config in _iterate_configurations(found.raw.architecture):
        for key in asked:
            owner, _, rest = key.partition(".")
            name, equals, text = rest.partition("=")
            if owner in ("*", cls) and name in config and (not equals or text in str(config[name])):
                places.append(f"{name} at {address.lstrip('/')}")
    return _sum_up(places)


def _list_classes(explanation: Explanation, wanted: list[str], found: Any) -> list[str]:
    asked = {explanation.fill(name) for name in wanted}
    asked |= {name.rpartition(">")[2] for name in asked}
    return _sum_up(
        [
            f"{cls} at {address.lstrip('/')}"
            for address, cls, _ in _iterate_configurations(found.raw.architecture)
            if cls in asked
        ]
    )


def _check_code(explanation: Explanation, wanted: bool, found: Any) -> list[str]:
    return _sum_up([f"code at {record.address}" for record in found.code])


def _weights_only(explanation: Explanation, wanted: bool, found: Any) -> list[str]:
    return ["it holds weights alone"] if found.raw.architecture is None and found.raw.weights is not None else []


def _sum_up(places: list[str]) -> list[str]:
    if not places:
        return []
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return [", ".join(places[:SHOWN]) + more]
