"""Architectures as text, JSON or YAML, without weights."""
