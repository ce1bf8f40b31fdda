"""Numbers by which Keras keeps the layers of a Bidirectional in memory while it loads a file.

While a file is loaded, ``Bidirectional.__init__`` serializes the layer that it is given, makes its two layers from that, and
drops it. Keras notes what it serialized by its address (``record_object_after_serialization``), and a later object at the
address of one that is gone passes for the same: ``deserialize_keras_object`` then gives a layer or an activation of another
class. An object with a ``shared_object_id`` is kept until the file is loaded, and with it all that it holds, so that no
address is used twice. Source: keras 3.15.1 ``layers/rnn/bidirectional.py``, ``saving/serialization_lib.py``.
"""

from __future__ import annotations

from .result import Json


def keep_wrapped_layers(config: dict[str, Json]) -> None:
    """Give the forward layer of every Bidirectional in `config` a number of its own, from 1."""
    left: list[Json] = [config]
    number = 0
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            left += value.values()
            inner = value.get("config")
            layer = inner.get("layer") if value.get("class_name") == "Bidirectional" and isinstance(inner, dict) else None
            if isinstance(layer, dict):
                number += 1
                layer["shared_object_id"] = number
