"""Worked examples of the rules for Keras 2: layers and arguments."""

from __future__ import annotations

from anykeras.document.build import make_functional, make_sequential
from anykeras.document.model import Call, Config, Era, Layer, Object, Ref, Value, Writer
from anykeras.tensors import constant, zeros
from rule_examples import Example, enter

K2_ACTIVATIONS = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")


def _is_clipped_line(layer: Layer) -> bool:
    held = layer.config["recurrent_activation"]
    return isinstance(held, Layer) and held.graph is not None and held.graph.layers[0].config["scale"] == 0.2


enter(
    "AK2220",
    examples=[
        Example(Layer("LSTM", "l", {"units": 2, "recurrent_activation": "hard_sigmoid"}), _is_clipped_line, K2_ACTIVATIONS),
        Example(
            Layer("LocallyConnected1D", "l", {"recurrent_activation": "hard_sigmoid"}), _is_clipped_line, K2_ACTIVATIONS
        ),  # a class that Keras 3 lacks, and of which another rule makes layers with the same activation
    ],
    leaves_alone=[
        Example(
            Layer("LSTM", "l", {"recurrent_activation": "sigmoid"}),
            Layer("LSTM", "l", {"recurrent_activation": "sigmoid"}),
            K2_ACTIVATIONS,
        ),
        Example(
            Layer("Mine", "m", {"activation": "hard_sigmoid"}),
            Layer("Mine", "m", {"activation": "hard_sigmoid"}),
            K2_ACTIVATIONS,
        ),
    ],
)

enter(
    "AK2221",
    examples=[
        Example(Layer("ThresholdedReLU", "t", {"theta": 0.7}), Layer("ReLU", "t", {"threshold": 0.7}), K2_ACTIVATIONS),
        Example(Layer("ReLU", "r", {"threshold": -0.2}), lambda made: made.class_name == "Activation", K2_ACTIVATIONS),
    ],
    leaves_alone=[Example(Layer("ReLU", "r", {"max_value": 6}), Layer("ReLU", "r", {"max_value": 6}), K2_ACTIVATIONS)],
)

CNTK = Writer(Era.KERAS2, "keras", "2.2.4", "cntk")
TENSORFLOW = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")


def _model(batch: int | None = None) -> Layer:
    layers = (Layer("InputLayer", "x", {"batch_shape": (batch, 3, 2)}), Layer("LSTM", "l", {"units": 2}))
    return make_sequential("m", *layers)


def _hands_out_carry(model: Layer) -> bool:
    inner = model.graph.layers[1].graph if model.graph is not None else None
    return inner is not None and inner.outputs == Ref("l", 0, 2) and bool(inner.layer("l").config["return_state"])


enter(
    "AK2246",
    examples=[Example(_model(), _hands_out_carry, CNTK)],
    leaves_alone=[Example(_model(), _model(), TENSORFLOW), Example(_model(4), _model(4), CNTK)],
)

THEANO = Writer(Era.KERAS2, "keras", "2.2.4", "theano")
_RAMP = constant([[[0]], [[1]], [[2]]])


def _is_reversed(layer: Layer) -> bool:
    return bool((layer.weights["kernel"].read().ravel() == [2, 1, 0]).all())


enter(
    "AK2230",
    examples=[Example(Layer("Conv1D", "c", {}, {"kernel": _RAMP}), _is_reversed, THEANO)],
    leaves_alone=[
        Example(Layer("Conv1D", "c", {}, {"kernel": _RAMP}), lambda layer: layer.weights["kernel"] is _RAMP, TENSORFLOW)
    ],
)

TF_CONSTANTS = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow")


def _start_from(state: Value) -> Layer:
    entrance = Layer("InputLayer", "x", {"batch_shape": (1, 3, 2)})
    gru = (Layer("GRU", "g", {"units": 2}), Call((Ref("x"),), {"initial_state": state}))
    return make_functional("m", Ref("x"), Ref("g"), (entrance, Call()), gru)


def _is_tensor(model: Layer) -> bool:
    assert model.graph is not None
    return model.graph.calls["g"][0].kwargs == {"initial_state": (Ref("g_constant"),)}


enter(
    "AK2203",
    examples=[Example(_start_from((((1.0, 2.0),),)), _is_tensor, TF_CONSTANTS)],
    leaves_alone=[Example(_start_from((Ref("x"),)), _start_from((Ref("x"),)), TF_CONSTANTS)],
)

K2_IMAGES = Writer(Era.KERAS2, "keras", "2.3.1", "tensorflow")
TF_IMAGES = Writer(Era.TF2, "tf.keras", "2.4.0", "tensorflow")
_UP: Config = {"size": (2, 2), "data_format": "channels_last", "interpolation": "bilinear"}


def _is_averaged(layer: Layer) -> bool:
    return layer.graph is not None and any(inner.class_name == "AveragePooling2D" for inner in layer.graph.layers)


enter(
    "AK2255",
    examples=[Example(Layer("UpSampling2D", "up", _UP), _is_averaged, K2_IMAGES)],
    leaves_alone=[
        Example(Layer("UpSampling2D", "up", _UP), Layer("UpSampling2D", "up", _UP), TF_IMAGES),
        Example(
            Layer("UpSampling2D", "up", {"interpolation": "nearest"}),
            Layer("UpSampling2D", "up", {"interpolation": "nearest"}),
            K2_IMAGES,
        ),
    ],
)

enter(
    "AK2256",
    examples=[
        Example(
            Layer("Resizing", "r", {"interpolation": "Bilinear"}),
            Layer("Resizing", "r", {"interpolation": "bilinear"}),
            TF_IMAGES,
        )
    ],
    leaves_alone=[Example(Layer("Resizing", "r", {"height": 3}), Layer("Resizing", "r", {"height": 3}), TF_IMAGES)],
)


def _image(way: str) -> Layer:
    layers = (
        Layer("InputLayer", "x", {"batch_shape": (None, 4, 4, 1)}),
        Layer("UpSampling2D", "up", {"size": (2, 2), "data_format": "channels_last", "interpolation": way}),
    )
    return make_sequential("s", *layers)


def _is_matrices(model: Layer) -> bool:
    made = model.graph.layer("up").graph if model.graph is not None else None
    return made is not None and [x.class_name for x in made.layers].count("matmul") == 2


enter(
    "AK2254",
    examples=[Example(_image("bicubic"), _is_matrices, TF_IMAGES)],
    leaves_alone=[
        Example(_image("bilinear"), _image("bilinear"), TF_IMAGES),
        Example(_image("bicubic"), _image("bicubic"), Writer(Era.KERAS3, version="3.3.3")),
    ],
)

K2_INPUT = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")


def _stack(*layers: Layer) -> Layer:
    return make_sequential("s", *layers)


enter(
    "AK2210",
    examples=[
        Example(
            _stack(Layer("Dense", "d", {"units": 3, "batch_input_shape": (None, 4)})),
            _stack(
                Layer("InputLayer", "d_input", {"batch_shape": (None, 4), "dtype": "float32"}),
                Layer("Dense", "d", {"units": 3}),
            ),
            K2_INPUT,
        )
    ],
    leaves_alone=[
        Example(
            _stack(Layer("InputLayer", "i", {"batch_shape": (None, 4)}), Layer("Dense", "d", {"units": 3})),
            _stack(Layer("InputLayer", "i", {"batch_shape": (None, 4)}), Layer("Dense", "d", {"units": 3})),
            K2_INPUT,
        )
    ],
)

_K2 = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")


def _slice(number: int, parts: int = 2) -> Layer:
    return Layer("Lambda", f"lambda_{number}", {"arguments": {"i": number, "parts": parts}})


def _sample(axis: int) -> Layer:
    """The graph that multi_gpu_model makes for two devices; with another axis it is a model of someone's own."""
    x, first, second = Ref("x"), Ref("lambda_0"), Ref("lambda_1")
    net = make_sequential("net", Layer("Dense", "dense", {"units": 2}))
    return make_functional(
        "wrapper",
        x,
        Ref("out"),
        (Layer("InputLayer", "x", {"batch_input_shape": (None, 3)}), Call()),
        (_slice(0), Call((x,))),
        (_slice(1), Call((x,))),
        (net, Call((first,)), Call((second,))),
        (Layer("Concatenate", "out", {"axis": axis}), Call(((Ref("net", 0), Ref("net", 1)),))),
    )


enter(
    "AK2251",
    examples=[Example(_sample(0), lambda layer: layer.name == "net", _K2)],
    leaves_alone=[Example(_sample(1), _sample(1), _K2)],
)

K2_RECURRENT = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")


def _is_plain_lstm(layer: Layer) -> bool:
    bias = layer.weights["bias"].read()
    return layer.class_name == "LSTM" and bias.shape == (4,) and bool((bias == 3).all())


enter(
    "AK2240",
    examples=[
        Example(
            Layer(
                "CuDNNLSTM",
                "c",
                {"units": 1},
                {
                    "kernel": zeros((2, 4)),
                    "recurrent_kernel": zeros((1, 4)),
                    "bias": constant([1.0] * 4 + [2.0] * 4),
                },
            ),
            _is_plain_lstm,
            K2_RECURRENT,
        )
    ],
    leaves_alone=[Example(Layer("LSTM", "l", {"units": 1}), Layer("LSTM", "l", {"units": 1}), K2_RECURRENT)],
)

enter(
    "AK2241",
    examples=[Example(Layer("GRU", "g", {"units": 2}), Layer("GRU", "g", {"units": 2, "reset_after": False}), K2_RECURRENT)],
    leaves_alone=[Example(Layer("GRU", "g", {"reset_after": True}), Layer("GRU", "g", {"reset_after": True}), K2_RECURRENT)],
)


enter(
    "AK2239",
    examples=[
        Example(Layer("LSTMCell", "c", {"units": 2, "implementation": 2}), Layer("LSTMCell", "c", {"units": 2}), K2_RECURRENT)
    ],
    leaves_alone=[Example(Layer("LSTMCell", "c", {"units": 2}), Layer("LSTMCell", "c", {"units": 2}), K2_RECURRENT)],
)

TF_SPELLING = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow")
K2_SPELLING = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")
_KERNEL = zeros((3, 3, 2, 1))

enter(
    "AK2201",
    examples=[
        Example(Layer("BatchNormalizationV1", "bn", {"axis": -1}), Layer("BatchNormalization", "bn", {"axis": -1}), TF_SPELLING)
    ],
    leaves_alone=[Example(Layer("Dense", "d", {"units": 3}), Layer("Dense", "d", {"units": 3}), TF_SPELLING)],
)

enter(
    "AK2202",
    examples=[
        Example(Layer("LeakyReLU", "l", {"alpha": 0.2}), Layer("LeakyReLU", "l", {"negative_slope": 0.2}), K2_SPELLING),
        Example(
            Layer("InputLayer", "i", {"batch_input_shape": (None, 4)}),
            Layer("InputLayer", "i", {"batch_shape": (None, 4)}),
            K2_SPELLING,
        ),
        Example(
            Layer("CategoryEncoding", "c", {"max_tokens": 4, "output_mode": "binary"}),
            Layer("CategoryEncoding", "c", {"output_mode": "multi_hot", "num_tokens": 4}),
            TF_SPELLING,
        ),
    ],
    leaves_alone=[
        Example(Layer("ELU", "e", {"alpha": 0.5}), Layer("ELU", "e", {"alpha": 0.5}), K2_SPELLING),
        Example(Layer("Hashing", "h", {"output_mode": "int"}), Layer("Hashing", "h", {"output_mode": "int"}), TF_SPELLING),
    ],
)

enter(
    "AK2204",
    examples=[
        Example(
            Layer("Dense", "d", {"dtype": Object("Policy", {"name": "mixed_float16"})}),
            Layer("Dense", "d", {"dtype": "mixed_float16"}),
            TF_SPELLING,
        ),
        Example(
            Layer("Dense", "d", {"kernel_initializer": Object("GlorotUniform", {"seed": None, "dtype": "float32"})}),
            Layer("Dense", "d", {"kernel_initializer": Object("GlorotUniform", {"seed": None})}),
            TF_SPELLING,
        ),
    ],
    leaves_alone=[
        Example(
            Layer("Dense", "d", {"kernel_regularizer": Object("L2", {"l2": 0.1})}),
            Layer("Dense", "d", {"kernel_regularizer": Object("L2", {"l2": 0.1})}),
            TF_SPELLING,
        )
    ],
)


def _depthwise(role: str) -> Layer:
    return Layer("DepthwiseConv2D", "d", {"kernel_size": (3, 3)}, {role: _KERNEL})


def _has_renamed_weight(layer: Layer) -> bool:
    return dict(layer.weights) == {"kernel": _KERNEL}


enter(
    "AK2290",
    examples=[Example(_depthwise("depthwise_kernel"), _has_renamed_weight, K2_SPELLING)],
    leaves_alone=[Example(_depthwise("kernel"), _has_renamed_weight, K2_SPELLING)],
)
