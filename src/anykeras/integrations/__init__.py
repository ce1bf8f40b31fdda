"""Doors of other tools, each a module that is imported by name: ``anykeras.integrations.mlflow``."""
