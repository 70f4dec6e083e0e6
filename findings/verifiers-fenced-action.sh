#!/usr/bin/env bash
# Package: verifiers 0.4.0, whose OpenEnv taskset turns a model's reply into the action of the environment.
# Expected: an action between three backticks, the form that most prompts of agents ask for, is that action, whether the
#           fence takes one line or three, and whether reasoning stands before it; a text stays a text.
# Happens:  a fence on one line is emptied: the environment is sent "". After reasoning the whole reply is sent, fence and
#           all. A text that happens to be JSON is decoded, so that the answer 12 arrives as a number.
# Matters:  an episode of "empty" actions ends with reward 0 and no error. Ask for the bare action or for a JSON object.
# Cost:     some minutes on two busy cores, 0.4 GB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check verifiers==0.4.0

venv/bin/python - <<'PROGRAM'
import sys
from importlib.metadata import version

from verifiers.v1.tasksets.openenv.taskset import parse_action

FENCE = "`" * 3
SCHEMA = {"required": ["action"], "properties": {"action": {"type": "string"}}}
REPLIES = {
    "bare": "click [12]",
    "fence of three lines": f"{FENCE}\nclick [12]\n{FENCE}",
    "fence of one line": f"{FENCE}click [12]{FENCE}",
    "reasoning, then a fence": f"The link is right.\n{FENCE}\nclick [12]\n{FENCE}",
    "a number": "12",
}

print("package:  verifiers", version("verifiers"))
print("expected: {'action': 'click [12]'} from each of the first four, {'action': '12'} from the last")
seen = {name: parse_action(reply, SCHEMA) for name, reply in REPLIES.items()}
for name, action in seen.items():
    print(f"happens:  {name}: {action}")
same = seen == {
    "bare": {"action": "click [12]"},
    "fence of three lines": {"action": "click [12]"},
    "fence of one line": {"action": ""},
    "reasoning, then a fence": {"action": REPLIES["reasoning, then a fence"]},
    "a number": {"action": 12},
}
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
