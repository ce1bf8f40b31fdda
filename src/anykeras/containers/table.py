"""The table of containers, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Final

from .base import Container

_CONTAINERS: Final = (
    ("hdf5.match", "HDF5"),
    ("keras_zip.container", "KerasZip"),
    ("tfjs", "TensorFlowJS"),
    ("config_text.container", "ConfigText"),
    ("directory", "KerasDirectory"),
    ("savedmodel.container", "SavedModelFolder"),
    ("savedmodel.container", "FrozenGraph"),
    ("checkpoint.container", "Checkpoint"),
    ("tar", "Tar"),
    ("pickled.container", "Pickled"),
)


def list_containers() -> Iterator[Container]:
    """The containers, each imported when it is asked."""
    for module, name in _CONTAINERS:
        container: Container = getattr(import_module(f"{__package__}.{module}"), name)()
        yield container
