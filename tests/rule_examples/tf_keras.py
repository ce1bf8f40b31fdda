"""Worked examples of the rules for tf.keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anykeras.document.build import make_functional, make_sequential
from anykeras.document.model import Call, Config, Era, Layer, Ref, Value, Writer
from anykeras.errors import Unsupported
from anykeras.migrations.rules.tfkeras_attention import _HEADS, _NEARLY_NO_DROPOUT
from anykeras.tensors import constant, ones, zeros
from rule_examples import Example, enter

TF_ATTENTION = Writer(Era.TF2, "tf.keras", "2.6.0", "tensorflow")


def _model_attention(config: Config, kwargs: Config) -> Layer:
    x = Ref("x")
    entrance = Layer("InputLayer", "x", {"batch_shape": (None, 3, 2)})
    return make_functional("m", x, Ref("a"), (entrance, Call()), (Layer("Attention", "a", config), Call(((x, x),), kwargs)))


enter(
    "AK2265",
    examples=[Example(_model_attention({"causal": True}, {}), _model_attention({}, {"use_causal_mask": True}), TF_ATTENTION)],
    leaves_alone=[Example(_model_attention({"causal": False}, {}), _model_attention({"causal": False}, {}), TF_ATTENTION)],
)


def _with_heads(*steps: str) -> Layer:
    """A masked embedding that attends to itself, with a copy in between or not."""
    e = Ref("e")
    query, value = (Ref(step) for step in steps or ("e", "e"))
    return make_functional(
        "m",
        Ref("i"),
        Ref("a"),
        (Layer("InputLayer", "i", {"batch_shape": (None, 5)}), Call()),
        (Layer("Embedding", "e", {"input_dim": 9, "output_dim": 4, "mask_zero": True}), Call((Ref("i"),))),
        (Layer("MultiHeadAttention", "a", {"num_heads": 2, "key_dim": 2}), Call((query,), {"value": value})),
        *((Layer("copy", step, operation=True), Call((e,))) for step in steps),
    )


enter(
    "AK2266",
    examples=[Example(_with_heads(), _with_heads("a_unmasked", "a_unmasked_2"), TF_ATTENTION)],
    leaves_alone=[Example(_with_heads(), _with_heads(), Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow"))],
)

TF_HEADS = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow")


def _make_attending(config: Mapping[str, Value], again: Sequence[str] = ()) -> Layer:
    """A masked embedding that attends to itself; `again` are Dense layers on the same embedding."""
    e = Ref("e")
    table = Layer("Embedding", "e", {"input_dim": 9, "output_dim": 4, "mask_zero": True})
    heads = Layer(_HEADS, "a", {"num_heads": 2, "key_dim": 2, **config})
    return make_functional(
        "m",
        Ref("i"),
        (Ref("a"), *(Ref(name) for name in again)),
        (Layer("InputLayer", "i", {"batch_shape": (None, 5)}), Call()),
        (table, Call((Ref("i"),))),
        (heads, Call((e,), {"value": e})),
        *((Layer("Dense", name, {"units": 4}), Call((e,))) for name in again),
    )


def _has_own(model: Layer) -> bool:
    return model.graph is not None and model.graph.calls["a"][0] == Call((Ref("a_own"),), {"value": Ref("a_own")})


enter(
    "AK2284",
    examples=[Example(_make_attending({}, ["d"]), _has_own, TF_HEADS)],
    leaves_alone=[
        Example(_make_attending({}), _make_attending({}), TF_HEADS),
        Example(_make_attending({}, ["d"]), _make_attending({}, ["d"]), Writer(Era.KERAS3, version="3.8.0")),
    ],
)


def _is_called_again(model: Layer) -> bool:
    return model.graph is not None and len(model.graph.calls["a"]) == 2 and model.graph.outputs == (Ref("a_out"),)


enter(
    "AK2285",
    examples=[Example(_make_attending({"dropout": 0.1}), _is_called_again, TF_HEADS)],
    leaves_alone=[
        Example(_make_attending({}), _make_attending({}), TF_HEADS),
        Example(_make_attending({"dropout": 0.1}), _make_attending({"dropout": 0.1}), Writer(Era.KERAS3, version="3.14.0")),
    ],
)


def _wide(config: Mapping[str, Value]) -> Layer:
    return Layer(_HEADS, "a", {"num_heads": 2, "key_dim": 2, **config})


enter(
    "AK2268",
    examples=[
        Example(_wide({"value_dim": 3}), _wide({"value_dim": 3, "dropout": _NEARLY_NO_DROPOUT}), TF_HEADS),
    ],
    leaves_alone=[
        Example(_wide({"value_dim": 2}), _wide({"value_dim": 2}), TF_HEADS),
        Example(_wide({"value_dim": 3, "dropout": 0.5}), _wide({"value_dim": 3, "dropout": 0.5}), TF_HEADS),
    ],
)

TF_LOST_MASKS = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow")


def _model_lost_masks(*layers: Layer) -> Layer:
    first = (Layer("InputLayer", "x", {"batch_shape": (None, 3, 2)}), Layer("Masking", "m", {"mask_value": 0.0}))
    return make_sequential("s", *first, *layers)


def _ends(name: str) -> Layer:
    return Layer("Reshape", name, {"target_shape": (3, 2)})


def _is_ended(model: Layer) -> bool:
    inner = model.graph.layer("r").graph if model.graph is not None else None
    return inner is not None and [layer.class_name for layer in inner.layers] == ["InputLayer", "copy", "Reshape"]


enter(
    "AK2281",
    examples=[Example(_model_lost_masks(_ends("r"), Layer("LSTM", "l", {"units": 2})), _is_ended, TF_LOST_MASKS)],
    leaves_alone=[
        Example(
            _model_lost_masks(Layer("Dense", "d", {"units": 2})),
            _model_lost_masks(Layer("Dense", "d", {"units": 2})),
            TF_LOST_MASKS,
        ),
        Example(_model_lost_masks(_ends("r")), _model_lost_masks(_ends("r")), Writer(Era.KERAS3, version="3.0.5")),
        Example(_model_lost_masks(_ends("r")), _model_lost_masks(_ends("r")), Writer(Era.KERAS2, version="2.3.1")),
    ],
)

K2 = Writer(Era.KERAS2, "keras", "2.3.1", "tensorflow")


def _activation(name: str) -> Layer:
    return Layer("Activation", name, {"activation": "softmax"})


def _by_steps(layer: Layer) -> Layer:
    """A model in a TimeDistributed, which hands it the mask of each step."""
    entrance = Layer("InputLayer", "step", {"batch_shape": (None, 2)})
    return Layer("TimeDistributed", "t", {"layer": make_sequential("inner", entrance, layer)})


enter(
    "AK2282",
    examples=[
        Example(_model_lost_masks(Layer("Softmax", "s", {"axis": -1})), _model_lost_masks(_activation("s")), K2),
        Example(_model_lost_masks(_by_steps(Layer("Softmax", "s"))), _model_lost_masks(_by_steps(_activation("s"))), K2),
    ],
    leaves_alone=[
        Example(_model_lost_masks(Layer("Softmax", "s", {})), _model_lost_masks(Layer("Softmax", "s", {})), TF_LOST_MASKS),
    ],
)


def _wrap_in_steps(layer: Layer) -> Layer:
    return Layer("TimeDistributed", "t", {"layer": layer})


enter(
    "AK2283",
    examples=[
        Example(_wrap_in_steps(Layer("Masking", "m", {"mask_value": 1.0})), Layer("Masking", "t", {"mask_value": 1.0}), K2),
    ],
    leaves_alone=[
        Example(_wrap_in_steps(Layer("Embedding", "e", {})), _wrap_in_steps(Layer("Embedding", "e", {})), K2),
        Example(
            _wrap_in_steps(Layer("Masking", "m", {})),
            _wrap_in_steps(Layer("Masking", "m", {})),
            Writer(Era.KERAS2, "keras", "2.1.5", "tensorflow"),
        ),
    ],
)


def _nest(over: Layer) -> Layer:
    first = (Layer("InputLayer", "x", {"batch_shape": (None, 3, 4, 2)}), Layer("Masking", "m", {"mask_value": 0.0}))
    layers = (*first, Layer("TimeDistributed", "t", {"layer": over}), Layer("LSTM", "l", {"units": 2}))
    return make_sequential("s", *layers)


def _is_reduced(model: Layer) -> bool:
    inner = model.graph.layer("t").graph if model.graph is not None else None
    return inner is not None and inner.layer("t_inner").class_name == "TimeDistributed"


enter(
    "AK2286",
    examples=[Example(_nest(Layer("LSTM", "i", {"units": 2})), _is_reduced, K2)],
    leaves_alone=[
        Example(_nest(Layer("Dense", "i", {"units": 2})), _nest(Layer("Dense", "i", {"units": 2})), K2),
        Example(
            _nest(Layer("LSTM", "i", {"units": 2})),
            _nest(Layer("LSTM", "i", {"units": 2})),
            Writer(Era.KERAS2, "keras", "2.1.5", "tensorflow"),
        ),
    ],
)

_TIMED = Layer("LSTM", "l", {"units": 2, "time_major": True})
_NOT_TIMED = _TIMED.with_config(time_major=False)
_BOTH = Layer("Bidirectional", "b", {"layer": _TIMED, "backward_layer": _TIMED})


def _is_swapped_with_mask(model: Layer) -> bool:
    inner = model.graph.layer("l") if model.graph is not None else None
    return inner is not None and {"transpose", "Attention", "LSTM"} <= inner.class_names


enter(
    "AK2303",
    examples=[Example(_model_lost_masks(_TIMED), _is_swapped_with_mask, TF_LOST_MASKS)],
    leaves_alone=[Example(make_sequential("s", _TIMED), make_sequential("s", _TIMED), TF_LOST_MASKS)],
)


def _are_swapped(model: Layer) -> bool:
    return model.graph is not None and all({"transpose", "LSTM"} <= layer.class_names for layer in model.graph.layers)


enter(
    "AK2243",
    examples=[
        Example(make_sequential("s", _TIMED, _BOTH), _are_swapped, TF_LOST_MASKS),
        Example(make_sequential("s", Layer("TimeDistributed", "t", {"layer": _TIMED})), Unsupported, TF_LOST_MASKS),
        Example(
            make_sequential("s", _BOTH.with_config(layer=_TIMED.with_config(return_sequences=True))),
            Unsupported,
            Writer(Era.TF2, "tf.keras", "2.2.4-tf", "tensorflow"),
        ),
    ],
    leaves_alone=[Example(make_sequential("s", _NOT_TIMED), make_sequential("s", _NOT_TIMED), TF_LOST_MASKS)],
)

_IMAGES = Layer("TimeDistributed", "t", {"layer": Layer("RepeatVector", "r", {"n": 2})})
_NORM = Layer("BatchNormalization", "n", {"axis": -1})


def _is_kept_apart(model: Layer) -> bool:
    inner = model.graph.layer("n").graph if model.graph is not None else None
    return inner is not None and inner.layer("n_inner").class_name == "BatchNormalization"


enter(
    "AK2301",
    examples=[Example(_model_lost_masks(_IMAGES, _NORM), _is_kept_apart, K2)],
    leaves_alone=[Example(_model_lost_masks(_NORM), _model_lost_masks(_NORM), K2)],
)

TF2 = Writer(Era.TF2, "tf.keras", "2.8.0", "tensorflow")


def _cell() -> Layer:
    sizes = {"kernel": (2, 4), "recurrent_kernel": (1, 4), "bias": (4,)} | {
        f"{gate}_gate_peephole_weights": (1,) for gate in ("input", "forget", "output")
    }
    return Layer("PeepholeLSTMCell", "c", {"units": 1}, {role: ones(shape) for role, shape in sizes.items()})


def _model_peepholes(cell: Layer) -> Layer:
    entrance = (Layer("InputLayer", "x", {"batch_shape": (None, 3, 2)}), Call())
    return make_functional("m", Ref("x"), Ref("r"), entrance, (Layer("RNN", "r", {"cell": cell}), Call((Ref("x"),))))


def _is_wide(model: Layer) -> bool:
    assert model.graph is not None
    cell = model.graph.layer("r").config["cell"]
    assert isinstance(cell, Layer)
    kernel = cell.weights["recurrent_kernel"].read()
    return model.graph.outputs == Ref("r_output") and kernel.tolist() == [[1, 1, 1, 1, 0], [1, 1, 0, 0, 1], *[[0] * 5] * 3]


enter(
    "AK2247",
    examples=[Example(_model_peepholes(_cell()), _is_wide, TF2)],
    leaves_alone=[
        Example(
            _model_peepholes(Layer("LSTMCell", "c", {"units": 1})), _model_peepholes(Layer("LSTMCell", "c", {"units": 1})), TF2
        ),
    ],
)

TF_PREPROCESSING = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow")

enter(
    "AK2270",
    examples=[
        Example(
            Layer("IntegerLookup", "l", {"vocabulary": (3, 5), "vocabulary_size": 3}),
            Layer("IntegerLookup", "l", {"vocabulary": (3, 5)}),
            TF_PREPROCESSING,
        )
    ],
    leaves_alone=[
        Example(
            Layer("IntegerLookup", "l", {"vocabulary": None}),
            Layer("IntegerLookup", "l", {"vocabulary": None}),
            TF_PREPROCESSING,
        )
    ],
)

enter(
    "AK2271",
    examples=[
        Example(Layer("Hashing", "h", {"dtype": "float32"}), Layer("Hashing", "h"), TF_PREPROCESSING),
        Example(Layer("Embedding", "e", {"dtype": "int32"}), Layer("Embedding", "e"), TF_PREPROCESSING),
        Example(
            Layer("Discretization", "d", {"bin_boundaries": (0.5,), "dtype": "int64"}),
            Layer("Discretization", "d", {"bin_boundaries": (0.5,)}),
            TF_PREPROCESSING,
        ),
    ],
    leaves_alone=[
        Example(Layer("Embedding", "e", {"dtype": "float16"}), Layer("Embedding", "e", {"dtype": "float16"}), TF_PREPROCESSING),
        Example(
            Layer("Discretization", "d", {"dtype": "float32"}),
            Layer("Discretization", "d", {"dtype": "float32"}),
            TF_PREPROCESSING,
        ),
    ],
)

enter(
    "AK2273",
    examples=[Example(Layer("RandomHeight", "r", {"factor": 0.2}), Layer("Identity", "r"), TF_PREPROCESSING)],
    leaves_alone=[
        Example(
            Layer("RandomFlip", "r", {"mode": "horizontal"}), Layer("RandomFlip", "r", {"mode": "horizontal"}), TF_PREPROCESSING
        )
    ],
)


def _fourier() -> Layer:
    weights = {
        "unscaled_kernel": constant([[4.0] * 3] * 2),
        "bias": zeros((3,)),
        "kernel_scale": constant([2.0]),
    }
    return Layer("RandomFourierFeatures", "f", {"output_dim": 3}, weights)


def _is_cosine(layer: Layer) -> bool:
    dense = [x for x in layer.graph.layers if x.class_name == "Dense"] if layer.graph is not None else []
    return len(dense) == 1 and bool((dense[0].weights["kernel"].read() == 2).all())


enter(
    "AK2274",
    examples=[Example(_fourier(), _is_cosine, TF_PREPROCESSING)],
    leaves_alone=[Example(Layer("Dense", "d", {"units": 3}), Layer("Dense", "d", {"units": 3}), TF_PREPROCESSING)],
)


def _summary() -> Layer:
    values = [[0.0, 1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0]]
    return Layer("Discretization", "d", {"bin_boundaries": None, "num_bins": 2}, {"summary": constant(values)})


enter(
    "AK2275",
    examples=[Example(_summary(), Layer("Discretization", "d", {"bin_boundaries": (1.0,)}), TF_PREPROCESSING)],
    leaves_alone=[
        Example(
            Layer("Discretization", "d", {"bin_boundaries": (0.5,)}),
            Layer("Discretization", "d", {"bin_boundaries": (0.5,)}),
            TF_PREPROCESSING,
        )
    ],
)

_CROP = {"height": 4, "width": 3}

enter(
    "AK2276",
    examples=[
        Example(
            Layer("RandomCrop", "r", _CROP),
            Layer("Resizing", "r", {**_CROP, "interpolation": "bilinear", "crop_to_aspect_ratio": True}),
            TF_PREPROCESSING,
        )
    ],
    leaves_alone=[Example(Layer("CenterCrop", "c", _CROP), Layer("CenterCrop", "c", _CROP), TF_PREPROCESSING)],
)


def _entering(second: Layer) -> Layer:
    return make_sequential("s", Layer("InputLayer", "i", {"batch_shape": (None, 4), "dtype": "float32"}), second)


def _called(entrance: Layer) -> Layer:
    x, mid = Ref("x"), Ref("mid")
    first = Layer("InputLayer", "x", {"batch_shape": (None, 4), "dtype": "float32"})
    return make_functional("m", x, mid, (first, Call()), (entrance, Call((x,))))


_SECOND = Layer("InputLayer", "mid", {"batch_shape": (None, 3), "dtype": "int32"})
_HALF = Layer("InputLayer", "mid", {"batch_shape": (None, 3), "dtype": "float16"})
_LINEAR = Layer("Activation", "mid", {"activation": "linear"})
enter(
    "AK2211",
    examples=[
        Example(_entering(_SECOND), _entering(_LINEAR), TF_HEADS),
        Example(_entering(_HALF), _entering(_LINEAR.with_config(dtype="float16")), TF_HEADS),
        Example(_called(_SECOND), _called(_LINEAR), TF_HEADS),
    ],
    leaves_alone=[Example(_entering(_LINEAR), _entering(_LINEAR), TF_HEADS)],
)
