"""For the tests of libraries that make Keras models: ``assert_loads_everywhere(model, ["keras-3.6", "tf.keras-2.13"])``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from .catalog.releases import require_release
from .checking import Forecast, check
from .errors import AnyKerasError

__all__ = ["assert_loads_everywhere"]


def assert_loads_everywhere(model: Any, releases: Sequence[str], *, custom_objects: Mapping[str, Any] | None = None) -> None:
    """Assert that a model can be saved for each release so that its stock ``load_model`` opens the file.

    Args:
        model: a live Keras 3 model, or the path of a model file.
        releases: names such as ``"keras-3.6"`` and ``"tf.keras-2.13"``.
        custom_objects: functions and classes of yours that the model uses.

    Raises:
        AssertionError: with each release that does not, the layer and the reason.
    """
    from .opening import open_file

    failures = []
    with tempfile.TemporaryDirectory() as folder:
        path = model if isinstance(model, str | os.PathLike) else os.path.join(folder, "model.keras")
        if path is not model:
            model.save(path)
        objects = None if path is model and not custom_objects else _list_objects(model, path is model, custom_objects)
        opened = open_file(path, objects, native=True)
        for name in releases:
            release = require_release(name)
            written = os.path.join(folder, f"{release}{release.boxes[0]}")
            try:
                opened.convert(written, target=str(release), force=True)
            except AnyKerasError as error:
                failures.append(f"{release}: {error}")
                continue
            if release.line == "tfjs":  # which no forecast reads; what it does not have was refused
                continue
            found = check(written, [str(release)], conversion=False).forecasts[0]
            if found.objected:
                failures.append(f"{release}: {_why(found)}")
    assert not failures, "\n".join(failures)


def _list_objects(model: Any, is_path: bool, custom_objects: Mapping[str, Any] | None) -> dict[str, Any]:
    from .keeping.saving import list_own_classes

    return {**({} if is_path else list_own_classes(model)), **(custom_objects or {})}


def _why(found: Forecast) -> str:
    return "; ".join(f"{o.layer}.{o.key}: {o.reason}" for o in found.obstacles) or found.doubt
