# ruff: noqa: E501

"""Names, paths and code at places of a configuration where few look: one model a place, for every verb.

Each names ``os.system``, a download, a class that loads or runs something, or a file called ``canary``; none of that is ever
made, and nothing here is loaded by stock Keras.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hostile import CANARY, as_h5, as_keras, encode, function, layer, sequential, stored, thing

PATH = "/tmp/canary/words.txt"
URL = "http://localhost:9/canary"
CODE = stored(lambda x: __import__("os").system("touch canary"))
SYSTEM = function("os", "system")
CLASS = thing("os", "system", {"command": CANARY})
DOWNLOAD = thing("keras.utils", "get_file", {"fname": "canary", "origin": URL})
THINGS = {"function": SYSTEM, "class": CLASS, "download": DOWNLOAD, "code": CODE}
LITERAL = repr({"class_name": "system", "module": "os", "config": {"command": CANARY}})
MARKS = ("os.system", '"os"', "touch canary", "get_file", "/tmp/canary", URL, "TFSMLayer", "TorchModuleWrapper", "JaxLayer",
         "FlaxLayer", "__lambda__", "posix", "subprocess", "builtins")  # fmt: skip


def dense(**more: Any) -> dict[str, Any]:
    return layer("Dense", {"name": "dense", "units": 4, **more})


def policy(config: Any) -> dict[str, Any]:
    return thing("keras.dtype_policies", "DTypePolicyMap", config)


def optimizer(**more: Any) -> dict[str, Any]:
    return {"optimizer": thing("keras.optimizers", "SGD", {"learning_rate": 0.1, **more}), "loss": "mse"}


def wrapper(class_name: str, inner: Any, **more: Any) -> dict[str, Any]:
    return layer(class_name, {"name": "wrapper", "layer": inner, **more})


def _layers() -> Iterator[tuple[str, Any]]:
    """Configurations of Keras 3 whose model holds the thing."""
    for kind, what in THINGS.items():
        yield f"metric_nested_{kind}", sequential(compile_config={**optimizer(), "metrics": [[{"a": [what]}]]})
        yield f"loss_weights_{kind}", sequential(compile_config={**optimizer(), "loss_weights": {"dense": what}})
        yield f"schedule_{kind}", sequential(compile_config=optimizer(learning_rate=what))
        yield f"inner_optimizer_{kind}", sequential(compile_config={
            "optimizer": thing("keras.optimizers", "LossScaleOptimizer", {"inner_optimizer": what}), "loss": "mse"})  # fmt: skip
        yield f"metric_fn_{kind}", sequential(compile_config={
            **optimizer(), "metrics": [thing("keras.metrics", "MeanMetricWrapper", {"fn": what, "name": "m"})]})  # fmt: skip
        yield f"build_config_{kind}", sequential({**dense(), "build_config": {"input_shape": what}})
        yield f"quantization_{kind}", sequential(dense(quantization_config=what))
        yield f"policy_map_{kind}", sequential(dense(dtype=policy({"default_policy": what, "policy_map": {"a": what}})))
        yield f"cell_{kind}", sequential(layer("RNN", {"name": "rnn", "cell": what}))
        yield f"cells_{kind}", sequential(layer("RNN", {"name": "rnn", "cell": layer("StackedRNNCells", {"cells": [what]})}))
        yield f"wrapped_{kind}", sequential(wrapper("TimeDistributed", wrapper("SpectralNormalization", what)))
        yield f"backward_{kind}", sequential(wrapper("Bidirectional", layer("GRU", {"units": 2}), backward_layer=what))
        yield f"pipeline_{kind}", sequential(layer("Pipeline", {"name": "p", "layers": [what]}))
        yield f"initializer_value_{kind}", sequential(
            dense(kernel_initializer=thing("keras.initializers", "Constant", {"value": what})))  # fmt: skip
        yield f"regularizer_factor_{kind}", sequential(
            dense(kernel_regularizer=thing("keras.regularizers", "L2", {"l2": what})))  # fmt: skip
        yield f"lambda_arguments_{kind}", sequential(
            layer("Lambda", {"name": "l", "function": function("keras.activations", "relu"), "arguments": {"f": what}}))  # fmt: skip
        yield f"standardize_{kind}", sequential(layer("TextVectorization", {"name": "t", "standardize": what}))
        yield f"call_argument_{kind}", _called_with(what)
        yield f"model_config_{kind}", {**sequential(dense()), "config": {**sequential(dense())["config"], "dtype": what}}


def _called_with(what: Any) -> dict[str, Any]:
    tensor = {"class_name": "__keras_tensor__",
              "config": {"shape": [None, 4], "dtype": "float32", "keras_history": ["start", 0, 0]}}  # fmt: skip
    start = layer("InputLayer", {"batch_shape": [None, 4], "name": "start"}, name="start", inbound_nodes=[])
    end = {**dense(), "name": "dense", "inbound_nodes": [{"args": [tensor], "kwargs": {"training": what, "mask": [what]}}]}
    config = {"name": "m", "layers": [start, end], "input_layers": [["start", 0, 0]], "output_layers": [["dense", 0, 0]]}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional",
            "config": config}  # fmt: skip


def _spellings() -> Iterator[tuple[str, Any]]:
    """The same thing under other spellings of its module and name."""
    for number, (module, class_name, registered) in enumerate(
        [("os", "system", "Dense"), ("keras.layers", "os.system", None), ("keras.src.utils.file_utils", "get_file", None),
         ("keras.layers.core.lambda_layer.python_utils.types", "FunctionType", None), ("keras.src.saving.saving_lib", "zipfile", None),
         ("posix", "system", "posix>system"), ("builtins", "eval", "builtins>eval"), ("keras", "Dense.__init__", None),
         ("keras.layers\u200b", "Dense", None), ("keras.layers", "Dense\0", None), ("KERAS.LAYERS", "dense", None),
         ("..os", "system", None), ("keras.ops.numpy.np", "load", None), ("tensorflow.io", "write_file", None),
         ("keras_hub.models", "Backbone", "keras_hub>Backbone"), ("keras_nlp.models", "Task", None),
         ("subprocess", "Popen", "keras>Dense"), ("keras.models", "load_model", None), ("keras.callbacks", "ModelCheckpoint", None)]
    ):  # fmt: skip
        config = {"name": "d", "units": 4, "filepath": PATH, "origin": URL, "command": CANARY}
        yield f"spelling_{number}", sequential(thing(module, class_name, config, registered))
    yield "shared_object", sequential({**dense(), "shared_object_id": CLASS})
    yield "literal_units", sequential(dense(units=LITERAL))
    yield "literal_activation", sequential(dense(activation=LITERAL))
    yield "json_activation", sequential(dense(activation=json.dumps(CLASS)))
    yield "literal_config", sequential({**dense(), "config": LITERAL})
    yield "typespec", sequential(layer("InputLayer", {"name": "i", "type_spec": {"class_name": "__typespec__", "spec_name": "system", "module": "os", "config": [CANARY]}}))  # fmt: skip


def _paths() -> Iterator[tuple[str, Any]]:
    """Arguments that Keras takes for a file, a URL or a model elsewhere."""
    for number, place in enumerate((PATH, URL, "gs://canary/x", "hf://canary/x", "file:///tmp/canary/words.txt", "../canary")):
        for class_name in ("StringLookup", "IntegerLookup", "TextVectorization"):
            yield f"vocabulary_{class_name}_{number}", sequential(layer(class_name, {"name": "v", "vocabulary": place}))
        yield f"idf_{number}", sequential(layer("StringLookup", {"name": "v", "vocabulary": ["a"], "idf_weights": place, "output_mode": "tf_idf"}))  # fmt: skip
        yield f"mean_{number}", sequential(layer("Normalization", {"name": "n", "axis": -1, "mean": place, "variance": place}))
        yield f"tfsm_{number}", sequential(layer("TFSMLayer", {"name": "t", "filepath": place, "call_endpoint": "serve"}))
        yield f"boundaries_{number}", sequential(layer("Discretization", {"name": "d", "bin_boundaries": place}))
        yield f"preset_{number}", sequential(thing("keras_hub.layers", "Tokenizer", {"proto": place, "preset": place}))
    yield "torch", sequential(layer("TorchModuleWrapper", {"name": "t", "module": "gASVCg==", "output_shape": [None, 4]}))
    yield "jax", sequential(layer("JaxLayer", {"name": "j", "call_fn": CODE, "init_fn": SYSTEM}))
    yield "flax", sequential(layer("FlaxLayer", {"name": "f", "module": CLASS, "method": "__reduce__"}))
    yield "checkpoint", sequential(compile_config={**optimizer(), "callbacks": [thing("keras.callbacks", "ModelCheckpoint", {"filepath": PATH})]})  # fmt: skip


def _legacy() -> Iterator[tuple[str, Any]]:
    """Spellings of Keras 1 and 2, for HDF5."""
    raw = marshal.dumps((lambda x: __import__("os").system("touch canary")).__code__).decode("latin-1")
    code = [encode(lambda x: __import__("os").system("touch canary")), None, None]
    for kind in ("lambda", "function", "raw", "os.system"):
        for text in (code, "os.system", [raw, None, None]):
            config = {"name": "l", "function": text, "function_type": kind, "module": "os", "arguments": {"command": CANARY},
                      "output_shape": text, "output_shape_type": kind, "output_shape_module": "os",
                      "mask": text, "mask_type": kind, "mask_module": "os"}  # fmt: skip
            yield f"type_{kind}_{type(text).__name__}_{text == code}", _line({"class_name": "Lambda", "config": config})
    yield (
        "merge_mode",
        _line({"class_name": "Merge", "config": {"name": "m", "mode": raw, "mode_type": "lambda", "layers": []}}),
    )
    yield "loss_name", _line(training={"loss": "os.system", "optimizer_config": {"class_name": "os.system", "config": {}}})
    yield "tf_op", _line({"class_name": "TFOpLambda", "config": {"name": "t", "function": "io.write_file"}})
    yield "tf_method", _line({"class_name": "ClassMethod", "config": {"name": "t", "cls_ref": "os", "method_name": "system"}})
    yield "node_def", _line({"class_name": "TensorFlowOpLayer", "config": {
        "name": "t", "node_def": "name: 'a' op: 'ReadFile'", "constants": {"0": PATH}}})  # fmt: skip
    yield "feature_columns", _line({"class_name": "DenseFeatures", "config": {"name": "f", "feature_columns": [
        {"class_name": "VocabularyFileCategoricalColumn", "config": {"vocabulary_file": PATH, "key": "a"}}]}})  # fmt: skip


def _line(*layers: Any, training: Any = None) -> Any:
    start = {"class_name": "Dense", "config": {"name": "dense", "units": 4, "batch_input_shape": [None, 4]}}
    made = {"class_name": "Sequential", "config": {"name": "m", "layers": [start, *layers]}}
    return made if training is None else {**made, "training_config": training}


def make_all(folder: Path) -> list[Path]:
    """Write every model into `folder`; their paths."""
    for name, config in (*_layers(), *_spellings(), *_paths()):
        as_keras(config)(folder / name)
    for name, config in _legacy():
        as_h5(config)(folder / name.replace(".", "_"))
    return sorted(folder.iterdir())
