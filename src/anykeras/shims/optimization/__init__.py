"""Wrappers of tensorflow-model-optimization."""
