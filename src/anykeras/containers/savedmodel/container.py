"""SavedModel folders as a container: the configuration and the weights that tf.keras left in them, without TensorFlow."""

from __future__ import annotations

from dataclasses import replace

from ... import limits
from ..base import Json, Match, Raw
from ..checkpoint.container import read_weights
from ..checkpoint.named import read_named
from ..checkpoint.objects import read_objects
from ..folder import DiskFolder
from ..foreign import is_graph, make_foreign_error
from ..json_text import decode_text, parse_json
from ..wire.messages import MetaGraph
from .files import EXPORTED, GRAPH, MOST_GRAPH, Files, find_folder
from .graph import GraphFile
from .keras_objects import read_keras_objects, read_layer_functions
from .tables import restore_vocabularies
from .weights import read_layer_weights, read_optimizer_state


class SavedModelFolder:
    """What ``model.save("folder")`` of tf.keras 2.0 to 2.15 wrote."""

    name = "savedmodel"

    def match(self, path: str, head: bytes) -> str | None:
        """By saved_model.pb in the folder, in its newest numbered folder (TF Serving), or given itself."""
        folder = find_folder(path)
        return None if folder is None else f"{GRAPH} in {folder.name}"

    def read(self, match: Match) -> Raw:
        """The Keras model of the folder, and the graph of operations that it is called by.

        Where Keras left no configuration in it there is the graph alone. Raises NotAModel where files are missing, or
        where there is neither (AK1137).
        """
        files = Files(match.folder or find_folder(match.path) or DiskFolder(match.path))
        graph = files.meta_graph()
        operations = GraphFile(f"{files.root}/{GRAPH}", graph, files.bundle)
        objects = read_keras_objects(files, graph)
        if objects is None and files.has(EXPORTED):
            return replace(_read_exported(files, match), graph=operations)
        metadata = objects.metadata(0) if objects is not None else {}
        architecture = _find_architecture(metadata)
        if objects is None or architecture is None:
            if not operations.signatures:
                raise make_foreign_error("AK1137", "this is a TensorFlow SavedModel without a signature", match.path)
            return Raw(match, part=GRAPH, attributes={"backend": "tensorflow"}, graph=operations)
        restore_vocabularies(architecture, objects, files, graph)
        training = metadata.get("training_config")
        version = graph.info.tensorflow_version if graph.info is not None else ""
        return Raw(
            match,
            architecture,
            objects.part,
            {**_read_stamps(metadata), "tensorflow_version": version},
            read_layer_weights(objects),
            training,
            read_optimizer_state(objects, _find_optimizer_name(training)),
            graph=replace(operations, layers=read_layer_functions(objects)),
        )


def _read_exported(files: Files, match: Match) -> Raw:
    """What ``tf.keras.experimental.export_saved_model`` wrote (TensorFlow 1.13 to 2.0): ``to_json`` beside a checkpoint."""
    bound = limits.current().config_bytes
    notes: list[str] = []
    text = decode_text(files.open(EXPORTED, bound).whole(bound, EXPORTED), EXPORTED)
    bundle = files.bundle()
    nodes = read_objects(bundle)
    weights = read_weights(bundle, nodes) if nodes else read_named(bundle).weights
    stamps = {"backend": "tensorflow"}
    return Raw(match, parse_json(text, EXPORTED, notes), EXPORTED, stamps, weights, notes=tuple(notes))


def _find_architecture(metadata: dict[str, Json]) -> Json:
    """The model as ``to_json`` writes it; None for a subclassed model, whose layers its code puts together."""
    config, class_name = metadata.get("config"), metadata.get("class_name")
    within = metadata.get("model_config")
    if not config and isinstance(within, dict):  # TF 2.0
        config = within.get("config")
    if not isinstance(config, dict) or "layers" not in config:
        return None
    if class_name not in ("Sequential", "Functional", "Model"):
        class_name = "Functional" if "output_layers" in config else "Sequential"
    return {"class_name": class_name, "config": config, **_read_stamps(metadata)}


def _read_stamps(metadata: dict[str, Json]) -> dict[str, str]:
    version = metadata.get("keras_version")
    return {"backend": "tensorflow", **({"keras_version": version} if isinstance(version, str) else {})}


def _find_optimizer_name(training: Json) -> str:
    found = training.get("optimizer_config") if isinstance(training, dict) else None
    name = found.get("class_name") if isinstance(found, dict) else None
    return name if isinstance(name, str) else "optimizer"


class FrozenGraph:
    """What ``convert_variables_to_constants`` of TensorFlow 1 and 2 leaves, usually called ``NAME.pb``."""

    name = "frozen graph"

    def match(self, path: str, head: bytes) -> str | None:
        """By its first field, a node with a name and an operation."""
        return "nodes of TensorFlow" if is_graph(head, len(head)) else None

    def read(self, match: Match) -> Raw:
        """The graph. Raises LimitExceeded."""
        source = match.require_source()
        graph = MetaGraph(graph=memoryview(source.whole(MOST_GRAPH, match.path)))
        return Raw(match, part=match.path, attributes={"backend": "tensorflow"}, graph=GraphFile(match.path, graph))
