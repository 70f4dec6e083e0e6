"""The command line, as Typer knows it."""

from collections.abc import Iterator
from typing import Any

import typer

from docs.generate.markdown import code, literal, marked, plain, table
from webarena_runner.cli.app import app
from webarena_runner.tasksets.selection import SELECTION_HELP


def commands() -> str:
    return "\n".join(_section(words, command) for words, command in walk())


def selection() -> str:
    return code(SELECTION_HELP)


def walk() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by the words that call it; the bare form first."""
    yield from _below((), typer.main.get_command(app))


def _below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", {})
    if not children or getattr(command, "invoke_without_command", False):
        yield words, command
    for name, child in children.items():
        yield from _below((*words, name), child)


def _section(words: tuple[str, ...], command: Any) -> str:
    name = " ".join(("wa-run", *words))
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    options = [parameter for parameter in shown if parameter.param_type_name == "option"]
    usage = " ".join((name, *(argument.metavar or argument.name.upper() for argument in arguments), "[OPTIONS]"))
    parts = [f"## `{name}`\n", code(usage, "text"), marked(command.help or "").strip() + "\n"]
    if arguments:
        parts.append(table(("argument", "meaning"), [_argument(argument) for argument in arguments]))
    parts += _tables(options)
    if command.epilog:
        parts.append(code(plain(command.epilog)))
    return "\n".join(parts)


def _tables(options: list[Any]) -> Iterator[str]:
    """One table a panel of the help."""
    panels: dict[str, list[Any]] = {}
    for option in options:
        panels.setdefault(getattr(option, "rich_help_panel", None) or "", []).append(option)
    for panel, held in panels.items():
        if panel:
            yield f"**{panel}**\n"
        yield table(("option", "meaning", "default"), [_option(option) for option in held])


def _argument(argument: Any) -> tuple[str, str]:
    return literal(argument.metavar or argument.name.upper()), marked(argument.help or "")


def _option(option: Any) -> tuple[str, str, str]:
    takes = "" if getattr(option, "is_flag", False) else f" {option.metavar or option.name.upper()}"
    names = ", ".join(literal(name) for name in option.opts) + "".join(f" / `{name}`" for name in option.secondary_opts)
    default = option.default
    said = "" if default in (None, "", False, ()) or callable(default) else literal(str(default))
    return f"{names}{literal(takes.strip()) and ' ' + literal(takes.strip())}", marked(option.help or ""), said
