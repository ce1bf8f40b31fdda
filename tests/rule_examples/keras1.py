"""Worked examples of the rules for Keras 0 and 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from anykeras.document.build import make_functional, make_sequential
from anykeras.document.model import Call, Code, Era, Layer, Object, Ref, Value, Writer
from anykeras.document.walk import layers_of
from anykeras.errors import Unsupported
from anykeras.tensors import Tensor, constant
from rule_examples import Example, enter

# Writers that the worked examples of the rules for Keras 0 and 1 share.
THEANO_122 = Writer(Era.KERAS1, version="1.2.2", backend="theano")
TENSORFLOW_122 = Writer(Era.KERAS1, version="1.2.2", backend="tensorflow")
THEANO_100 = Writer(Era.KERAS1, version="1.0.0", backend="theano")
THEANO_033 = Writer(Era.KERAS0, version="0.3.3", backend="theano")
THEANO_200 = Writer(Era.KERAS2, version="2.0.0", backend="theano")
_DICT = Layer("ZeroPadding2D", "z", {"padding": {"top_pad": 1, "left_pad": 2}})
_FLAT = Layer("ZeroPadding2D", "z", {"padding": (1, 0, 2, 0)})
_NESTED = Layer("ZeroPadding2D", "z", {"padding": ((1, 0), (2, 0))})
_EVEN = Layer("ZeroPadding2D", "z", {"padding": (1, 2)})

enter(
    "AK2160",
    examples=[Example(_DICT, _NESTED, THEANO_122), Example(_FLAT, _NESTED, THEANO_122)],
    leaves_alone=[Example(_EVEN, _EVEN, THEANO_122), Example(_NESTED, _NESTED, THEANO_122)],
)

_MAXOUT = Layer(
    "MaxoutDense",
    "maxout_1",
    {"output_dim": 3, "nb_feature": 2, "bias": True},
    {"W": constant([[[1.0] * 3] * 4] * 2), "b": constant([[0.0] * 3] * 2)},
)
_DENSE_DENSE = Layer("Dense", "d", {"units": 3})

enter(
    "AK2120",
    examples=[Example(_MAXOUT, lambda layer: layer.graph is not None and len(layer.graph.layers) == 3, THEANO_122)],
    leaves_alone=[Example(_DENSE_DENSE, _DENSE_DENSE, THEANO_122)],
)

_HIGHWAY = Layer(
    "Highway",
    "highway_1",
    {"activation": "tanh", "bias": False},
    {"W": constant([[1.0, 0.0], [0.0, 1.0]]), "W_carry": constant([[1.0, 0.0], [0.0, 1.0]])},
)

enter(
    "AK2121",
    examples=[Example(_HIGHWAY, lambda layer: layer.graph is not None and layer.class_name == "Functional", TENSORFLOW_122)],
    leaves_alone=[Example(_DENSE_DENSE, _DENSE_DENSE, TENSORFLOW_122)],
)

_DENSE_INPUTS = Layer("Dense", "dense_1", {"output_dim": 3, "batch_input_shape": (None, 4), "input_dtype": "float32"})
_STACK = make_sequential("sequential_1", _DENSE_INPUTS)
_ENTRANCE = Layer("InputLayer", "dense_1_input", {"batch_input_shape": (None, 4), "dtype": "float32"})

enter(
    "AK2101",
    examples=[
        Example(_STACK, make_sequential("sequential_1", _ENTRANCE, _DENSE_INPUTS), THEANO_122),
    ],
    leaves_alone=[
        Example(
            make_sequential("s", _ENTRANCE, _DENSE_INPUTS),
            lambda layer: True,
            THEANO_122,
        )
    ],
)

_LEFT = make_sequential("left", _ENTRANCE, _DENSE_INPUTS)
_RIGHT = make_sequential("right", _ENTRANCE, _DENSE_INPUTS)
_MERGE = Layer("Merge", "merge_1", {"mode": "sum", "layers": (_LEFT, _RIGHT)})
_MERGED = make_sequential("model", _MERGE, Layer("Flatten", "flatten_1"))


def _has_two_inputs(layer: Layer) -> bool:
    graph = layer.graph
    return (
        layer.class_name == "Functional"
        and graph is not None
        and graph.inputs == (Ref("dense_1_input"), Ref("dense_1_input_2"))
        and graph.outputs == Ref("flatten_1")
        and graph.calls["merge_1"] == (Call(((Ref("left"), Ref("right")),)),)
    )


enter(
    "AK2102",
    examples=[Example(_MERGED, _has_two_inputs, THEANO_122)],
    leaves_alone=[Example(_STACK, lambda layer: True, THEANO_122)],
)

_RESHAPE = Layer("Reshape", "r", {"dims": (2, 6), "input_shape": (3, 4)})
_RESHAPE1 = Layer("Reshape", "r", {"target_shape": (2, 6), "batch_input_shape": (None, 3, 4)})

enter(
    "AK2001",
    examples=[Example(_RESHAPE, _RESHAPE1, THEANO_033)],
    leaves_alone=[Example(_RESHAPE1, _RESHAPE1, THEANO_033)],
)

_EMBEDDING = Layer("Embedding", "e", {"dropout": 0.5, "input_dtype": "int32"}, {"W": constant([[2.0]])})
_NO_DROPOUT = Layer("Embedding", "e", {"dropout": 0.0, "input_dtype": "int32"}, {"W": constant([[2.0]])})

enter(
    "AK2002",
    examples=[Example(_EMBEDDING, lambda layer: float(layer.weights["W"].read()[0, 0]) == 1.0, THEANO_033)],
    leaves_alone=[Example(_NO_DROPOUT, _NO_DROPOUT, THEANO_033)],
)

_AXES = Layer("Merge", "m", {"mode": "dot", "dot_axes": -1})
_AXES_PAIR = Layer("Merge", "m", {"mode": "dot", "dot_axes": (-1, -1)})

enter(
    "AK2003",
    examples=[Example(_AXES, _AXES_PAIR, THEANO_033)],
    leaves_alone=[Example(_AXES_PAIR, _AXES_PAIR, THEANO_033)],
)

_OVER_TIME = Layer("TimeDistributedMerge", "t", {"mode": "ave"})
_FLATTEN = Layer("Flatten", "f")

enter(
    "AK2112",
    examples=[Example(_OVER_TIME, lambda layer: layer.class_name == "Functional", THEANO_033)],
    leaves_alone=[Example(_FLATTEN, _FLATTEN, THEANO_033)],
)

_THRESHOLD = Layer("ThresholdedLinear", "t", {"theta": 0.5})

enter(
    "AK2004",
    examples=[Example(_THRESHOLD, lambda layer: layer.class_name == "Activation", THEANO_033)],
    leaves_alone=[Example(_FLATTEN, _FLATTEN, THEANO_033)],
)

_ENCODER, _DECODER = (make_sequential(name) for name in ("encoder", "decoder"))
_AUTO = Layer("AutoEncoder", "a", {"encoder": _ENCODER, "decoder": _DECODER, "output_reconstruction": False})
_STACKED = make_sequential("a", _ENCODER)

enter(
    "AK2005",
    examples=[Example(_AUTO, _STACKED, THEANO_033)],
    leaves_alone=[Example(_STACKED, _STACKED, THEANO_033)],
)

_VECTOR = constant([1.0, 2.0])
_SOFTPLUS = Layer("ParametricSoftplus", "p", {"shared_axes": (None,)}, {"alphas": _VECTOR, "betas": _VECTOR})
_SRELU = Layer("SReLU", "s", {"shared_axes": (None,)}, dict.fromkeys(("t_left", "a_left", "t_right", "a_right"), _VECTOR))
_PRELU_ACTIVATIONS = Layer("PReLU", "p", {}, {"alphas": _VECTOR})


def _holds(count: int) -> Callable[[Layer], bool]:
    return lambda layer: layer.class_name == "Activation" and sum(bool(inner.weights) for inner in layers_of(layer)) == count


enter(
    "AK2122",
    examples=[Example(_SOFTPLUS, _holds(2), TENSORFLOW_122)],
    leaves_alone=[Example(_PRELU_ACTIVATIONS, _PRELU_ACTIVATIONS, TENSORFLOW_122)],
)

enter(
    "AK2123",
    examples=[Example(_SRELU, _holds(4), THEANO_122)],
    leaves_alone=[Example(_PRELU_ACTIVATIONS, _PRELU_ACTIVATIONS, THEANO_122)],
)

_OLD_1D = Layer("Convolution1D", "c", {"nb_filter": 4, "filter_length": 3}, {"W": constant([[[[0.0]] * 3] * 2] * 4)})
_NEW_1D = Layer("Convolution1D", "c", {"nb_filter": 4, "filter_length": 3}, {"W": constant([[[[0.0] * 4] * 2]] * 3)})

enter(
    "AK2150",
    examples=[Example(_OLD_1D, lambda layer: layer.weights["W"].shape == (3, 1, 2, 4), THEANO_122)],
    leaves_alone=[Example(_NEW_1D, _NEW_1D, THEANO_122)],
)

enter(
    "AK2151",
    examples=[Example(_NEW_1D, lambda layer: layer.weights["kernel"].shape == (3, 2, 4), THEANO_122)],
    leaves_alone=[Example(Layer("Convolution1D", "c"), Layer("Convolution1D", "c"), THEANO_122)],
)

_TH = Layer("Convolution2D", "c", {"dim_ordering": "th"}, {"W": constant([[[[0.0] * 5] * 3] * 2] * 4)})
_TF = Layer("Convolution2D", "c", {"dim_ordering": "tf"}, {"W": constant([[[[0.0] * 4] * 2] * 5] * 3)})

enter(
    "AK2152",
    examples=[Example(_TH, lambda layer: layer.weights["kernel"].shape == (3, 5, 2, 4), THEANO_122)],
    leaves_alone=[Example(_TF, _TF, THEANO_122)],
)

_RAMP = Layer("Convolution2D", "c", {"dim_ordering": "tf"}, {"W": constant([[[[1.0]], [[2.0]]]])})

enter(
    "AK2153",
    examples=[Example(_RAMP, lambda layer: layer.weights["W"].read().ravel().tolist() == [2.0, 1.0], THEANO_122)],
    leaves_alone=[
        Example(_RAMP, _RAMP, TENSORFLOW_122),
        Example(Layer("LocallyConnected2D", "l"), Layer("LocallyConnected2D", "l"), THEANO_122),
    ],
)

_FULL = Layer("Convolution1D", "c", {"filter_length": 3, "border_mode": "full", "nb_filter": 2})
_VALID = Layer("Convolution1D", "c", {"filter_length": 3, "border_mode": "valid", "nb_filter": 2})

enter(
    "AK2155",
    examples=[Example(_FULL, lambda layer: layer.graph is not None and len(layer.graph.layers) == 3, THEANO_122)],
    leaves_alone=[Example(_VALID, _VALID, THEANO_122)],
)

_LAYER = Layer(
    "Deconvolution2D",
    "d",
    {"nb_filter": 2, "nb_row": 3, "nb_col": 3, "subsample": (2, 2), "border_mode": "valid", "dim_ordering": "tf",
     "output_shape": (None, 9, 9, 2)},
    {"W": constant([[[[0.0] * 2] * 5] * 3] * 3)},
)  # fmt: skip
_CROPPED = _LAYER.with_config(output_shape=(None, 8, 9, 2), border_mode="same", subsample=(1, 1))
_TRANSPOSED = Layer("Conv2DTranspose", "d", {"filters": 2})


def _is_plain(layer: Layer) -> bool:
    return layer.class_name == "Conv2DTranspose" and layer.weights["kernel"].shape == (3, 3, 2, 5)


enter(
    "AK2154",
    examples=[
        Example(_LAYER, _is_plain, TENSORFLOW_122),
        Example(_CROPPED, lambda layer: layer.class_name == "Functional", TENSORFLOW_122),
    ],
    leaves_alone=[Example(_TRANSPOSED, _TRANSPOSED, TENSORFLOW_122)],
)

_CONCAT = Layer("Merge", "m", {"mode": "concat", "concat_axis": 1, "dot_axes": -1, "arguments": {}})
_COS = Layer("Merge", "m", {"mode": "cos", "dot_axes": (1, 1)})
_LAMBDA = Layer("Merge", "m", {"mode": Code("def", "lambda")})

enter(
    "AK2111",
    examples=[
        Example(_CONCAT, Layer("Concatenate", "m", {"axis": 1}), THEANO_122),
        Example(
            Layer("Merge", "m", {"mode": "dot", "dot_axes": ((1,), (1,))}),
            Layer("Dot", "m", {"axes": (1, 1), "normalize": False}),
            THEANO_033,
        ),
        Example(_COS, lambda layer: layer.graph is not None and len(layer.graph.calls) == 11, THEANO_122),
    ],
    leaves_alone=[Example(_LAMBDA, _LAMBDA, THEANO_122)],
)

_KERAS2 = Writer(Era.KERAS2, "keras", "2.0.0", "tensorflow")

enter(
    "AK2213",
    examples=[Example(_CONCAT, Layer("Concatenate", "m", {"axis": 1}), _KERAS2)],
    leaves_alone=[Example(_LAMBDA, _LAMBDA, _KERAS2)],
)


def _dot(axes: Value, shape: tuple[int, ...]) -> Layer:
    x, y = Ref("x"), Ref("y")
    entrances = ((Layer("InputLayer", name, {"batch_shape": (None, *shape)}), Call()) for name in ("x", "y"))
    return make_functional("f", (x, y), Ref("d"), *entrances, (Layer("Dot", "d", {"axes": axes}), Call(((x, y),))))


def _is_product(model: Layer) -> bool:
    inner = model.graph.layer("d").graph if model.graph is not None else None
    return inner is not None and [layer.class_name for layer in inner.layers][-2:] == ["swapaxes", "matmul"]


enter(
    "AK2289",
    examples=[Example(_dot(1, (4, 3, 2)), _is_product, _KERAS2)],
    leaves_alone=[
        Example(_dot(1, (3, 2)), _dot(1, (3, 2)), _KERAS2),
        Example(_dot(1, (4, 3, 2)), _dot(1, (4, 3, 2)), Writer(Era.KERAS2, "keras", "2.3.1", "tensorflow")),
    ],
)


def _cosine(shape: tuple[int, ...], *behind: Layer) -> Layer:
    """A cosine as AK2111 writes it, and layers one behind another."""
    x, y = Ref("x"), Ref("y")
    pairs = (("xy", (x, y)), ("xx", (x, x)), ("yy", (y, y)))
    dots = ((Layer("Dot", name, {"axes": 1}), Call((pair,))) for name, pair in pairs)
    entrances = [(Layer("InputLayer", name, {"batch_shape": (None, *shape)}), Call()) for name in ("x", "y")]
    inner = make_functional("c", (x, y), Ref("xy"), *entrances, *dots)
    calls = [(layer, Call((Ref(before),))) for layer, before in zip(behind, ["c", *(b.name for b in behind)], strict=False)]
    return make_functional("f", (x, y), Ref(([*behind] or [inner])[-1].name), *entrances, (inner, Call(((x, y),))), *calls)


_WEIGHTED = Layer("Dense", "d", {"units": 3}, {"kernel": constant([[1.0]])})
_TANH = Layer("Activation", "tanh", {"activation": "tanh"})

enter(
    "AK2309",
    examples=[Example(_cosine((5, 2), _TANH, _WEIGHTED), Unsupported, THEANO_122)],
    leaves_alone=[
        Example(_cosine(*case), _cosine(*case), THEANO_122)
        for case in (((5, 2), _TANH), ((5, 2), _TANH, Layer("Flatten", "flat")), ((5,), Layer("Dense", "d", {"units": 3})))
    ],
)

_STD = Layer("BatchNormalization", "bn", {"mode": 0, "epsilon": 0.0}, {"running_std": constant([2.0])})

enter(
    "AK2130",
    examples=[
        Example(_STD, lambda layer: float(layer.weights["moving_variance"].read()[0]) == 4.0, THEANO_033),
        Example(_STD, lambda layer: float(layer.weights["moving_variance"].read()[0]) == 4.0, THEANO_100),
    ],
    leaves_alone=[Example(_STD, _STD, THEANO_122)],
)

_MODE0 = Layer(
    "BatchNormalization",
    "bn",
    {"mode": 0, "epsilon": 1e-3},
    {"gamma": constant([1.0, 2.0]), "beta": constant([0.0, 0.0])},
)

for _code, _mode in (("AK2131", 1), ("AK2132", 2)):
    enter(
        _code,
        examples=[Example(_MODE0.with_config(mode=_mode), lambda layer: layer.class_name == "Activation", THEANO_122)],
        leaves_alone=[Example(_MODE0, _MODE0, THEANO_122)],
    )

_SPELLED = Layer("Dense", "d", {"W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.01}})
_OBJECT = Layer("Dense", "d", {"W_regularizer": Object("L1L2", {"l1": 0.0, "l2": 0.01})})

enter(
    "AK2105",
    examples=[Example(_SPELLED, _OBJECT, THEANO_122)],
    leaves_alone=[Example(_OBJECT, _OBJECT, THEANO_122)],
)


def _lstm_weights() -> Mapping[str, Tensor]:
    return {f"{kind}_{gate}": constant([[float(ord(gate))]] if kind != "b" else [1.0]) for kind in "WUb" for gate in "icfo"}


_LSTM = Layer("LSTM", "l", {"output_dim": 1, "consume_less": "cpu"}, _lstm_weights())
_GPU = Layer("LSTM", "l", {"output_dim": 1, "consume_less": "gpu"}, {"W": constant([[1.0] * 4])})

enter(
    "AK2140",
    examples=[
        Example(
            _LSTM,
            lambda layer: layer.weights["kernel"].read().ravel().tolist() == [105.0, 102.0, 99.0, 111.0],
            THEANO_122,
        )
    ],
    leaves_alone=[Example(_GPU, _GPU, THEANO_122)],
)


def _conv_weights() -> Mapping[str, Tensor]:
    kernel, bias = constant([[[[1.0], [2.0]]]]), constant([1.0])
    return {f"{kind}_{gate}": bias if kind == "b" else kernel.reshape(2, 1, 1, 1) for kind in "WUb" for gate in "icfo"}


_CONV_LSTM_RECURRENT = Layer("ConvLSTM2D", "c", {"dim_ordering": "tf", "nb_filter": 1}, _conv_weights())
_CONV_LSTM_NEW = Layer("ConvLSTM2D", "c", {"filters": 1}, {"kernel": constant([1.0])})

enter(
    "AK2142",
    examples=[
        Example(_CONV_LSTM_RECURRENT, lambda layer: layer.weights["kernel"].shape == (2, 1, 1, 4), TENSORFLOW_122),
        Example(
            _CONV_LSTM_RECURRENT,
            lambda layer: layer.weights["kernel"].read()[:, 0, 0, 0].tolist() == [2.0, 1.0],
            THEANO_122,
        ),
    ],
    leaves_alone=[Example(_CONV_LSTM_NEW, _CONV_LSTM_NEW, THEANO_122)],
)

_DENSE1 = Layer("Dense", "d", {"output_dim": 3, "init": "zero", "bias": True, "input_dim": 4}, {"W": constant([[1.0]])})
_CONV1 = Layer("Convolution2D", "c", {"nb_filter": 2, "nb_row": 3, "nb_col": 4, "dim_ordering": "th"})
_CONV2 = Layer("Conv2D", "c", {"filters": 2, "data_format": "channels_first", "kernel_size": (3, 4)})
_MINE = Layer("MyDense", "d", {"output_dim": 3}, {"W": constant([[1.0]])})


def _is_renamed(layer: Layer) -> bool:
    expected = {"units": 3, "kernel_initializer": Object("Zeros", {}), "use_bias": True}
    return layer.config == expected and list(layer.weights) == ["kernel"]


enter(
    "AK2180",
    examples=[Example(_DENSE1, _is_renamed, TENSORFLOW_122), Example(_CONV1, _CONV2, THEANO_122)],
    leaves_alone=[Example(_CONV2, _CONV2, THEANO_122), Example(_MINE, _MINE, THEANO_122)],
)

_SAME = Layer("Conv1D", "c", {"filters": 2, "kernel_size": (4,), "strides": (1,), "padding": "same"})
_ODD = _SAME.with_config(kernel_size=(3,))


def _is_padded_by(before: int, after: int) -> Callable[[Layer], bool]:
    return lambda layer: layer.graph is not None and layer.graph.layers[1].config["padding"] == (before, after)


enter(
    "AK2231",
    examples=[Example(_SAME, _is_padded_by(2, 1), THEANO_122), Example(_SAME, _is_padded_by(2, 1), THEANO_200)],
    leaves_alone=[Example(_ODD, _ODD, THEANO_122), Example(_SAME, _SAME, TENSORFLOW_122)],
)

_POOL = Layer("MaxPooling1D", "p", {"pool_size": (2,), "strides": (2,), "padding": "same"})
_POOL_VALID = _POOL.with_config(padding="valid")
_ONE = _POOL.with_config(pool_size=(1,))
_WITH_ZEROS = Writer(Era.KERAS2, "keras", "2.0.9", "theano")
_CROPPING = Writer(Era.KERAS1, "keras", "1.0.8", "theano")
_AVERAGE = Layer("AveragePooling1D", "p", {"pool_size": (2,), "strides": (2,), "padding": "same"})

enter(
    "AK2232",
    examples=[
        Example(_POOL, lambda layer: layer.graph is not None and len(layer.graph.layers) == 3, THEANO_122),
        Example(_AVERAGE, lambda layer: layer.graph is not None and len(layer.graph.layers) == 5, THEANO_122),
        Example(_AVERAGE, lambda layer: layer.graph is not None and len(layer.graph.layers) == 3, _WITH_ZEROS),
        Example(_ONE, lambda layer: layer.graph is not None and layer.graph.layers[1].class_name == "get_item", _CROPPING),
    ],
    leaves_alone=[
        Example(_POOL_VALID, _POOL_VALID, THEANO_122),
        Example(_POOL, _POOL, TENSORFLOW_122),
        Example(_ONE, _ONE, THEANO_122),
    ],
)

_CONV_LSTM_THEANO_BORDERS = Layer(
    "ConvLSTM2D",
    "c",
    {"kernel_size": (2, 3), "padding": "same"},
    {"kernel": constant([[[[1.0]]] * 3] * 2), "recurrent_kernel": constant([[[[1.0]]] * 3] * 2)},
)
_CONV_LSTM_ODD = _CONV_LSTM_THEANO_BORDERS.with_config(kernel_size=(3, 3))


def _grow(layer: Layer) -> bool:
    return layer.config["kernel_size"] == (3, 3) and layer.weights["kernel"].shape == (3, 3, 1, 1)


enter(
    "AK2233",
    examples=[Example(_CONV_LSTM_THEANO_BORDERS, _grow, THEANO_122)],
    leaves_alone=[
        Example(_CONV_LSTM_ODD, _CONV_LSTM_ODD, THEANO_122),
        Example(_CONV_LSTM_THEANO_BORDERS, _CONV_LSTM_THEANO_BORDERS, TENSORFLOW_122),
    ],
)

_FIRST = Writer(Era.KERAS1, version="1.2.2", backend="theano", data_format="channels_first")
_SILENT = Layer("UpSampling2D", "u", {"size": (2, 2)})
_SAID = Layer("UpSampling2D", "u", {"size": (2, 2), "dim_ordering": "th"})

enter(
    "AK2103",
    examples=[Example(_SILENT, _SAID, _FIRST)],
    leaves_alone=[Example(_SAID, _SAID, THEANO_122)],
)

_PRELU_UNSAID = Layer("PReLU", "p", {}, {"alphas": constant([[[1.0, 2.0]]])})
_SHARED = _PRELU_UNSAID.with_config(shared_axes=(1, 2))

enter(
    "AK2104",
    examples=[Example(_PRELU_UNSAID, _SHARED, THEANO_122)],
    leaves_alone=[Example(_SHARED, _SHARED, THEANO_122)],
)
