"""Shapes of preprocessing layers (keras/src/layers/preprocessing of 3.15.1)."""

from __future__ import annotations

import math

from ...document.model import Layer
from ..base import Shape
from .layers import data_format, output_spec
from .operations_nn import convolve
from .spec import Spec, multiply_sizes
from .tables import layer, option


def encode_shape(shape: Shape, depth: int | None, mode: str) -> Shape:
    """`one_hot` adds an axis (or takes the last one if it is 1 long); the other modes encode the last axis."""
    if mode == "one_hot" and (not shape or shape[-1] != 1 or len(shape) == 1):
        return (*shape, depth)
    return (*shape[:-1], depth)


@layer("CategoryEncoding")
def category_encoding(layer: Layer, inputs: Spec, **_: object) -> Spec:
    return output_spec(
        layer, encode_shape(inputs.known(), option(layer, "num_tokens"), option(layer, "output_mode", "multi_hot"))
    )


@layer("Hashing")
def hashing(layer: Layer, inputs: Spec) -> Spec:
    mode = option(layer, "output_mode", "int")
    dtype = option(layer, "dtype") or ("int64" if mode == "int" else "float32")
    shape = inputs.known() if mode == "int" else (*inputs.known()[:-1], option(layer, "num_bins"))
    return Spec(shape, dtype if isinstance(dtype, str) else output_spec(layer, ()).dtype)


@layer("HashedCrossing")
def hashed_crossing(layer: Layer, inputs: tuple[Spec, ...]) -> Spec:
    mode = option(layer, "output_mode", "int")
    shape = inputs[0].known()
    dtype = option(layer, "dtype") or ("int64" if mode == "int" else "float32")
    return Spec(shape if mode == "int" else encode_shape(shape, option(layer, "num_bins"), mode), dtype)


@layer("Discretization")
def discretization(layer: Layer, inputs: Spec) -> Spec:
    mode = option(layer, "output_mode", "int")
    shape = inputs.known()
    if mode == "int":
        return Spec(shape, "int32")
    edges = option(layer, "bin_boundaries")
    depth = option(layer, "num_bins") if edges is None else len(edges) + 1
    if mode == "one_hot":
        return output_spec(layer, encode_shape(shape, depth, mode))
    return output_spec(layer, (shape[0], *shape[2:], depth) if len(shape) >= 2 else (depth,))


@layer("StringLookup", "IntegerLookup")
def lookup(layer: Layer, inputs: Spec) -> Spec:
    """With a vocabulary in the file; the depth of an encoding is open where it is stored elsewhere."""
    mode = option(layer, "output_mode", "int")
    if mode == "int":
        return Spec(inputs.known(), "int64")
    return Spec(encode_shape(inputs.known(), _depth(layer), mode), "float32")


def _depth(layer: Layer) -> int | None:
    if option(layer, "pad_to_max_tokens", False):
        size: int | None = option(layer, "max_tokens")
        return size
    words = option(layer, "vocabulary")
    if not isinstance(words, tuple):
        return None
    masked = option(layer, "mask_token") is not None and option(layer, "output_mode", "int") == "int"
    return len(words) + int(option(layer, "num_oov_indices", 1)) + masked


@layer("TextVectorization")
def text_vectorization(layer: Layer, inputs: Spec) -> Spec:
    mode = option(layer, "output_mode", "int")
    batch = inputs.known()[0]
    if mode == "int":
        return Spec((batch, option(layer, "output_sequence_length")), "int64")
    words = option(layer, "vocabulary")
    depth = option(layer, "max_tokens") if option(layer, "pad_to_max_tokens", False) else None
    if depth is None and isinstance(words, tuple):
        depth = len(words)
    return Spec((batch, depth), "float32")


@layer("MelSpectrogram")
def mel_spectrogram(layer: Layer, inputs: Spec) -> Spec:
    *batch, length = inputs.known()
    stride = option(layer, "sequence_stride", 512)
    frames = None if length is None else (length + stride + 1) // stride
    return output_spec(layer, (*batch, option(layer, "num_mel_bins", 128), frames))


@layer("STFTSpectrogram")
def stft_spectrogram(layer: Layer, inputs: Spec) -> Spec:
    order = data_format(layer)
    channels = inputs.known()[1 if order == "channels_first" else -1]
    length = option(layer, "frame_length", 256)
    step = option(layer, "frame_step") or length // 2
    size = option(layer, "fft_length") or 2 ** math.ceil(math.log2(length))
    frequencies = (size // 2 + 1) * (2 if option(layer, "mode", "log") == "stft" else 1)
    depth, padding = multiply_sizes(channels, frequencies), option(layer, "padding", "valid")
    found = convolve(inputs, depth, (length,), strides=step, padding=padding, data_format=order).known()
    if not option(layer, "expand_dims", False):
        return output_spec(layer, found)
    if order == "channels_first":
        return output_spec(layer, (found[0], channels, found[2], frequencies))
    return output_spec(layer, (found[0], found[1], frequencies, channels))
