"""Memory over a long run: of the runner, Chromium, Playwright's driver and the embedded sites, as episodes end.

`--model replay` says the actions of a run of the reference agent, which is played first, and is asked as a model is.
What counts is growth from the episodes after the first hundred to the last hundred, in medians. Of each process its own
memory is weighed, and its part of what it shares with its relatives (Pss_Anon and Pss_Shmem of Linux): pages of
programs and libraries weigh less whenever somebody else on the machine runs the same ones.
Run it with: .venv/bin/python -m bench.flat [--model oracle] [--episodes 1000] [--workers 2] [--out FOLDER] [--plot PNG]
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.chaos.processes import KINDS, kind_of
from webarena_runner.actions.describe import describe_action
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_manifest, read_steps
from webarena_runner.tasksets.mini import Mini
from webarena_runner.types import Goto, Step, Stop, Type

WA_RUN = (sys.executable, "-m", "webarena_runner.cli")
SETTLED_AFTER = 100
COUNTED = ("Pss_Anon:", "Pss_Shmem:")
AT_MOST = 1.10
LOOK_S = 0.5
RUNNER, BROWSER = "runner", "browser"


@dataclass(frozen=True)
class Sample:
    """MiB of each part when so many episodes had ended."""

    episodes: int
    seconds: float
    parts: Mapping[str, float]

    @property
    def row(self) -> dict[str, float]:
        return {"episodes": self.episodes, "seconds": round(self.seconds, 1)} | {
            part: round(size, 1) for part, size in self.parts.items()
        }


def weighed(runner: psutil.Process) -> dict[str, float]:
    """MiB by part; Chromium's processes are one part."""
    parts = dict.fromkeys((RUNNER, BROWSER, "driver", "sites' process"), 0.0)
    for process in (runner, *runner.children(recursive=True)):
        with suppress(psutil.Error):
            kind = kind_of(" ".join(process.cmdline()))
            part = kind if kind in parts else BROWSER if kind in KINDS else ""
            if part:
                parts[part] += own_kb(process.pid) / 1024
    return parts


def own_kb(pid: int) -> int:
    """KiB; 0 when it has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(COUNTED))
    return 0


def watched(command: Sequence[str], folder: Path, *, every: int) -> Iterator[Sample]:
    """A sample whenever so many more episodes have ended."""
    clock, last = time.monotonic(), -every
    with (folder.parent / "output.txt").open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        runner = psutil.Process(process.pid)
        while process.poll() is None:
            done = ended_in(folder)
            if done - last >= every and done:
                last = done
                with suppress(psutil.Error):
                    yield Sample(done, time.monotonic() - clock, weighed(runner))
            time.sleep(LOOK_S)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def ended_in(folder: Path) -> int:
    try:
        return int(json.loads(RunPaths(folder).status.read_text())["done"])
    except (OSError, ValueError):
        return 0


def growth(samples: Sequence[Sample], part: str) -> float | None:
    """The last hundred episodes by the hundred after the first; None: too few to say."""
    end = samples[-1].episodes if samples else 0
    early = [each.parts[part] for each in samples if SETTLED_AFTER < each.episodes <= 2 * SETTLED_AFTER]
    late = [each.parts[part] for each in samples if each.episodes > end - SETTLED_AFTER]
    if not early or end <= 2 * SETTLED_AFTER:
        return None
    return statistics.median(late) / statistics.median(early)


def replies_of(run: Path) -> dict[str, list[str]]:
    """What a model would have said in each episode of a run of the reference agent, but for addresses."""
    read_manifest(run)
    return {
        paths.folder.name: [
            f"```{written(step)}```" for step in read_steps(paths.folder) if not isinstance(step.decision.action, Goto)
        ]
        for paths in RunPaths(run).episodes()
    }


def written(step: Step) -> str:
    match step.decision.action:
        case Type(element_id=element_id, text=text, press_enter=press_enter):
            return f"type [{element_id}] [{text}] [{int(press_enter)}]"
        case Stop(answer=answer):
            return f"stop [{answer}]"
        case action:
            return describe_action(action, step.observation).partition(" where [")[0]


def command_of(model: Sequence[str], given: argparse.Namespace, out: Path, run_id: str, trials: int) -> list[str]:
    chosen = ("--task-set", "mini", "--limit", f"{tasks_of(given)}", "--trials", f"{trials}")
    options = ("observation.ids=stable", *given.o)
    assigned = (word for each in options for word in ("-o", each))
    return [*WA_RUN, *model, *chosen, "--workers", f"{given.workers}", "--run-id", run_id, "--out", str(out), *assigned]


def tasks_of(given: argparse.Namespace) -> int:
    return min(len(Mini().load().tasks), int(given.episodes))


def replaying(given: argparse.Namespace, out: Path) -> tuple[str, ...]:
    """Options that name a model with the replies of a run that is played here."""
    print("playing the run whose replies are replayed", flush=True)
    subprocess.run(command_of(("--model", "oracle"), given, out, "said", 1), capture_output=True, check=False)
    recorded = {name.rpartition(".")[0]: said for name, said in replies_of(out / "said").items()}
    path = out / "replies.json"
    path.write_text(json.dumps(recorded))
    return ("--model", "replay", "-o", f"model.options.path={path}", "--prompt", "direct")


def plot(samples: Sequence[Sample], path: Path, *, title: str) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    for part in samples[0].parts:
        axes.plot([each.episodes for each in samples], [each.parts[part] for each in samples], label=part)
    axes.axvline(SETTLED_AFTER, color="grey", linestyle=":", linewidth=1)
    axes.set(xlabel="episodes ended", ylabel="MiB", title=title, ylim=(0, None), xlim=(0, None))
    axes.legend(loc="best")
    figure.savefig(path, dpi=110)


def main() -> int:
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="flat-") as temporary:
        out = Path(temporary)
        model = replaying(given, out) if given.model == "replay" else ("--model", "oracle")
        trials = -(-given.episodes // tasks_of(given))
        samples = []
        for sample in watched(command_of(model, given, out, "flat", trials), out / "flat", every=given.every):
            samples.append(sample)
            print("  ".join(f"{name} {value:g}" for name, value in sample.row.items()), flush=True)
        print((out / "output.txt").read_text()[-2500:])
    return written_to(given, samples)


def written_to(given: argparse.Namespace, samples: Sequence[Sample]) -> int:
    """Leaves numbers and picture; exit code 1 when a part that counts has grown too much."""
    grown = {part: growth(samples, part) for part in samples[-1].parts}
    for part, ratio in grown.items():
        print(f"{part:15} x {ratio:.3f}" if ratio else f"{part:15} too few episodes to say")
    given.out.mkdir(parents=True, exist_ok=True)
    with (given.out / f"memory-{given.model}.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, samples[0].row)
        table.writeheader()
        table.writerows(each.row for each in samples)
    summary = {"model": given.model, "workers": given.workers, "settings": given.o, "episodes": samples[-1].episodes}
    numbers = summary | {"seconds": round(samples[-1].seconds), "growth": grown}
    (given.out / f"memory-{given.model}.json").write_text(json.dumps(numbers, indent=2) + "\n")
    title = f"{samples[-1].episodes} episodes of mini, {given.model}, {given.workers} workers"
    plot(samples, given.plot or given.out / f"memory-{given.model}.png", title=title)
    return int(any((grown[part] or 1) > AT_MOST for part in (RUNNER, BROWSER)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", choices=("oracle", "replay"), default="oracle")
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=int, default=10, help="episodes between samples (default 10)")
    parser.add_argument("-o", action="append", default=[], metavar="KEY=VALUE", help="a setting of the run")
    parser.add_argument("--out", type=Path, default=Path("results") / "flat", help="where numbers and picture go")
    parser.add_argument("--plot", type=Path, help="where the picture goes instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
