#!/usr/bin/env bash
# Package: webarena-verified 1.2.3, the evaluator of WebArena-Verified. Python 3.11 or newer.
# Expected: an agent that makes up an answer where there is none to find has failed the task.
# Happens:  the 27 tasks to retrieve something whose schema is of type null, as there is nothing, end as an evaluator
#           ERROR ("Schema type must be 'array'"); the same wrong answer to tasks that have one is a FAILURE.
# Matters:  whoever leaves errors out of a success rate, or runs them again, leaves out just the made-up answers.
# Cost:     27 to 73 s on two busy cores, 90 MB in a temporary folder.
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
from webarena_verified.types.config import WebArenaVerifiedConfig

logging.disable(logging.CRITICAL)
URL = "http://127.0.0.1:9/"
SITES = ("__SHOPPING__", "__SHOPPING_ADMIN__", "__MAP__", "__GITLAB__", "__REDDIT__", "__WIKIPEDIA__")
VISIT = {
    "request": {"method": "GET", "url": URL, "headers": []},
    "response": {"status": 200, "headers": [], "cookies": [], "redirectURL": ""},
}
ANSWER = {"task_type": "RETRIEVE", "status": "SUCCESS", "retrieved_data": ["made up"], "error_details": None}
benchmark = WebArenaVerified(config=WebArenaVerifiedConfig(environments={site: {"urls": [URL]} for site in SITES}))

print("package:  webarena-verified", version("webarena-verified"))
print("expected: a made-up answer is a failure, whether the task has an answer or not")
seen, messages = Counter(), Counter()
for task in benchmark.get_tasks():
    schema = dict(task.eval[0].results_schema)
    texts = schema["type"] == "array" and dict(schema["items"]) == {"type": "string"}
    if task.is_retrieve_task and (texts or schema == {"type": "null"}):
        result = benchmark.evaluate_task(task_id=task.task_id, agent_response=ANSWER, network_trace=[VISIT])
        kind = "texts to find" if texts else "nothing to find"
        seen[kind, result.status.value, result.score] += 1
        for evaluated in result.evaluators_results:
            if evaluated.error_msg:
                messages[evaluated.error_msg.split(": ", 1)[1]] += 1
for (kind, ending, score), count in sorted(seen.items()):
    print(f"happens:  {count} tasks with {kind}: {ending}, score {score}")
for message, count in messages.items():
    print(f"          {count} times: {message}")
same = seen == Counter({("nothing to find", "error", 0.0): 27, ("texts to find", "failure", 0.0): 71})
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
