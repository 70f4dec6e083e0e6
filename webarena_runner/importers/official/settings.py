"""`config.json` of the official harness: its command line, and what of it a manifest takes."""

import json
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from webarena_runner.errors import UsageError
from webarena_runner.log.wellformed import well_formed
from webarena_runner.settings.secrets import looks_secret

FILE = "config.json"
_UNKNOWN = "unknown"
_PROMPTED = "prompt"
# Its last default is beyond the last task.
_MOST_TASKS = 100_000
# Of these nothing can be a key or a password; `model_endpoint` can.
_KEPT = (
    *("provider", "model", "mode", "temperature", "top_p", "max_tokens", "context_length", "stop_token", "max_retry"),
    *("agent_type", "instruction_path", "action_set_tag", "observation_type", "current_viewport_only"),
    *("viewport_width", "viewport_height", "max_obs_length", "max_steps", "parsing_failure_th"),
    *("repeating_action_failure_th", "sleep_after_execution", "test_start_idx", "test_end_idx"),
)


@dataclass(frozen=True)
class HarnessSettings:
    """`given` has the options that are kept, {} when the folder has no such file."""

    given: dict[str, Any]

    @property
    def model(self) -> str:
        """ "" when an agent without a model ran, or nothing says which."""
        return str(self.given.get("model", "")) if self.agent == "prompted" else ""

    @property
    def agent(self) -> str:
        kind = str(self.given.get("agent_type", _UNKNOWN))
        return "prompted" if kind == _PROMPTED else kind

    @property
    def tasks(self) -> range:
        """Ids of those that its first start was to run; empty when it does not say."""
        first, end = self.given.get("test_start_idx"), self.given.get("test_end_idx")
        if not isinstance(first, int) or not isinstance(end, int):
            return range(0)
        return range(max(first, 0), min(end, _MOST_TASKS))

    def as_config(self, expression: str) -> dict[str, Any]:
        """What readers of a manifest look for, and the harness's own words beside it."""
        action_set = "playwright" if self.given.get("action_set_tag") == "playwright" else "id"
        prompt = Path(str(self.given.get("instruction_path", ""))).stem
        max_steps = self.given.get("max_steps")
        limits = {"limits": {"max_steps": max_steps}} if isinstance(max_steps, int) else {}
        model = self.model
        return {
            "settings": {"trials": 1, "seed": 0, "prompt": prompt, "actions": {"action_set": action_set}, **limits},
            "model": {"name": model, "model": model} if model or self.agent in ("prompted", _UNKNOWN) else None,
            "tasks": {"expression": expression},
            "sites": {"provider": "official"},
            "official": self.given,
        }


def read_settings(folder: Path) -> tuple[HarnessSettings, str]:
    """The settings, and what is wrong with the file ("": nothing)."""
    path = folder / FILE
    if not path.is_file():
        return HarnessSettings({}), f"there is no {FILE}: model, prompt and settings are not known"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict):
        return HarnessSettings({}), f"{FILE} is damaged: model, prompt and settings are not known"
    return HarnessSettings({key: raw[key] for key in _KEPT if key in raw and _is_plain(raw[key])}), ""


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= 200 and value == well_formed(value) and not looks_secret(value, drawn=False)
    return value is None or (isinstance(value, int | float) and isfinite(value))
