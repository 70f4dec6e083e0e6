"""Keys of task records that are not read, and those of them that make another task of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from webarena_runner.errors import ConfigError, TaskFileError
from webarena_runner.types import Task

READ = frozenset(
    {
        *("sites", "task_id", "intent", "start_url", "storage_state", "eval", "intent_template_id", "require_reset"),
        *("depends_on", "image", "geolocation", "viewport_size", "reference_actions"),
        # Of WebArena-Verified.
        "start_urls",
    }
)
# The official code does not read them either, nor that of VisualWebArena.
ABOUT_THE_TASK = frozenset(
    {
        *("require_login", "intent_template", "instantiation_dict", "string_note", "reference_url", "comments"),
        *("reasoning_difficulty", "visual_difficulty", "overall_difficulty"),
        # Of WebArena-Lite and WebArena-Verified.
        *("old_task_id", "revision"),
    }
)
NOT_DONE: Mapping[str, str] = {
    "image": "pictures that belong to the intent, which this agent does not show the model",
    "policies": "rules that the task is scored by too, for which there is no evaluator",
}
_SHOWN_IDS = 5
_SHOWN_KEYS = 20


def unread(records: Sequence[Any]) -> str:
    """A sentence that lists the keys that nobody reads, each with the number of its records; "" when there are none."""
    known = READ | ABOUT_THE_TASK | NOT_DONE.keys()
    counts = Counter(key for record in records if isinstance(record, dict) for key in record if key not in known)
    found = [f"{key[:60]!r} ({count} of {len(records)} records)" for key, count in counts.items()]
    more = f" and {len(found) - _SHOWN_KEYS} more" if found[_SHOWN_KEYS:] else ""
    return f"keys that are not read: {', '.join(found[:_SHOWN_KEYS])}{more}" if found else ""


def not_done(tasks: Sequence[Task], *, takes_images: bool = False) -> dict[str, list[Task]]:
    """The tasks that each of these keys changes, by key; with `takes_images` the agent looks at pictures itself."""
    done = ("image",) if takes_images else ()
    found = {key: [task for task in tasks if _says(task, key)] for key in NOT_DONE if key not in done}
    return {key: changed for key, changed in found.items() if changed}


def require_done(tasks: Sequence[Task], *, ignored: Sequence[str], takes_images: bool = False) -> None:
    """Refuses tasks that would be played without what a key of theirs asks for, when nobody said so.

    Raises:
        TaskFileError: there are some.
        ConfigError: a key to be ignored is none of these.
    """
    if unknown := [key for key in ignored if key not in NOT_DONE]:
        raise ConfigError(f"--ignore-keys {', '.join(unknown)}: expected some of {', '.join(NOT_DONE)}")
    refused = {key: found for key, found in not_done(tasks, takes_images=takes_images).items() if key not in ignored}
    if not refused:
        return
    lines = "\n".join(
        f"  {key}: {NOT_DONE[key]}; {len(found)} of {len(tasks)} tasks ({_ids(found)})"
        for key, found in refused.items()
    )
    raise TaskFileError(
        f"keys of the chosen tasks ask for what this harness does not do:\n{lines}\n"
        f"Without it they are other tasks, and so are their scores. Leave them out with --tasks, or go on without it: "
        f"--ignore-keys {','.join(refused)} (results will say so)"
    )


def _says(task: Task, key: str) -> bool:
    return bool(task.images) if key == "image" else bool(task.raw.get(key))


def _ids(tasks: Sequence[Task]) -> str:
    ids = [str(task.task_id) for task in tasks]
    return ", ".join(ids[:_SHOWN_IDS]) + (", ..." if ids[_SHOWN_IDS:] else "")
