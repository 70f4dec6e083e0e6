"""`make fuzz`: many seeded cases of every surface; exits with 1 when one failed, with the seed that draws it again."""

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.inputs import SURFACES, surface
from tests.fuzz.run import failures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="of all surfaces together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=SURFACES)
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to draw one again")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    names = [given.only] if given.only else list(SURFACES)
    found = 0
    for name in names:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="wa-run-fuzz-") as folder:
            fuzzed = surface(name, Path(folder))
            cases = given.cases // len(names)
            for failed in failures(name, fuzzed, cases=cases, seed=given.seed, first=given.first):
                found += 1
                sys.stdout.write(f"{failed.seed}\n{failed.trace}\n")
            fuzzed.close()
        sys.stdout.write(f"{name}: {cases} cases in {time.monotonic() - started:.0f} s\n")
    sys.stdout.write(f"{found} of them failed\n")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
