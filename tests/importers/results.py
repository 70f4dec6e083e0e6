"""A result folder of the official harness: render files that its own code wrote, and logs in its form."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.cli.conftest import own_task

RENDERED = Path(__file__).parent / "folders" / "official"
SEVEN = "Say hello, the seventh time"
LOG = """\
2023-09-24 16:32:42,509 - INFO - [Config file]: /tmp/tmpq1/7.json
2023-09-24 16:32:42,510 - INFO - [Intent]: Say hello, the seventh time
2023-09-24 16:33:07,065 - INFO - [Result] (PASS) /tmp/tmpq1/7.json
2023-09-24 16:33:08,065 - INFO - [Config file]: /tmp/tmpq2/8.json
2023-09-24 16:33:08,165 - INFO - [Intent]: Say hello, the eighth time
2023-09-24 16:34:08,165 - INFO - [Result] (FAIL) /tmp/tmpq2/8.json
2023-09-24 16:35:08,065 - INFO - [Config file]: /tmp/tmpq2/9.json
2023-09-24 16:35:08,165 - INFO - [Intent]: Say hello, the ninth time
2023-09-24 16:36:08,165 - INFO - [Unhandled Error] TimeoutError('Timeout 30000ms exceeded.')]
"""
SETTINGS = {
    "render": False,
    "action_set_tag": "id_accessibility_tree",
    "max_steps": 30,
    "agent_type": "prompt",
    "instruction_path": "agent/prompts/jsons/p_cot_id_actree_2s.json",
    "provider": "openai",
    "model": "gpt-4-0613",
    "temperature": 1.0,
    "model_endpoint": "http://user:hunter2@10.0.0.1:8080",
    "test_start_idx": 7,
    "test_end_idx": 11,
    "result_dir": "results/gpt4",
}


def result_folder(place: Path, *, log: str | None = LOG, settings: dict[str, Any] | None = SETTINGS) -> Path:
    shutil.copytree(RENDERED, place)
    if log is not None:
        (place / "merged_log.txt").write_text(log)
    if settings is not None:
        (place / "config.json").write_text(json.dumps(settings))
    return place


def task_file(place: Path) -> Path:
    """Tasks 7 to 10 as the render files have them, 8 with another intent."""
    words = {7: SEVEN, 8: "Say goodbye", 9: "Say hello, the ninth time", 10: "Say hello, the tenth time"}
    tasks = [own_task(task_id, expected="hello", said="hello") | {"intent": words[task_id]} for task_id in words]
    place.write_text(json.dumps(tasks))
    return place
