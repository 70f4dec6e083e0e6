"""Scores outcomes that were recorded anywhere: one JSON line an outcome, no browser, no sites, no judge."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, StrictInt, StrictStr, ValidationError

from webarena_runner.errors import ConfigError, EpisodeError, TaskFileError
from webarena_runner.evaluators.combine import UNCLEAR, load_evaluators, score_outcome
from webarena_runner.interfaces import Evaluator
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Score, Task, TaskId


class Outcome(BaseModel):
    """What every line has; the other keys are of the evaluator that `type` names.

    `judge_reply` is what the judge says whenever it is asked; None: it cannot be asked.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    task_id: StrictInt | StrictStr
    type: StrictStr
    judge_reply: StrictStr | None = None


@dataclass(frozen=True)
class Scored:
    """What became of one line: a score or an error; `outcome` None when the line is no outcome at all."""

    line: int
    outcome: Outcome | None
    score: Score | None = None
    error: str = ""

    @property
    def judge_unclear(self) -> bool:
        return self.score is not None and UNCLEAR in self.score.flags


class OfflineScorer:
    """`tasks` by task id; `urls` by site name stand for the placeholders in checks.

    `unusable` says of further ids why their records cannot be scored.
    """

    def __init__(
        self,
        tasks: Mapping[TaskId, Task],
        urls: Mapping[str, str],
        scoring: ScoringSettings,
        *,
        unusable: Mapping[TaskId, str] | None = None,
    ) -> None:
        self._tasks = tasks
        self._unusable = unusable or {}
        self._urls = urls
        self._evaluators: Mapping[str, Evaluator] = load_evaluators(scoring)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self._evaluators)

    def score_lines(self, lines: Iterable[bytes], *, only: str | None = None) -> Iterator[Scored]:
        """One result a line, in order; none for blank lines and for outcomes of another type than `only`."""
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                outcome = Outcome.model_validate_json(line)
                seen = self._evaluator(outcome.type).Outcome.model_validate_json(line)
            except ValidationError as error:
                yield Scored(number, None, error=self._what_is_wrong(error))
                continue
            except ConfigError as error:
                yield Scored(number, None, error=str(error))
                continue
            if only is None or outcome.type == only:
                yield self._scored(number, outcome, seen)

    def _evaluator(self, kind: str) -> Evaluator:
        if kind not in self._evaluators:
            raise ConfigError(f"type: {kind!r:.80} is no evaluator; expected {self._known}")
        return self._evaluators[kind]

    def _scored(self, number: int, outcome: Outcome, seen: BaseModel) -> Scored:
        try:
            return Scored(number, outcome, score=self._score(outcome, seen))
        except (EpisodeError, TaskFileError) as error:
            return Scored(number, outcome, error=str(error))

    def _score(self, outcome: Outcome, seen: BaseModel) -> Score:
        """The score by the task's check of the outcome's type."""
        task = self._tasks.get(outcome.task_id)
        if outcome.task_id in self._unusable:
            raise TaskFileError(self._unusable[outcome.task_id])
        if task is None:
            raise TaskFileError(f"task {outcome.task_id} is none of the {len(self._tasks)} tasks")
        check = next((check for check in task.checks if check.kind == outcome.type), None)
        if check is None:
            kinds = ", ".join(check.kind for check in task.checks)
            raise TaskFileError(f"task {outcome.task_id} is not scored by {outcome.type} but by {kinds}")
        return score_outcome(task, check, seen, self._evaluators, urls=self._urls, reply=outcome.judge_reply)

    @property
    def _known(self) -> str:
        return ", ".join(map(repr, self._evaluators))

    def _what_is_wrong(self, error: ValidationError) -> str:
        """The first fault of a line."""
        fault = error.errors(include_url=False)[0]
        keys = ".".join(str(key) for key in fault["loc"])
        if keys.startswith("task_id."):
            return f"task_id: expected an integer or a text, got {fault['input']!r:.80}"
        match fault["type"]:
            case "missing" if keys == "type":
                return f"key 'type' is missing; expected {self._known}"
            case "missing":
                return f"key '{keys}' is missing"
            case "json_invalid":
                return fault["msg"].replace(" at line 1 column", ", column")
        message = fault["msg"].replace("Input should be", "expected")
        return f"{keys}: {message}, got {fault['input']!r:.80}" if keys else message
