"""Taking down what this runner has made, and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webarena_runner.sites.docker import commands
from webarena_runner.sites.docker.engine import Engine
from webarena_runner.sites.docker.found import find_ours


@dataclass(frozen=True)
class Down:
    """Names of what is to be removed."""

    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.containers or self.volumes)


async def find_down(engine: Engine, *, only: Sequence[str], volumes: bool) -> Down:
    """By our labels; `only` leaves the sites out that it does not name."""
    ours = [each.name for each in await find_ours(engine) if not only or each.site in only]
    if not volumes or (only and "map" not in only):
        return Down(tuple(ours))
    return Down(tuple(ours), tuple((await engine.do(commands.our_volumes())).split()))


async def take_down(engine: Engine, wanted: Down, say: Callable[[str], None]) -> None:
    """Raises SiteError or ConfigError at the first that cannot be removed."""
    for name in wanted.containers:
        await engine.do(commands.remove(name))
        say(f"{name}: removed")
    for volume in wanted.volumes:
        await engine.do(commands.remove_volume(volume))
        say(f"volume {volume}: removed")
