"""What the refusals of the function tables mean."""

from __future__ import annotations

from ...registry import Page, document

document(
    Page(
        "AK3040",
        "Function without a Keras 3 equivalent",
        "Code in the file calls a function of an old library that a model without code cannot contain.",
        "Gradients, sessions, placeholders, Python callbacks and text operations need the running program.",
        "Pass a replacement: `load_model(path, custom_objects={...})`.",
    ),
    Page(
        "AK3041",
        "Arguments without a Keras 3 equivalent",
        "The function is supported, but not with these arguments, or it never took them.",
        "An approximation would change the predictions.",
    ),
    Page(
        "AK3042",
        "Value that is not in the file",
        "The function used a value of the program that saved the model: a random draw, a variable, a session.",
        "The file contains the function's code, not the memory of the program.",
    ),
    Page(
        "AK3043",
        "Size that must be known before the model runs",
        "A shape or a loop depends on a size that the file leaves open.",
        "Native operations allow one unknown size in a shape.",
        "Set a fixed input size, or rewrite the function.",
    ),
)
