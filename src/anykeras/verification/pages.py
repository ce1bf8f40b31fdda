"""The pages of the codes that verification can end with."""

from ..registry import Page, document

document(
    Page(
        "AK7001",
        "Not a recording",
        "The file passed as a recording is not an `.npz` with inputs `in0`, `in1` ... and outputs `out0`, `out1` ...",
        "A recording holds what the old stack computed; without it there is nothing to compare with.",
        'In the old stack: `numpy.savez("recording.npz", in0=x, out0=model.predict(x))`.',
    ),
    Page(
        "AK7002",
        "No backend is installed",
        "`verify` and `load_model` run the model, which needs Keras and a backend.",
        "Reading, inspecting and converting need neither.",
        "`pip install 'anykeras[jax]'`",
    ),
)
