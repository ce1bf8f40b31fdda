"""``tensorflow``: the functions of TensorFlow 0.x to 2.x that a saved function can meaningfully call.

A name stands once, with the arguments of TensorFlow 1 and 2 together: ``keep_dims`` and ``keepdims``,
``reduction_indices`` and ``axis``, ``dim`` and ``axis``.
"""
