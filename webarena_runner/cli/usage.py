"""Command lines that Typer cannot read, said as all other errors are: one message, what was expected, what to do."""

import re
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import takewhile
from typing import Any

import typer

from webarena_runner.cli import options as given
from webarena_runner.cli.once import OnceGroup
from webarena_runner.cli.run_file import file_of
from webarena_runner.errors import SelectionError, UsageError
from webarena_runner.tasksets.selection import ALL, EMBEDDED_NAMES

# Typer brings its own copy of click, or takes the installed one, and has a public name for its errors' children alone.
CLICK_ERROR: Any = typer.BadParameter.__mro__[2]
_MARKS = {"and": "&", "or": ",", "not": "!"}
# They take what a run has in its manifest.
_GO_ON = ("resume", "retry")
_IN_AN_EXPRESSION = re.compile(r"(?i:and|or|not)|[&|,!()]+.*|[0-9][0-9,-]*|[a-z]+:.+|@.+")


class BareForm(OnceGroup):
    """Runs tasks without a sub-command; every sub-command takes --verbose too, wherever it is written."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        verbose = copy(next(parameter for parameter in self.params if parameter.name == "verbose"))
        verbose.expose_value, verbose.callback = False, _note_verbose
        for command in _leaves(self):
            if all(parameter.name != "verbose" for parameter in command.params):
                command.params.append(verbose)

    def get_params(self, ctx: Any) -> list[Any]:
        """Those that Typer adds, for help and shell completion, come last in the help and not first."""
        parameters: list[Any] = super().get_params(ctx)
        for parameter in parameters:
            if getattr(parameter, "rich_help_panel", None) is None:
                parameter.rich_help_panel = given.OTHER
        return parameters

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        word, tasks = args[0], ctx.params.get("tasks")
        if self.get_command(ctx, word) is None and not word.startswith("-"):
            if word in (ALL, *EMBEDDED_NAMES):
                raise UsageError(f"'{word}' is no command; did you mean --tasks {word}?")
            if tasks and _IN_AN_EXPRESSION.fullmatch(word):
                words = takewhile(lambda each: not each.startswith("-"), (tasks, *args))
                whole = " ".join(_MARKS.get(each.lower(), each) for each in words)
                raise SelectionError(
                    f"--tasks {tasks}: '{word}' comes after it as a word of its own; put the whole expression into "
                    f"quotes: --tasks '{whole}'"
                )
        return super().resolve_command(ctx, args)


def usage_message(error: Any, words: Sequence[str]) -> str:
    """What Typer found wrong with the words of a command line; "" when it has printed the help instead."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return ""
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    message = _of_a_new_run(error, context) or error.format_message().rstrip(".")
    if parameter is not None and error.message:
        # pydantic's sentence, in newer versions of Typer.
        expected = error.message.rstrip(".").replace("Input should be greater", "expected a number greater")
        expected = expected.replace("Input should be", "expected").partition(", unable")[0]
        value = _value_of(parameter, words)
        place = "" if value or context is None else file_of(context).places.get(parameter.name, "")
        value = value or file_of(context).options.get(parameter.name, "") if place else value
        got = f", got '{value}'" if value and repr(value) not in expected else ""
        name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar or parameter.name
        message = f"{place}: {parameter.opts[0].removeprefix('--')}" if place else name
        message += f": {expected}{got}"
    command = getattr(context, "command_path", "wa-run")
    return f"{message}; see `{command} --help`"


def _of_a_new_run(error: Any, context: Any) -> str:
    """Of an option that only a run which begins has; "" for all others."""
    name = getattr(error, "option_name", "")
    if context is None or context.info_name not in _GO_ON or not name.startswith("--"):
        return ""
    if all(name not in parameter.opts for parameter in context.find_root().command.params):
        return ""
    return (
        f"{name}: a run goes on with what it began with; leave it out, or begin another run: "
        f"`wa-run --config RUN {name} ...`"
    )


def _value_of(parameter: Any, words: Sequence[str]) -> str:
    """The last value that the command line gives an option, "" when there is none."""
    value = ""
    for word, following in zip(words, (*words[1:], ""), strict=True):
        for option in parameter.opts:
            if word == option:
                value = following
            elif word.startswith(f"{option}=" if option.startswith("--") else option):
                value = word[len(option) :].removeprefix("=")
    return value


def _leaves(group: Any) -> Iterator[Any]:
    for command in group.commands.values():
        if hasattr(command, "commands"):
            yield from _leaves(command)
        else:
            yield command


def _note_verbose(context: Any, _parameter: Any, value: Any) -> None:
    if value:
        context.ensure_object(dict)["verbose"] = True
