"""Options that several verbs take, and the ones about weights as arguments of the API."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

Weights = Annotated[str | None, typer.Option("--weights", help="The weights file of an architecture file.")]
Architecture = Annotated[
    str | None,
    typer.Option(
        "--architecture",
        metavar="MODEL",
        help="What weights alone belong to: a model file, or the source that builds the model (model.py, model.py:build(32)), "
        "of which only the statements run that the model needs.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Signature = Annotated[
    str | None, typer.Option("--signature", help="SavedModels: the signature whose graph is meant (inspect lists them).")
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--inputs", metavar="TENSOR[,TENSOR]", help="Graphs: the tensors that go in, where no signature says it."),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option("--outputs", metavar="TENSOR[,TENSOR]", help="Graphs: the tensors that come out, where no signature says it."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

ByName = Annotated[bool, typer.Option("--by-name", help="Weights: follow the names of layers alone.")]
SkipMismatch = Annotated[bool, typer.Option("--skip-mismatch", help="Weights: fill what fits and leave the rest as it is.")]
Layers = Annotated[
    list[str] | None,
    typer.Option("--layer", metavar="STORED=OWN", help="Weights: a layer of the file is this one of the model."),
]
DataFormat = Annotated[
    str | None,
    typer.Option("--data-format", help="Images were channels_first or channels_last then, where the file does not say it."),
]
WrittenBy = Annotated[str | None, typer.Option("--writer", help='Weights: who wrote them, "1.0.5" or "keras 2.1.6 on theano".')]
DefaultsOf = Annotated[
    str, typer.Option("--defaults", help="Weights: changed defaults as they were (then), as the model has them (mine), or ask.")
]


def declare_matching_options(
    by_name: bool,
    skip_mismatch: bool,
    layers: Sequence[str] | None,
    data_format: str | None,
    writer: str | None,
    defaults: str,
) -> dict[str, Any]:
    """The options about weights as arguments of the API; wrong ones are refused as wrong arguments."""
    pairs = [text.partition("=") for text in layers or ()]
    for stored, equals, own in pairs:
        if not (stored and equals and own):
            raise typer.BadParameter("give STORED=OWN, a layer of the file and one of the model", param_hint="--layer")
    for option, value, allowed in (
        ("--defaults", defaults, ("ask", "then", "mine")),
        ("--data-format", data_format, (None, "channels_first", "channels_last")),
    ):
        if value not in allowed:
            raise typer.BadParameter(f"it is one of {', '.join(filter(None, allowed))}", param_hint=option)
    return {
        "by_name": by_name,
        "skip_mismatch": skip_mismatch,
        "layers": {stored: own for stored, _, own in pairs} or None,
        "data_format": data_format,
        "writer": writer,
        "defaults": defaults,
    }


def parse_tensor_names(texts: Sequence[str] | None) -> list[str]:
    """The names in options that may be given several times, with commas between them."""
    return [name for text in texts or () for name in re.findall(r"[^\s,\[\]]+(?:\[[^\]]*\])?", text)]
