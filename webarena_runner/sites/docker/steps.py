"""What is done to get a container running, as values: calls of the engine's program, and HTTP requests."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

COMMAND_LIMIT_S = 120.0
POLL_S = 1.0


@dataclass(frozen=True)
class Command:
    """One call of `docker` or `podman`; `what` says what it is for, in errors and progress.

    `stdin` is what it reads, `stdin_file` a file instead. `environ` is what it finds besides our own environment:
    what a container must be told, and process lists must not show, goes there and is handed on by `-e NAME`.
    `limit_s` None: as long as it takes.
    """

    arguments: tuple[str, ...]
    what: str
    stdin: str = ""
    stdin_file: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    limit_s: float | None = COMMAND_LIMIT_S

    def shown(self, program: str) -> str:
        """A line for a shell."""
        line = shlex.join([program, *self.arguments])
        if self.environ:
            line = " ".join([*(f"{name}={shlex.quote(value)}" for name, value in self.environ.items()), line])
        if self.stdin_file:
            return f"{line} < {shlex.quote(str(self.stdin_file))}"
        return f"printf '%s' {shlex.quote(self.stdin)} | {line}" if self.stdin else line


@dataclass(frozen=True)
class Call:
    """One HTTP request to a control server, which must be answered with 2xx."""

    method: str
    url: str
    what: str
    limit_s: float = COMMAND_LIMIT_S

    def shown(self, program: str) -> str:
        return shlex.join(["curl", "--fail-with-body", "--max-time", f"{self.limit_s:g}", "-X", self.method, self.url])


@dataclass(frozen=True)
class Gate:
    """For a shell: waits until a site answers below 500, or `whole`, below 400; redirects are not followed."""

    url: str
    limit_s: float
    whole: bool = False

    def shown(self, program: str) -> str:
        retry = ["--retry", f"{self.limit_s / POLL_S:.0f}", "--retry-delay", f"{POLL_S:g}", "--retry-all-errors"]
        # 5xx is tried again without --fail too.
        line = [
            "curl",
            *(["--fail"] if self.whole else []),
            "--silent",
            "--show-error",
            "--output",
            "/dev/null",
            *retry,
        ]
        return shlex.join([*line, "--retry-max-time", f"{self.limit_s:.0f}", self.url])


Step = Command | Call
