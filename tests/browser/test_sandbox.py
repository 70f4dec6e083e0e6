"""Chromium's sandbox: on for users who can have it, off without a fault for others."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import playwright
import pytest

from webarena_runner.browser.find import find_browser

# Root has no sandbox, and what root has imported may lie where others cannot read: so all is used once before.
SCRIPT = """
import asyncio, os, sys
from pathlib import Path
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings

async def look():
    settings = BrowserSettings(executable=Path(sys.argv[1]))
    async with BrowserSession(settings, ObservationSettings(), SettleSettings()) as session:
        async with session.context() as context:
            await (await context.new_page()).goto("about:blank")
        print(session.sandbox)

asyncio.run(look())
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
asyncio.run(look())
"""
REFUSES = """#!/bin/sh
case "$*" in *--no-sandbox*|*--version*) exec {path} "$@";; esac
echo "No usable sandbox!" >&2
exit 1
"""


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def readable_by_others(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def user_namespaces() -> bool:
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "-U", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.browser
@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("refuses", [False, True], ids=["there", "refused"])
def test_the_sandbox_is_on_where_it_works_and_off_for_root(open_to_all: Path, *, refuses: bool) -> None:
    if not readable_by_others(Path(playwright.__file__)):
        pytest.skip("another user cannot read the installed packages")
    path = find_browser().path
    if refuses:
        path = open_to_all / "chromium"
        path.write_text(REFUSES.format(path=find_browser().path))
        path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, path],
        env={**os.environ, "HOME": str(open_to_all)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", str(user_namespaces() and not refuses)]
