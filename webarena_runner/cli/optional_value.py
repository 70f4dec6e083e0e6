"""An option whose value may be left out, which Typer does not have: `--html`, `--html FOLDER`."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, ClassVar

from webarena_runner.cli.once import OnceCommand


class OptionalValue(OnceCommand):
    """The value that was left out is the empty text; `takes` names the options."""

    takes: ClassVar[tuple[str, ...]] = ()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, filled(args, self.takes))


class OptionalHtml(OptionalValue):
    takes = ("--html",)


def filled(words: Sequence[str], takes: Sequence[str]) -> list[str]:
    """The words of a command line, with an empty one after each such option that none follows."""
    found = []
    for word, following in zip_longest(words, words[1:], fillvalue="-"):
        found.append(word)
        if word in takes and following.startswith("-"):
            found.append("")
    return found
