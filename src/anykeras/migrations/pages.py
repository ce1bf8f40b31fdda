"""The pages of what the engine itself can end with; rules bring their own."""

from ..registry import Page, document

document(
    Page(
        "AK2000",
        "Arguments that no Keras writes",
        "A layer's arguments have types, lengths or sizes that its class has in no known Keras release.",
        "AnyKeras does not guess what such an argument means. The error names the rule that could not read it. A file that was edited by "
        "hand can cause this, and so can a Keras release or a class that AnyKeras does not know yet: please report a file that its "
        "own Keras opens.",
    )
)
