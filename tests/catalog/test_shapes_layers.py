"""Shapes and dtypes of layers against what stock Keras infers when the same layer is called symbolically."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

from collections.abc import Mapping
from typing import Any

import keras
import pytest
from keras import layers as L

from anykeras.catalog.shapes.engine import Inference
from anykeras.catalog.shapes.spec import UNKNOWN, Spec
from anykeras.catalog.shapes.tables import find_layer_rule, find_wrapper_rule
from anykeras.document.graph import iterate_leaves
from anykeras.document.model import Layer, Object


def frozen(value: Any) -> Any:
    """A Keras 3 configuration as a document holds it."""
    if isinstance(value, Mapping) and "class_name" in value and isinstance(value.get("config"), Mapping):
        config = {k: frozen(v) for k, v in value["config"].items()}
        if value["module"].startswith("keras.layers"):
            return Layer(value["class_name"], config.pop("name"), config)
        return Object(value["class_name"], config, value["module"])
    if isinstance(value, Mapping):
        return {k: frozen(v) for k, v in value.items()}
    return tuple(frozen(v) for v in value) if isinstance(value, list | tuple) else value


SEQ, SEQ_OPEN, IMG, IMG_OPEN = (None, 9, 4), (None, None, 4), (None, 9, 8, 3), (None, None, None, 3)
VOLUME, FLAT, FIRST = (None, 6, 7, 8, 2), (None, 6), (None, 3, 9, 8)
ROI = {"channels_last": (None, 9, 8, 3), "channels_first": (None, 3, 9, 8)}


def cases() -> list[tuple[Any, list[tuple[int | None, ...]]]]:
    """(a layer, the shapes it is called on)."""
    found: list[tuple[Any, Any]] = []

    def add(layer: Any, *shapes: Any) -> None:
        found.extend((layer, [shape]) for shape in shapes)

    for name in (
        "ELU",
        "LeakyReLU",
        "PReLU",
        "ReLU",
        "Softmax",
        "BatchNormalization",
        "LayerNormalization",
        "RMSNormalization",
        "UnitNormalization",
        "Identity",
        "Masking",
        "ActivityRegularization",
        "Flatten",
    ):
        add(lambda name=name: getattr(L, name)(), FLAT, SEQ, IMG)
    for name in ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"):
        add(lambda name=name: getattr(L, name)(0.3), FLAT, SEQ_OPEN)
    add(lambda: L.Activation("relu"), FLAT, SEQ)
    add(lambda: L.GroupNormalization(2), SEQ)
    add(lambda: L.SpatialDropout1D(0.2), SEQ)
    add(lambda: L.SpatialDropout2D(0.2), IMG)
    add(lambda: L.Dense(5), FLAT, SEQ, IMG)
    add(lambda: L.Dense(5, dtype="mixed_float16"), FLAT)
    add(lambda: L.Dense(5, dtype="float16"), SEQ)
    for equation, shape in (
        ("abc,cd->abd", (None, 7)),
        ("abc,cde->abde", (None, 2, 3)),
        ("...x,xy->...y", (5,)),
        ("ab...,bc->ac...", (5,)),
    ):
        add(lambda e=equation, s=shape: L.EinsumDense(e, output_shape=s), SEQ)
    add(lambda: L.Embedding(10, 3), FLAT, (None, None))
    add(lambda: L.Reshape((3, 2)), FLAT)
    add(lambda: L.Reshape((-1, 2)), FLAT, SEQ, SEQ_OPEN)
    add(lambda: L.Reshape((1, -1, 2)), IMG)
    add(lambda: L.Permute((2, 1)), SEQ, SEQ_OPEN)
    add(lambda: L.RepeatVector(3), FLAT)
    for padding in ("valid", "same"):
        for strides, dilation in ((1, 1), (2, 1), (1, 2), (3, 1)):
            options = {"padding": padding, "strides": strides}
            dilated = {**options, "dilation_rate": dilation}
            add(lambda o=dilated: L.Conv1D(4, 3, **o), SEQ, SEQ_OPEN)
            add(lambda o=dilated: L.Conv2D(4, (3, 2), **o), IMG, IMG_OPEN)
            add(lambda o=dilated: L.Conv3D(4, 3, **o), VOLUME)
            add(lambda o=dilated: L.SeparableConv1D(4, 3, **o), SEQ)
            add(lambda o=dilated: L.SeparableConv2D(4, 3, **o), IMG)
            add(lambda o=dilated: L.DepthwiseConv1D(3, depth_multiplier=2, **o), SEQ)
            add(lambda o=dilated: L.DepthwiseConv2D(3, depth_multiplier=2, **o), IMG)
            add(lambda o=dilated: L.Conv1DTranspose(4, 3, **o), SEQ, SEQ_OPEN)
            add(lambda o=dilated: L.Conv2DTranspose(4, (2, 3), **o), IMG)
            if dilation == 1:
                add(lambda o=options: L.Conv2DTranspose(4, 4, output_padding=0, **o), IMG)
                add(lambda o=options: L.Conv3DTranspose(4, 2, **o), VOLUME)
                for kind in ("Max", "Average"):
                    add(lambda k=kind, o=options: getattr(L, f"{k}Pooling1D")(2, **o), SEQ, SEQ_OPEN)
                    add(lambda k=kind, o=options: getattr(L, f"{k}Pooling2D")((2, 3), **o), IMG, IMG_OPEN)
                    add(lambda k=kind, o=options: getattr(L, f"{k}Pooling3D")(2, **o), VOLUME)
                add(lambda o=options: L.ConvLSTM2D(4, 3, return_sequences=True, **o), (None, 5, 9, 8, 3))
    add(lambda: L.Conv1D(4, 3, padding="causal"), SEQ)
    add(lambda: L.Conv2D(4, 3, data_format="channels_first"), FIRST)
    add(lambda: L.MaxPooling2D(), IMG)
    add(lambda: L.MaxPooling2D(data_format="channels_first"), FIRST)
    for kind in ("Max", "Average"):
        for keep in (False, True):
            add(lambda k=kind, q=keep: getattr(L, f"Global{k}Pooling1D")(keepdims=q), SEQ)
            add(lambda k=kind, q=keep: getattr(L, f"Global{k}Pooling2D")(keepdims=q), IMG)
            add(lambda k=kind, q=keep: getattr(L, f"Global{k}Pooling3D")(keepdims=q), VOLUME)
        add(lambda k=kind: getattr(L, f"Adaptive{k}Pooling2D")((3, 2)), IMG)
    add(lambda: L.GlobalAveragePooling2D(data_format="channels_first"), FIRST)
    add(lambda: L.ZeroPadding1D((1, 2)), SEQ, SEQ_OPEN)
    add(lambda: L.ZeroPadding2D(), IMG)
    add(lambda: L.ZeroPadding2D(((1, 0), (2, 3))), IMG)
    add(lambda: L.ZeroPadding2D((1, 2), data_format="channels_first"), FIRST)
    add(lambda: L.ZeroPadding3D(2), VOLUME)
    add(lambda: L.Cropping1D(2), SEQ)
    add(lambda: L.Cropping2D(((1, 0), (2, 3))), IMG)
    add(lambda: L.Cropping3D(1), VOLUME)
    add(lambda: L.UpSampling1D(2), SEQ)
    add(lambda: L.UpSampling2D((2, 3)), IMG, IMG_OPEN)
    add(lambda: L.UpSampling2D(data_format="channels_first"), FIRST)
    add(lambda: L.UpSampling3D(2), VOLUME)
    for sequences in (False, True):
        for state in (False, True):
            options = {"return_sequences": sequences, "return_state": state}
            for name in ("SimpleRNN", "GRU", "LSTM"):
                add(lambda n=name, o=options: getattr(L, n)(5, **o), SEQ, SEQ_OPEN)
                for mode in ("concat", "sum", None):
                    add(lambda n=name, o=options, m=mode: L.Bidirectional(getattr(L, n)(5, **o), merge_mode=m), SEQ)
            add(lambda o=options: L.RNN(L.LSTMCell(5), **o), SEQ)
            add(lambda o=options: L.RNN([L.LSTMCell(5), L.GRUCell(3)], **o), SEQ)
            add(lambda o=options: L.ConvLSTM1D(4, 3, **o), IMG)
    add(lambda: L.TimeDistributed(L.Dense(5)), SEQ, IMG, SEQ_OPEN)
    add(lambda: L.TimeDistributed(L.Conv2D(4, 3)), (None, 5, 9, 8, 3))
    add(lambda: L.SpectralNormalization(L.Dense(5)), FLAT)
    for name in ("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract"):
        found.append((lambda n=name: getattr(L, n)(), [SEQ, SEQ]))
        found.append((lambda n=name: getattr(L, n)(), [SEQ_OPEN, (None, 9, 1)]))
        found.append((lambda n=name: getattr(L, n)(), [(4, 9, 4), SEQ]))
    for axis in (1, 2, -1):
        found.append((lambda a=axis: L.Concatenate(axis=a), [SEQ, SEQ]))
    found.append((lambda: L.Concatenate(), [SEQ_OPEN, SEQ_OPEN, SEQ_OPEN]))
    for axes in (1, 2, (2, 2), -1):
        found.append((lambda a=axes: L.Dot(a), [SEQ, SEQ]))
    found.append((lambda: L.Dot(1), [FLAT, FLAT]))
    found.append((lambda: L.Attention(), [SEQ, (None, 5, 4)]))
    found.append((lambda: L.AdditiveAttention(), [SEQ, (None, 5, 4), (None, 5, 4)]))
    add(lambda: L.Rescaling(0.5), IMG)
    add(lambda: L.Normalization(mean=0.0, variance=1.0), IMG)
    add(lambda: L.Resizing(4, 5), IMG, IMG_OPEN, (9, 8, 3))
    add(lambda: L.CenterCrop(4, 5), IMG)
    add(lambda: L.RandomCrop(4, 5), IMG)
    for name, options in (
        ("RandomFlip", {}),
        ("RandomRotation", {"factor": 0.2}),
        ("RandomZoom", {"height_factor": 0.2}),
        ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.2}),
        ("RandomContrast", {"factor": 0.2}),
        ("RandomBrightness", {"factor": 0.2}),
    ):
        add(lambda n=name, o=options: getattr(L, n)(**o), IMG)
    for mode in ("one_hot", "multi_hot", "count"):
        add(lambda m=mode: L.CategoryEncoding(7, output_mode=m), FLAT, (None, 1))
        add(lambda m=mode: L.Discretization([0.0, 1.0], output_mode=m), FLAT, (None, 1))
    add(lambda: L.Discretization([0.0, 1.0]), FLAT)
    add(lambda: L.MelSpectrogram(), (None, 4000))
    add(lambda: L.STFTSpectrogram(frame_length=16), (None, 100, 1))
    return found


@pytest.mark.parametrize("number", range(len(cases())))
def test_layers_infer_what_keras_infers(number: int) -> None:
    make, shapes = cases()[number]
    layer = make()
    dtype = "int32" if layer.__class__.__name__ in ("Embedding", "CategoryEncoding") else "float32"
    tensors = [keras.KerasTensor(shape, dtype) for shape in shapes]
    try:
        real = layer(tensors if len(tensors) > 1 else tensors[0])
    except ValueError:
        pytest.skip("stock Keras refuses it")
    ours = frozen(keras.saving.serialize_keras_object(layer))
    specs = tuple(Spec(shape, dtype) for shape in shapes)
    found = iterate_leaves(Inference().call(ours, [specs if len(specs) > 1 else specs[0]], {}))
    said = f"{ours.class_name} {ours.config} on {shapes}"
    wanted = [(tuple(t.shape), t.dtype) for t in keras.tree.flatten(real)]
    if ours.class_name == "EinsumDense":  # whose equation says more than Keras reads from it
        found = [
            Spec(tuple(None if t is None else d for d, t in zip(s.known(), w[0], strict=True)), s.dtype)
            for s, w in zip(found, wanted, strict=True)
        ]
    assert [(s.shape, s.dtype) for s in found] == wanted, said


def test_attention_with_scores() -> None:
    for make in (
        lambda: L.MultiHeadAttention(2, 3),
        lambda: L.MultiHeadAttention(2, 3, output_shape=7),
        lambda: L.GroupQueryAttention(3, 4, 2),
    ):
        query, value = keras.KerasTensor(SEQ), keras.KerasTensor(SEQ)
        real = make()(query, value, return_attention_scores=True)
        ours = frozen(keras.saving.serialize_keras_object(make()))
        found = iterate_leaves(Inference().call(ours, [Spec(SEQ, "float32")] * 2, {"return_attention_scores": True}))
        assert [(s.shape, s.dtype) for s in found] == [(t.shape, t.dtype) for t in real]


def test_every_layer_of_keras_has_a_rule() -> None:
    """Those without one hold functions, wait for data, or are bases that no file names."""
    without = {
        "Layer",
        "Wrapper",
        "Input",
        "InputLayer",
        "InputSpec",
        "FeatureSpace",
        "Pipeline",
        "TFSMLayer",
        "TorchModuleWrapper",
        "JaxLayer",
        "FlaxLayer",
        "StackedRNNCells",
        "MaxNumBoundingBoxes",
    }
    public = {n for n in dir(L) if isinstance(getattr(L, n), type) and issubclass(getattr(L, n), L.Layer)}
    named = {getattr(L, n).__name__ for n in public}
    assert {n for n in named if find_layer_rule(n) is None and find_wrapper_rule(n) is None} <= without


def test_an_unknown_layer_is_unknown_and_no_error() -> None:
    assert Inference().call(Layer("MyOwnLayer", "mine"), [Spec(FLAT, "float32")], {}) == UNKNOWN
    assert Inference().call(Layer("Dense", "broken", {"units": "many"}), [Spec((), "float32")], {}) == UNKNOWN
    assert Inference().call(Layer("Conv2D", "broken", {}), [Spec(IMG, "float32")], {}) == UNKNOWN
