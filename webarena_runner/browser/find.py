"""Which Chromium to start, and how to get one.

Without a window the headless shell goes first, where there is one: it is what Playwright itself starts then, what
official runs were made with, and it takes half the time of a Chrome that hides its window.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path

from webarena_runner.errors import BrowserMissing

Kind = Literal["configured", "headless-shell", "chrome", "chromium", "playwright"]

SHELL_NAMES = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
NAMES: tuple[tuple[str, Kind], ...] = (
    *((name, "headless-shell") for name in SHELL_NAMES),
    ("google-chrome", "chrome"),
    ("google-chrome-stable", "chrome"),
    ("chromium", "chromium"),
    ("chromium-browser", "chromium"),
)
USUAL_PLACES: tuple[tuple[Path, Kind], ...] = (
    (Path("/usr/bin/chromium-headless-shell"), "headless-shell"),
    (Path("/opt/google/chrome/chrome"), "chrome"),
    (Path("/usr/bin/google-chrome"), "chrome"),
    (Path("/usr/bin/chromium"), "chromium"),
    (Path("/usr/bin/chromium-browser"), "chromium"),
    (Path("/snap/bin/chromium"), "chromium"),
    (Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"), "chrome"),
    (Path("/Applications/Chromium.app/Contents/MacOS/Chromium"), "chromium"),
)
VERSION = re.compile(r"\b\d+(?:\.\d+){2,}\b")
PLAYWRIGHT_PATH = (
    "from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as playwright:\n"
    "    print(playwright.chromium.executable_path)\n"
)
WAYS = (
    "install Google Chrome or Chromium; or run `playwright install chromium`; "
    "or, as root on Debian or Ubuntu, `apt-get install chromium`; `wa-run browser install` does it for you"
)
QUESTION_TIMEOUT_S = 30
INSTALL_TIMEOUT_S = 900


@dataclass(frozen=True)
class FoundBrowser:
    """A Chromium that answered to `--version`."""

    path: Path
    kind: Kind
    version: str

    @property
    def is_shell(self) -> bool:
        return self.kind == "headless-shell" or self.path.stem in SHELL_NAMES


def find_browser(
    configured: Path | None = None,
    *,
    headless: bool = True,
    usual_places: Sequence[tuple[Path, Kind]] = USUAL_PLACES,
) -> FoundBrowser:
    """The configured browser; else, for running without a window, a headless shell; else an installed Chrome or
    Chromium; else the one that Playwright downloaded.

    Raises:
        BrowserMissing: none of them is there and answers.
    """
    silent: list[str] = []
    if configured is not None:
        version = _version(configured, silent)
        if version is None:
            why = f" ({silent[0].partition(': ')[2]})" if silent else ""
            raise BrowserMissing(
                f"browser.executable is {configured}, which is not a browser that answers to --version{why}; "
                "give the path of a Chrome or Chromium, or leave it out to have one found"
            )
        return FoundBrowser(configured, "configured", version)
    for path, kind in _installed(usual_places, headless=headless):
        version = _version(path, silent)
        if version is not None:
            return FoundBrowser(path, kind, version)
    downloaded = _playwright_chromium(silent)
    if downloaded is not None:
        return downloaded
    if silent:
        raise BrowserMissing(f"no browser that answers to --version ({'; '.join(silent)}); try again, or {WAYS}")
    raise BrowserMissing(f"no Chrome or Chromium on this machine: {WAYS}")


def install_browser(
    say: Callable[[str], None], *, usual_places: Sequence[tuple[Path, Kind]] = USUAL_PLACES
) -> FoundBrowser:
    """Finds a headless shell, or gets one by the first way that works, or another browser; what is tried goes to `say`.

    Raises:
        BrowserMissing: there is none, and every way failed; says how.
    """
    found = _found(usual_places)
    if found and found.is_shell:
        return found
    if found:
        say(f"{found.path} is there; looking for a headless shell, which takes half the time")
    failures = []
    for title, commands in _ways_to_install(shells_only=found is not None):
        for command in commands:
            say(f"{title}: {' '.join(command)}")
            failure = _run(command, timeout_s=INSTALL_TIMEOUT_S)
            if failure:
                failures.append(f"{title}: {failure}")
                break
        else:
            got = _found(usual_places)
            if got and (got.is_shell or not found):
                return got
            failures.append(f"{title}: it ended well, but left no browser that starts")
    if found:
        say(f"no headless shell can be had here ({'; '.join(failures) or 'no way to get one'})")
        return found
    if os.geteuid() != 0 or not _is_debian():
        failures.append("apt-get: only tried as root on Debian or Ubuntu")
    raise BrowserMissing(f"could not get a browser ({'; '.join(failures)}). By hand: {WAYS}")


def launch_args(*, root: bool) -> list[str]:
    """Switches for the runner's Chromium, on top of Playwright's own.

    No traffic of its own, and none past the fence: QUIC, WebRTC and DNS prefetching do not go through a proxy.
    """
    switches = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--disable-gpu",
        "--dns-prefetch-disable",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    ]
    # Chromium refuses to start as root inside its sandbox.
    return ["--no-sandbox", *switches] if root else switches


def _found(usual_places: Sequence[tuple[Path, Kind]]) -> FoundBrowser | None:
    try:
        return find_browser(usual_places=usual_places)
    except BrowserMissing:
        return None


def _installed(usual_places: Sequence[tuple[Path, Kind]], *, headless: bool) -> list[tuple[Path, Kind]]:
    """What is on PATH, in the usual places, and Playwright's headless shell: shells first, or none for a window."""
    on_path = [(Path(found), kind) for name, kind in NAMES if (found := shutil.which(name))]
    usual = [(path, kind) for path, kind in usual_places if path.is_file()]
    there = list(dict.fromkeys([*on_path, *usual, *_playwright_shells()]))
    shells = [each for each in there if each[1] == "headless-shell"]
    others = [each for each in there if each[1] != "headless-shell"]
    return [*shells, *others] if headless else others


def _playwright_shells() -> list[tuple[Path, Kind]]:
    """The headless shell of the installed Playwright's release, if that was downloaded."""
    try:
        browsers = json.loads(files("playwright").joinpath("driver/package/browsers.json").read_text("utf-8"))
        revisions = [each["revision"] for each in browsers["browsers"] if each["name"] == "chromium-headless-shell"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or user_cache_path("ms-playwright", appauthor=False))
    found = (path for revision in revisions for path in folder.glob(f"chromium_headless_shell-{revision}/*/*"))
    return [(path, "headless-shell") for path in found if path.stem in SHELL_NAMES]


def _version(path: Path, silent: list[str]) -> str | None:
    """None: it is not there, or does not answer, and then `silent` gets why."""
    if not path.is_file():
        return None
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=QUESTION_TIMEOUT_S, check=True
        )
    except subprocess.TimeoutExpired:
        silent.append(f"{path}: no answer within {QUESTION_TIMEOUT_S} s")
        return None
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        silent.append(f"{path}: {told[-1] if told else type(error).__name__}")
        return None
    found = VERSION.search(answer.stdout)
    if found is None:
        silent.append(f"{path}: answers no version, but {answer.stdout.strip()[:80]!r}")
        return None
    return found.group()


def _playwright_chromium(silent: list[str]) -> FoundBrowser | None:
    try:
        # In a process of its own: Playwright's synchronous interface refuses to start inside a running event loop.
        answer = subprocess.run(
            [sys.executable, "-c", PLAYWRIGHT_PATH],
            capture_output=True,
            text=True,
            timeout=QUESTION_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    path = Path(answer.stdout.strip())
    version = _version(path, silent)
    return FoundBrowser(path, "playwright", version) if version else None


def _ways_to_install(*, shells_only: bool) -> list[tuple[str, list[list[str]]]]:
    """Playwright's Chromium comes with its headless shell; Ubuntu has no package with one."""
    name = "chromium-headless-shell" if shells_only else "chromium"
    ways = [("Playwright's Chromium", [[sys.executable, "-m", "playwright", "install", name]])]
    if os.geteuid() == 0 and _is_debian():
        update, install = ["apt-get", "update"], ["apt-get", "install", "-y"]
        ways.append(("Debian's headless shell", [update, [*install, "chromium-headless-shell"]]))
        if not shells_only:
            ways.append(("Debian's Chromium", [[*install, "chromium"]]))
    return ways


def _is_debian(os_release: Path = Path("/etc/os-release")) -> bool:
    """Whether this is Debian or Ubuntu, or calls itself like them (ID, ID_LIKE)."""
    try:
        lines = os_release.read_text().splitlines()
    except OSError:
        return False
    names = [
        value.strip("\"'") for key, _, value in (line.partition("=") for line in lines) if key in {"ID", "ID_LIKE"}
    ]
    return any(name in {"debian", "ubuntu"} for name in " ".join(names).split())


def _run(command: Sequence[str], *, timeout_s: float) -> str:
    """Why the command failed; "" when it did not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except FileNotFoundError:
        return f"{command[0]} is not here"
    except subprocess.TimeoutExpired:
        return f"no end within {timeout_s:.0f} s"
    said = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else f"exit {done.returncode}: {said[-1] if said else 'no message'}"
