"""Whole runs of this build against those of an earlier commit: CPU seconds of all their processes, in turns.

    python -m bench.against COMMIT [--rounds 5] [--tasks smoke] [-- OPTIONS OF wa-run]

The earlier build is installed once, from its own lock, into an environment of its own in the cache folder, and kept
there. Each build plays with its own task set, sites, Playwright and the same Chromium; the first run of each warms
caches up and is not counted. The ratio is of the medians.
"""

import argparse
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
from webarena_runner.log.reading import read_results

HERE = Path(__file__).parents[1]
LOCK = "requirements/dev.lock"
LONGEST_ID = 12


@dataclass(frozen=True)
class Build:
    """`source` has its task set and profiles, which a run takes from the working directory."""

    source: Path
    programs: Path


def installed(commit: str) -> Build:
    whole = _git("rev-parse", "--verify", f"{commit}^{{commit}}").decode().strip()
    folder = user_cache_path("webarena-runner") / "builds" / whole[:LONGEST_ID]
    source, programs = folder / "source", folder / "venv" / "bin"
    if (programs / "wa-run").exists():
        return Build(source, programs)
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
    return Build(source, programs)


def _installer(programs: Path) -> list[str | Path]:
    """uv, where this build's environment has it, needs a thirtieth of pip's time."""
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        return [uv, "pip", "install", "--quiet", "--python", programs / "python"]
    return [programs / "python", "-m", "pip", "install", "--quiet"]


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", HERE, *arguments], check=True, capture_output=True).stdout


def played(build: Build, tasks: str, more: list[str], out: Path) -> tuple[Ran, int]:
    """A run, and its steps; all of its episodes have to pass."""
    run_id = secrets.token_hex(4)
    command = [build.programs / "wa-run", "--model", "oracle", "--tasks", tasks, "--fail-under", "100%", *more]
    done = ran([*command, "--out", out, "--run-id", run_id], out / f"{run_id}.log", at=build.source)
    return done, sum(result.steps for result in read_results(out / run_id).values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each build (default 5)")
    parser.add_argument("--tasks", default="smoke", help="that both builds know (default smoke)")
    parser.add_argument("more", nargs="*", metavar="OPTIONS", help="of wa-run, for both, after --")
    given = parser.parse_args()
    builds = {given.commit: installed(given.commit), "this build": Build(HERE, Path(sys.executable).absolute().parent)}
    runs: dict[str, list[Ran]] = {name: [] for name in builds}
    with tempfile.TemporaryDirectory() as out:
        for turn in range(given.rounds + 1):
            # Who goes first takes turns too.
            for name in sorted(builds, reverse=bool(turn % 2)):
                try:
                    done, steps = played(builds[name], given.tasks, given.more, Path(out))
                except subprocess.CalledProcessError as error:
                    sys.exit(f"{name}: {error}\n{error.output}")
                if turn:
                    runs[name].append(done)
                    print(f"{name:>14}: {steps} steps, CPU {done.cpu_s:.2f} s, wall {done.wall_s:.2f} s", flush=True)
    cpu = {name: median(each.cpu_s for each in of) for name, of in runs.items()}
    wall = {name: median(each.wall_s for each in of) for name, of in runs.items()}
    this, other = "this build", given.commit
    print(f"\nmedians: CPU s {cpu[this]:.2f} against {cpu[other]:.2f}, ratio {cpu[this] / cpu[other]:.3f}")
    print(f"         wall s {wall[this]:.2f} against {wall[other]:.2f}, ratio {wall[this] / wall[other]:.3f}")


if __name__ == "__main__":
    main()
