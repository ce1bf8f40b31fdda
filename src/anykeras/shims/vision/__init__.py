"""Layers of detection, segmentation and classification networks, one file a shim."""
