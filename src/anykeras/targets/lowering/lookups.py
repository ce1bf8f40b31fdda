"""Inverse document frequencies, which Keras 3 wants twice: in the configuration and among the weights.

Source: keras 3.15.1 ``layers/preprocessing/index_lookup.py`` (``set_vocabulary``, ``save_own_variables``): a layer with
``output_mode="tf_idf"`` and a vocabulary in its configuration refuses a file without the dataset ``idf_weights``, and
that dataset is the padded form of the argument ``idf_weights``.
"""

from __future__ import annotations

from dataclasses import replace

from ...document.model import Layer
from ...lazily import np
from ...tensors import Array, constant


def add_idf_weights(layer: Layer) -> Layer:
    """The layer with both forms, where it has one; any other layer as it is."""
    words, weights = layer.config.get("vocabulary"), layer.config.get("idf_weights")
    stored = layer.weights.get("idf_weights")
    if layer.config.get("output_mode") != "tf_idf" or not isinstance(words, tuple):
        return layer
    if weights is None and stored is not None:
        values = stored.read()[: len(words)].tolist()
        return layer.with_config(idf_weights=tuple(values))
    if stored is None and isinstance(weights, tuple):
        padded = _pad(layer, words, np.asarray(weights, "float32"))
        return replace(layer, weights={**layer.weights, "idf_weights": constant(padded, origin=layer.address)})
    return layer


def _pad(layer: Layer, words: tuple[object, ...], weights: Array) -> Array:
    """One weight for each token: words without a token of their own in front get the mean, unused places 0."""
    oov = layer.config.get("num_oov_indices", 1)
    front = oov if isinstance(oov, int) else 1
    if words[:front] == (layer.config.get("oov_token", "[UNK]"),) * front:
        front = 0
    size = layer.config.get("max_tokens")
    padded = bool(layer.config.get("pad_to_max_tokens", False)) and isinstance(size, int)
    back = size - front - len(weights) if padded and isinstance(size, int) else 0
    return np.concatenate([np.full(front, weights.mean()), weights, np.zeros(max(back, 0))]).astype("float32")
