"""What each Keras does with what a file can hold: facts, with the advisories that they are from.

Sources: the advisories named; ``keras/src/saving/serialization_lib.py`` and ``keras/src/layers/core/lambda_layer.py`` of
Keras 3.0.5 to 3.15.1; ``keras/utils/generic_utils.py`` and ``keras/engine/saving.py`` of Keras 1.0 to 2.15.
"""

from __future__ import annotations

from typing import Final

from .risks import Loading

NOTHING: Final = Loading("nothing", "nothing", "nothing")
COMPUTES: Final = Loading(
    "refused: stored code needs safe_mode=False", "computes when the model is called", "computes when the model is called"
)
CODE: Final = Loading(
    "refused in .keras files; Keras 3.0 to 3.11.2 ignore safe_mode in HDF5 files and run it",
    "unmarshalled while loading, runs when the model is built or called",
    "every Keras before 2.13 runs it",
    ("CVE-2024-3660", "CVE-2025-9905"),
)
IMPORTED: Final = Loading(
    "Keras 3.0 to 3.8 imports the module and takes the name from it; later ones refuse modules outside of keras packages",
    "Keras 3.0 to 3.8 as in safe mode",
    "tf.keras 2.13 to 2.15 imports it too",
    ("CVE-2025-1550",),
)
GADGET: Final = Loading(
    "Keras 3.0 to 3.10 takes any function of a keras package and a layer can call it; from 3.11 on only layers and the like",
    "as in safe mode",
    "tf.keras 2.13 to 2.15 imports it too",
    ("CVE-2025-8747", "CVE-2025-9906"),
)
CUSTOM: Final = Loading(
    "found only in custom_objects or among registered classes; Keras 3.0 to 3.8 imports its module where it is installed",
    "as in safe mode",
    "found only in custom_objects",
)
LOADS_MORE: Final = Loading(
    "TFSMLayer loads its folder before Keras 3.12.1 and in 3.13.0 to 3.13.1; TorchModuleWrapper unpickles in Keras 3.11.0 to "
    "3.11.2",
    "loads the other program",
    "the layer does not exist, or loads the other program",
    ("CVE-2026-1462", "CVE-2025-49655"),
)
READS: Final = Loading(
    "Keras before 3.12 opens the path or URL while loading",
    "opens the path or URL",
    "opens the path or URL",
    ("CVE-2025-12058",),
)
LAYER_PATH: Final = Loading(
    "the name is part of a path when the model is saved again", "as in safe mode", "as in safe mode", ("CVE-2026-12479",)
)
PICKLE: Final = Loading(
    "Keras opens no pickle; pickle.load and joblib.load run it, whatever Keras' mode", "as in safe mode", "as in safe mode"
)
ARRAYS: Final = Loading(
    "numpy.load(allow_pickle=True), and Keras where it reads weights from .npz, unpickle it",
    "as in safe mode",
    "as in safe mode",
)
ARCHIVE: Final = Loading(
    "depends on the version: what unpacks the archive writes outside of its folder, or sees other files than a scanner",
    "as in safe mode",
    "as in safe mode",
    ("CVE-2025-12060", "CVE-2025-12638", "CVE-2024-55459"),
)
OUTSIDE: Final = Loading(
    "Keras before 3.12.1 reads the other file into the weights",
    "as in safe mode",
    "every Keras reads the other file into the weights",
    ("CVE-2026-1669",),
)
BOMB: Final = Loading(
    "Keras before 3.12.1 and 3.13.0 to 3.13.1 allocates what is declared", "as in safe mode", "allocates it", ("CVE-2026-0897",)
)
GRAPH: Final = Loading(
    "Keras 3 does not load SavedModels; TFSMLayer and tf.saved_model.load run the graph", "as in safe mode", "runs in the graph"
)
YAML: Final = Loading(
    "Keras 3 reads no YAML",
    "Keras 3 reads no YAML",
    "model_from_yaml of TensorFlow before 2.6 constructs it",
    ("CVE-2021-37678",),
)
BESIDE: Final = Loading(
    "Keras does not look at it; pip, MLflow, transformers and people do", "as in safe mode", "as in safe mode"
)
SHOWN: Final = Loading(
    "nothing; logs and terminals show something else than the file holds", "as in safe mode", "as in safe mode"
)
HIDDEN: Final = Loading(
    "nothing; another program that is told of it takes it out and runs it", "as in safe mode", "as in safe mode"
)
UNJUDGED: Final = Loading("not known", "not known", "not known")
