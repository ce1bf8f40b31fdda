"""The border to decoders of damaged bytes: one error of ours, with the part named, whatever they raise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import AnyKerasError, LimitExceeded, Malformed, Unsupported


@contextmanager
def guard_decoding(part: str) -> Iterator[None]:
    """Turn what a decoder of damaged bytes raises into one Malformed that names `part`."""
    try:
        yield
    except AnyKerasError:
        raise
    except MemoryError:
        raise LimitExceeded("AK1003", "the file asks for more memory than there is", part=part) from None
    except NotImplementedError as error:
        raise Unsupported(
            "AK1107",
            f"an HDF5 feature that Keras does not write: {error}",
            part=part,
            next_step="Open the file with h5py and save it again with default settings.",
        ) from None
    except Exception as error:
        raise Malformed(
            "AK1103",
            f"the file is damaged: its structure contradicts itself ({type(error).__name__}: {str(error)[:120]})",
            part=part,
            next_step="Get the file again from its source.",
        ) from None
