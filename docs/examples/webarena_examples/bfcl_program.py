"""The leaderboard's own functions and checker, in a Python that has bfcl_eval."""

import json
from importlib.metadata import version
from itertools import count
from pathlib import Path

import bfcl_eval
from bfcl_eval.constants.executable_backend_config import MULTI_TURN_FUNC_DOC_FILE_MAPPING
from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker import multi_turn_checker
from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_utils import (
    execute_multi_turn_func_call,
)

DOCUMENTS = Path(bfcl_eval.__file__).parent / "data" / "multi_turn_func_doc"
# What the package calls the types of JSON.
TYPES = {"dict": "object", "float": "number", "tuple": "array"}
NEXT = {
    "name": "next_request",
    "description": "What the user asked for is done: shows what comes next, if anything.",
    "parameters": {"type": "object", "properties": {}, "additionalProperties": False},
}


class World:
    versions = {"bfcl-eval": version("bfcl-eval")}

    def __init__(self):
        self.numbers = count()

    def begin(self, task_id, record, seed):
        self.record, self.turns = record, [[]]
        # The package keeps the state of its functions under this name, as long as it runs.
        self.player = f"episode{next(self.numbers)}"
        shown = "\n".join(said["content"] for said in record["question"][0])
        return {"text": f"The user says: {shown}", "tools": [*functions(record), NEXT]}

    def call(self, name, arguments):
        if name == NEXT["name"]:
            return self.next_request()
        written = (
            f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
        )
        (result,), _ = execute_multi_turn_func_call(
            [written],
            self.record["initial_config"],
            self.record["involved_classes"],
            self.player,
            self.record["id"],
        )
        self.turns[-1].append([written])
        return {"text": result}

    def next_request(self):
        requests = self.record["question"]
        if len(self.turns) == len(requests):
            return {"text": "The user has no more requests.", "over": True}
        shown = "\n".join(said["content"] for said in requests[len(self.turns)])
        self.turns.append([])
        return {"text": f"The user says: {shown}"}

    def score(self, answer):
        wanted = self.record["ground_truth"]
        played = self.turns + [[]] * (len(wanted) - len(self.turns))
        verdict = multi_turn_checker(
            played, wanted, self.record, "multi_turn_base", self.player
        )
        why = verdict.get("error_message", "")
        return {
            "value": float(verdict["valid"]),
            "explanation": why if isinstance(why, str) else json.dumps(why),
            "evidence": {"calls": played, "error_type": str(verdict.get("error_type", ""))},
        }


def functions(record):
    """Of all classes that the task names, as JSON schemas."""
    left_out = record.get("excluded_function", [])
    for name in record["involved_classes"]:
        lines = (
            (DOCUMENTS / MULTI_TURN_FUNC_DOC_FILE_MAPPING[name]).read_text().splitlines()
        )
        for described in map(json.loads, lines):
            if described["name"] not in left_out:
                yield {
                    "name": described["name"],
                    "description": described["description"],
                    "parameters": {
                        **as_schema(described["parameters"]),
                        "additionalProperties": False,
                    },
                }


def as_schema(described):
    found = {
        key: described[key]
        for key in ("description", "enum", "required")
        if key in described
    }
    if described.get("type", "any") != "any":
        found["type"] = TYPES.get(described["type"], described["type"])
    if "properties" in described:
        properties = described["properties"].items()
        found["properties"] = {name: as_schema(value) for name, value in properties}
    if "items" in described:
        found["items"] = as_schema(described["items"])
    return found
