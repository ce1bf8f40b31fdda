"""Layers of tutorials: which are left alone, how they may be called, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import anykeras
from anykeras.document.build import Builder
from anykeras.document.model import Call, Era, Layer, Ref, Writer
from anykeras.migrations import RuleContext
from anykeras.shims import apply_shim, gather_tensors
from anykeras.tensors import Tensor, constant
from genuine import FOLDER, recordings

BLOCK = {"embed_dim": 4, "num_heads": 2, "ff_dim": 5, "rate": 0.1}
ENCODER = {"embed_dim": 4, "dense_dim": 5, "num_heads": 2}
DECODER = {"embed_dim": 4, "latent_dim": 5, "num_heads": 2}
TABLE = {"sequence_length": 6, "vocab_size": 11, "embed_dim": 4}


def weights(*shapes: tuple[str, tuple[int, ...]]) -> dict[str, Tensor]:
    return {f"{name}_{i}" if i else name: constant(np.ones(shape), "float32") for i, (name, shape) in enumerate(shapes)}


def heads(size: int = 4) -> list[tuple[str, tuple[int, ...]]]:
    projection: list[tuple[str, tuple[int, ...]]] = [("kernel", (4, 2, size)), ("bias", (2, size))]
    return [*projection * 3, ("kernel", (2, size, 4)), ("bias", (4,))]


FEED: list[tuple[str, tuple[int, ...]]] = [("kernel", (4, 5)), ("bias", (5,)), ("kernel", (5, 4)), ("bias", (4,))]
NORM: list[tuple[str, tuple[int, ...]]] = [("gamma", (4,)), ("beta", (4,))]
BLOCKS = weights(*heads(), *FEED, *NORM, *NORM)
TABLES = weights(("embeddings", (11, 4)), ("embeddings", (6, 4)))
MASKED = Layer("PositionalEmbedding", "words", TABLE, TABLES)


def context(version: str, *layers: Layer, era: Era = Era.TF2) -> RuleContext:
    sub = Builder("model")
    x = sub.input()
    for layer in layers:
        x = sub.add(layer, x)
    return RuleContext(Writer(era, version=version, backend="tensorflow"), Era.KERAS3, model=sub.finish(x))


def decoder_context(version: str, *others: Layer) -> tuple[Layer, RuleContext]:
    layer = Layer("TransformerDecoder", "d", DECODER, weights(*heads(), *heads(), *FEED, *NORM * 3))
    sub = Builder("model")
    x, y = sub.input(), sub.input()
    for other in others:
        x = sub.add(other, x)
    whole = sub.finish(sub.add(layer, (x, y)))
    return layer, RuleContext(Writer(Era.TF2, version=version, backend="tensorflow"), Era.KERAS3, model=whole)


STRANGERS = {
    "another width inside": (Layer("TransformerBlock", "b", {**BLOCK, "ff_dim": 6}, BLOCKS), context("2.4.0")),
    "one argument more": (Layer("TransformerBlock", "b", {**BLOCK, "causal": True}, BLOCKS), context("2.4.0")),
    "normalised before attention": (
        Layer("TransformerBlock", "b", BLOCK, weights(*NORM, *heads(), *FEED, *NORM)), context("2.4.0")),
    "the block of a language model": (
        Layer("TransformerBlock", "b", BLOCK, BLOCKS),
        context("2.4.0", Layer("Embedding", "e", {"input_dim": 11, "output_dim": 4}), Layer("Dense", "d", {"units": 11}))),
    "the encoder of videos": (
        Layer("TransformerEncoder", "e", ENCODER, BLOCKS),
        context("2.9.0", Layer("PositionalEmbedding", "p", {"sequence_length": 6, "output_dim": 4}))),
    "more words than rows": (Layer("PositionalEmbedding", "p", {**TABLE, "vocab_size": 12}, TABLES), context("2.4.0")),
    "one of two decoders": decoder_context("2.13.0", MASKED),
    "a state of the noise that is none": (Layer("Sampling", "s", {}, {"kernel": constant([1.0, 2.0])}), context("2.4.0")),
    "a distance of two": (Layer("DistanceLayer", "d"), context("2.4.0")),
    "a distance with a weight": (Layer("L1Dist", "d", {}, {"w": constant([1.0])}), context("2.4.0")),
    "an attention with a bias": (
        Layer("AttentionLayer", "a", {}, {"W": constant(np.ones((4, 1))), "b": constant([1.0])}), context("2.4.0")),
}  # fmt: skip


@pytest.mark.parametrize(("layer", "around"), STRANGERS.values(), ids=list(STRANGERS))
def test_another_class_of_the_name_is_left_alone(layer: Layer, around: RuleContext) -> None:
    assert apply_shim(layer, around) is None


def test_the_published_ones_are_known() -> None:
    assert apply_shim(Layer("TransformerBlock", "b", BLOCK, BLOCKS), context("2.4.0")) is not None
    assert apply_shim(Layer("TransformerEncoder", "e", ENCODER, BLOCKS), context("2.9.0", MASKED)) is not None
    assert apply_shim(*decoder_context("2.9.0", MASKED)) is not None
    assert apply_shim(*decoder_context("2.13.0")) is not None


def test_several_tensors_become_one_argument() -> None:
    layer, x, y = Layer("TransformerDecoder", "d"), Ref("x"), Ref("y")
    wanted = (Call(((x, y),), {"training": False}),)
    assert gather_tensors(layer, [Call((x,), {"encoder_outputs": y, "training": False})]) == wanted
    assert gather_tensors(layer, [Call((x, y), {"training": False, "mask": None})]) == wanted
    assert gather_tensors(layer, [Call(((x, y),), {"training": False})]) == wanted
    other = Call((x,), {"memory": y})
    assert gather_tensors(layer, [other]) == (other,)


def test_a_tensor_under_an_unknown_name_is_refused() -> None:
    layer = Layer("TransformerBlock", "b", BLOCK, BLOCKS)
    around = context("2.4.0", layer)
    assert around.model is not None and around.model.graph is not None
    calls = {**around.model.graph.calls, "b": (Call((Ref("model_input"),), {"padding": Ref("model_input")}),)}
    whole = replace(around.model, graph=replace(around.model.graph, calls=calls))
    assert apply_shim(layer, RuleContext(around.writer, Era.KERAS3, model=whole)) is None


def test_what_was_assumed_is_said() -> None:
    files = {file.stem: file.path for file in recordings(FOLDER / "shims")}
    said = [finding.seen for finding in anykeras.inspect(files["tfkeras2.4_text_transformer"]).findings]
    assert any("no causal mask" in text for text in said)
    codes = {finding.code for finding in anykeras.inspect(files["tfkeras2.4_vae_encoder"]).findings}
    assert {"AK3016", "AK5170"} <= codes


@pytest.mark.backend
def test_a_sample_is_drawn_around_the_mean() -> None:
    file = next(file for file in recordings(FOLDER / "shims") if file.stem == "tfkeras2.4_vae_encoder")
    model = anykeras.load_model(file.path, compile=False)
    x = np.repeat(file["in0"][:1], 4000, axis=0)
    mean, variance, drawn = (np.asarray(y) for y in model.predict(x, verbose=0))
    assert np.allclose(drawn.mean(0), mean[0], atol=0.2) and np.allclose(drawn.var(0), np.exp(variance[0]), rtol=0.2)


def test_further_training_reaches_every_weight(tmp_path: Path) -> None:
    import keras

    file = next(file for file in recordings(FOLDER / "shims") if file.stem == "tfkeras2.4_translation_io")
    anykeras.convert(file.path, tmp_path / "out.keras")
    model = keras.models.load_model(tmp_path / "out.keras", compile=False)
    assert len(model.trainable_weights) == 2 * 2 + 8 + 4 + 4 + 16 + 4 + 6 + 2


# Layers of packages for images: what is left alone, and what goes on training.


VECTOR = constant([1.0, 2.0])
BOTH = {"s_gamma": VECTOR, "s_beta": VECTOR}
ANCHORS = {
    "img_height": 30, "img_width": 24, "this_scale": 0.2, "next_scale": 0.4, "aspect_ratios": (1.0,),
    "two_boxes_for_ar1": True, "this_steps": None, "this_offsets": None, "clip_boxes": False,
    "variances": (0.1, 0.1, 0.2, 0.2), "coords": "centroids", "normalize_coords": True,
}  # fmt: skip
# Classes that share a name with a package's, and are not it.
VISION_STRANGERS = {
    "UpsampleLike of keras-ocr interpolates": Layer("UpsampleLike", "upsample_like_1"),
    "Interp of keras-segmentation": Layer("Interp", "i", {"new_size": (4, 4)}),
    "a Mask outside of capsule networks": Layer("Mask", "m"),
    "a Length outside of capsule networks": Layer("Length", "l"),
    "Scale with another argument": Layer("Scale", "s", {"axis": -1, "momentum": 0.9, "power": 2}, BOTH),
    "Scale with one weight": Layer("Scale", "s", {"axis": -1, "momentum": 0.9}, {"s_gamma": VECTOR}),
    "Normalize with two weights": Layer("Normalize", "n", {}, {"n_gamma": VECTOR, "n_beta": VECTOR}),
    "Swish with a weight": Layer("Swish", "s", {"beta": 1.0}, {"scaling_factor": VECTOR}),
    "a border that is not the same all round": Layer("ReflectionPadding2D", "r", {"padding": (1, 2)}),
    "AnchorBoxes of before the steps": Layer("AnchorBoxes", "a", {k: v for k, v in ANCHORS.items() if k != "this_steps"}),
    "MaxUnpooling2D without its pooling": Layer("MaxUnpooling2D", "u", {"size": (2, 2)}),
    "Capsule without its arguments": Layer("Capsule", "c", {}, {"capsule_kernel": constant(np.ones((1, 4, 6)))}),
}  # fmt: skip


def vision_context(version: str = "2.2.4") -> RuleContext:
    return RuleContext(Writer(Era.KERAS2, version=version, backend="tensorflow"), Era.KERAS3)


@pytest.mark.parametrize("layer", VISION_STRANGERS.values(), ids=list(VISION_STRANGERS))
def test_another_vision_class_of_the_name_is_left_alone(layer: Layer) -> None:
    assert apply_shim(layer, vision_context()) is None


def test_the_packages_own_are_known() -> None:
    assert apply_shim(Layer("UpsampleLike", "P5_upsampled"), vision_context()) is not None
    assert apply_shim(Layer("Interp", "i", {"new_size": (4, 4)}), vision_context("2.2.2")) is not None
    assert apply_shim(Layer("AnchorBoxes", "a", ANCHORS), vision_context()) is not None


def test_an_open_size_is_refused_where_the_boxes_depend_on_it() -> None:
    from anykeras.document.build import Builder
    from anykeras.document.model import Document
    from anykeras.errors import Unsupported
    from anykeras.recovery import recover

    sub = Builder("model")
    x = sub.input((None, None, 3))
    layer = apply_shim(Layer("AnchorBoxes", "boxes", ANCHORS), vision_context())
    assert layer is not None
    model = sub.finish(sub.add(layer, x))
    with pytest.raises(Unsupported, match="unknown size") as raised:
        recover(Document(model, vision_context().writer, Era.KERAS3))
    assert raised.value.code == "AK3043" and raised.value.layer == "boxes"


@pytest.mark.framework
@pytest.mark.backend
@pytest.mark.parametrize(
    ("name", "trained"), [("keras2.1.5_nested", 9), ("keras2.1.5_capsnet_eval", 9), ("keras2.3.1_retinanet", 8)]
)
def test_weights_that_trained_go_on_training(name: str, trained: int) -> None:
    file = next(file for file in recordings(FOLDER / "shims") if file.stem == name)
    model = anykeras.load_model(file.path, compile=False)
    assert len(model.trainable_weights) == trained
    before = [np.array(weight) for weight in model.get_weights()]
    model.compile("sgd", "mse")
    targets = [out + 1.0 for out in file.series("out")]
    model.fit(file["in0"], targets if len(targets) > 1 else targets[0], epochs=1, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert sum(changed) >= trained
