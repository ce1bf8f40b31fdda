"""The table of containers, in the order in which they are asked."""

from __future__ import annotations

from .base import Container
from .checkpoint.container import Checkpoint
from .config_text import ConfigText
from .directory import KerasDirectory
from .hdf5 import HDF5
from .keras_zip import KerasZip
from .pickled import Pickled
from .savedmodel.container import SavedModelFolder

CONTAINERS: tuple[Container, ...] = (
    HDF5(),
    KerasZip(),
    ConfigText(),
    KerasDirectory(),
    SavedModelFolder(),
    Checkpoint(),
    Pickled(),
)
