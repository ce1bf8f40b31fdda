"""Model files of any Keras in MLflow: logged as a flavour, and loaded as a Keras model or as a ``pyfunc``.

    import anykeras.integrations.mlflow as old_keras

    with mlflow.start_run():
        logged = old_keras.log_model("old.h5", name="model")
    model = old_keras.load_model(logged.model_uri)               # a live keras.Model
    predictor = mlflow.pyfunc.load_model(logged.model_uri)       # .predict(array, dictionary of arrays, or data frame)

The logged folder holds the converted ``.keras`` file, which stock Keras opens too, and with it what the original was: who wrote
it, its hash, and what converting it found. Needs ``anykeras[mlflow]``; no framework is needed to log.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import __version__, api
from ..errors import import_extra
from ..opened import Strict
from ..pipeline import CustomObjectsSource

Path = str | os.PathLike[str]
FLAVOR = "anykeras"
_DATA, _MODEL = "data", "model.keras"
_LOADER = "anykeras.integrations.mlflow"


def _import_mlflow() -> Any:
    for module in ("mlflow.models", "mlflow.pyfunc"):
        import_extra(module, "mlflow", "this needs")
    return import_extra("mlflow", "mlflow", "this needs")


def save_model(
    file: Path,
    path: Path,
    custom_objects: CustomObjectsSource = None,
    *,
    weights: Path | None = None,
    strict: Strict | None = None,
    mlflow_model: Any = None,
    signature: Any = None,
    pip_requirements: Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a model file of any Keras as the folder of an MLflow model.

    Args:
        file: a model file of any Keras, as for :func:`anykeras.open`.
        path: the folder to write, which must not exist.
        custom_objects, weights, strict: as for :func:`anykeras.convert`.
        mlflow_model: the ``mlflow.models.Model`` to add the flavour to; MLflow passes it.
        signature: an ``mlflow.models.ModelSignature``.
        pip_requirements: what serving it needs; this AnyKeras with a backend by default.
        metadata: further facts for the model of MLflow.

    Raises:
        OutputExists: the folder exists.
        AnyKerasError: the file is refused, or less faithful than `strict`. Nothing is left behind then but an empty folder.
    """
    mlflow = _import_mlflow()
    folder = os.fsdecode(path)
    os.makedirs(os.path.join(folder, _DATA))
    done = api.convert(file, os.path.join(folder, _DATA, _MODEL), custom_objects, weights=weights, strict=strict)
    model = mlflow_model if mlflow_model is not None else mlflow.models.Model()
    if signature is not None:
        model.signature = signature
    model.metadata = {**(model.metadata or {}), **(metadata or {})} or None
    requirements = os.path.join(folder, "requirements.txt")
    with open(requirements, "w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in pip_requirements or (f"anykeras[jax]=={__version__}",))
    model.add_flavor(
        FLAVOR,
        data=f"{_DATA}/{_MODEL}",
        anykeras_version=__version__,
        original=os.path.basename(os.fsdecode(file)),
        original_sha256=_hash(os.fsdecode(file)),
        written_by=str(done.opened.original.writer),
        fidelity=str(done.fidelity),
        findings=sorted({finding.code for finding in done.findings}),
    )
    mlflow.pyfunc.add_to_model(model, loader_module=_LOADER, data=_DATA)
    model.save(os.path.join(folder, "MLmodel"))


def _hash(path: str) -> str | None:
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def log_model(file: Path, name: str = "model", *, registered_model_name: str | None = None, **arguments: Any) -> Any:
    """Log a model file of any Keras to the active run of MLflow; the ``ModelInfo`` that MLflow gives.

    Args:
        file: a model file of any Keras.
        name: of the logged model.
        registered_model_name: register it under this name too.
        arguments: those of :func:`save_model`.
    """
    mlflow = _import_mlflow()
    return mlflow.models.Model.log(
        artifact_path=None,
        name=name,
        flavor=_Flavor,
        registered_model_name=registered_model_name,
        file=file,
        **arguments,
    )


class _Flavor:
    """What ``mlflow.models.Model.log`` calls a flavour: an object with `save_model`."""

    __name__ = _LOADER

    @staticmethod
    def save_model(path: Path, mlflow_model: Any, file: Path, **arguments: Any) -> None:
        """Write the folder."""
        save_model(file, path, mlflow_model=mlflow_model, **arguments)


def load_model(model_uri: str, compile: bool = True, dst_path: str | None = None) -> Any:
    """The live ``keras.Model`` of a logged one, with the outputs of the original file.

    Args:
        model_uri: ``models:/name/1``, ``runs:/id/model``, or a folder that :func:`save_model` wrote.
        compile: compile it as the original file says.
        dst_path: where to download it to.
    """
    _import_mlflow()
    from mlflow.artifacts import download_artifacts

    folder = model_uri if os.path.isdir(model_uri) else download_artifacts(artifact_uri=model_uri, dst_path=dst_path)
    return api.load_model(os.path.join(folder, _DATA, _MODEL), compile=compile)


class _Predictor:
    """The ``pyfunc`` of a model: arrays in, arrays out; a frame in where the model takes one table."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def get_raw_model(self) -> Any:
        """The Keras model."""
        return self._model

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Predictions for an array, a dictionary or list of arrays, or a data frame, whose index the result keeps."""
        index = getattr(data, "index", None)
        if index is not None and hasattr(data, "to_numpy"):
            import pandas as pd

            found = self._model.predict(data.to_numpy(), verbose=0, **(params or {}))
            flat = isinstance(found, np.ndarray) and found.ndim == 2
            return pd.DataFrame(found, index=index) if flat else found
        return self._model.predict(data, verbose=0, **(params or {}))


def _load_pyfunc(path: str) -> _Predictor:
    """What ``mlflow.pyfunc.load_model`` calls with the folder of the data."""
    return _Predictor(api.load_model(os.path.join(path, _MODEL), compile=False))
