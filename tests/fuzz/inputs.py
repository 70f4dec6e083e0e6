"""The right inputs that are changed: of this repository, so that the same seed draws the same cases everywhere."""

import json
from pathlib import Path
from typing import Any

from tests.fuzz.imports import Imports
from tests.fuzz.surfaces import Replies, RunFolders, Surface, TaskFiles
from tests.importers.results import LOG, RENDERED, SETTINGS, task_file
from tests.tasksets.records import program_html, record, string_match, url_match

ROOT = Path(__file__).parents[2]
FOLDERS = ROOT / "tests" / "log" / "folders"
IMPORTERS = ROOT / "tests" / "importers"
SURFACES = ("tasks", "replies", "folders", "imports")


def surface(name: str, workspace: Path) -> Surface:
    match name:
        case "tasks":
            return TaskFiles(_records(), workspace)
        case "replies":
            return Replies(_bodies())
        case "imports":
            return _imports(workspace)
        case _:
            return RunFolders([FOLDERS / "format-1", FOLDERS / "format-0" / "oracle"], workspace)


def _imports(workspace: Path) -> Imports:
    files = {path.name: path.read_bytes() for path in RENDERED.iterdir()}
    files |= {"merged_log.txt": LOG.encode(), "config.json": json.dumps(SETTINGS).encode(), "error.txt": LOG.encode()}
    tasks = task_file(workspace / "tasks.json")
    return Imports(files, IMPORTERS / "traces" / "playwright-1.32.zip", tasks, workspace)


def _records() -> list[dict[str, Any]]:
    """Every kind of check in several forms, and tasks of the embedded set."""
    checks = [
        string_match(exact_match="3"),
        string_match(must_include=["a |OR| b", "16"]),
        string_match(fuzzy_match=["two minutes"]),
        string_match(fuzzy_match="N/A"),
        url_match("__REDDIT__/f/books |OR| http://other.example/x?q=1"),
        program_html(url="__SHOPPING__/a", locator="document.title", prep_actions=["document.body.click()"]),
        program_html(url="func:reddit_get_post_url('__last_url__')", required_contents={"exact_match": "__MAP__"}),
        program_html(locator="func:shopping_get_sku_latest_review_rating('B')"),
    ]
    extras = {"geolocation": {"latitude": 1, "longitude": 2}, "viewport_size": {"width": 800}, "image": ["a.png"]}
    own = [record(number, eval=check) for number, check in enumerate(checks)]
    own.append(record(90, depends_on=[1], start_url="__SHOPPING__ |AND| __MAP__/x", **extras))
    embedded = json.loads((ROOT / "tasks" / "mini.json").read_bytes())
    return [*own, *embedded[::20]]


def _bodies() -> list[Any]:
    message = {"role": "assistant", "content": "In summary, ```click [1]```", "refusal": None, "reasoning": "so"}
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
    logprobs = {"content": [{"token": "x", "logprob": -0.1}]}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": logprobs, "token_ids": [1, 2]}
    parts = [{"type": "text", "text": "```stop [x]```"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    return [
        {"id": "1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage},
        {"choices": [{**choice, "message": {"content": parts}}], "usage": usage, "prompt_token_ids": [3]},
        {"choices": [{**choice, "finish_reason": "length", "message": {"content": None, "refusal": "no"}}]},
        {"error": {"message": "maximum context length is 4096 tokens", "type": "invalid_request", "code": 400}},
        {
            "error": {
                "message": "Rate limit reached, try again in 20s",
                "type": "requests",
                "code": "rate_limit",
            }
        },
        {"error": "quota", "detail": [{"loc": ["body"], "msg": "x"}], "object": "error"},
    ]
