"""HDF5 files: whole models and weights of every Keras, read in pure Python, hard links only."""

SIGNATURE = b"\x89HDF\r\n\x1a\n"
