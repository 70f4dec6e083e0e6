#!/usr/bin/env bash
# Package: ray 2.60.0, tasks with the retries they have unless told otherwise.
# Expected: a task that calls sys.exit has ended, and runs once as one that raises does: retries are for lost workers.
# Happens:  sys.exit takes the worker down, so the task runs 4 times and then is a WorkerCrashedError without the exit
#           code, be it 0 or not. A KeyboardInterrupt raised inside is a TaskCancelledError, though nobody cancelled.
# Matters:  a command line's main() that refuses its options does so 4 times, with whatever it did before; catch
#           SystemExit in the task, or set max_retries=0.
# Cost:     27 to 224 s on two busy cores, 286 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for name in $(compgen -e RAY_ || true); do unset "$name"; done
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check ray==2.60.0

if ! RAY_USAGE_STATS_ENABLED=0 venv/bin/python - 2>ray.log <<'PROGRAM'
import argparse
import contextlib
import logging
import sys
from importlib.metadata import version
from pathlib import Path

import ray


def options():
    argparse.ArgumentParser().parse_args(["--no-such-option"])


def value_error():
    raise ValueError("seven")


def interrupt():
    raise KeyboardInterrupt


ENDINGS = {"sys.exit()": sys.exit, "argparse error": options, "ValueError": value_error, "KeyboardInterrupt": interrupt}


@ray.remote
def end(runs, ending):
    with Path(runs).open("a") as file:
        file.write("run\n")
    ending()


def outcome(number, ending):
    """How often the task ran, and how it ended for the one who waits for it."""
    runs = Path(f"runs-{number}").absolute()
    try:
        ray.get(end.remote(str(runs), ending), timeout=120)
    except ray.exceptions.RayError as error:
        names = [kind.__name__ for kind in type(error).__mro__]
        known = [name for name in names if name in ("WorkerCrashedError", "TaskCancelledError", "ValueError")]
        return len(runs.read_text().splitlines()), (known or names)[0]
    return len(runs.read_text().splitlines()), "no error"


print("package:  ray", version("ray"))
print("expected: every task runs once, and only a task that was cancelled is said to be so")
with contextlib.redirect_stdout(sys.stderr):  # Ray announces each retry
    ray.init(
        num_cpus=1,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        _node_ip_address="127.0.0.1",
        _temp_dir=str(Path("r").absolute()),
    )
    seen = {name: outcome(number, ending) for number, (name, ending) in enumerate(ENDINGS.items())}
    ray.shutdown()
for name, (runs, error) in seen.items():
    print(f"happens:  {name}: runs: {runs}, {error}")
same = seen == {
    "sys.exit()": (4, "WorkerCrashedError"),
    "argparse error": (4, "WorkerCrashedError"),
    "ValueError": (1, "ValueError"),
    "KeyboardInterrupt": (1, "TaskCancelledError"),
}
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
then
  tail -20 ray.log >&2
  exit 1
fi
