#!/usr/bin/env bash
# Package: statsmodels 0.15.0, McNemar's test of two runs of the same tasks (with exact=False, as for many tasks).
# Expected: two runs with the same outcome on every task: p = 1, or nan, as there is nothing to test.
# Happens:  p = 0.0. The continuity correction makes 0 - 1 of no difference at all, and its square is divided by the
#           number of tasks on which the runs differ, which is 0. With equally many gained and lost, p is below 1 too.
# Matters:  an agent that was run again and changed nothing comes out as a most significant change; use exact=True.
# Cost:     90 to 115 s on two busy cores, 405 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
  statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6 pandas==3.1.1 patsy==1.0.3

venv/bin/python -W ignore::RuntimeWarning - <<'PROGRAM'
import math
import sys
from importlib.metadata import version

from statsmodels.stats.contingency_tables import mcnemar

# Rows: passed and failed in the first run; columns: in the second one.
IDENTICAL = [[60, 0], [0, 40]]
BALANCED = [[56, 4], [4, 36]]
WAYS = {
    "exact=False": {"exact": False},
    "exact=False, correction=False": {"exact": False, "correction": False},
    "exact=True": {"exact": True},
}

print("package:  statsmodels", version("statsmodels"))
print("expected: p = 1 or nan for identical runs, p = 1 for 4 tasks gained and 4 lost")
p = {}
for name, table in (("identical", IDENTICAL), ("4 gained, 4 lost", BALANCED)):
    for way, options in WAYS.items():
        result = mcnemar(table, **options)
        p[name, way] = float(result.pvalue)
        print(f"happens:  {name}, {way}: statistic {result.statistic:.4f}, p = {result.pvalue:.4f}")
same = p["identical", "exact=False"] == 0.0 and math.isnan(p["identical", "exact=False, correction=False"])
same = same and p["identical", "exact=True"] == 1.0 and round(p["4 gained, 4 lost", "exact=False"], 4) == 0.7237
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
