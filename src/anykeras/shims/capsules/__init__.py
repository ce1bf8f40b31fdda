"""Layers of capsule networks, one file a shim."""
