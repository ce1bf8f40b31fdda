"""Preprocessing layers. Their tables (vocabularies, boundaries) are configuration or assets, not weights.

Sources: keras 3.15.1 ``layers/preprocessing``; the state of random layers (seed generators) is never stored.
"""

from __future__ import annotations

from dataclasses import replace

from ..document.model import Config
from .base import MODERN, NOW, Role, entry


def _adapted(config: Config) -> bool:
    """Statistics given as arguments are no variables (normalization.py, `build`)."""
    return config.get("mean") is None


entry(
    "Normalization",
    MODERN,
    [Role(name, trainable=False, when=_adapted) for name in ("mean", "variance", "count")],
)
entry("STFTSpectrogram", NOW, [Role("real_kernel"), Role("imag_kernel")])


def _weighted(config: Config) -> bool:
    return config.get("output_mode") == "tf_idf"


# index_lookup.py, `save_own_variables`: the one state that is stored under a name.
_IDF = Role("idf_weights", trainable=False, when=_weighted, stored="idf_weights")
for _name in ("IntegerLookup", "StringLookup"):
    entry(_name, MODERN, [_IDF])
entry("TextVectorization", MODERN, [_IDF, replace(_IDF, at="_lookup_layer", copy=True)])

for _name in (
    *("CategoryEncoding", "CenterCrop", "HashedCrossing", "Hashing"),
    *("RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation", "RandomTranslation"),
    *("RandomZoom", "Rescaling", "Resizing"),
):
    entry(_name, MODERN)

for _name in (
    *("AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix", "Equalization"),
    *("MaxNumBoundingBoxes", "MelSpectrogram", "MixUp", "RandAugment", "RandomColorDegeneration", "RandomColorJitter"),
    *("RandomElasticTransform", "RandomErasing", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert"),
    *("RandomPerspective", "RandomPosterization", "RandomSaturation", "RandomSharpness", "RandomShear", "Solarization"),
):
    entry(_name, NOW)

entry("Pipeline", NOW, children=[("layers", "_pipeline_layers")])
entry("Discretization", NOW)
