"""Multi-turn tasks of the Berkeley Function Calling Leaderboard, in another Python."""

import ast
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from webarena_runner.environments.served import Served
from webarena_runner.errors import TaskFileError
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.types import Check, Task

# The folder of the package bfcl_eval in the environment that plays them.
FOLDER = "BFCL_FOLDER"
TASKS = "BFCL_v4_multi_turn_base.json"
NEXT = {"do": "call", "name": "next_request"}
Record = dict[str, Any]


class Bfcl(Served):
    name = "bfcl"
    program = Path(__file__).with_name("bfcl_program.py")


class BfclTasks:
    """The intent is the first request of a user, who has the next when it is done."""

    name = "bfcl"
    served_by = None
    profile: ClassVar[str] = "calls"

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        """Raises TaskFileError when the package is not where the variable says."""
        data = Path(os.environ.get(FOLDER, "")) / "data"
        if not (data / TASKS).is_file():
            raise TaskFileError(
                f"task set 'bfcl': {data / TASKS} is not there; set {FOLDER} to the "
                "folder of the package bfcl_eval in the environment that has it"
            )
        wanted = _records(data / "possible_answer" / TASKS)
        answers = {each["id"]: each["ground_truth"] for each in wanted}
        names = _parameters(data)
        tasks = tuple(
            self._task(record, answers, names) for record in _records(data / TASKS)
        )
        sha256 = hashlib.sha256((data / TASKS).read_bytes()).hexdigest()
        return LoadedTasks(self.name, tasks, sha256, TASKS, environment="bfcl")

    def _task(
        self,
        record: Record,
        answers: Mapping[str, list[list[str]]],
        names: Mapping[str, list[str]],
    ) -> Task:
        turns = answers[record["id"]]
        plays = [[*(_call(text, names) for text in turn), NEXT] for turn in turns]
        reference = [each for turn in plays for each in turn]
        return Task(
            task_set=self.name,
            task_id=record["id"],
            intent="\n".join(said["content"] for said in record["question"][0]),
            sites=(),
            start_urls=(),
            login_sites=(),
            checks=(Check(kind="environment", spec={}),),
            raw={**record, "ground_truth": turns, "reference_actions": reference},
        )


def _records(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _parameters(data: Path) -> dict[str, list[str]]:
    """The names of each function's parameters, in their order."""
    documents = sorted((data / "multi_turn_func_doc").glob("*.json"))
    found = [each for path in documents for each in _records(path)]
    return {each["name"]: list(each["parameters"]["properties"]) for each in found}


def _call(text: str, names: Mapping[str, Sequence[str]]) -> Record:
    """A reference call, which the package writes as Python."""
    call = ast.parse(text, mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise TaskFileError(f"task set 'bfcl': '{text}' is no call of a function")
    named = zip(names[call.func.id], call.args, strict=False)
    given = {name: ast.literal_eval(value) for name, value in named}
    given |= {each.arg or "": ast.literal_eval(each.value) for each in call.keywords}
    return {"do": "call", "name": call.func.id, "arguments": given}
