"""Worked examples of the rules for Keras 2: masks, states and normalization."""

from __future__ import annotations

from dataclasses import replace

from anykeras.document.build import make_functional, make_sequential
from anykeras.document.model import Call, Config, Era, Layer, Ref, Value, Writer
from anykeras.errors import Unsupported
from anykeras.tensors import ones, zeros
from rule_examples import Example, enter

K2_MASKS = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")
K30 = Writer(Era.KERAS3, "keras", "3.0.5")
NOW = Writer(Era.KERAS3, "keras", "3.15.1")


def _model_masks(merge: str, **kwargs: Value) -> Layer:
    i, j, a, b = (Ref(name) for name in "ijab")
    return make_functional(
        "f",
        (i, j),
        Ref("l"),
        *((Layer("InputLayer", name, {"batch_shape": (None, 5)}), Call()) for name in "ij"),
        (Layer("Embedding", "a", {"mask_zero": True}), Call((i,))),
        (Layer("Embedding", "b", {"mask_zero": False}), Call((j,))),
        (Layer(merge, "m", {}), Call(((a, b),))),
        (Layer("LSTM", "l", {"units": 2}), Call((Ref("m"),), kwargs)),
    )


def _has_mask(model: Layer) -> bool:
    assert model.graph is not None
    return model.graph.calls["l"][0].kwargs == {"mask": Ref("i_present")}


enter(
    "AK2280",
    examples=[Example(_model_masks("Add"), _has_mask, K2_MASKS)],
    leaves_alone=[Example(_model_masks("Dot"), _model_masks("Dot"), K2_MASKS)],
)


def make_started(mask: Ref | None = None, **config: Value) -> Layer:
    """A GRU over masked steps with an initial state, and the mask where it is given one."""
    i, h = Ref("i"), Ref("h")
    given: dict[str, Value] = {} if mask is None else {"mask": mask}
    return make_functional(
        "f",
        (i, h),
        Ref("l"),
        (Layer("InputLayer", "i", {"batch_shape": (None, 5)}), Call()),
        (Layer("InputLayer", "h", {"batch_shape": (None, 2)}), Call()),
        (Layer("Embedding", "e", {"mask_zero": True}), Call((i,))),
        (Layer("GRU", "l", {"units": 2, **config}), Call((Ref("e"),), {"initial_state": (h,), **given})),
    )


def _is_given_mask(model: Layer) -> bool:
    assert model.graph is not None
    return model.graph.calls["l"][0].kwargs.get("mask") == Ref("i_present")


enter(
    "AK2287",
    examples=[Example(make_started(), _is_given_mask, K2_MASKS)],
    leaves_alone=[Example(make_started(mask=Ref("i")), make_started(mask=Ref("i")), K2_MASKS)],
)


def _is_copied(model: Layer) -> bool:
    assert model.graph is not None
    calls = {name: calls[0] for name, calls in model.graph.calls.items()}
    return calls["m"].args == ((Ref("a_copy"), Ref("b")),) and calls["l"].args == (Ref("m_masked"),)


def _is_bare(model: Layer) -> bool:
    assert model.graph is not None
    calls = {name: calls[0] for name, calls in model.graph.calls.items()}
    return calls["m"].args == ((Ref("a_copy"), Ref("b")),) and calls["l"].args == (Ref("m"),)


enter(
    "AK2288",
    examples=[Example(_model_masks("Multiply"), _is_copied, K2_MASKS), Example(_model_masks("Add"), _is_bare, K30)],
    leaves_alone=[
        Example(_model_masks("Add"), _model_masks("Add"), K2_MASKS),
        Example(_model_masks("Multiply"), _model_masks("Multiply"), NOW),
    ],
)


def _joins_time(name: str) -> Layer:
    i, e, m = Ref("i"), Ref("e"), Ref("m")
    inner = make_functional("m", (Ref("x"),), Ref("x"), (Layer("InputLayer", "x", {"batch_shape": (None, None, 3)}), Call()))
    return make_functional(
        "f",
        (i,),
        m,
        (Layer("InputLayer", "i", {"batch_shape": (None, 5)}), Call()),
        (Layer("Embedding", "e", {"mask_zero": True, "output_dim": 3}), Call((i,))),
        (Layer("Concatenate", name, {"axis": 1}), Call(((e, e),))),
        (inner, Call((Ref(name),))),
    )


enter(
    "AK2295",
    examples=[Example(_joins_time("concatenate"), _joins_time("concatenate_layer"), K2_MASKS)],
    leaves_alone=[Example(_joins_time("joined"), _joins_time("joined"), K2_MASKS)],
)

K2_LOCAL = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")


def _local(bias: bool) -> Layer:
    weights = {"kernel": zeros((3, 4, 5))}
    if bias:
        weights["bias"] = zeros((3, 5))
    config: Config = {"filters": 5, "kernel_size": (2,), "strides": (1,), "use_bias": bias}
    return Layer("LocallyConnected1D", "l", config, weights)


def _is_einsum(layer: Layer) -> bool:
    found = [x for x in layer.graph.layers if x.class_name == "EinsumDense"] if layer.graph is not None else []
    return len(found) == 1 and found[0].weights["kernel"].shape == (3, 4, 5)


def _after_input(config: Config) -> Layer:
    weights = {"kernel": zeros((6, 4, 5))}
    layers = (
        Layer("InputLayer", "i", {"batch_shape": (None, 7, 2)}),
        Layer("LocallyConnected1D", "l", {"kernel_size": (2,), "use_bias": False, **config}, weights),
    )
    return make_sequential("s", *layers)


enter(
    "AK2249",
    examples=[Example(_after_input({}), _after_input({"input_shape": (7, 2)}), K2_LOCAL)],
    leaves_alone=[Example(_after_input({"use_bias": True}), _after_input({"use_bias": True}), K2_LOCAL)],
)

enter(
    "AK2250",
    examples=[Example(_local(True), _is_einsum, K2_LOCAL)],
    leaves_alone=[Example(Layer("Conv1D", "c", {"filters": 2}), Layer("Conv1D", "c", {"filters": 2}), K2_LOCAL)],
)

K2_MASKED_STEPS = Writer(Era.KERAS2, "keras", "2.3.1", "tensorflow")
TF_MASKED_STEPS = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow")


def _model_masked_steps(*layers: Layer) -> Layer:
    first = (Layer("InputLayer", "x", {"batch_shape": (None, 3, 2)}), Layer("Masking", "m", {"mask_value": 0.0}))
    return make_sequential("s", *first, *layers)


_HALF = Layer("GRU", "forward_g", {"units": 2, "return_sequences": True})
_BOTH = Layer(
    "Bidirectional",
    "b",
    {"layer": _HALF, "backward_layer": replace(_HALF.with_config(go_backwards=True), name="backward_g"), "merge_mode": "sum"},
)


def _is_both(model: Layer) -> bool:
    inner = model.graph.layer("b").graph if model.graph is not None else None
    return inner is not None and [layer.class_name for layer in inner.layers][2:5] == ["GRU", "GRU", "flip"]


enter(
    "AK2291",
    examples=[Example(_model_masked_steps(_BOTH), _is_both, K2_MASKED_STEPS)],
    leaves_alone=[Example(make_sequential("s", _BOTH), make_sequential("s", _BOTH), K2_MASKED_STEPS)],
)

_UNROLLED = _BOTH.with_config(
    layer=_HALF.with_config(unroll=True),
    backward_layer=replace(_HALF.with_config(go_backwards=True, unroll=True), name="backward_g"),
)


def _is_zeroed(model: Layer) -> bool:
    inner = model.graph.layer("b").graph if model.graph is not None else None
    return inner is not None and [layer.class_name for layer in inner.layers].count("where") == 2


enter(
    "AK2292",
    examples=[Example(_model_masked_steps(_UNROLLED), _is_zeroed, TF_MASKED_STEPS)],
    leaves_alone=[
        Example(make_sequential("s", _UNROLLED), make_sequential("s", _UNROLLED), TF_MASKED_STEPS),
        Example(_model_masked_steps(_BOTH), _model_masked_steps(_BOTH), TF_MASKED_STEPS),
    ],
)

_CELLS = (Layer("GRUCell", "a", {"units": 2}), Layer("GRUCell", "b", {"units": 2}))
_STACK = Layer("RNN", "r", {"cell": Layer("StackedRNNCells", "c", {"cells": _CELLS})})


def _is_chain(model: Layer) -> bool:
    inner = model.graph.layer("r").graph if model.graph is not None else None
    return inner is not None and [layer.class_name for layer in inner.layers].count("RNN") == 2


enter(
    "AK2300",
    examples=[Example(_model_masked_steps(_STACK), _is_chain, TF_MASKED_STEPS)],
    leaves_alone=[Example(make_sequential("s", _STACK), make_sequential("s", _STACK), TF_MASKED_STEPS)],
)

_MASK = Ref("i")


def _has_zeros(model: Layer) -> bool:
    assert model.graph is not None
    where = next(layer.name for layer in model.graph.layers if layer.class_name == "where")
    return model.graph.calls[where][0].args[1:] == (Ref("l"), 0.0)


enter(
    "AK2297",
    examples=[
        Example(make_started(_MASK), _has_zeros, TF_MASKED_STEPS),
        Example(make_started(_MASK, return_sequences=True), _has_zeros, TF_MASKED_STEPS),
    ],
    leaves_alone=[Example(make_started(_MASK, unroll=True), make_started(_MASK, unroll=True), TF_MASKED_STEPS)],
)

_NOW = Writer(Era.KERAS3, "keras", "3.15.1")

enter(
    "AK2304",
    examples=[Example(_model_masked_steps(_UNROLLED), _model_masked_steps(_UNROLLED), _NOW)],
    leaves_alone=[Example(_model_masked_steps(_HALF), _model_masked_steps(_HALF), _NOW)],
)

TF_NORMALIZATION = Writer(Era.TF2, "tf.keras", "2.6.0", "tensorflow")


def _ghost(size: int | None, axis: Value, shape: tuple[int, ...]) -> Layer:
    config = {"axis": axis} if size is None else {"axis": axis, "virtual_batch_size": size}
    return Layer("BatchNormalization", "bn", config, {"gamma": ones(shape)})


def _is_plain(layer: Layer) -> bool:
    return layer.config == {"axis": 3} and layer.weights["gamma"].shape == (5,)


def _is_flattened(layer: Layer) -> bool:
    names = [inner.class_name for inner in layer.graph.layers] if layer.graph is not None else []
    return names == ["InputLayer", "Reshape", "BatchNormalization", "Reshape"]


enter(
    "AK2260",
    examples=[Example(_ghost(8, (4,), (1, 1, 1, 1, 5)), _is_plain, TF_NORMALIZATION)],
    leaves_alone=[Example(_ghost(None, 3, (5,)), lambda layer: layer.config == {"axis": 3}, TF_NORMALIZATION)],
)

enter(
    "AK2261",
    examples=[Example(_ghost(None, (1, 2), (1, 3, 5)), _is_flattened, TF_NORMALIZATION)],
    leaves_alone=[Example(_ghost(None, 3, (5,)), lambda layer: layer.config == {"axis": 3}, TF_NORMALIZATION)],
)


def _in_training(**config: Value) -> Layer:
    weights = {role: ones((2,)) for role in ("gamma", "beta", "moving_mean", "moving_variance")}
    return make_functional(
        "f",
        (Ref("x"),),
        Ref("n"),
        (Layer("InputLayer", "x", {"batch_shape": (None, 2)}), Call()),
        (Layer("BatchNormalization", "n", {"axis": -1, **config}, weights), Call((Ref("x"),), {"training": True})),
    )


def _takes_batch(model: Layer) -> bool:
    inner = model.graph.layer("n").graph if model.graph is not None else None
    return inner is not None and inner.layer("n").weights["moving_mean"].read().tolist() == [0.0, 0.0]


enter(
    "AK2302",
    examples=[Example(_in_training(), _takes_batch, TF_NORMALIZATION)],
    leaves_alone=[Example(_in_training(trainable=False), _in_training(trainable=False), TF_NORMALIZATION)],
)

K2_STATES = Writer(Era.KERAS2, "keras", "2.1.5", "tensorflow")


def _graph(call: Call, units: int = 2) -> Layer:
    entrances = ((Layer("InputLayer", name, {"batch_shape": (None, 3, 2)}), Call()) for name in ("x", "h"))
    return make_functional("m", (Ref("x"), Ref("h")), Ref("g"), *entrances, (Layer("GRU", "g", {"units": units}), call))


enter(
    "AK2242",
    examples=[
        Example(_graph(Call(((Ref("x"), Ref("h")),))), _graph(Call((Ref("x"),), {"initial_state": (Ref("h"),)})), K2_STATES)
    ],
    leaves_alone=[Example(_graph(Call((Ref("x"),))), _graph(Call((Ref("x"),))), K2_STATES)],
)


def _stack(order: Config) -> Layer:
    cells = (Layer("LSTMCell", "a", {"units": 1}), Layer("GRUCell", "b", {"units": 1}))
    return Layer("StackedRNNCells", "s", {"cells": cells, **order})


enter(
    "AK2238",
    examples=[Example(_stack({}), _stack({"reverse_state_order": True}), K2_STATES)],
    leaves_alone=[Example(_stack({}), _stack({}), Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow"))],
)


def _make_handing_out(backwards: bool | None, state: int) -> Layer:
    """Two stacked cells, an LSTM and a GRU, and one of their three states as the output."""
    stack = _stack({} if backwards is None else {"reverse_state_order": backwards})
    entrance = Layer("InputLayer", "x", {"batch_shape": (None, 3, 2)})
    reader = Layer("RNN", "r", {"cell": stack, "return_state": True})
    return make_functional("m", Ref("x"), Ref("r", 0, state), (entrance, Call()), (reader, Call((Ref("x"),))))


def _wrap_cell(cell: Value) -> Layer:
    return Layer("RNN", "r", {"cell": cell})


_ALONE = Layer("LSTMCell", "a", {"units": 1})

enter(
    "AK2244",
    examples=[Example(_wrap_cell(Layer("StackedRNNCells", "s", {"cells": (_ALONE,)})), _wrap_cell(_ALONE), K2_STATES)],
    leaves_alone=[Example(_wrap_cell(_stack({})), _wrap_cell(_stack({})), K2_STATES)],
)

enter(
    "AK2245",
    examples=[Example(_make_handing_out(True, 3), _make_handing_out(None, 2), K2_STATES)],
    leaves_alone=[Example(_make_handing_out(None, 3), _make_handing_out(None, 3), K2_STATES)],
)


def _called_on_itself(stateful: bool) -> Layer:
    entrance = Layer("InputLayer", "x", {"batch_shape": (2, 3, 4)})
    reader = Layer("GRU", "g", {"units": 4, "return_sequences": True, "stateful": stateful})
    return make_functional(
        "m", Ref("x"), Ref("g", 1), (entrance, Call()), (reader, Call((Ref("x"),))), (reader, Call((Ref("g"),)))
    )


enter(
    "AK2305",
    examples=[Example(_called_on_itself(True), _called_on_itself(True), K2_STATES)],
    leaves_alone=[Example(_called_on_itself(False), _called_on_itself(False), K2_STATES)],
)


def _both_ways(stateful: bool) -> Layer:
    half = Layer("GRU", "g", {"units": 4, "stateful": stateful})
    return Layer("Bidirectional", "b", {"layer": half, "merge_mode": "concat"})


TENSORFLOW2 = Writer(Era.TF2, "tf.keras", "2.8.0", "tensorflow", tensorflow=2)

enter(
    "AK2306",
    examples=[Example(_both_ways(True), _both_ways(False), K2_STATES)],
    leaves_alone=[
        Example(_both_ways(True), _both_ways(True), replace(K2_STATES, version="2.0.9")),
        Example(_both_ways(True), _both_ways(True), TENSORFLOW2),
    ],
)


def _begun(stateful: bool) -> Layer:
    entrances = [Layer("InputLayer", name, {"batch_shape": shape}) for name, shape in (("x", (2, 3, 4)), ("h", (2, 4)))]
    reader = Layer("GRU", "g", {"units": 4, "stateful": stateful})
    call = Call((Ref("x"),), {"initial_state": (Ref("h"),)})
    return make_functional("m", (Ref("x"), Ref("h")), Ref("g"), *((layer, Call()) for layer in entrances), (reader, call))


enter(
    "AK2307",
    examples=[Example(_begun(True), _begun(True), TENSORFLOW2)],
    leaves_alone=[
        Example(_begun(False), _begun(False), TENSORFLOW2),
        Example(_begun(True), _begun(True), replace(TENSORFLOW2, version="2.2.4-tf", tensorflow=1)),
    ],
)

_TWO = Layer("StackedRNNCells", "c", {"cells": (Layer("GRUCell", "a", {"units": 2}), Layer("GRUCell", "b", {"units": 2}))})


def _is_chain_of_kept(layer: Layer) -> bool:
    inner = [one for one in layer.graph.layers if one.class_name == "RNN"] if layer.graph is not None else []
    return [one.config["return_sequences"] for one in inner] == [True, False]


enter(
    "AK2308",
    examples=[
        Example(Layer("RNN", "r", {"cell": _TWO, "stateful": True}), _is_chain_of_kept, K2_STATES),
        Example(Layer("RNN", "r", {"cell": _TWO, "stateful": True, "return_state": True}), Unsupported, K2_STATES),
    ],
    leaves_alone=[Example(Layer("RNN", "r", {"cell": _TWO}), Layer("RNN", "r", {"cell": _TWO}), K2_STATES)],
)
