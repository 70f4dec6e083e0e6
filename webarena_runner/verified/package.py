"""The environment that has webarena-verified: made once in the cache folder, or one that is there already."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from webarena_runner.errors import ConfigError, FetchError
from webarena_runner.fetching import Say, cache_root
from webarena_runner.log.files import write_atomically
from webarena_runner.official.families import VERIFIED
from webarena_runner.verified import look

REQUIREMENT = VERIFIED.package
NAME, _, VERSION = REQUIREMENT.partition("==")
INSTALL = "wa-run evaluator install"
_LIMIT_S = 600.0
_NEEDED_BYTES = 150_000_000
_SAID_AT_MOST = 300
# Names of two of the ways to make it, for whoever reads why neither worked.
_Way = tuple[str, Callable[[Path], Sequence[Sequence[str]]]]


def python_of(cache_dir: Path | None = None) -> Path | None:
    """The Python that has the package, as an earlier `install` has left it; None: there is none yet."""
    try:
        python = Path(json.loads(_record(cache_dir).read_text("utf-8"))["python"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return python if python.exists() else None


def install(say: Say, *, ready: Path | None = None, cache_dir: Path | None = None) -> Path:
    """The Python that has the package; made unless it is there, whole. `ready` is one to take instead, from here on.

    Raises:
        ConfigError: `ready` has no webarena-verified, or another version.
        FetchError: the environment cannot be made.
    """
    import filelock

    root = _record(cache_dir).parent
    try:
        root.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(root / ".lock"):
            if ready is not None:
                if fault := _fault_in(ready):
                    raise ConfigError(
                        f"{ready}: {fault}; expected is a Python that has {REQUIREMENT}, whose scores are compared "
                        f"(`PYTHON -m pip install {REQUIREMENT}`); name one, or leave --python out and have one made"
                    )
                return _kept(ready.absolute(), cache_dir)
            if (known := python_of(cache_dir)) is not None:
                if not (fault := _fault_in(known)):
                    return known
                say(f"{known}, which had {REQUIREMENT}, is broken: {fault}")
            say(f"making an environment for {REQUIREMENT}, which scores these tasks (0.1 GB, once)")
            return _kept(_made(root), cache_dir)
    except OSError as error:
        raise FetchError(
            f"{root}: {REQUIREMENT}, whose evaluator scores these tasks, cannot be kept there: "
            f"{error.strerror or error}; make room, or let the folder be written, or set XDG_CACHE_HOME to another"
        ) from error


def _record(cache_dir: Path | None) -> Path:
    return cache_root(cache_dir) / "evaluators" / f"{NAME}-{VERSION}" / "python.json"


def _kept(python: Path, cache_dir: Path | None) -> Path:
    write_atomically(_record(cache_dir), json.dumps({"python": str(python)}) + "\n")
    return python


def _made(root: Path) -> Path:
    """A new environment in `root`, in place of any there.

    By uv where it is, which takes seconds, else by pip: uv knows no indexes of pip's configuration. Each has a folder
    of its own, since what a killed `wa-run` had begun may go on for a while.
    """
    for left in root.glob("environment*"):
        shutil.rmtree(left, ignore_errors=True)
    faults = []
    for name, commands in _ways():
        folder = Path(tempfile.mkdtemp(prefix="environment-", dir=root))
        fault = next((fault for command in commands(folder) if (fault := _run(command))), "")
        fault = fault or _fault_in(_python_in(folder))
        if not fault:
            return _python_in(folder)
        faults.append(f"{name}: {fault}")
        shutil.rmtree(folder, ignore_errors=True)
    free = shutil.disk_usage(root).free
    remedy = "check the connection"
    if free < _NEEDED_BYTES:
        remedy = f"{root} has room for {free / 1e6:.0f} MB, and it may take {_NEEDED_BYTES / 1e6:.0f} MB: make room"
    raise FetchError(
        f"{REQUIREMENT}, whose evaluator scores these tasks, cannot be installed ({'; '.join(faults)}); {remedy} "
        f"and run `{INSTALL}`, or name a Python that has it: `{INSTALL} --python PATH`"
    )


def _python_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _ways() -> list[_Way]:
    def by_pip(folder: Path) -> list[list[str]]:
        options = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"]
        install_it = [str(_python_in(folder)), "-m", "pip", "install", *options, REQUIREMENT]
        return [[sys.executable, "-m", "venv", str(folder)], install_it]

    ways: list[_Way] = [("pip", by_pip)]
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv:

        def by_uv(folder: Path, *options: str) -> list[list[str]]:
            made = [uv, "venv", "--quiet", "--no-project", *options, "--python", sys.executable, str(folder)]
            into = ["--python", str(folder), REQUIREMENT]
            return [made, [uv, "pip", "install", "--quiet", "--no-config", *options, *into]]

        def by_uv_from_its_cache(folder: Path) -> list[list[str]]:
            return by_uv(folder, "--offline")

        ways[:0] = [("uv", by_uv), ("uv from its cache", by_uv_from_its_cache)]
    return ways


def _run(command: Sequence[str]) -> str:
    """Why it did not work; "" when it did."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_LIMIT_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {_LIMIT_S:.0f} s"
    except OSError as error:
        return error.strerror or str(error)
    return "" if done.returncode == 0 else _said(done)


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """What went wrong first and last: of no connection pip tells first, and uv last."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return (
        " ... ".join(dict.fromkeys((lines[0][:_SAID_AT_MOST], lines[-1][-_SAID_AT_MOST:])))
        if lines
        else f"exit code {done.returncode}"
    )


def _fault_in(python: Path) -> str:
    """Why this Python cannot score; "" when it can."""
    command = [str(python), "-I", look.__file__, NAME]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it cannot be run: {error}"
    if done.returncode:
        return f"it has no {NAME}, or not all of it: {_said(done).rpartition(' ... ')[2]}"
    found = done.stdout.strip()
    return "" if found == VERSION else f"it has {NAME} {found}" if found else "it is no Python"
