"""Replies that were recorded: in a file, or in the folder of an earlier run."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from webarena_runner.actions.tools import ActionTools
from webarena_runner.errors import ConfigError, ModelRefused
from webarena_runner.interfaces import ObservationUnit, Preview, RequestTag
from webarena_runner.log.paths import RunPaths, episode_name
from webarena_runner.log.reading import read_manifest, read_steps
from webarena_runner.models.shared.answers import require_answer
from webarena_runner.models.shared.options import parse_options
from webarena_runner.models.shared.tokens import Estimate
from webarena_runner.settings.options import PlugInOptions
from webarena_runner.settings.records import ModelSpec
from webarena_runner.settings.yaml import read_text
from webarena_runner.types import Completion, Message, Sampling

# By episode ("TASK.TRIAL", "TASK" for any trial, "*" for any task), then by step.
Recording = Mapping[str, Mapping[int, Completion]]
ANY_TASK = "*"


class ReplayOptions(PlugInOptions):
    """`options` of a model file with `backend: replay`."""

    path: str = ""
    """a run folder; or a .json, .jsonl or .yaml file with a list of replies, or with one list a task id"""


class Replay:
    """Answers each step of an episode with the reply recorded for that step; messages are not compared."""

    Options = ReplayOptions
    observation_unit: ObservationUnit = "tokens"

    def __init__(self, spec: ModelSpec, *, environ: Mapping[str, str]) -> None:
        self._path = _path(spec)
        self._recording = read_run(self._path) if self._path.is_dir() else read_file(self._path)
        self._context_window = spec.context_window
        self._tokens = Estimate()

    @classmethod
    def availability(cls, spec: ModelSpec, environ: Mapping[str, str]) -> str | None:
        try:
            _path(spec)
        except ConfigError as error:
            return str(error)
        return None

    @classmethod
    def preview(cls, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        return Preview("no prompt: replies come from the recording", "")

    @property
    def context_window(self) -> int | None:
        return self._context_window

    @property
    def estimates_tokens(self) -> bool:
        return True

    async def check(self) -> None:
        """Nothing to reach; the recording was read when the backend was made."""

    def tools_fault(self) -> str:
        """Calls are recorded as texts are."""
        return ""

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: ActionTools | None = None
    ) -> Completion:
        """Raises ModelRefused when nothing is recorded for the step, NoAnswer when that was none."""
        for key in (episode_name(tag.task_id, tag.trial), str(tag.task_id), ANY_TASK):
            replies = self._recording.get(key)
            if replies is None:
                continue
            if tag.step in replies:
                return require_answer(replies[tag.step], subject=str(self._path))
            raise ModelRefused(
                f"{self._path}: no reply for step {tag.step} of task {tag.task_id}, trial {tag.trial}; {len(replies)} "
                f"are recorded under '{key}'"
            )
        raise ModelRefused(f"{self._path}: nothing is recorded for task {tag.task_id}, trial {tag.trial}")

    async def count_tokens(self, text: str) -> int:
        return await self._tokens.count(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return await self._tokens.head(text, max_tokens)

    async def aclose(self) -> None:
        """Nothing is open."""


def read_run(folder: Path) -> Recording:
    """Replies of the latest attempt of each episode of a run; saying one again costs nothing.

    Raises:
        ConfigError: there are no steps in the folder.
        StoreError: not a run folder, or a step in it cannot be read.
    """
    read_manifest(folder)
    recording = {}
    for paths in RunPaths(folder).episodes():
        recording[paths.folder.name] = {
            step.index: step.decision.completion.model_copy(update={"cost_usd": None})
            for step in read_steps(paths.folder)
            if step.decision.completion is not None
        }
    if not any(recording.values()):
        raise ConfigError(f"{folder}: no step of this run has a reply of a model")
    return recording


def read_file(path: Path) -> Recording:
    """Replies from a file.

    Raises:
        ConfigError: malformed; it says where and what was expected.
    """
    values = _load(path)
    if not isinstance(values, dict):
        return {ANY_TASK: _replies(path, "the file", values)}
    return {str(key): _replies(path, f"key '{key}'", replies) for key, replies in values.items()}


def _path(spec: ModelSpec) -> Path:
    options = parse_options(ReplayOptions, spec)
    if not options.path:
        raise ConfigError(f"model '{spec.name}': needs a recording: -o model.options.path=RUN_FOLDER_OR_FILE")
    path = Path(options.path).expanduser()
    if not path.exists():
        raise ConfigError(f"model '{spec.name}', options.path: {path} does not exist; expected a run folder or a file")
    return path


def _load(path: Path) -> Any:
    text = read_text(path)
    try:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: malformed: {error}") from error


def _replies(path: Path, where: str, values: Any) -> dict[int, Completion]:
    if not isinstance(values, list):
        raise ConfigError(f"{path}: {where}: expected a list of replies, got {type(values).__name__}")
    for index, text in enumerate(values):
        if not isinstance(text, str):
            raise ConfigError(f"{path}: {where}: reply {index}: expected a text, got {text!r}")
    return {index: Completion(text=text, finish_reason="stop") for index, text in enumerate(values)}
