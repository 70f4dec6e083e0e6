#!/usr/bin/env bash
# Package: webarena-verified 1.2.3, the evaluator of WebArena-Verified. Python 3.11 or newer.
# Expected: an amount "$32,410" is 32410: its currency type is documented to know thousands separators.
# Happens:  a comma that no dot follows is a decimal one: "$32,410" is 32.41, so that an answer a thousand times too
#           large passes, and the number 32410 fails. The plain number type beside it reads "32,410" as 32410.
# Matters:  write amounts as JSON numbers, or with cents ("$32,410.00" is read as meant).
# Cost:     44 to 52 s on two busy cores, 90 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check webarena-verified==1.2.3

venv/bin/python - <<'PROGRAM'
import logging
import sys
from collections import Counter
from importlib.metadata import version

from webarena_verified.api import WebArenaVerified
from webarena_verified.core.evaluation.data_types import Currency, Number
from webarena_verified.types.config import WebArenaVerifiedConfig

logging.disable(logging.CRITICAL)
URL = "http://127.0.0.1:9/"
SITES = ("__SHOPPING__", "__SHOPPING_ADMIN__", "__MAP__", "__GITLAB__", "__REDDIT__", "__WIKIPEDIA__")
VISIT = {
    "request": {"method": "GET", "url": URL, "headers": []},
    "response": {"status": 200, "headers": [], "cookies": [], "redirectURL": ""},
}
benchmark = WebArenaVerified(config=WebArenaVerifiedConfig(environments={site: {"urls": [URL]} for site in SITES}))


def status(task, amount):
    answer = {"task_type": "RETRIEVE", "status": "SUCCESS", "retrieved_data": [amount], "error_details": None}
    return benchmark.evaluate_task(task_id=task.task_id, agent_response=answer, network_trace=[VISIT]).status.value


def amount_of(task):
    """The one positive amount of money that is the whole answer, if the task is such a one."""
    if not task.is_retrieve_task or len(task.eval) != 1:
        return None
    schema, data = task.eval[0].results_schema, task.eval[0].expected.retrieved_data
    money = schema["type"] == "array" and schema["items"].get("format") == "currency"
    return data[0] if money and data and len(data) == 1 and data[0] > 0 else None


print("package:  webarena-verified", version("webarena-verified"))
print('expected: "$32,410" is 32410, and an answer a thousand times too large fails')
read = {text: float(Currency(text).normalized) for text in ("$32,410", "$32,410.00", "$32.41")}
plain = Number("32,410").normalized
seen = Counter()
for task in benchmark.get_tasks():
    amount = amount_of(task)
    if amount is not None and amount < 1000:
        seen["tasks"] += 1
        seen["right, as $0.00", status(task, f"${amount:.2f}")] += 1
        seen["times 1000, as $0,000", status(task, f"${amount * 1000:,.0f}")] += 1
        seen["times 1000, as a number", status(task, round(amount * 1000))] += 1
print("happens: ", read, "- as a plain number:", plain)
print("          answers to the", seen.pop("tasks"), "tasks that ask for one amount from 0 to 1000:")
for (answer, ending), count in seen.items():
    print(f"          {answer}: {count} {ending}")
same = read == {"$32,410": 32.41, "$32,410.00": 32410.0, "$32.41": 32.41} and plain == 32410.0
same = same and seen == Counter(
    {
        ("right, as $0.00", "success"): 23,
        ("times 1000, as $0,000", "success"): 23,
        ("times 1000, as a number", "failure"): 23,
    }
)
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
