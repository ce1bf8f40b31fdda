"""Shapes of the core, activation, regularization and normalization layers (keras/src/layers/ of 3.15.1)."""

from __future__ import annotations

from collections.abc import Sequence

from ...document.model import Layer
from .operations_linalg import einsum
from .policies import compute_dtype
from .spec import Spec, spec_of
from .tables import Apply, Output, layer, option, wrapper

_UNCHANGED = """Activation ELU LeakyReLU PReLU ReLU Softmax Dropout AlphaDropout GaussianDropout GaussianNoise
SpatialDropout1D SpatialDropout2D SpatialDropout3D ActivityRegularization BatchNormalization
LayerNormalization GroupNormalization RMSNormalization UnitNormalization Masking Normalization Rescaling
AutoContrast Solarization RandomBrightness RandomContrast RandomColorDegeneration RandomColorJitter
RandomErasing RandomFlip RandomGaussianBlur RandomHue RandomInvert RandomPerspective RandomPosterization
RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
RandomElasticTransform AugMix ContrastLimitedAdaptiveHistogramEqualization CutMix MixUp RandAugment"""


def output_spec(layer: Layer, shape: Sequence[object]) -> Spec:
    """An outcome of a layer, in the dtype that it computes in."""
    sizes = [d for d in shape if d is None or isinstance(d, int)]
    if len(sizes) < len(shape):
        raise ValueError(f"{layer.name}: {shape!r} is no shape")
    return Spec(tuple(sizes), compute_dtype(layer))


@layer(*_UNCHANGED.split())
def keep_shape(layer: Layer, inputs: Spec, *_: object, **__: object) -> Output:
    return output_spec(layer, inputs.known())


@layer("Identity")
def identity(layer: Layer, inputs: Output) -> Output:
    return inputs


@layer("RandomGrayscale", "Equalization")
def keep_spec(layer: Layer, inputs: Spec) -> Spec:
    return inputs


@layer("Dense")
def dense(layer: Layer, inputs: Spec) -> Spec:
    return output_spec(layer, (*inputs.known()[:-1], option(layer, "units")))


@layer("EinsumDense")
def einsum_dense(layer: Layer, inputs: Spec) -> Spec:
    """Dimensions that the equation takes over from the input, and those that `output_shape` states for the others."""
    before, after = option(layer, "equation").replace(" ", "").split("->")
    source, kernel = before.split(",")
    head, dots, tail = after.partition("...")
    letters = head + tail
    stated = option(layer, "output_shape")
    stated = (stated,) if isinstance(stated, int) else tuple(stated)
    # `output_shape` has no batch; behind a leading ellipsis it ends with the equation, else it begins behind the batch.
    pairs = zip(letters[1:], stated, strict=False) if head else zip(letters[::-1], stated[::-1], strict=False)
    sizes = dict(pairs)
    shape = Spec(tuple(sizes.get(c) for c in kernel))
    found = einsum(f"{source},{kernel}->{after}", (Spec(inputs.known()), shape)).known()
    rest = found[len(head) : len(found) - len(tail)] if dots else ()
    last = found[len(found) - len(tail) :]
    whole = [*zip(head, found, strict=False), *(("", d) for d in rest), *zip(tail, last, strict=False)]
    return output_spec(layer, [sizes[c] if d is None and c in sizes else d for c, d in whole])


@layer("Embedding")
def embedding(layer: Layer, inputs: Spec) -> Spec:
    return output_spec(layer, (*inputs.known(), option(layer, "output_dim")))


@layer("ReversibleEmbedding")
def reversible_embedding(layer: Layer, inputs: Spec, reverse: bool = False) -> Spec:
    if reverse:
        return output_spec(layer, (*inputs.known()[:-1], option(layer, "input_dim")))
    return embedding(layer, inputs)


@layer("Lambda")
def lambda_(layer: Layer, inputs: Spec, **_: object) -> Spec:
    """Only where the file states the shape; the function itself is not run."""
    stated = option(layer, "output_shape")
    if not isinstance(stated, tuple) or not all(d is None or isinstance(d, int) for d in stated):
        raise ValueError("a Lambda without a stated shape")
    return output_spec(layer, (spec_of(inputs).known()[0], *stated))


@wrapper("SpectralNormalization")
def spectral_normalization(apply: Apply, layer: Layer, inputs: Spec, **_: object) -> Output:
    return output_spec(layer, spec_of(apply(option(layer, "layer"), [inputs], {})).known())
