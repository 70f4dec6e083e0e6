"""Progress of containers that come up: a row for each on a terminal, plain lines elsewhere."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from webarena_runner.sites.docker.lift import UP, bring_up

if TYPE_CHECKING:
    from webarena_runner.sites.docker.engine import Engine
    from webarena_runner.sites.docker.options import DockerOptions
    from webarena_runner.sites.docker.placing import Place


class Shown:
    """What each container, or site, is at."""

    def __init__(self, console: Console, live: Live | None) -> None:
        self._console = console
        self._live = live
        self._states: dict[str, str] = {}

    def say(self, name: str, state: str) -> None:
        before, self._states[name] = self._states.get(name, ""), state
        if self._live:
            self._live.update(self._table())
        elif before.partition(":")[0] != state.partition(":")[0]:
            self._console.print(f"{name}: {state}", markup=False)

    def warn(self, text: str) -> None:
        self._console.print(text, style="yellow", markup=False)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for name, state in self._states.items():
            table.add_row(Text(name), Text(state, style="green" if state == UP else ""))
        return table


async def lifted(engine: "Engine", options: "DockerOptions", console: Console) -> "tuple[Place, ...]":
    """`bring_up`, watched."""
    if not console.is_terminal:
        return await bring_up(engine, options, watch=Shown(console, None))
    with Live(console=console, refresh_per_second=4) as live:
        return await bring_up(engine, options, watch=Shown(console, live))


def exports_of(places: "Sequence[Place]", options: "DockerOptions") -> Iterator[str]:
    """What other programs read: the variables of the first replica, and of the others the URLs."""
    for place in places:
        line = f"{place.site.upper()}={place.url}"
        yield f"export {line}" if place.replica == 1 else f"# replica {place.replica}: {line}"
    for site, url in options.urls.items():
        yield f"export {site.upper()}={url}"
