"""Layers of detection, segmentation and classification networks."""
