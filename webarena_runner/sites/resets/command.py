"""A shell command of the user's own that resets sites."""

import asyncio
import logging
import os
import re
import signal
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

from webarena_runner.errors import SiteError
from webarena_runner.log.lines import printable

log = logging.getLogger(__name__)
# Of its output the log gets so much, and an error message so many lines.
_KEPT_BYTES = 16_384
_TAIL_LINES = 5
_END_LIMIT_S = 5.0
# PWD alone is the shell's working directory.
_SECRET_VARIABLE = re.compile(
    r"(?:^|_)(?:APIKEY|KEY|PASS|PASSWD|PASSWORD|PASSPHRASE|SECRET|TOKEN)$|_PWD$", re.IGNORECASE
)
# Less of a value is in any text by chance.
_SHORTEST_SECRET = 6


class CommandReset:
    """Runs it for one site after the other, or once for the `whole` instance.

    `environ` is what it finds in its environment, besides WA_SITE. It comes from the user's sites file, never from a
    task.
    """

    def __init__(
        self, command: str, sites: frozenset[str], *, whole: bool, environ: Mapping[str, str], limit_s: float
    ) -> None:
        self.sites = sites
        self.whole = whole
        self.limit_s = limit_s
        self._command = command
        self._environ = environ
        # Guards the user's script, which need not be fit to run beside itself for another site.
        self._running = asyncio.Lock()

    async def reset(self, sites: Sequence[str]) -> None:
        """Raises SiteError when it fails, or does not end in time; none of its processes is left then."""
        async with self._running:
            if self.whole:
                await self._run({})
                return
            for site in sites:
                await self._run({"WA_SITE": site})

    async def _run(self, more: Mapping[str, str]) -> None:
        # Files, not pipes: what the command leaves running, such as a site, may hold them open and write to them.
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            process = await asyncio.create_subprocess_shell(
                self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**self._environ, **more},
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(self.limit_s):
                    code = await process.wait()
            except TimeoutError as error:
                await _end_all(process)
                what = f"did not end within {self.limit_s:g} s, and was ended with all that it had started"
                raise SiteError(self._told(what, stdout, stderr)) from error
            except asyncio.CancelledError:
                await _end_all(process)
                raise
            told = self._told(f"ended with code {code}", stdout, stderr)
        if code:
            raise SiteError(told)

    def _told(self, what: str, stdout: IO[bytes], stderr: IO[bytes]) -> str:
        """The message for an error; the output goes to the log."""
        out, err = ([self._without_secrets(line) for line in _end_of(file)] for file in (stdout, stderr))
        for name, lines in (("stdout", out), ("stderr", err)):
            for line in lines:
                log.info("reset command %s: %s", name, line)
        tail = "\n".join((err or out)[-_TAIL_LINES:])
        return (
            f"reset command `{self._command}` {what}; the end of its output:\n{tail}"
            if tail
            else (f"reset command `{self._command}` {what}, without any output")
        )

    def _without_secrets(self, line: str) -> str:
        """A script that shows what it does (`set -x`) shows the passwords in its environment too."""
        for name, value in self._environ.items():
            if len(value) >= _SHORTEST_SECRET and _SECRET_VARIABLE.search(name):
                line = line.replace(value, f"${name}")
        return line


async def _end_all(process: asyncio.subprocess.Process) -> None:
    """The command and its children, by its process group: at first politely, so that they can leave things whole."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_LIMIT_S):
                await process.wait()


def _end_of(file: IO[bytes]) -> list[str]:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _KEPT_BYTES))
    return [printable(line) for line in file.read().decode(errors="replace").splitlines() if line.strip()]
