"""One run folder, the process that works on it, and what the command line says to do when that has ended."""

import os
import re
import shlex
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from webarena_runner.log.paths import RunPaths

WA_RUN = (sys.executable, "-m", "webarena_runner.cli")
MARK = "WA_CHAOS_RUN"
RUN_ID = "r"
TOLD = re.compile(r"go on with: wa-run (.+)$", re.MULTILINE)


@dataclass
class Run:
    """`arguments` start it. Below `place` are its temporary files, its output and `out`, where the run folder is."""

    place: Path
    arguments: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    program: Sequence[str] = WA_RUN
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    starts: int = 0
    process: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        self.temporary.mkdir(exist_ok=True)

    @property
    def temporary(self) -> Path:
        return self.place / "tmp"

    @property
    def out(self) -> Path:
        return self.place / "out"

    @property
    def folder(self) -> Path:
        return self.out / RUN_ID

    @property
    def output(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted(self.place.glob("output-*.txt")))

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    @property
    def is_done(self) -> bool:
        """It ended by itself, and left its row."""
        rows = self.out / "leaderboard.csv"
        return self.process.poll() == 0 and rows.exists() and rows.read_text().count(f",{RUN_ID},") == 1

    def start(self) -> None:
        self._start(*self.arguments, "--run-id", RUN_ID, "--out", str(self.out))

    def go_on(self) -> None:
        """As `wa-run status` says, which is what is left to a user whose run was killed; else from the beginning."""
        asked = subprocess.run([*WA_RUN, "status", str(self.folder)], capture_output=True, text=True, check=False)
        if told := TOLD.search(asked.stdout):
            self._start(*shlex.split(told[1]))
        elif not RunPaths(self.folder).manifest.exists():
            self.start()
        else:
            raise ChaosError(f"a run that is not finished has no way on:\n{asked.stdout}{asked.stderr}")

    def wait(self, limit_s: float) -> int:
        try:
            return self.process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise ChaosError(f"did not end within {limit_s:g} s:\n{self.output[-3000:]}") from error

    def close(self) -> None:
        if not self.is_over:
            self.process.kill()
            self.process.wait()

    def _start(self, *arguments: str) -> None:
        self.starts += 1
        environ = {**os.environ, MARK: self.mark, "TMPDIR": str(self.temporary), **self.environ}
        with (self.place / f"output-{self.starts:03d}.txt").open("w") as output:
            # A group of its own, as a terminal gives it.
            self.process = subprocess.Popen(
                [*self.program, *arguments], stdout=output, stderr=output, env=environ, start_new_session=True
            )


class ChaosError(Exception):
    """What no row of the table can say: a run that hangs, or from which there is no way on."""
