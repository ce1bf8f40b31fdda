"""Between migration and recovery: a name that Keras 3 lacks is in custom_objects, has a shim, can go, or is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ..catalog import find
from ..catalog.operations import spell_in_snake_case
from ..catalog.signatures import NOW, find_signature, list_accepted_arguments
from ..containers.base import Json
from ..document.model import Code, Document, Era, FromUser, Layer, Object, Value, Writer
from ..document.walk import rebuild
from ..findings import Fidelity, Finding
from ..migrations import RuleContext
from ..parse.reading import IsCustom
from ..recovery.code_sites import holds_code
from ..shims import apply_shim, gather_tensors, is_namesake
from ..shims.activations import resolve_activations
from .custom_objects import CustomObjects, is_layer_class

_PLAIN = ("Functional", "Sequential")
_KINDS = {"initializer": "initializers", "regularizer": "regularizers", "constraint": "constraints"}
# Names that stock Keras finds, beside those of classes (keras 3.15.1 regularizers and constraints `__init__.py`).
_NAMES = {
    "regularizers": frozenset({"l1", "l2", "l1_l2", "l1l2", "orthogonal", "orthogonal_regularizer"}),
    "constraints": frozenset({"max_norm", "non_neg", "unit_norm", "min_max_norm"}),
}


@dataclass
class Preparation:
    """A document whose names are resolved, and what was found."""

    document: Document
    findings: list[Finding] = field(default_factory=list)


Defer = Callable[[Layer], Layer | None]


def prepare(document: Document, custom_objects: CustomObjects, native: bool, defer_missing: Defer | None = None) -> Preparation:
    """Resolve every name that Keras 3 does not have.

    Args:
        document: in the vocabulary of Keras 3.
        custom_objects: the user's.
        native: the outcome is to do without them where that can be.
        defer_missing: what replaces a layer of a class that nobody knows, None where nothing does.

    Raises:
        MissingObject: layers whose class is unresolved, all of them, with what the file knows of each.
    """
    pass_ = _Pass(document, custom_objects, native, defer_missing)
    model = rebuild(pass_.context.model or document.model, pass_.resolve)
    if pass_.unresolved:
        from .unresolved import describe_missing_classes

        raise describe_missing_classes(replace(document, model=model), pass_.unresolved, custom_objects)
    return Preparation(replace(document, model=model), pass_.findings)


def is_unresolved(layer: Layer) -> bool:
    """Whether neither Keras 3 nor recovery knows the class, and it does not come from custom_objects."""
    if layer.operation or layer.graph is not None or isinstance(layer.origin, FromUser):
        return False
    known = find(layer.class_name, Era.KERAS3) is not None or find_signature(layer.class_name, NOW) is not None
    return not known and not holds_code(layer)


class _Pass:
    def __init__(self, document: Document, custom_objects: CustomObjects, native: bool, defer_missing: Defer | None) -> None:
        self.custom_objects, self.native, self.defer_missing = custom_objects, native, defer_missing
        model = rebuild(document.model, self._gather_tensors)
        self.context = RuleContext(document.writer, document.era, model=model)
        self.findings: list[Finding] = self.context.findings
        self.unresolved: list[Layer] = []

    def resolve(self, layer: Layer) -> Layer:
        """One layer, those inside it done."""
        layer = resolve_activations(self._resolve_objects(layer), self.context, self.custom_objects.find)
        if layer.graph is not None:
            return self._rebuild_model(layer)
        if not is_unresolved(layer):
            return layer
        found = self._find(layer)
        if found is not None:
            return replace(layer, origin=FromUser(found))
        replacement = apply_shim(layer, self.context)
        if replacement is None and self.defer_missing is not None:
            replacement = self.defer_missing(layer)
        if replacement is None:
            self.unresolved.append(layer)
        return replacement or layer

    def _gather_tensors(self, layer: Layer) -> Layer:
        """A graph in which layers of unresolved classes are called as the models that may replace them."""
        if layer.graph is None or layer.graph.sequential:
            return layer
        unresolved = [inner for inner in layer.graph.layers if is_unresolved(inner) and not self._find(inner)]
        calls = {inner.name: gather_tensors(inner, layer.graph.calls.get(inner.name, ())) for inner in unresolved}
        return replace(layer, graph=replace(layer.graph, calls={**layer.graph.calls, **calls})) if calls else layer

    def _find(self, layer: Layer) -> object:
        return self.custom_objects.find(layer.bare_class_name, layer.registered_name, layer.module)

    def _rebuild_model(self, layer: Layer) -> Layer:
        """A class of models that keeps a graph in its configuration is that graph."""
        kind = "Sequential" if layer.graph is not None and layer.graph.sequential else "Functional"
        if layer.class_name in _PLAIN:
            return layer
        seen = f"{layer.class_name} is a class of models, and its configuration holds the whole graph"
        self._note("AK5007", layer, seen, f"rebuilt as a plain {kind} model", Fidelity.EQUIVALENT)
        keys = ("trainable", "dtype", "build_input_shape")
        return replace(layer, class_name=kind, config={k: v for k, v in layer.config.items() if k in keys})

    def _resolve_objects(self, layer: Layer) -> Layer:
        """Initializers, regularizers and constraints that Keras 3 does not have act on training alone."""
        changed: dict[str, Value] = {}
        for key, value in layer.config.items():
            kind = _KINDS.get(key.rpartition("_")[2])
            name = None if kind is None or value is None else _find_unresolved_name(value, kind)
            if name is not None and kind is not None:
                changed[key] = self._resolve_object(layer, key, value, name, kind)
        return layer.with_config(**changed) if changed else layer

    def _resolve_object(self, layer: Layer, key: str, value: Value, name: str, kind: str) -> Value:
        registered = value.registered_name if isinstance(value, Object) else None
        found = self.custom_objects.find(name, registered)
        if found is not None and not self.native:
            label = registered or name
            if isinstance(value, Object) and isinstance(value.config, Mapping):
                return replace(value, module=None, registered_name=label, origin=FromUser(found))
            return Object("function", name, None, label, FromUser(found))
        whose = "of custom_objects" if found is not None else "not part of Keras 3"
        inert = kind == "initializers"
        done = "zeros in its place: the weights are in the file" if inert else "left out; it acts on training alone"
        fidelity = Fidelity.EQUIVALENT if inert else Fidelity.LOSSY
        self._note("AK5008", layer, f"{key} is {name}, {whose}", done, fidelity)
        return "zeros" if inert else None

    def _note(self, code: str, layer: Layer, seen: str, done: str, fidelity: Fidelity) -> None:
        self.findings.append(Finding(code, layer.address or layer.name, seen, done, fidelity))


def _find_unresolved_name(value: Value, kind: str) -> str | None:
    """The name of an object that stock Keras does not have; None for one that it has, or for code of an initializer."""
    if isinstance(value, Object):
        name = value.config if isinstance(value.config, str) else value.class_name
    elif isinstance(value, str):
        name = value
    else:
        return "<lambda>" if isinstance(value, Code) and kind != "initializers" else None
    if isinstance(value, Object) and _is_namesake_object(value, kind):
        return name
    known = find_signature(name, NOW, kind) is not None or spell_in_snake_case(name) in _NAMES.get(kind, ())
    return None if known or (kind == "initializers" and _is_initializer(name)) else name


def _is_namesake_object(value: Object, kind: str) -> bool:
    """Whether a class of Keras' name is the writer's own: registered outside of Keras, or with arguments that Keras' has not.

    Keras 2.12 on and Keras 3 register their own classes under no name (`serialize_keras_object` of serialization_lib.py).
    """
    if isinstance(value.config, str) or isinstance(value.origin, FromUser):
        return False
    own = (value.module or "").split(".")[0] not in ("keras", "tf_keras", "tensorflow")
    if value.registered_name is not None and own:
        return True
    takes = list_accepted_arguments(value.class_name, NOW, kind)
    return bool(takes) and any(held is not None and key not in takes for key, held in value.config.items())


def _is_initializer(name: str) -> bool:
    return name in ("one", "zero", "uniform", "normal") or any(
        find_signature(spelling, NOW, "initializers") is not None for spelling in (name, _camel(name))
    )


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


# Releases of Keras 2 outside of TensorFlow, whose layers are fewer than those of tf.keras.
_KERAS2 = ("2.0.0", "2.0.9", "2.1.5", "2.2.4", "2.3.1")


def _is_newer(name: str, writer: Writer) -> bool:
    """A class that Keras has had only since the writer's time, so that the writer's is another."""
    known = writer.era is Era.KERAS2 and writer.library == "keras" and writer.version is not None
    return known and find(name, writer.era) is not None and not any(find_signature(name, at) for at in _KERAS2)


def _wraps(name: str, config: Mapping[str, Json], writer: Writer) -> bool:
    """A class whose configuration holds a layer, under the name of one that holds none."""
    known = find(name, writer.era)
    return known is not None and isinstance(config.get("layer"), dict) and not any(key == "layer" for key, _ in known.children)


def find_namesakes(custom_objects: CustomObjects, writer: Writer) -> IsCustom:
    """What tells a class of a built-in name that is another class: custom_objects has one of that name, the writer's Keras
    had none, or its arguments are those of a package's."""
    classes = {name for name, value in custom_objects.objects.items() if is_layer_class(value)}
    names = {n for n in classes if any(find(n, era) for era in Era) or find_signature(n, NOW) is not None}

    def is_custom(name: str, config: Mapping[str, Json]) -> bool:
        return name in names or _is_newer(name, writer) or _wraps(name, config, writer) or is_namesake(name, config)

    return is_custom
