"""What `wa-run sites serve` does until it is stopped."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from webarena_mini.errors import MiniError
from webarena_mini.server import Served, serve
from webarena_runner.cli.console import stderr
from webarena_runner.errors import ConfigError
from webarena_runner.log.files import write_atomically
from webarena_runner.official.sites import sites_needed
from webarena_runner.stopping import on_stop_signal
from webarena_runner.tasksets import load_task_set
from webarena_runner.tasksets.config_files import require_own_folder, write_config_files
from webarena_runner.tasksets.faults import require_usable
from webarena_runner.types import Task


@dataclass(frozen=True)
class Serving:
    """One command line. `configs` None: no task files are wanted."""

    sites: tuple[str, ...]
    port_base: int | None
    token: str
    task_set: str
    configs: Path | None
    env_file: Path | None = None


async def serve_until_stopped(given: Serving) -> None:
    """Raises ConfigError for a port in use, or a folder or task set that task files cannot be written to or from."""
    tasks = _tasks(given)
    _write_env_file(given, None)
    stop = asyncio.Event()
    on_stop_signal(stop.set)
    console = stderr()
    async with _served(given) as served:
        if given.configs is not None:
            write_config_files(tasks, served.urls, given.configs, task_set=tasks[0].task_set)
            console.print(f"{len(tasks)} task files of {given.task_set} are in {given.configs}", markup=False)
        _write_env_file(given, served)
        typer.echo("\n".join(_exports(served, given.token)))
        console.print("serving until Ctrl-C; these are the embedded sites, not WebArena's")
        await stop.wait()
    _write_env_file(given, None)


@asynccontextmanager
async def _served(given: Serving) -> AsyncIterator[Served]:
    try:
        async with serve(given.sites, port_base=given.port_base, token=given.token) as served:
            yield served
    except MiniError as error:
        raise ConfigError(str(error)) from error


def _tasks(given: Serving) -> tuple[Task, ...]:
    """The tasks whose sites are all served."""
    if given.configs is None:
        return ()
    loaded = load_task_set(given.task_set).load()
    require_usable(frozenset(task.task_id for task in loaded.unusable), loaded)
    tasks = tuple(task for task in loaded.tasks if set(sites_needed(task)) <= set(given.sites))
    if not tasks:
        raise ConfigError(f"--write-configs: no task of '{loaded.name}' can do with {', '.join(given.sites)} alone")
    require_own_folder(given.configs, tasks)
    return tasks


def _write_env_file(given: Serving, served: Served | None) -> None:
    """It is there, and whole, as long as the sites answer: whoever waits for it needs nothing else."""
    path = given.env_file
    if path is None:
        return
    try:
        if served is None:
            path.unlink(missing_ok=True)
        else:
            write_atomically(path, "".join(f"{line}\n" for line in _exports(served, given.token)))
    except OSError as error:
        raise ConfigError(f"--env-file {path}: cannot be written: {error.strerror or error}") from error


def _exports(served: Served, token: str) -> Iterator[str]:
    """Both names of each variable: official, and with the prefix that BrowserGym wants."""
    for prefix in ("", "WA_"):
        for site, url in served.urls.items():
            yield f"export {prefix}{site.upper()}={url}"
    yield f"export WA_RESET_URL={served.control_url}/__reset__"
    yield f"export WA_RESET_TOKEN={token}"
    yield f"export WA_FULL_RESET={served.control_url}/{token}"
