#!/usr/bin/env bash
# Package: browsergym-core 0.14.3, the action set that turns a model's reply into calls (strict=False unless told).
# Expected: an action that is only talked about, or stands under "if False:", is not done; words around the one that is
#           meant make no difference.
# Happens:  whatever looks like a call is done, be it negated, an argument or under a condition (but not in a comment).
#           A word before brackets counts as a call too, so that "total (3)" beside the action has the reply refused.
# Matters:  "I will not click('12')" clicks. Give the set only the action part of a reply, or strict=True.
# Cost:     21 to 207 s on two busy cores, 309 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
  browsergym-core==0.14.3 playwright==1.44.0 gymnasium==1.4.0 pyparsing==3.3.3 numpy==2.4.6

venv/bin/python - <<'PROGRAM'
import sys
from importlib.metadata import version

from browsergym.core.action.highlevel import HighLevelActionSet

REPLIES = (
    "click('12')",
    "I will not click('12').",
    "print(click('12'))",
    "if False: click('12')",
    "# click('12')",
    "The total of 3 is wrong. click('12')",
    "The total (3) is wrong. click('12')",
)


def outcome(actions, reply):
    """The calls that the set makes of a reply, which it puts behind their definitions, or the kind of its refusal."""
    try:
        program = actions.to_python_code(reply)
    except Exception as refused:
        return type(refused).__name__
    return program.rstrip().rsplit("\n", 1)[-1]


print("package:  browsergym-core", version("browsergym-core"))
print("expected: only the first reply, and those about the total, make a click")
ways = {"unless told": {}, "strict=True": {"strict": True}}
sets = {way: HighLevelActionSet(subsets=["webarena"], multiaction=False, **ways[way]) for way in ways}
seen = {}
for reply in REPLIES:
    seen[reply] = tuple(outcome(actions, reply) for actions in sets.values())
    print(f"happens:  {reply}")
    print("          " + "; ".join(f"{way}: {got}" for way, got in zip(sets, seen[reply], strict=True)))
click = "click('12')"
same = seen == {
    "click('12')": (click, click),
    "I will not click('12').": (click, "ParseException"),
    "print(click('12'))": (click, "ParseException"),
    "if False: click('12')": (click, "ParseException"),
    "# click('12')": ("ValueError", "ParseException"),
    "The total of 3 is wrong. click('12')": (click, "ParseException"),
    "The total (3) is wrong. click('12')": ("ValueError", "ParseException"),
}
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
