"""What is typed most, verb by verb: the examples of every ``--help``."""

from __future__ import annotations

from typing import Final

EXAMPLES: Final = {
    "inspect": (
        "anykeras inspect old.h5",
        "anykeras inspect models/ --format json",
        "anykeras inspect old.h5 --code",
    ),
    "convert": (
        "anykeras convert old.h5 new.keras",
        "anykeras convert model.json new.keras --weights weights.h5 --strict outputs=equivalent",
        "anykeras convert models/ converted/",
    ),
    "transfer": (
        "anykeras transfer weights.h5 --into model.json -o new.keras",
        "anykeras transfer epochs/*.weights.h5 --into model.json -o models/",
    ),
    "stub": ("anykeras stub old.h5 > my_layers.py",),
    "verify": (
        "anykeras verify old.h5 new.keras",
        "anykeras verify old.h5 --recording recorded.npz",
        "anykeras verify models/ --against converted/",
    ),
    "check": (
        "anykeras check model.keras --for keras-3.6 --for tf.keras==2.13",
        "anykeras check model.keras --for requirements.txt",
        "anykeras check model.keras --run envs/tf213/bin/python",
    ),
    "audit": (
        "anykeras audit downloaded.keras --fail-on high",
        'anykeras audit downloads/ --trust "mypackage.layers.*" --format sarif',
        "anykeras audit hf://someone/model/model.keras",
    ),
    "report": (
        "anykeras report old.h5 -o report.html",
        "anykeras report old.h5 -o report.html --stats",
    ),
    "scan": (
        "anykeras scan models/ -j 8 --export models.csv",
        "anykeras scan models/ --convert converted/ --seconds 120",
        "anykeras scan s3://bucket/models/ --results models.sqlite --ray auto",
    ),
    "explain": (
        "anykeras explain AK2101",
        "anykeras explain \"Unknown layer: 'Functional'\" --file old.h5",
        "python train.py 2>&1 | anykeras explain -",
    ),
}
"""Commands by verb; a verb that has none here shows none."""


def write_epilog(verb: str, exit_codes: str) -> str:
    """What stands at the end of a verb's help: its examples, a paragraph each, and the exit codes."""
    examples = EXAMPLES.get(verb, ())
    return "\n\n".join((*(("Examples:",) if examples else ()), *examples, exit_codes))
