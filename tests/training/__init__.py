"""Training goes on."""
