"""Which releases of Keras a project's dependency file allows: requirements.txt, pyproject.toml, environment.yml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ..catalog.releases import RELEASES, Numbers, Release
from ..errors import MissingFile, Unsupported

SIZE: Final = 4 << 20  # bytes of a dependency file that are read
_LIBRARIES: Final[Mapping[str, str]] = {
    "keras": "keras",
    "tf-keras": "tf_keras",
    **dict.fromkeys(
        ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-macos", "tensorflow-intel", "intel-tensorflow"),
        "tf.keras",
    ),
}
# The Keras that TensorFlow asks for since 2.16 (Requires-Dist of its wheels).
_KERAS_OF_TENSORFLOW: Final[Mapping[Numbers, Numbers]] = {
    (2, 16): (3, 0), (2, 17): (3, 2), (2, 18): (3, 5), (2, 19): (3, 5), (2, 20): (3, 10), (2, 21): (3, 12),
}  # fmt: skip
_LINE: Final = re.compile(
    r"^[\s\-\"']*(?P<name>[A-Za-z][A-Za-z0-9._-]*?)\s*(?:\[[^\]]*\])?\s*"
    r"(?P<spec>(?:[=<>!~^]=?=?\s*v?\d[\w.*]*\s*,?\s*)*)[\"',\s]*(?:[;#@].*)?$"
)
_CLAUSE: Final = re.compile(r"(===?|[<>!~^]=?|=)\s*v?(\d+(?:\.\d+)*)(\.\*)?")


def list_releases(path: str) -> tuple[Release, ...]:
    """The releases that a dependency file allows, oldest first.

    A pin on Keras itself counts before one on TensorFlow, which since 2.16 says only from which Keras 3 on.

    Raises:
        MissingFile: there is no such file.
        Unsupported: it asks for no Keras, or for one that there is no record of.
    """
    try:
        with open(path, "rb") as file:
            text = file.read(SIZE).decode("utf-8", "replace")
    except FileNotFoundError:
        raise MissingFile("AK1001", "there is no such file", part=path) from None
    asked: dict[str, str] = {}
    for name, spec in _list_dependencies(path, text):
        library = _LIBRARIES.get(name.lower().replace("_", "-"))
        if library is not None and (library not in asked or spec):
            asked[library] = spec
    if not asked:
        raise Unsupported("AK7101", "the file asks for no Keras and no TensorFlow", part=path)
    found = _list_allowed(asked)
    if not found:
        said = ", ".join(f"{library} {spec}" for library, spec in asked.items())
        raise Unsupported("AK7101", f"no release of Keras that AnyKeras has a record of fits {said}", part=path)
    return found


def _list_dependencies(path: str, text: str) -> Iterator[tuple[str, str]]:
    """Names of packages with what is said of their version."""
    if path.endswith(".toml"):
        yield from _from_toml(tomllib.loads(text))
        return
    for line in text.splitlines():
        found = _LINE.match(line)
        if found:
            yield found["name"], found["spec"]


def _from_toml(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    project = table.get("project", {})
    groups = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    groups += table.get("dependency-groups", {}).values()
    for line in (line for group in groups for line in group if isinstance(line, str)):
        found = _LINE.match(line)
        if found:
            yield found["name"], found["spec"]
    poetry = table.get("tool", {}).get("poetry", {})
    tables = [poetry.get("dependencies", {}), *(g.get("dependencies", {}) for g in poetry.get("group", {}).values())]
    for name, said in (item for one in tables for item in one.items()):
        version = said.get("version", "") if isinstance(said, dict) else said
        yield name, f"=={version}" if version[:1].isdigit() else version.replace("*", "")


def _list_allowed(asked: Mapping[str, str]) -> tuple[Release, ...]:
    if "keras" in asked and (asked["keras"] or "tf.keras" not in asked):
        fits = _test(asked["keras"])
        found = tuple(r for r in RELEASES if fits(r) and (r.library == "keras" or _is_keras_package(r)))
        if found or not fits(_ONLY_A_NAME):
            return found
        asked = {"tf.keras": asked.get("tf.keras", ">=2.2")}
    if "tf_keras" in asked and "tf.keras" not in asked:
        fits = _test(asked["tf_keras"])
        return tuple(r for r in RELEASES if r.library == "tf_keras" and fits(r))
    fits = _test(asked["tf.keras"])
    own = tuple(r for r in RELEASES if r.library == "tf.keras" and fits(r))
    later = [keras for tensorflow, keras in _KERAS_OF_TENSORFLOW.items() if fits(Release("tf.keras", _read_text(tensorflow)))]
    return own + tuple(r for r in RELEASES if later and r.line == "keras3" and r.numbers >= min(later))


_ONLY_A_NAME: Final = Release("keras", "2.4")
"""The package of that number has no code of its own: it hands on the Keras of the TensorFlow beside it, from 2.2 on."""


def _is_keras_package(release: Release) -> bool:
    """From 2.6 to 2.15 the package ``keras`` is the Keras of the TensorFlow of that number."""
    return release.library == "tf.keras" and release.numbers >= (2, 6)


def _test(spec: str) -> Callable[[Release], bool]:
    """Whether a release fits a version specifier; a minor fits where one of its patches can."""
    clauses = [(op, tuple(int(part) for part in number.split("."))) for op, number, _ in _CLAUSE.findall(spec)]

    def fits(release: Release) -> bool:
        return all(_fits(release.numbers, op, wanted) for op, wanted in clauses)

    return fits


def _fits(minor: Numbers, op: str, wanted: Numbers) -> bool:
    named = wanted[:2]
    if op in ("==", "===", "="):
        return minor[: len(named)] == named
    if op in ("~=", "^"):
        ends = wanted[:-1] if op == "~=" else wanted[:1]
        return minor >= named and minor[: len(ends)] == ends[:2]
    if op == "<":
        return minor < named or (minor == named and len(wanted) > 2 and any(wanted[2:]))
    return {">=": minor >= named, ">": minor >= named, "<=": minor <= named, "!=": True}.get(op, True)


def _read_text(numbers: Numbers) -> str:
    return ".".join(map(str, numbers))
