"""Layers of tensorflow-addons, which was archived in 2024 and needs tf.keras 2."""
