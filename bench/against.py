"""Whole runs of this build against those of an earlier commit: CPU seconds of all their processes, in turns.

    python -m bench.against COMMIT [--rounds 5] [--tasks smoke] [--replay] [-- OPTIONS OF wa-run]

The earlier build is installed once, from its own lock, into an environment of its own in the cache folder, and kept
there. Each build plays with its own task set, sites, Playwright and the same Chromium; the first run of each warms
caches up and is not counted. The ratios are of the medians.

With `--replay` each build says again, as a model, what its own reference agent does in these tasks: prompts are made,
replies are read, and no model takes time. Tasks are left out in which the agent of either goes to an address.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from platformdirs import user_cache_path

from bench.cpu import Ran, ran
from bench.flat import written
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_results, read_steps
from webarena_runner.types import Goto

HERE = Path(__file__).parents[1]
LOCK = "requirements/dev.lock"
LONGEST_ID = 12


@dataclass(frozen=True)
class Build:
    """`source` has its task set and profiles, which a run takes from the working directory.

    Its `cache` is its own: each build throws away the sites' data that another one has kept.
    """

    source: Path
    programs: Path
    cache: Path


def installed(commit: str) -> Build:
    whole = _git("rev-parse", "--verify", f"{commit}^{{commit}}").decode().strip()
    folder = user_cache_path("webarena-runner") / "builds" / whole[:LONGEST_ID]
    source, programs, cache = folder / "source", folder / "venv" / "bin", folder / "cache"
    if (programs / "wa-run").exists():
        return Build(source, programs, cache)
    print(f"installing {whole[:LONGEST_ID]} into {folder}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    source.mkdir(parents=True)
    with tempfile.TemporaryFile() as packed:
        packed.write(_git("archive", "--format=tar", whole))
        packed.seek(0)
        with tarfile.open(fileobj=packed) as archive:
            archive.extractall(source, filter="data")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    install = [programs / "python", "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*_installer(programs), "--no-deps", "--require-hashes", "-r", source / LOCK], check=True)
    # As a checkout has it, since that is what this build is measured as.
    subprocess.run([*install, "--editable", source], check=True)
    return Build(source, programs, cache)


def this_build() -> Build:
    return Build(HERE, Path(sys.executable).absolute().parent, user_cache_path("webarena-runner") / "builds" / "this")


def _installer(programs: Path) -> list[str | Path]:
    """uv, where this build's environment has it, needs a thirtieth of pip's time."""
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        return [uv, "pip", "install", "--quiet", "--python", programs / "python"]
    return [programs / "python", "-m", "pip", "install", "--quiet"]


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", HERE, *arguments], check=True, capture_output=True).stdout


def played(build: Build, options: list[str], out: Path) -> tuple[Ran, Path]:
    """A run, and its folder; all of its episodes have to pass."""
    run_id = secrets.token_hex(4)
    command = [build.programs / "wa-run", *options, "--fail-under", "100%", "--out", out, "--run-id", run_id]
    browsers = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or user_cache_path("ms-playwright", appauthor=False)
    own = {"XDG_CACHE_HOME": str(build.cache), "PLAYWRIGHT_BROWSERS_PATH": str(browsers)}
    return ran(command, out / f"{run_id}.log", at=build.source, more=own), out / run_id


def said(run: Path) -> dict[str, list[str]]:
    """By task, what a model would have said for the actions of the reference agent, unless it gave an address."""
    episodes = {str(paths.key[0]): list(read_steps(paths.folder)) for paths in RunPaths(run).episodes()}
    return {
        task: [f"```{written(step)}```" for step in steps]
        for task, steps in episodes.items()
        if not any(isinstance(step.decision.action, Goto) for step in steps)
    }


def replaying(builds: dict[str, Build], tasks: str, more: list[str], out: Path) -> dict[str, list[str]]:
    """Options of wa-run for each build."""
    more = [*more, "-o", "observation.ids=stable"]  # those of the browser differ from run to run
    oracle = ["--model", "oracle", "--tasks", tasks, *more]
    replies = {name: said(played(build, oracle, out)[1]) for name, build in builds.items()}
    both = sorted(set.intersection(*map(set, replies.values())), key=int)
    print(f"{len(both)} tasks are played, in which neither reference agent goes to an address", flush=True)
    options = {}
    for name, found in replies.items():
        path = out / f"replies-{secrets.token_hex(4)}.json"
        path.write_text(json.dumps(found))
        model = ["--model", "replay", "-o", f"model.options.path={path}", "--prompt", "direct"]
        options[name] = [*model, "--tasks", ",".join(both), *more]
    return options


@dataclass(frozen=True)
class Counted:
    ran: Ran
    steps: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each build (default 5)")
    parser.add_argument("--tasks", default="smoke", help="that both builds know (default smoke)")
    parser.add_argument("--replay", action="store_true", help="as a model's replies, not as the reference agent")
    parser.epilog = "What comes after -- are options of wa-run, for both builds."
    # argparse takes no list of positional arguments that comes after options.
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    given = parser.parse_args(words[:at])
    given.more = words[at + 1 :]
    builds = {given.commit: installed(given.commit), "this build": this_build()}
    with tempfile.TemporaryDirectory() as out:
        try:
            runs = measured(builds, given, Path(out))
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error}\n{error.output}")
    print()
    for what, of in (
        ("CPU s of all processes", lambda each: each.ran.cpu_s),
        ("CPU s of the runner's own", lambda each: each.ran.itself_s),
        ("the same, ms a step", lambda each: 1000 * each.ran.itself_s / each.steps),
        ("wall s", lambda each: each.ran.wall_s),
    ):
        other, this = (median(map(of, counted)) for counted in runs.values())
        print(f"{what:26} median {this:8.2f} against {other:8.2f}, ratio {this / other:.3f}")


def measured(builds: dict[str, Build], given: argparse.Namespace, out: Path) -> dict[str, list[Counted]]:
    options = dict.fromkeys(builds, ["--model", "oracle", "--tasks", given.tasks, *given.more])
    if given.replay:
        options = replaying(builds, given.tasks, given.more, out)
    runs: dict[str, list[Counted]] = {name: [] for name in builds}
    for turn in range(given.rounds + 1):
        # Who goes first takes turns too.
        for name in sorted(builds, reverse=bool(turn % 2)):
            done, folder = played(builds[name], options[name], out)
            steps = sum(result.steps for result in read_results(folder).values())
            if turn:
                runs[name].append(Counted(done, steps))
                print(
                    f"{name:>14}: {steps} steps, CPU {done.cpu_s:.2f} s, of it the runner's own {done.itself_s:.2f} s, "
                    f"wall {done.wall_s:.2f} s",
                    flush=True,
                )
    return runs


if __name__ == "__main__":
    main()
