"""Layers of packages for images: what is left alone, and what goes on training."""

from __future__ import annotations

import numpy as np
import pytest

import anykeras
from anykeras.document.model import Era, Layer, Writer
from anykeras.migrations import RuleContext
from anykeras.shims import apply_shim
from anykeras.tensors import constant
from genuine import FOLDER, recordings

VECTOR = constant([1.0, 2.0])
BOTH = {"s_gamma": VECTOR, "s_beta": VECTOR}
ANCHORS = {
    "img_height": 30, "img_width": 24, "this_scale": 0.2, "next_scale": 0.4, "aspect_ratios": (1.0,),
    "two_boxes_for_ar1": True, "this_steps": None, "this_offsets": None, "clip_boxes": False,
    "variances": (0.1, 0.1, 0.2, 0.2), "coords": "centroids", "normalize_coords": True,
}  # fmt: skip
# Classes that share a name with a package's, and are not it.
STRANGERS = {
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


def context(version: str = "2.2.4") -> RuleContext:
    return RuleContext(Writer(Era.KERAS2, version=version, backend="tensorflow"), Era.KERAS3)


@pytest.mark.parametrize("layer", STRANGERS.values(), ids=list(STRANGERS))
def test_another_class_of_the_name_is_left_alone(layer: Layer) -> None:
    assert apply_shim(layer, context()) is None


def test_the_packages_own_are_known() -> None:
    assert apply_shim(Layer("UpsampleLike", "P5_upsampled"), context()) is not None
    assert apply_shim(Layer("Interp", "i", {"new_size": (4, 4)}), context("2.2.2")) is not None
    assert apply_shim(Layer("AnchorBoxes", "a", ANCHORS), context()) is not None


def test_an_open_size_is_refused_where_the_boxes_depend_on_it() -> None:
    from anykeras.document.build import Builder
    from anykeras.document.model import Document
    from anykeras.errors import Unsupported
    from anykeras.recovery import recover

    sub = Builder("model")
    x = sub.input((None, None, 3))
    layer = apply_shim(Layer("AnchorBoxes", "boxes", ANCHORS), context())
    assert layer is not None
    model = sub.finish(sub.add(layer, x))
    with pytest.raises(Unsupported, match="unknown size") as raised:
        recover(Document(model, context().writer, Era.KERAS3))
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
