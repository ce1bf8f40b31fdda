"""Options that every verb has: the format, what counts as failure, what is left out; and the settings of the project."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, get_type_hints

import typer

from ..errors import AnyKerasError
from ..reporting import FORMATS, Settings, Severity, find_settings
from . import render
from .outcome import REFUSED, TEXT, begin

NEVER = "never"
_PANEL = "Reports"
_Format = Annotated[
    str,
    typer.Option(
        metavar="FORMAT",
        help=f"Print {TEXT} (the default) or {', '.join(FORMATS)}.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_FailOn = Annotated[
    str,
    typer.Option(
        metavar="LEVEL",
        help=f"Exit with 1 if anything found is at least this severe: {', '.join(Severity)}, or {NEVER}.",
        rich_help_panel=_PANEL,
    ),
]
_Ignore = Annotated[
    list[str] | None,
    typer.Option(metavar="CODE", help="Leave findings of this code out. May be given several times.", rich_help_panel=_PANEL),
]
_TEXTS = (str, str | None, list[str], list[str] | None)
_COMMON = {"ctx": typer.Context, "format": _Format, "fail_on": _FailOn, "ignore": _Ignore}


def add_common_options(name: str, verb: Callable[..., None], fail_on: str = NEVER) -> Callable[..., None]:
    """`verb` with ``--format``, ``--fail-on`` and ``--ignore``, which it does not see: they are those of its session.

    A verb whose answer is what it found, as an audit, fails from a level on where none is asked for: `fail_on`.
    """
    defaults = {"format": TEXT, "fail_on": str(fail_on), "ignore": None}

    @functools.wraps(verb)
    def run(ctx: typer.Context, format: str, fail_on: str, ignore: Sequence[str] | None, **arguments: Any) -> None:
        _check("--format", format, (TEXT, *FORMATS))
        _check("--fail-on", fail_on, (*Severity, NEVER))
        if arguments.get("as_json") and format not in (TEXT, "json"):
            raise typer.BadParameter(f"--json and --format {format} were both given", param_hint="--format")
        level = None if fail_on == NEVER else Severity(fail_on)
        codes = [code.strip().upper() for text in ignore or () for code in text.split(",")]
        settings = ctx.obj.path if isinstance(ctx.obj, Settings) else None
        begin(name, _find_path(verb, arguments), format, level, codes, settings)
        verb(**arguments)

    hints = get_type_hints(verb, include_extras=True)
    own = inspect.signature(verb).parameters.values()
    kind = inspect.Parameter.KEYWORD_ONLY
    added = [
        inspect.Parameter(key, kind, default=defaults.get(key, inspect.Parameter.empty), annotation=hint)
        for key, hint in _COMMON.items()
    ]
    parameters = [parameter.replace(kind=kind, annotation=hints[parameter.name]) for parameter in own]
    run.__signature__ = inspect.Signature([*parameters, *added])  # type: ignore[attr-defined]
    run.__annotations__ = {**hints, **_COMMON}
    return run


class TakesAsItIs:
    """A command that converts no text, and nothing that was not given: new versions of typer import pydantic even for these."""

    def get_params(self, ctx: object) -> list[Any]:
        """Its parameters, and the one for help."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        hints = getattr(getattr(self, "callback", None), "__annotations__", {})
        for parameter in parameters:
            is_text = getattr(hints.get(parameter.name), "__origin__", None) in _TEXTS
            if not isinstance(parameter.process_value, functools.partial):
                parameter.process_value = functools.partial(_take_value, parameter, parameter.process_value, is_text)
        return parameters


def _take_value(parameter: Any, convert: Callable[..., Any], is_text: bool, ctx: typer.Context, value: Any) -> Any:
    several = parameter.multiple or parameter.nargs == -1
    if not parameter.required and (value is None or value is parameter.default):
        value = () if several and value is None else value
        return parameter.callback(ctx, parameter, value) if parameter.callback is not None else value
    texts = value if several and isinstance(value, list | tuple) else (value,)
    as_it_is = is_text and parameter.callback is None and texts and all(isinstance(text, str) for text in texts)
    return value if as_it_is else convert(ctx, value)


def _check(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}", param_hint=option)


def _find_path(verb: Callable[..., None], arguments: dict[str, object]) -> str:
    """The file that a verb is about: its first parameter, where that is named for one."""
    first = next(iter(inspect.signature(verb).parameters), "")
    value = arguments.get(first) if first in ("file", "source", "files", "path", "paths") else None
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else ""


def use_settings(ctx: typer.Context, verbs: Sequence[str]) -> None:
    """The settings of the project as defaults of the options of each verb. Leaves with 2 where they are wrong."""
    try:
        settings = find_settings(verbs)
    except AnyKerasError as error:
        render.print_refusal(error)
        raise typer.Exit(REFUSED) from None
    ctx.obj = settings
    ctx.default_map = {verb: settings.for_verb(verb) for verb in verbs}
