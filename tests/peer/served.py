"""What the peer tests are made of: the sites as `wa-run sites serve` gives them to others, and the package."""

import asyncio
import json
import os
import re
import shlex
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.interfaces import SiteLease
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("PEER_PYTHON", ROOT / ".venv-peer" / "bin" / "python"))
BROWSERGYM_PYTHON = Path(os.environ.get("BROWSERGYM_PYTHON", ROOT / ".venv-browsergym" / "bin" / "python"))
WA_RUN = Path(sys.executable).with_name("wa-run")
EXPORT = re.compile(r"\b([A-Z_]+)=(\S+)")
MIB = 2**20


class PackageError(Exception):
    """The package raised; its message, and its traceback in the notes."""


class Package:
    """The process with the package."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, do: str, **given: object) -> dict[str, Any]:
        """Raises PackageError when the package does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **given}).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        assert line, f"the package's process ended with code {await self._process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        if "traceback" in answer:
            error = PackageError(answer["error"])
            error.add_note(answer["traceback"])
            raise error
        return answer


@dataclass(frozen=True)
class Shared:
    """One shared instance of all sites, with its task files in `folder / "config_files"`; a provider of leases too.

    A lease begins with a reset, and is logged in to by the package.
    """

    urls: Mapping[str, str]
    variables: Mapping[str, str]
    folder: Path
    package: Package

    def config_file(self, task_id: int) -> str:
        return str(self.folder / "config_files" / f"{task_id}.json")

    async def reset(self) -> None:
        token = {"Authorization": f"Bearer {self.variables['WA_RESET_TOKEN']}"}
        async with httpx.AsyncClient(trust_env=False, headers=token) as client:
            (await client.post(self.variables["WA_RESET_URL"])).raise_for_status()

    async def __aenter__(self) -> "Shared":
        return self

    async def __aexit__(self, *exc: object) -> None: ...

    @asynccontextmanager
    async def lease(
        self, sites: Sequence[str], *, login_sites: Sequence[str], writes: bool
    ) -> AsyncIterator[SiteLease]:
        await self.reset()
        state = await self.package.ask("log_in", sites=list(login_sites)) if login_sites else None
        yield SiteLease(self.urls, state, OFFICIAL_ACCOUNTS)


@asynccontextmanager
async def shared_sites(folder: Path, *, python: Path = PYTHON, side: str = "package_side.py") -> AsyncIterator[Shared]:
    """All sites and the package, each in a process of its own, until the block ends."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    command = [str(WA_RUN), "sites", "serve", "--write-configs", "config_files"]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    async with _running(command, folder, environ) as serving:
        assert serving.stdout is not None
        variables: dict[str, str] = {}
        while "WA_FULL_RESET" not in variables:
            line = await serving.stdout.readline()
            assert line, f"`wa-run sites serve` ended with code {await serving.wait()}"
            variables |= dict(EXPORT.findall(line.decode()))
        chromium = [str(find_browser(None).path), shlex.join(launch_args(root=os.geteuid() == 0))]
        command = [str(python), str(Path(__file__).with_name(side)), *chromium]
        async with _running(command, folder, {**os.environ, **variables}) as process:
            urls = {name.removeprefix("WA_").lower(): url for name, url in variables.items() if name[:3] == "WA_"}
            for name in ("reset_url", "reset_token", "full_reset"):
                del urls[name]
            yield Shared(urls, variables, folder, Package(process))


@asynccontextmanager
async def _running(
    command: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environ, stdin=pipe, stdout=pipe, limit=64 * MIB
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
