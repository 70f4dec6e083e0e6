"""What `wa-run doctor` looks at on this machine; FAIL is only for what no run can do without."""

import asyncio
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from webarena_runner.browser.find import find_browser
from webarena_runner.browser.session import BrowserSession
from webarena_runner.cli.models.commands import availability
from webarena_runner.errors import BrowserError, ConfigError, UsageError
from webarena_runner.extras import how_to_add
from webarena_runner.settings import datafiles
from webarena_runner.settings.loading import load_model_spec
from webarena_runner.sites.probes.findings import Finding, Level
from webarena_runner.tasksets import load_task_set

SHOWN_VERSIONS = ("playwright", "pydantic", "httpx", "tokenizers", "starlette")
# A full run of 812 tasks keeps up to 30 screenshots of about 60 kB each.
DISK_GB, MEMORY_GB = 3, 2


def finding(check: str, level: Level, found: str, remedy: str = "") -> Finding:
    """One that is of no site."""
    return Finding(check, "", "", level, found, remedy)


def this_machine(out: Path) -> Sequence[Finding]:
    return [_python(), _packages(), _results(out), _disk(out), _memory()]


def installed(environ: Mapping[str, str]) -> Sequence[Finding]:
    """What could be run here."""
    return [
        _tasks("mini", "the installation is incomplete; install the package again"),
        _tasks("webarena", "wa-run tasks fetch webarena"),
        _models(environ),
    ]


async def browser_checks(session: BrowserSession) -> Sequence[Finding]:
    """Of one that has started: it opens an empty page."""
    try:
        async with session.context() as context:
            await (await context.new_page()).goto("about:blank")
    except BrowserError as error:
        return [finding("browser", Level.FAIL, str(error), "install another Chromium")]
    found = await asyncio.to_thread(find_browser)
    told = f"{found.path} {found.version}, starts"
    if found.is_shell:
        checked = finding("browser", Level.OK, f"{told}, headless shell")
    else:
        faster = "wa-run browser install: a headless shell takes half the time"
        checked = finding("browser", Level.WARNING, told, faster)
    return [checked, _sandbox(works=session.sandbox)]


def _python() -> Finding:
    return finding("Python", Level.OK, f"{platform.python_version()} ({sys.executable})")


def _packages() -> Finding:
    missing = []
    for line in requires("webarena-runner") or []:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if name and "extra ==" not in line and not _version(name.group()):
            missing.append(name.group())
    if missing:
        return finding("packages", Level.FAIL, f"missing: {', '.join(missing)}", how_to_add(*missing))
    shown = ", ".join(f"{name} {_version(name)}" for name in SHOWN_VERSIONS)
    return finding("packages", Level.OK, f"webarena-runner {_version('webarena-runner')}, {shown}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _sandbox(*, works: bool) -> Finding:
    if works:
        return finding("browser sandbox", Level.OK, "on")
    if os.geteuid() == 0:
        return finding("browser sandbox", Level.WARNING, "off: Chromium has none for root", "run as another user")
    todo = "allow unprivileged user namespaces (in a container: its seccomp profile)"
    return finding("browser sandbox", Level.WARNING, "off: Chromium does not start inside it here", todo)


def _results(out: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=_existing(out)):
            return finding("results folder", Level.OK, f"{out.resolve()} can be written")
    except OSError as error:
        return finding("results folder", Level.FAIL, f"{out}: {error.strerror}", "give a writable folder with --out")


def _disk(out: Path) -> Finding:
    free_gb = shutil.disk_usage(_existing(out)).free / 1e9
    if free_gb < DISK_GB:
        return finding("disk", Level.WARNING, f"{free_gb:.1f} GB free", f"a full run can take {DISK_GB} GB")
    return finding("disk", Level.OK, f"{free_gb:.0f} GB free")


def _memory() -> Finding:
    try:
        free_gb = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (ValueError, OSError):
        return finding("memory", Level.OK, "unknown on this system")
    cores = os.cpu_count() or 1
    if free_gb < MEMORY_GB:
        return finding("memory", Level.WARNING, f"{free_gb:.1f} GB free, {cores} cores", "use few --workers")
    return finding("memory", Level.OK, f"{free_gb:.0f} GB free, {cores} cores")


def _tasks(name: str, todo: str) -> Finding:
    try:
        loaded = load_task_set(name).load()
    except UsageError as error:
        return finding(f"tasks: {name}", Level.WARNING, str(error), todo)
    return finding(f"tasks: {name}", Level.OK, f"{len(loaded.tasks)} tasks, sha256 {loaded.sha256[:12]}")


def _models(environ: Mapping[str, str]) -> Finding:
    runnable, faults = ["oracle"], []
    names = datafiles.names("models")
    for name in names:
        try:
            if not availability(load_model_spec(name), environ):
                runnable.append(name)
        except ConfigError as error:
            faults.append(str(error))
    if faults:
        return finding("models", Level.WARNING, "\n".join(faults), "correct the model file")
    known = f"can run: {', '.join(runnable)} ({len(names) + 1} known; wa-run models list)"
    return finding("models", Level.OK, known)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.resolve()
    return next((place for place in (folder, *folder.parents) if place.is_dir()), Path("/"))
