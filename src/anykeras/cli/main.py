"""The command line: arguments in, one verb of the API, a rendering out.

A verb is a file of ``commands/`` and a row of `VERBS`; its module is imported when it is called, or when all are listed.
"""

from __future__ import annotations

import io
import os
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from .. import __version__
from .common import NEVER, TakesAsItIs, add_common_options, use_settings
from .examples import write_epilog
from .outcome import DONE, EXIT_CODES
from .printer import escape_markup
from .render import out

VERBS = ("inspect", "convert", "transfer", "stub", "verify", "check", "audit", "report", "scan", "explain")

_SETTINGS: dict[str, Any] = {
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
    "rich_markup_mode": "rich" if out.is_terminal else None,  # panels, for which much of rich is imported
}


class _Verb(TakesAsItIs, TyperCommand):
    """A verb whose help shows brackets as they are (``anykeras[report]``), where rich would take them for markup."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        described: list[Any] = [self, *self.params] if out.is_terminal else []
        for one in described:
            one.help = escape_markup(one.help or "")

    def collect_usage_pieces(self, ctx: object) -> list[str]:
        """``[OPTIONS] FILE... OUTPUT``, as the verb names its arguments."""
        return ["[OPTIONS]", *(one.metavar or one.name for one in self.params if one.param_type_name == "argument")]


class _Verbs(TakesAsItIs, TyperGroup):
    """The verbs, each made when it is asked for."""

    def list_commands(self, ctx: object) -> list[str]:
        """Every verb, in the order of `VERBS`."""
        return list(VERBS)

    def get_command(self, ctx: object, cmd_name: str) -> Any:
        """The verb of that name, or None."""
        if cmd_name not in VERBS:
            return None
        verb = typer.Typer(**_SETTINGS, add_completion=False)
        module = import_module(f".commands.{cmd_name}", __package__)
        function = add_common_options(cmd_name, getattr(module, cmd_name), getattr(module, "FAIL_ON", NEVER))
        verb.command(cmd_name, cls=_Verb, epilog=write_epilog(cmd_name, EXIT_CODES))(function)
        return typer.main.get_command(verb)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that the first argument names. Leaves with 2 where it names none, and says what comes near."""
        if args and args[0] not in VERBS:
            near = get_close_matches(args[0], VERBS, 1)
            advice = f"Did you mean {near[0]!r}?" if near else f"Verbs are {', '.join(VERBS)}."
            if os.path.exists(args[0]):
                advice = f"For a file: anykeras inspect {args[0]}"
            raise typer.BadParameter(f"there is no verb {args[0]!r}. {advice}", ctx=ctx, param_hint="VERB")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="anykeras",
    cls=_Verbs,
    help="Open any Keras model file ever saved, in today's Keras 3, without running code from the file.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    **_SETTINGS,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"anykeras {__version__}")
        raise typer.Exit(DONE)


@app.callback()
def main(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Take no settings from the table tool.anykeras of a pyproject.toml.")
    ] = False,
) -> None:
    """Open any Keras model file ever saved, in today's Keras 3, without running code from the file."""
    if not isolated:
        use_settings(ctx, VERBS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names in files may have letters that a terminal does not
