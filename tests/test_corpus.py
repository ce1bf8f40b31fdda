"""The large corpus of genuine files, where it lies beside the checkout: a sample, and one line with the score."""

from __future__ import annotations

import os
import zlib

import pytest

import anykeras
from anykeras.errors import MissingObject
from genuine import CORPUS, Recording, recordings, reproduces

SHARE = int(os.environ.get("ANYKERAS_CORPUS_SHARE", "12"))  # one file in so many


def sampled(file: Recording) -> bool:
    """Lambda and custom families included only where the user's own code is not needed."""
    sources = {k: v for k, v in (file.meta.get("custom_objects") or {}).items() if not v.startswith("# ")}
    return not sources and zlib.crc32(file.id.encode()) % SHARE == 0


@pytest.mark.backend
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside this checkout")
def test_score(capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    backend = keras.backend.backend()
    good, wrong, lacking, refused = 0, [], [], []
    for file in filter(sampled, recordings(CORPUS)):
        if backend != "tensorflow" and any(x.dtype.kind in "US" for x in file.series("in")):
            continue
        try:
            model = anykeras.load_model(file.path, compile=False, weights=file.weights)
        except MissingObject as error:
            lacking.append(f"{file.id}: {error}")
            continue
        except anykeras.AnyKerasError as error:
            refused.append(f"{file.id}: {error}")
            continue
        if reproduces(model, file):
            good += 1
        else:
            wrong.append(file.id)
        keras.backend.clear_session()
    whole = good + len(wrong) + len(refused)
    total = whole + len(lacking)
    with capsys.disabled():
        print(
            f"\ncorpus on {backend}: {good} of {total} right ({100 * good / total:.1f} %), {len(wrong)} wrong, "
            f"{len(refused)} refused, {len(lacking)} lack a function that they call"
        )
    assert not wrong
    assert good >= 0.97 * whole, refused
    assert len(lacking) <= 0.05 * total, lacking
