"""Fourier transforms; complex numbers are pairs of tensors, as ``keras.ops`` has them, and are known to these ops alone."""

from __future__ import annotations

from ...recovery.functions import Operand, Refused
from ..values import Complex
from .base import NodeCall, cast, op
from .blocks import whole


def _pair(call: NodeCall, place: int) -> Complex:
    value = call.given[place]
    if not isinstance(value, Complex):
        raise Refused(f"the op {call.op} is given a complex constant", "AK3062")
    return value


@op("Complex")
def join(call: NodeCall) -> Operand:
    """A complex number of its parts."""
    return Complex(call.ops.as_tensor(call.given[0]), call.ops.as_tensor(call.given[1]))


@op("Real", "Imag", "ComplexAbs", "Conj", "Angle")
def part(call: NodeCall) -> Operand:
    """A part of a complex number, how great it is, its angle, or its mirror image."""
    ops, z = call.ops, _pair(call, 0)
    if call.op == "Conj":
        return Complex(z.real, ops.op("negative", z.imaginary))
    if call.op == "Angle":
        return ops.op("arctan2", z.imaginary, z.real)
    if call.op == "ComplexAbs":
        squares = (ops.op("square", z.real), ops.op("square", z.imaginary))
        return ops.op("sqrt", ops.op("add", *squares))
    return z.real if call.op == "Real" else z.imaginary


@op("FFT", "IFFT")
def transform(call: NodeCall) -> Operand:
    """The Fourier transform of the last axis, or back: that of the mirror image, mirrored, over the length."""
    ops, z = call.ops, _pair(call, 0)
    if call.op == "FFT":
        return Complex(*ops.op("fft", (z.real, z.imaginary)))
    length = whole(call, ops.shape(z.real)[-1])
    real, imaginary = ops.op("fft", (z.real, ops.op("negative", z.imaginary)))
    return Complex(ops.op("divide", real, length), ops.op("divide", imaginary, -length))


@op("RFFT", "IRFFT")
def transform_real(call: NodeCall) -> Operand:
    """The Fourier transform of real numbers, or back to them, of a length that is known."""
    length = call.integer(1)
    if call.op == "RFFT":
        x = cast(call.ops, call.ops.as_tensor(call.given[0]), "float32")
        return Complex(*call.ops.op("rfft", x, fft_length=length))
    z = _pair(call, 0)
    return call.ops.op("irfft", (z.real, z.imaginary), fft_length=length)
