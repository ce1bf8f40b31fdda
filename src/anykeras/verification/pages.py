"""The pages of the codes that verification can end with."""

from ..registry import Page, document

document(
    Page(
        "AK7001",
        "Not a recording",
        "The file given as a recording is not an `.npz` with inputs `in0..` and outputs `out0..`.",
        "A verification against nothing would pass.",
    ),
    Page(
        "AK7002",
        "No backend is installed",
        "`verify` and `load_model` run the model, which needs Keras and a backend.",
        "Reading, inspecting and converting need no framework; running does.",
        "`pip install 'anykeras[jax]'`",
    ),
)
