"""Steps an hour of `rollouts` with 1, 4 and 8 episodes at a time, against vector environments on the same tasks.

The policy is scripted: it scrolls down and up, then stops. A vector environment goes in lock-step, with a process and a
Chromium for each of its places; its automatic resets are no steps. Every row has the time of its start left out.
With --miniwob PYTHON, a Python that has `miniwob`, MiniWoB's own environment is beside them: one at a time, and every
episode a click in a page of two buttons.
Run it with: .venv/bin/python -m bench.rollouts [--steps 3] [--episodes 16] [--places 1,4,8] [--miniwob PYTHON]
"""

import argparse
import subprocess
import time
from itertools import count, islice
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from webarena_runner.gym import ENV_ID, Seen, rollouts

TASK = 37
HOUR_S = 3600


def scripted(taken: int, steps: int) -> str:
    return "stop []" if taken + 1 >= steps else ("scroll [down]", "scroll [up]")[taken % 2]


def of_rollouts(places: int, episodes: int, steps: int) -> float:
    """Steps an hour; the first episode, in which all is started, does not count."""

    def policy(seen: Seen) -> str:
        return scripted(len(seen.steps), steps)

    playing = rollouts(policy, (TASK for _ in count()), places, sites="embedded")
    next(playing)
    started = time.perf_counter()
    taken = sum(len(each.steps) for each in islice(playing, episodes))
    spent_s = time.perf_counter() - started
    playing.close()  # type: ignore[attr-defined]
    return HOUR_S * taken / spent_s


def of_vector(mode: str, places: int, episodes: int, steps: int) -> float:
    """Steps an hour, after the first reset of all."""
    envs: Any = gymnasium.make_vec(
        ENV_ID, num_envs=places, vectorization_mode=mode, task_id=TASK, sites="embedded", errors="truncate"
    )
    envs.reset()
    taken, ended, done, valid = np.zeros(places, int), np.zeros(places, bool), 0, 0
    started = time.perf_counter()
    while done < episodes:
        _, _, terminated, truncated, _ = envs.step(tuple(scripted(each, steps) for each in taken))
        valid += int(np.sum(~ended))
        taken = np.where(ended, 0, taken + 1)
        ended = terminated | truncated
        done += int(np.sum(ended))
    spent_s = time.perf_counter() - started
    envs.close()
    return HOUR_S * valid / spent_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=3, help="of an episode")
    parser.add_argument("--episodes", type=int, default=16, help="of each measurement")
    parser.add_argument("--places", default="1,4,8", help="episodes at a time, with commas between")
    parser.add_argument("--miniwob", metavar="PYTHON", help="one that has miniwob 1.1")
    given = parser.parse_args()
    print("| at a time | rollouts | make_vec, sync | make_vec, async | rollouts / sync | rollouts / async |")
    print("|---" * 6 + "|", flush=True)
    for places in map(int, given.places.split(",")):
        ours = of_rollouts(places, given.episodes, given.steps)
        sync, parallel = (of_vector(mode, places, given.episodes, given.steps) for mode in ("sync", "async"))
        cells = (f"{places}", *(f"{each:,.0f}" for each in (ours, sync, parallel)))
        print(f"| {' | '.join(cells)} | {ours / sync:.2f} | {ours / parallel:.2f} |", flush=True)
    if given.miniwob:
        theirs = of_miniwob(given.miniwob, given.episodes * given.steps)
        ours = of_rollouts(1, given.episodes, given.steps)
        print(f"\nMiniWoB, 1 at a time: {theirs:,.0f}; rollouts, once more: {ours:,.0f}; ratio {ours / theirs:.2f}")


def of_miniwob(python: str, steps: int) -> float:
    script = str(Path(__file__).with_name("miniwob_steps.py"))
    done = subprocess.run([python, script, str(steps)], stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    main()
