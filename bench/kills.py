"""What a run loses when its processes are killed at moments that it does not choose: for each of them a row.

A model server of this program's own answers (scroll, scroll, stop); all else is real. Nothing may be lost, repeated or
left running, and every task passes in the end. The longest standstill is from a kill to the next step or result of an
episode that it met, or of the run.
Run it with: .venv/bin/python -m bench.kills [--moments 15] [--seed 1] [--only runner,browser] [--tasks 40]
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cli.conftest import own_task

WA_RUN = (sys.executable, "-m", "webarena_runner.cli")
REPLY_AFTER_S = 0.1
SERVER_AWAY_S = 1.0
MOST_PAUSE_S = 1.5
LIMIT_S = 900
ORPHAN_LIMIT_S = 10


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    zombie: bool
    args: str


TARGETS: dict[str, Callable[[str], bool]] = {
    "runner": lambda args: "webarena_runner.cli" in args,
    "browser": lambda args: "--remote-debugging-pipe" in args and "--type=" not in args and "/bin/sh" not in args,
    "renderer": lambda args: "--type=renderer" in args,
    "driver": lambda args: "run-driver" in args,
    "sites' process": lambda args: "webarena_mini.server" in args,
    "model server": lambda args: "bench.kills" in args,
    # No kill: the signal of a terminal to all of the run's process group.
    "Ctrl-C": lambda args: "webarena_runner.cli" in args,
}
RUNNERS = ("runner", "Ctrl-C")
NOISE = ("Traceback", "never retrieved", "was destroyed")


@dataclass
class Row:
    """What became of a run with one of its processes killed again and again."""

    target: str
    kills: int = 0
    resumed: int = 0
    lost: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)
    orphans: set[int] = field(default_factory=set)
    not_passed: int = 0
    noise: list[str] = field(default_factory=list)
    standstill_s: float = 0.0
    wall_s: float = 0.0

    @property
    def good(self) -> bool:
        return not (self.lost or self.repeated or self.orphans or self.not_passed or self.noise)

    def line(self) -> str:
        counts = (self.kills, self.resumed, *map(len, (self.lost, self.repeated, self.orphans)))
        return (
            f"{self.target:15}{counts[0]:6}{counts[1]:9}{counts[2]:6}{counts[3]:10}{counts[4]:9}{self.not_passed:12}"
            f"{len(self.noise):7}{self.standstill_s:14.1f} s{self.wall_s:8.0f} s"
        )


HEAD = f"{'killed':15}{'times':>6}{'resumed':>9}{'lost':>6}{'repeated':>10}{'orphans':>9}{'not passed':>12}{'noise':>7}"
HEAD += f"{'standstill':>16}{'whole run':>10}"


class ModelServer:
    """Answers in a process of its own, on one port through all its lives."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "bench.kills", "--serve", str(self.port)]
        return subprocess.Popen(command, cwd=Path(__file__).parents[1])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def kill_for_a_while(self) -> None:
        self.kill()
        time.sleep(SERVER_AWAY_S)
        self.process = self._start()


class Run:
    """One run folder, and the process that works on it."""

    def __init__(self, folder: Path, server: ModelServer, *, tasks: int) -> None:
        self.folder = folder / "results" / "r"
        self._log = (folder / "output.txt").open("w")
        file = folder / "tasks.json"
        file.write_text(json.dumps([own_task(number, expected="hello", said="hello") for number in range(tasks)]))
        options = [f"model.options.base_url=http://127.0.0.1:{server.port}/v1", "model.options.retry_first_wait_s=0.2"]
        self._out = folder / "results"
        self.start(
            *("--model", "openai-compatible", "--prompt", "direct", "--task-set", str(file), "--sites", "embedded"),
            *("--workers", "2", "--run-id", "r", "--out", str(self._out)),
            *(part for option in options for part in ("-o", option)),
        )

    def start(self, *arguments: str) -> None:
        # A group of its own, as a terminal gives it.
        self.process = subprocess.Popen(
            [*WA_RUN, *arguments], stdout=self._log, stderr=self._log, start_new_session=True
        )

    def resume(self) -> None:
        self.start("resume", "r", "--out", str(self._out))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._log.close()

    @property
    def output(self) -> str:
        return Path(self._log.name).read_text()

    def finished(self) -> dict[str, int]:
        """When the result of each episode that has a score was written."""
        found = {}
        for path in self.folder.glob("episodes/*/result.json"):
            with suppress(OSError):
                if json.loads(path.read_text())["value"] is not None:
                    found[path.parent.name] = path.stat().st_mtime_ns
        return found

    def progress(self) -> int:
        """Grows with each step and each result."""
        steps = sum(path.stat().st_size for path in self.folder.glob("*/*/steps.jsonl") if path.exists())
        return steps + len(list(self.folder.glob("*/*/result.json")))

    def moments(self) -> list[list[float]]:
        """When each attempt did something: its steps and its end, as seconds since the epoch."""
        found = []
        for folder in self.folder.glob("*/*.*"):
            steps = folder / "steps.jsonl"
            lines = steps.read_text().splitlines() if steps.exists() else []
            times = [_seconds(json.loads(line)["started_at"]) for line in lines]
            result = folder / "result.json"
            if result.exists():
                raw = json.loads(result.read_text())
                times = [_seconds(raw["started_at"]), *times, _seconds(raw["finished_at"])]
            found.append(times)
        return found


def play(target: str, *, moments: int, tasks: int, chance: random.Random) -> Row:
    """Kills the process of that name so often in one run, and resumes that when it has ended with it."""
    row, kills, seen = Row(target), list[float](), dict[str, int]()
    family: set[int] = set()
    clock = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        server = ModelServer()
        run = Run(Path(folder), server, tasks=tasks)
        try:
            while row.kills < moments and _wait_for_progress(run, chance):
                running = processes()
                family |= below(run.process.pid, running) | {run.process.pid}
                victims = sorted(pid for pid in family if pid in running and TARGETS[target](running[pid].args))
                if target != "model server" and not victims:
                    continue
                seen |= run.finished()
                row.kills += 1
                if target == "model server":
                    server.kill_for_a_while()
                elif target == "Ctrl-C":
                    os.killpg(run.process.pid, signal.SIGINT)
                else:
                    os.kill(chance.choice(victims), signal.SIGKILL)
                kills.append(time.time())
                if target in RUNNERS:
                    run.process.wait(timeout=LIMIT_S)
                    kills[-1] = time.time()
                    run.resume()
            code = run.process.wait(timeout=LIMIT_S)
            last = run.finished()
            row.lost = set(seen) - set(last)
            row.repeated = {name for name in seen if name in last and last[name] != seen[name]}
            row.not_passed = tasks - len(last) if code == 0 else max(1, tasks - len(last))
            noise = (*NOISE, "errored (") if target == "Ctrl-C" else NOISE
            row.noise = [line for line in run.output.splitlines() if any(word in line for word in noise)]
            row.orphans = _left_of(family)
            row.resumed, row.standstill_s = _standstills(kills, run.moments())
        finally:
            server.kill()
            run.close()
    row.wall_s = time.monotonic() - clock
    return row


def _wait_for_progress(run: Run, chance: random.Random) -> bool:
    """Until something has been done since, and some time more; False: the run has ended."""
    before, deadline = run.progress(), time.monotonic() + LIMIT_S
    while run.process.poll() is None:
        if run.progress() != before:
            time.sleep(chance.uniform(0, MOST_PAUSE_S))
            return run.process.poll() is None
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing was done for {LIMIT_S} s:\n{run.output[-3000:]}")
        time.sleep(0.02)
    return False


def _standstills(kills: Sequence[float], attempts: Sequence[Sequence[float]]) -> tuple[int, float]:
    """After how many kills something was done, and the longest time that this took the run or an attempt."""
    everything = sorted(moment for attempt in attempts for moment in attempt)
    after = [next((moment for moment in everything if moment > kill), None) for kill in kills]
    longest = max((moment - kill for moment, kill in zip(after, kills, strict=True) if moment), default=0.0)
    for attempt in attempts:
        for begin, end in zip(attempt, attempt[1:], strict=False):
            longest = max([longest, *(end - kill for kill in kills if begin < kill < end)])
    return sum(moment is not None for moment in after), longest


def processes() -> dict[int, Process]:
    """All processes of the machine, by id."""
    listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    found = (line.split(None, 3) for line in listed.stdout.splitlines())
    return {int(pid): Process(int(pid), int(parent), state[0] == "Z", args) for pid, parent, state, args in found}


def below(pid: int, running: dict[int, Process]) -> set[int]:
    """All descendants of a process."""
    direct = {each.pid for each in running.values() if each.parent == pid}
    return direct.union(*(below(child, running) for child in direct))


def _left_of(family: set[int]) -> set[int]:
    """Those of the processes that are still there a while after the run has ended."""
    deadline = time.monotonic() + ORPHAN_LIMIT_S
    while True:
        running = processes()
        left = {pid for pid in family if pid in running and not running[pid].zombie}
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.2)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class Answers(BaseHTTPRequestHandler):
    """An OpenAI-compatible chat: scroll down, then up, then stop."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        self._send({"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        last = str(asked["messages"][-1]["content"]).rstrip().rpartition("\n")[2]
        time.sleep(REPLY_AFTER_S)
        said = "scroll [down]" if "None" in last else "scroll [up]" if "down" in last else "stop [hello]"
        message = {"role": "assistant", "content": f"```{said}```"}
        choices = [{"index": 0, "finish_reason": "stop", "message": message}]
        usage = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
        reply = {"id": "1", "object": "chat.completion", "created": 0, "model": "scripted"}
        self._send(reply | {"choices": choices, "usage": usage})

    def handle_one_request(self) -> None:
        # Who asked may have been killed meanwhile.
        with suppress(ConnectionError):
            super().handle_one_request()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in http.server
        """Nothing."""

    def _send(self, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--moments", type=int, default=15)
    parser.add_argument("--tasks", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(TARGETS))
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        ThreadingHTTPServer(("127.0.0.1", given.serve), Answers).serve_forever()
    print(HEAD)
    rows = []
    for target in given.only.split(","):
        chance = random.Random(given.seed)
        rows.append(play(target, moments=given.moments, tasks=given.tasks, chance=chance))
        print(rows[-1].line(), flush=True)
        for line in rows[-1].noise[:3]:
            print(f"  {line}")
    return int(not all(row.good for row in rows))


if __name__ == "__main__":
    sys.exit(main())
