"""Bringing containers up: what is there already is kept, the others are started, set up and waited for side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import httpx

from webarena_runner.errors import ConfigError, RunnerError, SiteError
from webarena_runner.sites.docker import commands
from webarena_runner.sites.docker.data import mounts_of, require_data, require_images
from webarena_runner.sites.docker.engine import Engine
from webarena_runner.sites.docker.found import Container, find_named, require_ours
from webarena_runner.sites.docker.gates import NotUp, wait_answering, wait_whole
from webarena_runner.sites.docker.options import DockerOptions, places_of
from webarena_runner.sites.docker.placing import Place, taken_ports
from webarena_runner.sites.docker.setup import mark_of, read_mark, recovery_of, setup_of, still_limited
from webarena_runner.sites.docker.steps import Call, Command, Step
from webarena_runner.sites.watch import Watch

UP = "up"
RUNNING = "running"


async def bring_up(
    engine: Engine, options: DockerOptions, *, watch: Watch, sites: Iterable[str] | None = None
) -> tuple[Place, ...]:
    """All containers of these sites (None: of all that the options name), each of which answers with its own pages.

    Raises:
        ConfigError: before anything was started: the engine, a name, a port, an image or data.
        SiteError: some did not come up; those that did stay up, and the next call keeps them.
    """
    places = places_of(options, remote_host=engine.remote_host)
    if sites is not None:
        wanted = set(sites)
        places = tuple(place for place in places if place.site in wanted)
    found = await find_named(engine, [place.name for place in places])
    require_ours(places, found)
    absent = [place for place in places if place.name not in found]
    _require_ports(absent, remote=bool(engine.remote_host))
    await require_images(engine, [place.image for place in absent], options, watch)
    await require_data(engine, [place.image for place in absent], options, watch)
    await side_by_side(places, lambda place: _lift(engine, place, options, found, watch))
    return places


async def recreate(engine: Engine, place: Place, options: DockerOptions, *, watch: Watch) -> None:
    """A container of the image as it was published, in place of the one that is there.

    Raises:
        ConfigError: the engine, or what it lacks.
        SiteError: it did not come up.
    """
    found = await find_named(engine, [place.name])
    if place.name in found:
        if not found[place.name].is_ours:
            require_ours([place], found)
        watch.say(place.name, "removing")
        await engine.do(commands.remove(place.name))
    await _lift(engine, place, options, {}, watch)


async def _lift(
    engine: Engine, place: Place, options: DockerOptions, found: Mapping[str, Container], watch: Watch
) -> None:
    there = found.get(place.name)
    if there is None:
        watch.say(place.name, "starting")
        await engine.do(commands.run(place, mounts_of(place.image, options)))
    elif there.state != RUNNING:
        watch.say(place.name, "starting again")
        await engine.do(commands.start(place.name))
    limit_s = options.limits_s.get(place.site, place.image.boot_limit_s)
    await _until_answering(engine, place, limit_s=limit_s, watch=watch)
    if not (there and await _is_set_up(engine, place)):
        await _set_up(engine, place, watch)
    # A setup restarts the application, which is then given what it was given to boot.
    await wait_whole(engine, place, limit_s=limit_s + place.image.whole_limit_s, watch=watch)
    watch.say(place.name, UP)


async def _until_answering(engine: Engine, place: Place, *, limit_s: float, watch: Watch) -> None:
    try:
        await wait_answering(engine, place, limit_s=limit_s, watch=watch)
    except NotUp:
        recovery = recovery_of(place)
        if not recovery:
            raise
        for command in recovery:
            watch.say(place.name, command.what.partition(": ")[2])
            await engine.do(command)
        await wait_answering(engine, place, limit_s=limit_s, watch=watch)


async def _is_set_up(engine: Engine, place: Place) -> bool:
    if place.image.setup == "none":
        return True
    done = await engine.ask(read_mark(place))
    return not done.code and done.out.strip() == place.root


async def _set_up(engine: Engine, place: Place, watch: Watch) -> None:
    for step in setup_of(place):
        watch.say(place.name, step.what.partition(": ")[2])
        await _take(engine, step)
    if place.image.setup == "postmill":
        await _see_that_limits_are_gone(engine, place, watch)
    if place.image.setup != "none":
        await engine.do(mark_of(place))


async def _take(engine: Engine, step: Step) -> None:
    match step:
        case Command():
            await engine.do(step)
        case Call():
            await _call(step)


async def _call(call: Call) -> None:
    """Raises SiteError when it is not answered with success, which env-ctrl says in status and body."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=call.limit_s) as client:
            reply = await client.request(call.method, call.url)
    except httpx.HTTPError as error:
        raise SiteError(f"could not {call.what}: {call.method} {call.url}: {error or type(error).__name__}") from error
    if not reply.is_success:
        said = " ".join(reply.text[:300].split())
        raise SiteError(f"could not {call.what}: {call.method} {call.url} answers {reply.status_code}: {said}")


async def _see_that_limits_are_gone(engine: Engine, place: Place, watch: Watch) -> None:
    done = await engine.ask(still_limited(place))
    if done.code != 1:
        why = (
            f"they are still in {' '.join(done.out.split())}" if done.out else done.err.strip() or "they are elsewhere"
        )
        watch.warn(
            f"{place.name}: the forum's rate limits may still hold ({why}); where tasks run side by side, posts are "
            "then refused now and then, and the runner counts that as a site error"
        )


def _require_ports(places: Sequence[Place], *, remote: bool) -> None:
    taken = taken_ports(places, remote=remote)
    if taken:
        listed = ", ".join(f"{port} ({place.name})" for place, port in taken)
        raise ConfigError(
            f"these ports are taken by another program: {listed}; stop it, or choose other ports with port_base "
            "(--port-base)"
        )


async def side_by_side(places: Sequence[Place], lift: Callable[[Place], Awaitable[None]]) -> None:
    """All of them, also when one fails.

    Raises:
        ConfigError: the failures together, when more time would mend none of them.
        SiteError: the failures together.
    """
    failures: dict[str, RunnerError] = {}

    async def one(place: Place) -> None:
        try:
            await lift(place)
        except RunnerError as error:
            failures[place.name] = error

    async with asyncio.TaskGroup() as group:
        for place in places:
            group.create_task(one(place))
    if not failures:
        return
    up = len(places) - len(failures)
    listed = "\n".join(f"- {error}" for error in failures.values())
    after = f"\n{up} of {len(places)} are up and stay so; the same command goes on with the others" if up else ""
    kind = ConfigError if all(isinstance(error, ConfigError) for error in failures.values()) else SiteError
    raise kind(f"{len(failures)} of {len(places)} containers did not come up:\n{listed}{after}")
