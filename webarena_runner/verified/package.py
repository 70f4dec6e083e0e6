"""The environment that has webarena-verified: made once in the cache folder, or one that is there already."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from webarena_runner.errors import ConfigError, FetchError
from webarena_runner.fetching import Say, cache_root
from webarena_runner.log.files import write_atomically
from webarena_runner.official.families import VERIFIED

REQUIREMENT = VERIFIED.package
NAME, _, VERSION = REQUIREMENT.partition("==")
INSTALL = "wa-run evaluator install"
_LIMIT_S = 600.0
_ASK = f"import importlib.metadata as m; print(m.version({NAME!r}))"
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
    """The Python that has the package; made unless it is there. `ready` is one to take instead, from here on.

    Raises:
        ConfigError: `ready` has no webarena-verified, or another version.
        FetchError: the environment cannot be made.
    """
    import filelock

    root = _record(cache_dir).parent
    root.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(root / ".lock"):
        if ready is not None:
            _require_version(ready)
            return _kept(ready.absolute(), cache_dir)
        if (known := python_of(cache_dir)) is not None:
            return known
        say(f"making an environment for {REQUIREMENT}, which scores these tasks (0.1 GB, once)")
        return _kept(_made(root / "environment"), cache_dir)


def _record(cache_dir: Path | None) -> Path:
    return cache_root(cache_dir) / "evaluators" / f"{NAME}-{VERSION}" / "python.json"


def _kept(python: Path, cache_dir: Path | None) -> Path:
    write_atomically(_record(cache_dir), json.dumps({"python": str(python)}) + "\n")
    return python


def _made(folder: Path) -> Path:
    """By uv where it is, which takes seconds, else by pip: uv knows no indexes of pip's configuration."""
    faults = []
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    for name, commands in _ways():
        shutil.rmtree(folder, ignore_errors=True)
        fault = next((fault for command in commands(folder) if (fault := _run(command))), "")
        if not fault:
            _require_version(python)
            return python
        faults.append(f"{name}: {fault}")
    shutil.rmtree(folder, ignore_errors=True)
    raise FetchError(
        f"{REQUIREMENT}, whose evaluator scores these tasks, cannot be installed ({'; '.join(faults)}); check the "
        f"connection and run `{INSTALL}`, or name a Python that has it: `{INSTALL} --python PATH`"
    )


def _ways() -> list[_Way]:
    def by_pip(folder: Path) -> list[list[str]]:
        python = str(folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
        options = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"]
        return [[sys.executable, "-m", "venv", str(folder)], [python, "-m", "pip", "install", *options, REQUIREMENT]]

    ways: list[_Way] = [("pip", by_pip)]
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv:

        def by_uv(folder: Path) -> list[list[str]]:
            made = [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)]
            return [made, [uv, "pip", "install", "--quiet", "--no-config", "--python", str(folder), REQUIREMENT]]

        ways.insert(0, ("uv", by_uv))
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
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return "" if done.returncode == 0 else (lines[-1] if lines else f"exit code {done.returncode}")


def _require_version(python: Path) -> None:
    try:
        done = subprocess.run([str(python), "-I", "-c", _ASK], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(
            f"{python}: expected a Python that has {REQUIREMENT}, and it cannot be run: {error}"
        ) from error
    found = done.stdout.strip()
    if done.returncode or found != VERSION:
        has = f"has {NAME} {found}" if found else f"has no {NAME}"
        raise ConfigError(
            f"{python}: {has}, and expected is {VERSION}, whose scores are compared; "
            f"`{python} -m pip install {REQUIREMENT}`, or leave --python out and have an environment made"
        )
