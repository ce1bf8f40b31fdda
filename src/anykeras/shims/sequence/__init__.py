"""Layers over sequences that went from hand to hand: attention, CRF, TCN."""
