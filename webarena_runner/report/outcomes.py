"""Scores outcomes that were recorded anywhere: one JSON line an outcome, no browser, no sites, no judge."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from webarena_runner.errors import EpisodeError, TaskFileError
from webarena_runner.evaluators.program_html import ProgramHtml
from webarena_runner.evaluators.string_match import UNCLEAR, StringMatch
from webarena_runner.evaluators.url_match import UrlMatch
from webarena_runner.interfaces import EvaluatorSetup
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import HtmlCheck, Score, Task

Kind = Literal["string_match", "url_match", "program_html"]


class _Line(BaseModel):
    """Further keys, such as a score that is already there, are not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    task_id: int


class StringOutcome(_Line):
    """`judge_reply` is what the judge says whenever the rule asks it; None: it cannot be asked."""

    type: Literal["string_match"]
    answer: str
    judge_reply: str | None = None


class UrlOutcome(_Line):
    type: Literal["url_match"]
    final_url: str


class HtmlOutcome(_Line):
    """`selected` has the text that each target's locator gave, in the order of the targets."""

    type: Literal["program_html"]
    selected: list[str]
    last_url: str = ""


Outcome = StringOutcome | UrlOutcome | HtmlOutcome


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
    """`tasks` by task id; `urls` by site name stand for the placeholders in checks."""

    def __init__(self, tasks: Mapping[int, Task], urls: Mapping[str, str], scoring: ScoringSettings) -> None:
        setup = EvaluatorSetup(scoring)
        self._tasks = tasks
        self._urls = urls
        self._string_match = StringMatch.build(setup)
        self._url_match = UrlMatch.build(setup)
        self._program_html = ProgramHtml.build(setup)
        self._lines: TypeAdapter[Outcome] = TypeAdapter(Annotated[Outcome, Field(discriminator="type")])

    def score_lines(self, lines: Iterable[bytes], *, only: Kind | None = None) -> Iterator[Scored]:
        """One result a line, in order; none for blank lines and for outcomes of another type than `only`."""
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                outcome = self._lines.validate_json(line)
            except ValidationError as error:
                yield Scored(number, None, error=_what_is_wrong(error))
                continue
            if only is None or outcome.type == only:
                yield self._scored(number, outcome)

    def _scored(self, number: int, outcome: Outcome) -> Scored:
        try:
            return Scored(number, outcome, score=self.score(outcome))
        except (EpisodeError, TaskFileError) as error:
            return Scored(number, outcome, error=str(error))

    def score(self, outcome: Outcome) -> Score:
        """Scores one outcome by its task's check of that type.

        Raises:
            TaskFileError: the outcome does not fit the tasks.
            JudgeUnusable: a judge has to decide, and its reply was not recorded.
            SiteError: a site that the check names has no URL.
        """
        task = self._tasks.get(outcome.task_id)
        if task is None:
            raise TaskFileError(f"task {outcome.task_id} is none of the {len(self._tasks)} tasks")
        check = next((check for check in task.checks if check.kind == outcome.type), None)
        if check is None:
            kinds = ", ".join(check.kind for check in task.checks)
            raise TaskFileError(f"task {outcome.task_id} is not scored by {outcome.type} but by {kinds}")
        match outcome:
            case StringOutcome(answer=answer, judge_reply=reply):
                return self._string_match.score_replied(check, answer=answer, urls=self._urls, reply=reply)
            case UrlOutcome(final_url=final_url):
                return self._url_match.score(check, {"final_url": final_url, "urls": self._urls})
            case HtmlOutcome(selected=selected, last_url=last_url):
                targets = len(check.targets) if isinstance(check, HtmlCheck) else 0
                if len(selected) != targets:
                    raise TaskFileError(
                        f"task {outcome.task_id} has {targets} targets, but 'selected' has {len(selected)} texts; "
                        f"expected one for each"
                    )
                seen = [{"opened": "", "selected": text} for text in selected]
                return self._program_html.score(check, {"last_url": last_url, "urls": self._urls, "targets": seen})


def _what_is_wrong(error: ValidationError) -> str:
    """The first fault of a line; the name of a union's member is no key of the line."""
    fault = error.errors(include_url=False)[0]
    keys = ".".join(str(key) for key in fault["loc"][1:])
    match fault["type"]:
        case "union_tag_not_found":
            return "key 'type' is missing; expected string_match, url_match or program_html"
        case "union_tag_invalid":
            return f"type: {fault['input'].get('type')!r:.80} is no evaluator; expected {fault['ctx']['expected_tags']}"
        case "missing":
            return f"key '{keys}' is missing"
        case "json_invalid":
            return fault["msg"].replace(" at line 1 column", ", column")
    told = fault["msg"].replace("Input should be", "expected")
    return f"{keys}: {told}, got {fault['input']!r:.80}" if keys else told
