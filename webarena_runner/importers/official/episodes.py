"""One task of a result folder as an episode: its steps from the render file, its score from the logs."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from webarena_runner.importers.official.actions import acted_on, action_of
from webarena_runner.importers.official.logs import Logged
from webarena_runner.importers.official.render import Rendered, RenderedStep
from webarena_runner.importers.run import ImportedEpisode
from webarena_runner.importers.tabs import tab_titles
from webarena_runner.importers.unscored import unscored
from webarena_runner.log.lines import printable
from webarena_runner.settings.secrets import looks_secret
from webarena_runner.types import Completion, Decision, Ending, EpisodeResult, Failure, Observation, Score, Step, Stop

EVALUATOR, UNKNOWN = "official", "unknown"
_STOPS = {
    "Early stop: Reach max steps": Ending.STEP_LIMIT,
    "Early stop: Failed to parse": Ending.PARSE_FAILURES,
    "Early stop: Same": Ending.REPEATED_ACTION,
}
_LEFT_OUT = "(left out: it looks like a secret)"


def episode_of(
    task_id: int, task_set: str, rendered: Rendered | None, logged: Logged, path: Path | None
) -> ImportedEpisode:
    """Without a render file there is a result alone; the harness writes no time of a step."""
    at = logged.started_at or logged.finished_at or _written_at(path)
    steps = tuple(_steps(rendered.steps if rendered else (), at))
    last = steps[-1][0].decision.action if steps else None
    finished_at = max(at, logged.finished_at or at)
    faults = (*(rendered.faults if rendered else ()), *(_no_render(path) if rendered is None else ()))
    result = EpisodeResult(
        task_set=task_set,
        task_id=task_id,
        trial=0,
        attempt=1,
        ending=_ending(last, logged),
        answer=last.answer if isinstance(last, Stop) else "",
        final_url=steps[-1][0].observation.url if isinstance(last, Stop) else "",
        value=None if logged.passed is None else float(logged.passed),
        scores=() if logged.passed is None else (_score(passed=logged.passed),),
        steps=len(steps),
        prompt_tokens=0,
        completion_tokens=0,
        cached_tokens=0,
        started_at=at,
        finished_at=finished_at,
        wall_s=(finished_at - at).total_seconds(),
        deviations=faults,
        failure=_failure(logged) if logged.passed is None else None,
    )
    return ImportedEpisode(result, steps)


def _steps(rendered: Sequence[RenderedStep], at: datetime) -> Iterator[tuple[Step, bytes | None]]:
    for index, step in enumerate(rendered):
        # Each block has the history line of the action before it.
        after = rendered[index + 1].previous if index + 1 < len(rendered) else ""
        observation = Observation(
            url=step.url, tabs=tab_titles(step.text), text=step.text, screenshot=step.picture, screenshot_type="png"
        )
        made = Step(
            index=index,
            started_at=at,
            observation=observation,
            decision=Decision(action=action_of(step), completion=Completion(text=step.raw) if step.raw else None),
            action_text=after or step.parsed or step.code,
            acted_on=acted_on(step),
            screenshot_file=f"step-{index:03d}.png" if step.picture else None,
        )
        yield made, step.picture


def _ending(last: object, logged: Logged) -> Ending | str:
    if logged.passed is None:
        return Ending.ERROR
    if not isinstance(last, Stop):
        return UNKNOWN
    return next((ending for begin, ending in _STOPS.items() if last.answer.startswith(begin)), Ending.ANSWERED)


def _score(*, passed: bool) -> Score:
    said = f"the official harness's log says {'PASS' if passed else 'FAIL'}"
    return Score(evaluator=EVALUATOR, value=float(passed), explanation=said)


def _failure(logged: Logged) -> Failure:
    if not logged.error:
        return unscored("no log of the official harness has a result of it")
    return Failure(
        error_class="model" if logged.of_model else "internal",
        message=_shown(logged.error),
        traceback=_shown(logged.traceback),
        may_retry=False,
    )


def _shown(text: str) -> str:
    return _LEFT_OUT if looks_secret(text, drawn=False) else printable(text)


def _no_render(path: Path | None) -> tuple[str, ...]:
    return ("there is no render file" if path is None else f"{path.name} is no page of the official harness",)


def _written_at(path: Path | None) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime if path else 0, UTC)
