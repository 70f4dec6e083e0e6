"""Episodes an hour on two Ray nodes of this machine against the local executor, at equal workers, in turns.

Time runs from the first episode's start to the last one's end: the start of Ray, of browsers and of sites is left out.
Run it with: .venv-ray/bin/python -m bench.ray [--workers 4] [--tasks smoke] [--rounds 2] [--repeat 2]
"""

import argparse
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.support.ray_nodes import one_node
from webarena_runner.log.reading import read_results

WA_RUN = Path(sys.executable).with_name("wa-run")
HOUR_S = 3600


def episodes_an_hour(out: Path, tasks: str, workers: int, repeat: int, where: Sequence[str]) -> float:
    """Of one run, all of whose episodes have to pass."""
    run_id = secrets.token_hex(4)
    command = [WA_RUN, "--model", "oracle", "--tasks", tasks, "--trials", str(repeat), "--workers", str(workers)]
    subprocess.run(
        [*command, "--out", out, "--run-id", run_id, "--fail-under", "100%", *where], check=True, stdout=-1, stderr=-1
    )
    results = read_results(out / run_id).values()
    spent = max(each.finished_at for each in results) - min(each.started_at for each in results)
    return HOUR_S * len(results) / spent.total_seconds()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--tasks", default="smoke")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=2, help="times each task is played in a run")
    given = parser.parse_args()
    with one_node() as nodes, tempfile.TemporaryDirectory() as folder:
        nodes.add()
        ways = {"local": (), "two nodes": ("--executor", "ray", "--ray-address", nodes.address)}
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(given.rounds):
            for name, where in ways.items():
                rates[name].append(episodes_an_hour(Path(folder), given.tasks, given.workers, given.repeat, where))
                print(f"{name:10} {rates[name][-1]:7.0f} episodes an hour", flush=True)
    print(f"two nodes / local: {median(rates['two nodes']) / median(rates['local']):.2f}")


if __name__ == "__main__":
    main()
