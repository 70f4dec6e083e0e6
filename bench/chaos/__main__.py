"""Kills, signals, full disks, clocks that jump and model servers that fail, at random moments of whole runs.

Nothing may be lost, scored twice, scored otherwise than undisturbed, left running or left lying about. The longest
standstill is from such a moment to the next step or result of an episode that it met, or of the run. Model servers of
this program's own answer; all else is real. Exit code 1 where something is wrong, which is then told.
Run it with: .venv/bin/python -m bench.chaos [--seed 1] [--moments 5] [--only runner,signals] [--out FOLDER]
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.chaos.disturbances import DISTURBANCES
from bench.chaos.findings import Row
from bench.chaos.play import Games, play

HEAD = (
    "what happened",
    "moments",
    "runs",
    "resumes",
    "episodes",
    "lost",
    "repeated",
    "another score",
    "orphans",
    "files left",
    "unreadable",
    "longest standstill",
)
SHOWN = 3


def line(row: Row) -> str:
    counts = (row.moments, row.runs, row.resumes, row.planned)
    found = (row.lost, row.repeated, row.other, row.orphans, row.files, row.unread)
    standstill = f"{row.standstill_s:.1f} s" if row.standstills_s else ""
    if row.left_out:
        return f"| {row.name} | left out: {row.left_out} |"
    return f"| {' | '.join((row.name, *map(str, counts), *(str(len(each)) for each in found), standstill))} |"


def table(rows: Sequence[Row]) -> str:
    return "\n".join((f"| {' | '.join(HEAD)} |", f"|---{'|--:' * (len(HEAD) - 1)}|", *map(line, rows)))


def keep(rows: Sequence[Row], out: Path, *, seed: int) -> None:
    """As far as it is: all of it takes hours."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "chaos.md").write_text(table(rows) + "\n")
    record = {"seed": seed, "rows": [asdict(row) for row in rows]}
    (out / "chaos.json").write_text(json.dumps(record, indent=2) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--moments", type=int, help="of each kind (default: more where more can go wrong)")
    parser.add_argument("--tasks", type=int, default=8, help="of a run, each played twice")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="kinds whose name begins so, with commas between")
    parser.add_argument("--out", type=Path, help="a folder for the table and what was found")
    given = parser.parse_args()
    chosen = [name for name in DISTURBANCES if name.startswith(tuple(given.only.split(",")))]
    rows = []
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as place:
        games = Games(Path(place), given.tasks)
        for name in chosen:
            kind, chance = DISTURBANCES[name], random.Random(f"{given.seed} {name}")
            rows.append(play(name, kind, games, moments=given.moments or kind.moments, chance=chance))
            print(line(rows[-1]), f"{rows[-1].wall_s:.0f} s", flush=True)
            for what, found in rows[-1].faults.items():
                print("".join(f"  {what}: {each}\n" for each in found[:SHOWN]), end="", flush=True)
            if given.out:
                keep(rows, given.out, seed=given.seed)
    print(f"\n{table(rows)}")
    return int(any(row.faults for row in rows))


if __name__ == "__main__":
    sys.exit(main())
