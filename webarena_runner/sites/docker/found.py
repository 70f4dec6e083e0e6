"""Which containers there are already, as the engine says."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from webarena_runner.errors import ConfigError, SiteError
from webarena_runner.sites.docker import commands
from webarena_runner.sites.docker.commands import LABEL
from webarena_runner.sites.docker.engine import Engine
from webarena_runner.sites.docker.placing import Place


@dataclass(frozen=True)
class Container:
    """One that exists. `state` is the engine's word (running, exited, restarting, created), `code` how it ended."""

    name: str
    state: str
    code: int = 0
    restarts: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        return LABEL in self.labels

    @property
    def site(self) -> str:
        return self.labels.get(f"{LABEL}.site", "")

    @property
    def url(self) -> str:
        return self.labels.get(f"{LABEL}.url", "")


async def find_ours(engine: Engine) -> list[Container]:
    """Every container that this runner has made, by name."""
    return await _inspected(engine, (await engine.do(commands.our_names())).split())


async def find_named(engine: Engine, wanted: Iterable[str]) -> dict[str, Container]:
    """Those of these names that exist, whoever made them."""
    there = set((await engine.do(commands.names())).replace(",", "\n").split())
    return {each.name: each for each in await _inspected(engine, [name for name in wanted if name in there])}


async def look_at(engine: Engine, name: str) -> Container | None:
    """None: there is no such container."""
    done = await engine.ask(commands.inspect(name))
    return _read(done.out)[0] if not done.code else None


async def _inspected(engine: Engine, names: list[str]) -> list[Container]:
    if not names:
        return []
    return sorted(_read(await engine.do(commands.inspect(*names))), key=lambda each: each.name)


def _read(text: str) -> list[Container]:
    try:
        return [_container(record) for record in json.loads(text)]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SiteError(f"the engine's `container inspect` answers what is not understood: {error!r}") from error


def _container(record: Mapping[str, Any]) -> Container:
    state = record["State"]
    return Container(
        # Docker writes a slash before it, Podman does not.
        name=record["Name"].removeprefix("/"),
        state=state["Status"],
        code=int(state.get("ExitCode") or 0),
        restarts=int(record.get("RestartCount") or 0),
        labels=record["Config"].get("Labels") or {},
    )


def require_ours(places: Iterable[Place], found: Mapping[str, Container]) -> None:
    """Raises ConfigError when a container of one of our names is foreign, or was made with other options."""
    for place in places:
        there = found.get(place.name)
        if there is None:
            continue
        if not there.is_ours:
            raise ConfigError(
                f"there is a container {place.name} that this runner did not make; rename or remove it "
                f"(docker rename {place.name} OTHER)"
            )
        labels = commands.labels_of(place)
        differing = [key for key, value in labels.items() if there.labels.get(key, "") != value]
        if differing:
            told = "; ".join(
                f"{key.removeprefix(f'{LABEL}.')} is {there.labels.get(key) or 'not known'}, wanted {labels[key]}"
                for key in differing
            )
            raise ConfigError(
                f"{place.name} was made with other options: {told}; give the same ones, or remove it first: "
                f"wa-run sites down --only {place.site}"
            )
