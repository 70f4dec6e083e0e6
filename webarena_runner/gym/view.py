"""What who plays is shown: observation and info, with the sites' addresses by their public names."""

import io
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict
from numpy.typing import NDArray

from webarena_runner.actions.urls import public_url
from webarena_runner.errors import BrowserError, ConfigError, EpisodeError
from webarena_runner.extras import how_to_install
from webarena_runner.gym.play import Turn
from webarena_runner.gym.spaces import Timings, UnicodeText
from webarena_runner.settings.records import RunSettings
from webarena_runner.types import Action, Ending, EpisodeResult, Invalid, Stop, Task

# Characters; what is longer is cut, and `info` says so. A long page in full has some tens of thousands.
MAX_CHARACTERS = {"text": 200_000, "url": 4_000, "intent": 10_000, "last_action_error": 4_000}


class View:
    """How turns are shown; `stable_urls` for texts of pages too, as far as the profile maps them back."""

    def __init__(self, settings: RunSettings, *, screenshot: bool, stable_urls: bool) -> None:
        """Raises ConfigError when there is no Pillow for screenshots."""
        if screenshot:
            _pillow()
        browser = settings.browser
        self._screen = (browser.viewport_height, browser.viewport_width, 3) if screenshot else None
        self._maps_texts = stable_urls and settings.actions.url_mapping == "whole_action"

    @property
    def space(self) -> Dict:
        spaces: dict[str, gymnasium.Space[Any]] = {name: UnicodeText(limit) for name, limit in MAX_CHARACTERS.items()}
        if self._screen:
            spaces["screenshot"] = Box(0, 255, self._screen, np.uint8)
        return Dict(spaces)

    def blank(self, task: Task) -> dict[str, Any]:
        """An observation of nothing, for an episode that could not begin."""
        observation: dict[str, Any] = dict.fromkeys(MAX_CHARACTERS, "") | {"intent": task.intent}
        if self._screen:
            observation["screenshot"] = np.zeros(self._screen, np.uint8)
        return observation

    @property
    def has_screenshots(self) -> bool:
        return self._screen is not None

    def texts(self, turn: Turn, action: Action | None) -> dict[str, str]:
        """What is read after an action, None: at the start; cut to `MAX_CHARACTERS`."""
        return _cut(self._whole_texts(turn, action))

    def _whole_texts(self, turn: Turn, action: Action | None) -> dict[str, str]:
        seen = turn.observation
        return {
            "text": public_url(seen.text, turn.urls) if self._maps_texts else seen.text,
            "url": public_url(seen.url, turn.urls),
            "intent": turn.intent,
            "last_action_error": public_url(_error(turn, action), turn.urls),
        }

    def shown(self, turn: Turn, task: Task, action: Action | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Observation and info after an action; None: at the start."""
        seen, result = turn.observation, turn.result
        texts = self._whole_texts(turn, action)
        observation: dict[str, Any] = dict(_cut(texts))
        if self._screen:
            observation["screenshot"] = _pixels(seen.screenshot, self._screen)
        # A stop is no step of the browser, so it shows the page, not the durations, of the step before.
        spent_ms = {} if result and result.ending is Ending.ANSWERED else dict(seen.timings_ms)
        if result:
            spent_ms["evaluate"] = result.timings_ms["evaluate"]
        info: dict[str, Any] = {
            "task_id": task.task_id,
            "timings_ms": Timings(spent_ms),
            "deviations": seen.deviations,
            "cut_characters": sum(max(0, len(value) - MAX_CHARACTERS[name]) for name, value in texts.items()),
        }
        if seen.extras:
            info["extras"] = seen.extras
        if turn.tools:
            info["tools"] = [tool.model_dump() for tool in turn.tools]
        if result:
            info |= _outcome(result, turn.urls)
        return observation, info


def _cut(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: value[: MAX_CHARACTERS[name]] for name, value in texts.items()}


def error_info(error: EpisodeError) -> dict[str, Any]:
    """What the info says of an episode that has no score."""
    return {"ending": str(Ending.ERROR), "error_class": error.error_class, "error": str(error)}


def is_terminal(result: EpisodeResult) -> bool:
    """Whether the episode terminated, rather than being truncated."""
    return result.ending in (Ending.ANSWERED, Ending.OFFSITE, Ending.OVER)


def _outcome(result: EpisodeResult, urls: Mapping[str, str]) -> dict[str, Any]:
    return {
        "ending": str(result.ending),
        "answer": result.answer,
        "final_url": public_url(result.final_url, urls),
        "scores": [score.model_dump(mode="json") for score in result.scores],
        "deviations": result.deviations,
    }


def _error(turn: Turn, action: Action | None) -> str:
    """Why the action did nothing; a stop leaves the page as it was, and was not refused."""
    match action:
        case Invalid(reason=reason):
            return reason
        case Stop() | None:
            return ""
    return turn.observation.action_error


def _pillow() -> Any:
    try:
        return import_module("PIL.Image")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"screenshot=True needs Pillow, which is not installed; run: {how_to_install('screenshots')}"
        ) from error


def _pixels(encoded: bytes | None, screen: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The decoded image; black when the browser gave none."""
    if encoded is None:
        return np.zeros(screen, np.uint8)
    pixels = np.array(_pillow().open(io.BytesIO(encoded)).convert("RGB"), np.uint8)
    if pixels.shape != screen:
        raise BrowserError(f"the screenshot has shape {pixels.shape}, expected {screen}")
    return pixels
