"""Small official records for tests."""

import json
from pathlib import Path
from typing import Any

from webarena_runner.interfaces import LoadedTasks
from webarena_runner.tasksets.file import load_task_file


def record(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A whole official record; `eval` is a string_match unless it is given."""
    return {
        "sites": ["shopping"],
        "task_id": number,
        "require_login": True,
        "storage_state": "./.auth/shopping_state.json",
        "start_url": "__SHOPPING__",
        "geolocation": None,
        "intent_template": "How many {{what}}?",
        "instantiation_dict": {"what": "orders"},
        "intent": "How many orders?",
        "require_reset": False,
        "eval": string_match(exact_match="3"),
        "intent_template_id": 10 + number % 3,
    } | changes


def string_match(**answers: Any) -> dict[str, Any]:
    return {
        "eval_types": ["string_match"],
        "reference_answers": answers,
        "reference_url": "",
        "program_html": [],
        "string_note": "",
    }


def url_match(url: str = "__REDDIT__/f/books", **more: Any) -> dict[str, Any]:
    return {"eval_types": ["url_match"], "reference_answers": None, "reference_url": url, "program_html": [], **more}


def program_html(**target: Any) -> dict[str, Any]:
    whole = {"url": "last", "locator": "", "required_contents": {"must_include": ["x"]}} | target
    return {"eval_types": ["program_html"], "reference_answers": None, "reference_url": "", "program_html": [whole]}


def write(path: Path, records: Any) -> Path:
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def loaded(folder: Path, *records: dict[str, Any]) -> LoadedTasks:
    return load_task_file(write(folder / "tasks.json", list(records)))
