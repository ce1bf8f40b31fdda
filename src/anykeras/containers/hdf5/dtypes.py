"""HDF5 datatypes that a weight may have, as an allow list, decoded from the bits of the datatype message.

The layout of the message: HDF5 File Format Specification 3.0, section IV.A.2.d.
"""

from __future__ import annotations

import struct

# (bytes, exponent bits, mantissa bits) -> name
FLOATS = {
    (2, 5, 10): "float16",
    (2, 8, 7): "bfloat16",
    (4, 8, 23): "float32",
    (8, 11, 52): "float64",
    (1, 4, 3): "float8_e4m3fn",
    (1, 5, 2): "float8_e5m2",
}
INTEGERS = {
    (1, True): "int8",
    (2, True): "int16",
    (4, True): "int32",
    (8, True): "int64",
    (1, False): "uint8",
    (2, False): "uint16",
    (4, False): "uint32",
    (8, False): "uint64",
}
# ml_dtypes arrays have no HDF5 type: h5py writes them as opaque bytes. The name is in the attribute `dtype` that
# Keras writes beside them (keras/src/saving/saving_lib.py, H5Entry.__setitem__, 3.15.1).
OPAQUE = {"bfloat16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1}
BOOLEAN = b"FALSE\0\0\0TRUE\0\0\0\0\0\1"  # h5py writes numpy's bool as this enumeration over int8
FIXED, FLOAT, STRING, OPAQUE_CLASS, ENUM = 0, 1, 3, 5, 8


def decode(message: bytes, marked: str | None) -> tuple[str, str] | None:
    """(name of the dtype, byte order ``<`` or ``>``) of a datatype message, or None when it is not on the list.

    `marked` is the attribute ``dtype`` of the dataset, where there is one.
    """
    if len(message) < 8:
        return None
    name: str | None
    kind, flags, size = message[0] & 15, message[1], struct.unpack_from("<I", message, 4)[0]
    order = ">" if flags & 1 else "<"
    if kind == FIXED:
        name = INTEGERS.get((size, bool(flags & 8)))
        if marked == "bfloat16" and name == "uint16":
            name = "bfloat16"
        whole = struct.unpack_from("<HH", message, 8) == (0, 8 * size) if len(message) >= 12 else False
        return (name, order) if name and whole else None
    if kind == FLOAT:
        return _read_float(message, size, order)
    if kind == OPAQUE_CLASS:
        # A `.h5` of Keras 3 has no mark; of the types of its variables only bfloat16 comes as two opaque bytes.
        name = marked if marked in OPAQUE else "bfloat16"
        return (name, "<") if OPAQUE[name] == size else None
    if kind == ENUM and size == 1 and message.rstrip(b"\0").endswith(BOOLEAN):
        return "bool", "<"
    return None


def _read_float(message: bytes, size: int, order: str) -> tuple[str, str] | None:
    if len(message) < 20 or message[1] & 0x40:  # 0x40: the byte order of a VAX
        return None
    offset, precision, _, exponent, _, mantissa = struct.unpack_from("<HHBBBB", message, 8)
    name = FLOATS.get((size, exponent, mantissa))
    return (name, order) if name and offset == 0 and precision == 8 * size else None
