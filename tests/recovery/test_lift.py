"""From a function to a graph of operations: what is followed, what is refused, what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anykeras import targets, tensors
from anykeras.document.build import Builder
from anykeras.document.model import Document, Era, Layer, Object, Writer
from anykeras.errors import AnyKerasError, MissingObject, Unsupported
from anykeras.findings import Fidelity
from anykeras.recovery import recover

from .made import WRITER, document, graph_text, own, recovered, stored

K = helper = SCALE = None  # what the functions below name; none of them is ever called here


def test_operators_become_operations() -> None:
    assert graph_text(lambda x: (x * 2 + 1) / 3) == "lambda x: ((x * 2) + 1) / 3"


def test_constants_on_the_left_stay_on_the_left() -> None:
    assert graph_text(lambda x: 1 - x) == "lambda x: 1 - x"


def test_slices_and_keyword_arguments() -> None:
    shown = graph_text(lambda x: K.mean(x[:, 1:3], axis=-1, keepdims=True), (6,))
    assert shown == "lambda x: ops.mean(x[:, 1:3], axis=-1, keepdims=True)"


def test_a_value_used_twice_has_a_line_of_its_own() -> None:
    def square(x):
        y = x + 1
        return y * y

    assert graph_text(square) == "def own(x):\n    t1 = x + 1\n    return t1 * t1"


def test_a_branch_on_the_shape_is_decided() -> None:
    def f(x):
        return x + 1 if K.ndim(x) == 2 else x - 1

    assert graph_text(f, (4,)) == "lambda x: x + 1"
    assert graph_text(f, (4, 3)) == "lambda x: x - 1"


def test_the_batch_size_stays_open() -> None:
    def f(x):
        return K.reshape(x, (K.shape(x)[0], 2, 3))

    assert graph_text(f, (6,)) == "lambda x: ops.reshape(x, (-1, 2, 3))"


def test_an_input_given_back_is_an_operation_of_its_own() -> None:
    layer = own(recovered(lambda x: x))
    assert layer.graph is not None
    assert {x.class_name for x in layer.graph.layers} == {"InputLayer", "expand_dims", "squeeze"}


def test_several_outputs() -> None:
    layer = own(recovered(lambda x: [x + 1, x + 2]))
    assert layer.graph is not None
    assert len(layer.graph.outputs) == 2


def test_rows_of_numbers_become_an_array() -> None:
    weights = [[1.0, 0.0], [0.5, 2.0], [0.0, 1.0]]
    layer = own(recovered(lambda x: x @ weights, (3,)))
    assert layer.graph is not None
    (call,) = next(calls for name, calls in layer.graph.calls.items() if "matmul" in name)
    np.testing.assert_array_equal(call.args[1].read(), np.array(weights, "float32"))


def test_the_value_of_a_tensor_decides_nothing() -> None:
    with pytest.raises(Unsupported, match="values of a tensor") as caught:
        recovered(lambda x: x if x > 0 else -x)
    assert caught.value.layer == "own"
    assert "lambda x: x if x > 0 else -x" in str(caught.value)


def test_a_missing_name_is_named_with_layer_source_and_call() -> None:
    with pytest.raises(MissingObject) as caught:
        recovered(lambda x: helper(x) * 2)
    error = caught.value
    assert (error.code, error.layer, error.key) == ("AK3002", "own", "helper")
    assert "lambda x: helper(x) * 2" in str(error)
    assert "custom_objects={'helper': helper}" in str(error)


def test_a_constant_can_be_given_for_a_name() -> None:
    found = recovered(lambda x: x * SCALE, objects={"SCALE": 127.5})
    layer = own(found)
    assert layer.graph is not None
    assert layer.graph.calls["own_multiply"][0].args[1] == 127.5


def test_defaults_of_keyword_only_parameters_are_not_in_a_file() -> None:
    def f(x, *, scale=2.0):
        return x * scale

    with pytest.raises(MissingObject, match="'scale'") as caught:
        recovered(f)
    assert caught.value.code == "AK3012"
    assert graph_text(f, objects={"scale": 3.0}) == "lambda x: x * 3.0"


def test_values_around_the_function_can_be_given() -> None:
    n = 3
    made = document(lambda x: x * n)
    graph = made.model.graph
    assert graph is not None
    code = graph.layer("own").config["function"]
    bare = replace(code, stored=(code.stored[0], None, None))
    layers = tuple(x.with_config(function=bare) if x.name == "own" else x for x in graph.layers)
    lost = replace(made, model=replace(made.model, graph=replace(graph, layers=layers)))
    with pytest.raises(MissingObject, match="'n' of the function around it"):
        recover(lost)
    assert recover(lost, {"n": 3}).code[0].source


def test_an_object_of_which_a_list_was_stored_is_said_to_be_lost() -> None:
    p = [2.0, 1.0]  # what JSON keeps of a namedtuple
    with pytest.raises(MissingObject, match="attributes of 'p'") as caught:
        recovered(lambda x: x * p.a)
    assert caught.value.code == "AK3012"
    assert "lambda x: x * p.a" in str(caught.value)


def test_a_function_around_it_that_only_has_its_name_is_missing() -> None:
    mul = "mul"  # what Keras keeps of a function
    with pytest.raises(MissingObject) as caught:
        recovered(lambda x: mul(x, 2.0))
    assert (caught.value.code, caught.value.key) == ("AK3002", "mul")


def test_a_layer_is_followed_for_each_shape_and_must_agree() -> None:
    def two_calls(function: object) -> Document:
        build = Builder("model")
        one, two = build.input((4,)), build.input((4, 2))
        layer = Layer("Lambda", "own", {"function": stored(function)}, address="model/own")
        return Document(build.finish((build.add(layer, one), build.add(layer, two))), WRITER, Era.KERAS3)

    with pytest.raises(Unsupported, match="several shapes") as caught:
        recover(two_calls(lambda x: K.sum(x, axis=tuple(range(1, K.ndim(x))))))
    assert caught.value.code == "AK3008"


def test_sizes_in_which_two_calls_differ_are_open() -> None:
    build = Builder("model")
    one, two = build.input((4,)), build.input((8,))
    layer = Layer("Lambda", "own", {"function": stored(lambda x: x / 2)}, address="model/own")
    found = recover(Document(build.finish((build.add(layer, one), build.add(layer, two))), WRITER, Era.KERAS3))
    inner = own(found).graph
    assert inner is not None
    assert inner.layers[0].config["batch_shape"] == (None, None)


def masked_document(function: object, writer: Writer, **config: object) -> Document:
    build = Builder("model")
    words = build.input((6,), dtype="int32")
    seen = build.layer("Embedding", {"input_dim": 9, "output_dim": 5, "mask_zero": True}, words)
    layer = Layer("Lambda", "own", {"function": stored(function), **config}, address="model/own")
    return Document(build.finish(build.layer("LSTM", {"units": 4}, build.add(layer, seen))), writer, Era.KERAS3)


TF_KERAS = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow", "channels_last")


def test_a_mask_handed_on_stays() -> None:
    found = recover(masked_document(lambda x: x * 2, TF_KERAS, mask=stored(lambda x, mask: mask)))
    assert own(found).class_name == "Activation"


def test_a_mask_without_code_ends_as_it_did() -> None:
    assert own(recover(masked_document(lambda x: x * 2, TF_KERAS))).class_name == "Functional"


def test_a_computed_mask_that_is_heeded_is_refused() -> None:
    with pytest.raises(Unsupported, match="computes a mask") as caught:
        recover(masked_document(lambda x: x * 2, TF_KERAS, mask=stored(lambda x, mask: K.any(x, axis=-1))))
    assert caught.value.code == "AK3011"


def test_a_parameter_mask_is_none_without_one() -> None:
    def f(x, mask=None):
        return x if mask is not None else x * 2

    assert graph_text(f, (4, 3)) == "lambda x: x * 2"


def test_an_output_shape_that_differs_is_said() -> None:
    found = recovered(lambda x: x * 2, output_shape=stored(lambda shape: (shape[0], 7)))
    assert any("output_shape says (None, 7)" in finding.seen for finding in found.findings)
    found = recovered(lambda x: x * 2, output_shape=stored(lambda shape: shape))
    assert not any("output_shape" in finding.seen for finding in found.findings)


def test_lambdas_of_a_loop_are_reported() -> None:
    build = Builder("model")
    x = build.input((4,))
    made = [lambda x: x * i for i in range(3)]  # noqa: B023  (the mistake that is to be found)
    outputs = tuple(
        build.add(Layer("Lambda", f"own_{n}", {"function": stored(f)}, address=f"model/own_{n}"), x) for n, f in enumerate(made)
    )
    found = recover(Document(build.finish(outputs), WRITER, Era.KERAS3))
    (late,) = [finding for finding in found.findings if finding.code == "AK3013"]
    assert "own_0, own_1, own_2" in late.seen
    assert late.fidelity is Fidelity.APPROXIMATE


def test_a_function_for_an_initializer_is_not_needed() -> None:
    build = Builder("model")
    mine = {"kernel_initializer": stored(lambda shape: shape), "bias_initializer": Object("function", "mine")}
    config = {"units": 3, **mine}
    outcome = build.layer("Dense", config, build.input((4,)), name="dense")
    found = recover(Document(build.finish(outcome), WRITER, Era.KERAS3))
    assert found.document.model.graph is not None
    dense = found.document.model.graph.layer("dense")
    assert (dense.config["kernel_initializer"], dense.config["bias_initializer"]) == ("zeros", "zeros")
    assert [finding.code for finding in found.findings] == ["AK3014", "AK3014"]


def test_a_known_initializer_stays() -> None:
    build = Builder("model")
    config = {"units": 3, "kernel_initializer": Object("GlorotUniform"), "bias_initializer": "Zeros"}
    made = Document(build.finish(build.layer("Dense", config, build.input((4,)))), WRITER, Era.KERAS3)
    assert recover(made).findings == ()


def test_code_for_the_activation_inside_a_recurrence() -> None:
    build = Builder("model")
    config = {"units": 5, "activation": stored(lambda x: x / (1 + K.abs(x))), "recurrent_activation": "sigmoid"}
    outcome = build.layer("LSTM", config, build.input((6, 3)), name="lstm")
    found = recover(Document(build.finish(outcome), WRITER, Era.KERAS3))
    assert found.document.model.graph is not None
    inner = found.document.model.graph.layer("lstm").config["activation"]
    assert isinstance(inner, Layer)
    assert inner.name == "lstm_activation"
    assert inner.graph is not None
    assert inner.graph.layers[0].config["batch_shape"] == (None, 5)


@pytest.mark.backend
def test_a_function_inside_a_recurrence_computes_what_stock_keras_does() -> None:
    """``softsign`` as code, against the activation that Keras has."""

    def model_of(activation: object) -> Document:
        build = Builder("model")
        config = {"units": 5, "activation": activation, "recurrent_activation": "sigmoid", "return_sequences": True}
        chance = np.random.default_rng(0)
        shapes = {"kernel": (3, 20), "recurrent_kernel": (5, 20), "bias": (20,)}
        weights = {role: tensors.constant(chance.normal(size=shape), "float32") for role, shape in shapes.items()}
        outcome = build.layer("LSTM", config, build.input((6, 3)), name="lstm", weights=weights)
        return Document(build.finish(outcome), WRITER, Era.KERAS3)

    x = np.random.default_rng(1).normal(size=(2, 6, 3)).astype("float32")
    found = recover(model_of(stored(lambda x: x / (1 + K.abs(x))))).document
    got, wanted = (targets.build(made).predict(x, verbose=0) for made in (found, model_of("softsign")))
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_an_activation_that_is_only_named_is_missing() -> None:
    build = Builder("model")
    outcome = build.layer("Dense", {"units": 5, "activation": "custom_activation"}, build.input((3,)), name="dense")
    with pytest.raises(MissingObject) as caught:
        recover(Document(build.finish(outcome), WRITER, Era.KERAS3))
    assert (caught.value.layer, caught.value.key) == ("dense", "custom_activation")


def test_what_was_recovered_is_recorded() -> None:
    (record,) = recovered(lambda x, rate=0.5: x * rate).code
    assert record.source == "lambda x, rate=0.5: x * rate"
    assert record.checked
    assert record.guards == ("x: float32 (?, 4)",)
    assert "3.11" in record.pythons
    assert record.as_dict()["address"] == "model/own"


def test_code_without_expressions_is_shown_as_its_graph() -> None:
    def f(x):
        try:
            return x * 2
        finally:
            x = None

    (record,) = recovered(f).code
    assert (record.source, record.checked) == ("lambda x: x * 2", False)


def test_every_refusal_has_a_page() -> None:
    from anykeras.pages import find_page

    for code in ("AK3000", "AK3001", "AK3002", "AK3003", "AK3005", "AK3006", "AK3007", "AK3008", "AK3009", "AK3010",
                 "AK3011", "AK3012", "AK3013", "AK3014", "AK3015"):  # fmt: skip
        assert find_page(code) is not None, code


def test_a_model_without_code_is_left_alone() -> None:
    build = Builder("model")
    made = Document(build.finish(build.layer("Dense", {"units": 2}, build.input((3,)))), WRITER, Era.KERAS3)
    assert recover(made).document == made
    with pytest.raises(AnyKerasError):
        recovered(lambda x: "text")


@pytest.mark.parametrize(("backend", "told"), [(None, True), ("theano", False), ("tensorflow", False)])
def test_code_that_depends_on_an_unknown_backend_is_told(backend: str | None, told: bool) -> None:
    """Averages with ``same``: Theano counted zeros around the image (keras 1.2.2 on each of them)."""

    def pool(x):
        return K.pool2d(x, (2, 2), (1, 1), "same", pool_mode="avg")

    found = recover(document(pool, (5, 4, 3), writer=Writer(Era.KERAS1, "keras", "1.2.2", backend)))
    assert ("AK3019" in {finding.code for finding in found.findings}) == told


def test_code_that_is_the_same_on_every_backend_is_not_told() -> None:
    found = recover(document(lambda x: K.l2_normalize(K.batch_dot(x, x, axes=(1, 1)), 1), (5, 4), writer=Writer(Era.KERAS1)))
    assert "AK3019" not in {finding.code for finding in found.findings}
