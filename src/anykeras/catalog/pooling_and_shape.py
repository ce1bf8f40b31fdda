"""Pooling, padding, cropping, resampling, reshaping: no variables (keras 3.15.1 ``layers/pooling``, ``reshaping``)."""

from __future__ import annotations

from .base import MODERN, NOW, entry

for _rank in (1, 2, 3):
    entry(f"MaxPooling{_rank}D", MODERN, aliases=[f"MaxPool{_rank}D"])
    entry(f"AveragePooling{_rank}D", MODERN, aliases=[f"AvgPool{_rank}D"])
    entry(f"GlobalMaxPooling{_rank}D", MODERN, aliases=[f"GlobalMaxPool{_rank}D"])
    entry(f"GlobalAveragePooling{_rank}D", MODERN, aliases=[f"GlobalAvgPool{_rank}D"])
    entry(f"ZeroPadding{_rank}D", MODERN)
    entry(f"Cropping{_rank}D", MODERN)
    entry(f"UpSampling{_rank}D", MODERN)
    entry(f"AdaptiveAveragePooling{_rank}D", NOW)
    entry(f"AdaptiveMaxPooling{_rank}D", NOW)

for _name in ("Flatten", "Reshape", "Permute", "RepeatVector"):
    entry(_name, MODERN)
