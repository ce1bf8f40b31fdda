"""Conditional random fields: decoding, and marginal probabilities."""
