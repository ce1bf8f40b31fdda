"""Layers that tutorials and books published for everybody to copy."""
