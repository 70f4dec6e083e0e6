"""What `wa-run doctor` looks at; FAIL is only for what no run can do without."""

import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from webarena_runner.cli.models.commands import availability
from webarena_runner.errors import BrowserError, BrowserMissing, ConfigError, EpisodeError, UsageError
from webarena_runner.extras import how_to_add
from webarena_runner.settings import datafiles
from webarena_runner.settings.loading import CliOptions, load_model_spec, load_sites
from webarena_runner.tasksets import load_task_set

SHOWN_VERSIONS = ("playwright", "pydantic", "httpx", "tokenizers", "starlette")
# A full run of 812 tasks keeps up to 30 screenshots of about 60 kB each.
DISK_GB, MEMORY_GB = 3, 2


class Level(StrEnum):
    OK = "OK"
    WARNING = "warning"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    name: str
    level: Level
    found: str
    todo: str = ""


async def all_checks(*, out: Path, sites: str | None, environ: Mapping[str, str]) -> list[Check]:
    return [
        _python(),
        _packages(),
        *await _browser(),
        _results(out),
        _disk(out),
        _memory(),
        _tasks("mini", "the installation is incomplete; install the package again"),
        _tasks("webarena", "wa-run tasks fetch webarena"),
        _models(environ),
        *await _sites(sites, environ),
    ]


def _python() -> Check:
    return Check("Python", Level.OK, f"{platform.python_version()} ({sys.executable})")


def _packages() -> Check:
    missing = []
    for line in requires("webarena-runner") or []:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if name and "extra ==" not in line and not _version(name.group()):
            missing.append(name.group())
    if missing:
        return Check("packages", Level.FAIL, f"missing: {', '.join(missing)}", how_to_add(*missing))
    shown = ", ".join(f"{name} {_version(name)}" for name in SHOWN_VERSIONS)
    return Check("packages", Level.OK, f"webarena-runner {_version('webarena-runner')}, {shown}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


async def _browser() -> list[Check]:
    """Finds the browser that a run would take, starts it and opens an empty page."""
    from webarena_runner.browser.find import find_browser
    from webarena_runner.browser.session import BrowserSession
    from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings

    try:
        found = find_browser()
    except BrowserMissing as error:
        return [Check("browser", Level.FAIL, str(error), "wa-run browser install")]
    try:
        async with BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings()) as session:
            async with session.context() as context:
                await (await context.new_page()).goto("about:blank")
            sandbox = session.sandbox
    except (BrowserMissing, BrowserError) as error:
        return [Check("browser", Level.FAIL, str(error), "install another Chromium")]
    message = f"{found.path} {found.version}, starts"
    if not found.is_shell:
        faster = "wa-run browser install: a headless shell takes half the time"
        return [Check("browser", Level.WARNING, message, faster), _sandbox(works=sandbox)]
    return [Check("browser", Level.OK, f"{message}, headless shell"), _sandbox(works=sandbox)]


def _sandbox(*, works: bool) -> Check:
    if works:
        return Check("browser sandbox", Level.OK, "on")
    if os.geteuid() == 0:
        return Check("browser sandbox", Level.WARNING, "off: Chromium has none for root", "run as another user")
    todo = "allow unprivileged user namespaces (in a container: its seccomp profile)"
    return Check("browser sandbox", Level.WARNING, "off: Chromium does not start inside it here", todo)


def _results(out: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=_existing(out)):
            return Check("results folder", Level.OK, f"{out.resolve()} can be written")
    except OSError as error:
        return Check("results folder", Level.FAIL, f"{out}: {error.strerror}", "give a writable folder with --out")


def _disk(out: Path) -> Check:
    free_gb = shutil.disk_usage(_existing(out)).free / 1e9
    if free_gb < DISK_GB:
        return Check("disk", Level.WARNING, f"{free_gb:.1f} GB free", f"a full run can take {DISK_GB} GB")
    return Check("disk", Level.OK, f"{free_gb:.0f} GB free")


def _memory() -> Check:
    try:
        free_gb = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (ValueError, OSError):
        return Check("memory", Level.OK, "unknown on this system")
    cores = os.cpu_count() or 1
    if free_gb < MEMORY_GB:
        return Check("memory", Level.WARNING, f"{free_gb:.1f} GB free, {cores} cores", "use few --workers")
    return Check("memory", Level.OK, f"{free_gb:.0f} GB free, {cores} cores")


def _tasks(name: str, todo: str) -> Check:
    try:
        loaded = load_task_set(name).load()
    except UsageError as error:
        return Check(f"tasks: {name}", Level.WARNING, str(error), todo)
    return Check(f"tasks: {name}", Level.OK, f"{len(loaded.tasks)} tasks, sha256 {loaded.sha256[:12]}")


def _models(environ: Mapping[str, str]) -> Check:
    runnable, faults = ["oracle"], []
    names = datafiles.names("models")
    for name in names:
        try:
            if not availability(load_model_spec(name), environ):
                runnable.append(name)
        except ConfigError as error:
            faults.append(str(error))
    if faults:
        return Check("models", Level.WARNING, "\n".join(faults), "correct the model file")
    return Check("models", Level.OK, f"can run: {', '.join(runnable)} ({len(names) + 1} known)", "wa-run models list")


async def _sites(sites: str | None, environ: Mapping[str, str]) -> list[Check]:
    from webarena_runner.sites.health import check_provider

    try:
        checked = await check_provider(load_sites(CliOptions(sites=sites), environ), environ)
    except ConfigError as error:
        return [Check("sites", Level.WARNING, str(error), "correct the sites file or the variable")]
    except EpisodeError as error:
        return [Check("sites", Level.WARNING, str(error), "see what the provider says")]
    if not checked:
        return [Check("sites", Level.OK, "no URLs set: only the embedded sites", "WebArena proper: docs/webarena.md")]
    return [
        Check(f"site {health.site}", Level.WARNING, f"{health.url}: {health.problem}", "start it, or correct the URL")
        if health.problem
        else Check(f"site {health.site}", Level.OK, f"{health.url} answers in {health.elapsed_ms:.0f} ms")
        for health in checked
    ]


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.resolve()
    return next((place for place in (folder, *folder.parents) if place.is_dir()), Path("/"))
