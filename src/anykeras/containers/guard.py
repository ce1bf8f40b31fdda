"""The border to decoders of damaged bytes: one error of ours, with the part named, whatever they raise."""

from __future__ import annotations

from ..errors import AnyKerasError, LimitExceeded, Malformed, Unsupported


class guard_decoding:  # used as a function, of which a file has one for each object in it
    """Turn what a decoder of damaged bytes raises into one Malformed that names `part`."""

    def __init__(self, part: str) -> None:
        self._part = part

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, where: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, AnyKerasError):
            raise _translate(error, self._part) from None


def _translate(error: Exception, part: str) -> AnyKerasError:
    if isinstance(error, MemoryError):
        return LimitExceeded("AK1003", "the file asks for more memory than there is", part=part)
    if isinstance(error, NotImplementedError):
        return Unsupported(
            "AK1107",
            f"an HDF5 feature that Keras does not write: {error}",
            part=part,
            next_step="Open the file with h5py and save it again with default settings.",
        )
    return Malformed(
        "AK1103",
        f"the file is damaged: its structure contradicts itself ({type(error).__name__}: {str(error)[:120]})",
        part=part,
        next_step="Get the file again from its source.",
    )
