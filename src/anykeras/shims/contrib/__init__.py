"""Layers of keras-contrib and of what was copied from it."""
