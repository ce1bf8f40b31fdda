"""The pages of what the engine itself can end with; rules bring their own."""

from ..registry import Page, document

document(
    Page(
        "AK2000",
        "Arguments that no Keras writes",
        "A layer's arguments have types, lengths or sizes that its class never had, so that a rule could not read them.",
        "The file was damaged or edited by hand. Nothing is guessed; the rule that stumbled is named.",
    )
)
