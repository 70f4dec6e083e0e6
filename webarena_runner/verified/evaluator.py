"""The package's evaluator as a process that is asked, one episode at a time; started when it is first needed."""

import asyncio
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from webarena_runner.errors import JudgeError
from webarena_runner.official.sites import OFFICIAL_SITES
from webarena_runner.verified import side
from webarena_runner.verified.package import REQUIREMENT, install, python_of

log = logging.getLogger(__name__)
LIMIT_S = 120.0
_END_LIMIT_S = 5.0
_MAX_LINE_BYTES = 64 * 2**20
# Of the sites that the package knows.
UNKNOWN = ("classifieds",)


@dataclass(frozen=True)
class Job:
    """One episode: `task` is a record in the package's form, `urls` are its sites', `entries` those of its HAR.

    `official`: the record is one of the package's own file. `without_bodies`: the log is taken as a trace of
    Playwright's has it, without the text of what was sent.
    """

    task: Mapping[str, Any]
    response: Any
    entries: Sequence[Mapping[str, Any]]
    urls: Mapping[str, str]
    official: bool = False
    without_bodies: bool = False

    def line(self, number: int) -> bytes:
        job = {
            "id": number,
            "task": self.task,
            "response": self.response,
            "entries": self.entries,
            "environments": environments(self.urls),
            "official": self.official,
            "without_bodies": self.without_bodies,
        }
        return json.dumps(job).encode() + b"\n"


def environments(urls: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    """Every site that the package knows, since it refuses tasks of a site without an address, or guesses it."""
    return {
        f"__{site.upper()}__": {"urls": [urls.get(site, official.public_url)]}
        for site, official in OFFICIAL_SITES.items()
        if site not in UNKNOWN
    }


class VerifiedEvaluator:
    """Answers one after the other; a process that failed is started anew for the next."""

    def __init__(self, python: Path | None = None) -> None:
        self._python = python
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._number = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def verdict(self, job: Job) -> dict[str, Any]:
        """What the package says of an episode.

        Raises:
            JudgeError: its process failed, so that there is no score; `wa-run rescore` gives it later.
            UsageError: the package is not there, and cannot be installed.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(LIMIT_S):
                    return await self._asked(job)
            except TimeoutError:
                await self._end()
                raise JudgeError(f"{REQUIREMENT}: no verdict within {LIMIT_S:g} s") from None
            except (OSError, ValueError) as error:
                await self._end()
                raise JudgeError(f"{REQUIREMENT}: its process failed: {error}") from error
            except BaseException:
                # The answer to what was asked would be taken for that to the next question.
                await self._end()
                raise

    async def _asked(self, job: Job) -> dict[str, Any]:
        process = self._process or await self._start()
        self._number += 1
        if process.stdin is None or process.stdout is None:
            raise OSError("it has no pipes")
        process.stdin.write(job.line(self._number))
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise OSError(f"it ended with code {await process.wait()}")
        said = json.loads(line)
        if "error" in said:
            raise JudgeError(f"{REQUIREMENT} cannot score task {job.task.get('task_id')}: {said['error']}")
        verdict: dict[str, Any] = said["verdict"]
        return verdict

    async def _start(self) -> asyncio.subprocess.Process:
        python = self._python or python_of() or await asyncio.to_thread(install, log.info)
        # Nothing of the user's keys is its business, and no Ctrl-C, which ends the run in an order.
        environ = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT") if name in os.environ}
        self._process = await asyncio.create_subprocess_exec(
            *(str(python), "-I", side.__file__),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_MAX_LINE_BYTES,
            env={**environ, "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        return self._process

    async def _end(self) -> None:
        """It ends when nothing more can come; what does not is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_END_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def verdicts_on(jobs: Sequence[Job], python: Path | None = None) -> list[dict[str, Any] | JudgeError]:
    """Of past episodes, in their order. Raises UsageError when the package cannot be installed."""
    found: list[dict[str, Any] | JudgeError] = []
    python = python or await asyncio.to_thread(install, log.info)
    async with VerifiedEvaluator(python) as evaluator:
        for job in jobs:
            try:
                found.append(await evaluator.verdict(job))
            except JudgeError as error:
                found.append(error)
    return found
