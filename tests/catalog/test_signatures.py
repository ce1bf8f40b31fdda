"""Arguments and defaults against the constructors of the installed Keras, and against facts of old releases."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import copy
import importlib
import inspect
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers as L

from anykeras.catalog.signatures import MISSING, find_default, find_signature, list_accepted_arguments
from anykeras.document.model import Era, Writer

# What each class must be given; those that are not here need nothing, or are not made.
GIVEN: dict[str, dict[str, Any]] = {
    "Dense": {"units": 2},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": (2,)},
    "Embedding": {"input_dim": 3, "output_dim": 2},
    "Conv1D": {"filters": 2, "kernel_size": 2},
    "Conv2D": {"filters": 2, "kernel_size": 2},
    "Conv3D": {"filters": 2, "kernel_size": 2},
    "Conv1DTranspose": {"filters": 2, "kernel_size": 2},
    "Conv2DTranspose": {"filters": 2, "kernel_size": 2},
    "Conv3DTranspose": {"filters": 2, "kernel_size": 2},
    "SeparableConv1D": {"filters": 2, "kernel_size": 2},
    "SeparableConv2D": {"filters": 2, "kernel_size": 2},
    "DepthwiseConv1D": {"kernel_size": 2},
    "DepthwiseConv2D": {"kernel_size": 2},
    "LSTM": {"units": 2},
    "GRU": {"units": 2},
    "SimpleRNN": {"units": 2},
    "LSTMCell": {"units": 2},
    "GRUCell": {"units": 2},
    "SimpleRNNCell": {"units": 2},
    "ConvLSTM2D": {"filters": 2, "kernel_size": 2},
    "Dropout": {"rate": 0.1},
    "Reshape": {"target_shape": (2,)},
    "SpatialDropout1D": {"rate": 0.1},
    "SpatialDropout2D": {"rate": 0.1},
    "SpatialDropout3D": {"rate": 0.1},
    "AlphaDropout": {"rate": 0.1},
    "GaussianDropout": {"rate": 0.1},
    "GaussianNoise": {"stddev": 0.1},
    "Activation": {"activation": "relu"},
    "Permute": {"dims": (1,)},
    "RepeatVector": {"n": 2},
    "Dot": {"axes": 1},
    "MultiHeadAttention": {"num_heads": 1, "key_dim": 2},
    "Rescaling": {"scale": 2.0},
    "Resizing": {"height": 2, "width": 2},
    "CenterCrop": {"height": 2, "width": 2},
    "BatchNormalization": {},
    "LayerNormalization": {},
    "Flatten": {},
    "MaxPooling2D": {},
    "AveragePooling1D": {"pool_size": 2},
    "GlobalMaxPooling1D": {},
    "Add": {},
    "Concatenate": {},
    "LeakyReLU": {},
    "Softmax": {},
    "ReLU": {},
    "PReLU": {},
    "ELU": {},
    "ZeroPadding2D": {},
    "Cropping2D": {},
    "UpSampling2D": {},
    "Masking": {},
    "UnitNormalization": {},
    "GroupNormalization": {},
    "Attention": {},
    "AdditiveAttention": {},
    "Normalization": {},
    "Identity": {},
    "InputLayer": {"batch_shape": (None, 2)},
    "RandomFlip": {},
    "CategoryEncoding": {"num_tokens": 3},
}
GENERAL = {
    "trainable": True,
    "dtype": "float32",
    "activity_regularizer": None,
    "autocast": True,
    "name": "it",
    "weights": None,
    "input_shape": (2,),
    "time_major": False,
    "groups": 1,
    "implementation": 1,
    "dynamic": False,
}


def takes(class_name: str, key: str, value: Any) -> bool:
    """Whether the constructor knows the key; that a value does not suit it is another matter."""
    try:
        getattr(L, class_name)(**{**GIVEN[class_name], key: value})
    except (TypeError, ValueError) as error:
        return not any(said in str(error) for said in ("unexpected keyword", "Unrecognized keyword", "nrecognized"))
    return True


@pytest.mark.parametrize("class_name", GIVEN)
def test_accepted_is_what_the_constructor_takes(class_name: str) -> None:
    known = list_accepted_arguments(class_name)
    for key in known:
        value = find_default(class_name, key)
        assert takes(class_name, key, None if value is MISSING else value), f"{class_name} refuses {key}"
    for key, value in GENERAL.items() if class_name != "InputLayer" else ():  # which swallows every keyword
        assert takes(class_name, key, value) == (key in known), key


@pytest.mark.parametrize("kind", ["initializers", "regularizers", "constraints", "optimizers", "losses", "metrics"])
def test_defaults_are_those_of_the_installed_keras(kind: str) -> None:
    module = getattr(keras, kind)
    checked = 0
    for name in dir(module):
        made = getattr(module, name)
        if not inspect.isclass(made) or made.__name__ != name:
            continue
        found = find_signature(name, kind=kind)
        assert found is not None, name
        for parameter in list(inspect.signature(made.__init__).parameters.values())[1:]:
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                assert parameter.name in found.defaults, f"{name}.{parameter.name}"
                said = found.defaults[parameter.name]
                checked += said is MISSING or said == parameter.default
                assert said is MISSING or said == parameter.default, f"{name}.{parameter.name}"
    assert checked > 3


@pytest.mark.parametrize(
    ("class_name", "argument", "at", "value"),
    [
        ("LSTM", "recurrent_activation", "2.2.4", "hard_sigmoid"),
        ("LSTM", "recurrent_activation", "2.3.1", "sigmoid"),
        ("LSTM", "inner_activation", "1.2.2", "hard_sigmoid"),
        ("GRU", "reset_after", "2.1.5", False),
        ("GRU", "reset_after", "2.0.9", MISSING),
        ("GRU", "reset_after", "tf.keras 2.3", True),
        ("GRU", "reset_after", "tf.keras 1.15", False),
        ("GRU", "reset_after", Era.KERAS3, True),
        ("BatchNormalization", "epsilon", "0.3.3", 1e-6),
        ("BatchNormalization", "epsilon", "1.2.2", 1e-3),
        ("BatchNormalization", "momentum", "0.3.3", 0.9),
        ("Convolution2D", "dim_ordering", "0.3.3", "th"),
        ("Dense", "units", "2.2.4", MISSING),
        ("NoSuchLayer", "units", "2.2.4", MISSING),
    ],
)
def test_defaults_of_old_releases(class_name: str, argument: str, at: Any, value: Any) -> None:
    assert find_default(class_name, argument, at) == value


def test_the_nearest_release_at_or_before_the_writer_counts() -> None:
    assert find_default("LSTM", "recurrent_activation", Writer(Era.KERAS2, version="2.2.5")) == "hard_sigmoid"
    assert find_default("LSTM", "recurrent_activation", Writer(Era.TF2, "tf.keras", "2.4.0")) == "sigmoid"
    assert find_default("LSTM", "inner_activation", Writer(Era.KERAS1, version="1.1.1")) == "hard_sigmoid"
    assert find_default("Dense", "use_bias", Writer(Era.TF2, "tf.keras", "2.2.4-tf")) is True
    assert find_default("LSTM", "use_cudnn", Writer(Era.KERAS3, version="3.12.0")) == "auto"
    assert find_default("LSTM", "units", Writer(Era.KERAS2)) is MISSING


def test_one_name_in_two_kinds() -> None:
    assert "gain" in list_accepted_arguments("Identity", kind="initializers")
    assert "gain" not in list_accepted_arguments("Identity", kind="layers")


def test_a_new_minor_fails_on_what_nothing_answers_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "scripts"))
    script = importlib.import_module("make_signatures")
    table = script.known_table()
    newest, following = ("keras", "3.15.1"), ("keras", "3.16.0")
    table[following] = copy.deepcopy(table[newest])
    layers = table[following][0]["layers"]
    layers["Dense"]["set"]["sparsity"] = None  # an argument that changes nothing where it is left out
    layers["Dropout"]["set"]["seed"] = 1
    del layers["ELU"]["set"]["alpha"]
    del layers["Softmax"]
    layers["Lens"] = layers["Flatten"]
    table[following][1]["activations"].discard("tanh")
    assert script.report(table, newest) == []
    assert script.report(table, following) == [
        "layers: Lens is new",
        "layers: Softmax is gone",
        "layers: Dropout 'seed' is 1 by default, was None",
        "layers: ELU takes 'alpha' no more",
        "activations: the name 'tanh' is gone",
    ]
    assert "uncovered: layers: Lens is new" in capsys.readouterr().out
    monkeypatch.setattr(script, "OUT", tmp_path / "signatures.json")
    monkeypatch.setattr(script, "known_table", dict)
    monkeypatch.setattr(script, "read_all", lambda named: {tuple(label): table[tuple(label)] for label, _ in named})
    assert script.main(["keras 3.15.1=a", "keras 3.16.0=b"]) == 1 and script.main(["keras 3.15.1=a"]) == 0
