#!/usr/bin/env bash
# Package: ray 2.60.0, ray.cancel on an actor's method that is running (a plain one, not async).
# Expected: Ray is documented to set a flag that a running method may look at. One that never looks goes on, and what it
#           returns is its result ("scheduled or interrupted", of which ray.get is said to raise, leaves that open).
# Happens:  the method runs to its end, with all its effects, and returns, but its value is dropped: the result is a
#           TaskCancelledError, just as for a method that looked and stopped early.
# Matters:  an episode in an actor that reads as cancelled may have been played in full, with all it did to the sites.
# Cost:     29 to 39 s on two busy cores, 286 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for name in $(compgen -e RAY_ || true); do unset "$name"; done
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check ray==2.60.0

if ! RAY_USAGE_STATS_ENABLED=0 venv/bin/python - 2>ray.log <<'PROGRAM'
import logging
import sys
import time
from importlib.metadata import version
from pathlib import Path

import ray

WORK_S = 4


@ray.remote
class Actor:
    def work(self, begun, finished, looks):
        Path(begun).touch()
        until = time.monotonic() + WORK_S
        while time.monotonic() < until:
            if looks and ray.get_runtime_context().is_canceled():
                return "stopped"
            time.sleep(0.01)
        Path(finished).touch()
        return "done"


def outcome(actor, looks, cancel):
    """Whether the work was finished, and what its result is for the one who waits for it."""
    begun, finished = (Path(f"{looks}-{cancel}-{part}").absolute() for part in ("begun", "finished"))
    result = actor.work.remote(str(begun), str(finished), looks)
    give_up = time.monotonic() + 120
    while not begun.exists() and time.monotonic() < give_up:
        time.sleep(0.01)
    if cancel:
        ray.cancel(result)
    try:
        value = ray.get(result, timeout=120)
    except ray.exceptions.TaskCancelledError:
        value = "TaskCancelledError"
    return finished.exists(), value


ray.init(
    num_cpus=1,
    include_dashboard=False,
    log_to_driver=False,
    logging_level=logging.ERROR,
    _node_ip_address="127.0.0.1",
    _temp_dir=str(Path("r").absolute()),
)
print("package:  ray", version("ray"))
print("expected: a method that was finished and returned has its value")
actor = Actor.remote()
ways = {"not cancelled": (False, False), "cancelled": (False, True), "cancelled, and looks": (True, True)}
seen = {name: outcome(actor, *way) for name, way in ways.items()}
ray.shutdown()
for name, (finished, value) in seen.items():
    print(f"happens:  {name}: finished: {finished}, result: {value}")
same = seen == {
    "not cancelled": (True, "done"),
    "cancelled": (True, "TaskCancelledError"),
    "cancelled, and looks": (False, "TaskCancelledError"),
}
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
then
  tail -20 ray.log >&2
  exit 1
fi
