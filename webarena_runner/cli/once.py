"""Commands that refuse an option given twice, of which Click takes the last without a word."""

from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from webarena_runner.errors import UsageError


class OnceCommand(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _require_once(self, ctx, args)
        return super().parse_args(ctx, args)


class OnceGroup(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _require_once(self, ctx, args)
        return super().parse_args(ctx, args)


def _require_once(command: TyperCommand | TyperGroup, ctx: Any, args: list[str]) -> None:
    """Raises UsageError for an option that takes one value and is given twice; a flag may be."""
    if ctx.resilient_parsing:
        return
    _, _, order = command.make_parser(ctx).parse_args(args=list(args))
    seen = set()
    for option in cast("list[Any]", order):
        takes_one = option.param_type_name == "option" and not option.multiple
        if takes_one and option.name in seen and not (option.is_flag and not option.secondary_opts):
            raise UsageError(f"{option.opts[0]} is given twice, and only the last would count; give it once")
        seen.add(option.name)


def require_once_everywhere(app: typer.Typer) -> None:
    """Of every command of the app, and of the groups in it."""
    for command in app.registered_commands:
        command.cls = command.cls if issubclass(command.cls or TyperCommand, OnceCommand) else OnceCommand
    for group in app.registered_groups:
        if group.typer_instance:
            require_once_everywhere(group.typer_instance)
