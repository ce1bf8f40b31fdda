"""What the refusals of the function tables mean."""

from __future__ import annotations

from ...registry import Page, document

document(
    Page(
        "AK3040",
        "An old function has no counterpart",
        "A function found in the file calls something of an old library that a file without code cannot hold.",
        "Gradients, sessions, placeholders, Python callbacks and text operations need the machinery that they ran in.",
        "Pass the function's replacement: load_model(path, custom_objects={...}).",
    ),
    Page(
        "AK3041",
        "An old function is called in a way that has no counterpart",
        "The function is known, and these arguments of it cannot be expressed, or it never took them.",
        "An approximation would give other outputs than the file had.",
    ),
    Page(
        "AK3042",
        "An old function needs what is not in the file",
        "The function used a value of the running program: a random draw at building time, a variable, a session.",
        "The file holds the function's code and not the program's memory.",
    ),
    Page(
        "AK3043",
        "A size must be known before the model runs",
        "A shape or a loop depends on a size that the file leaves open, in a way that one open size cannot say.",
        "Native operations need each shape but for one open size.",
        "Give the input a fixed size there, or rewrite the function.",
    ),
)
