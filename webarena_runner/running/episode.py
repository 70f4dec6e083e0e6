"""One episode: observe, decide, act until an end; then score, once."""

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from webarena_runner.actions.describe import describe_action
from webarena_runner.actions.kinds import element_of
from webarena_runner.actions.stops import early_stop
from webarena_runner.actions.thoughts import has_thoughts
from webarena_runner.errors import EpisodeError, LoginError, NoAnswer, Overload, SiteAway, SiteError, UsageError
from webarena_runner.interfaces import Agent
from webarena_runner.interfaces.environments import EndsItself, Environment, EnvironmentProvider, EpisodeNotes
from webarena_runner.log.paths import AttemptPaths
from webarena_runner.log.reading import total_usd
from webarena_runner.official.sites import in_order
from webarena_runner.running.fitting import fitting
from webarena_runner.settings.records import LimitSettings, RunSettings
from webarena_runner.types import (
    ActedOn,
    Action,
    Completion,
    Decision,
    Ending,
    EpisodeResult,
    Failure,
    Invalid,
    Observation,
    Score,
    Step,
    Stop,
    Task,
)

log = logging.getLogger(__name__)


class StepLog(Protocol):
    """Where the steps of one attempt go as they happen."""

    @property
    def attempt(self) -> int:
        """Number of the attempt, from 1."""
        ...

    def append(self, step: Step, screenshot: bytes | None = None) -> None: ...

    def keep_last_page(self, observation: Observation) -> None:
        """The page that the episode ended on without a step on it."""
        ...


@dataclass(frozen=True)
class Harness:
    """What all episodes of a run share."""

    settings: RunSettings
    agent: Agent
    environments: EnvironmentProvider


@dataclass
class Episode:
    """One attempt at one (task, trial), and what has happened in it so far.

    `now` is the latest observation, which is in no step as long as it `awaits_step`. `scored` is the result as soon as
    there is one: nothing that happens while the environment is left takes it away. `picture` is the last one in the
    log, with the name of its file, which the steps after it name too where they `shares_pictures` and look the same.
    """

    task: Task
    trial: int
    log: StepLog
    on_step: Callable[[Step], None]
    steps: list[Step] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    now: Observation | None = None
    awaits_step: bool = False
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock_start: float = field(default_factory=time.monotonic)
    final_url: str = ""
    scored: EpisodeResult | None = None
    shares_pictures: bool = False
    picture: tuple[bytes, str] | None = None
    busy_steps: int = 0
    starved_steps: int = 0
    notes: EpisodeNotes = field(default_factory=EpisodeNotes)

    def as_asked(self) -> Task:
        """The task with the intent and the functions that became known when the episode began, if any did."""
        notes, task = self.notes, self.task
        return task.model_copy(update={"intent": notes.intent or task.intent, "tools": notes.tools or task.tools})

    def keep_last_page(self) -> None:
        """In the log, when no step was taken on it."""
        if self.awaits_step and self.now is not None:
            self.log.keep_last_page(self.now)
            self.awaits_step = False

    def saw(self, observation: Observation) -> None:
        """What is there after an action, or at the start."""
        self.now, self.awaits_step = observation, True
        self.busy_steps += bool(observation.still_busy)
        self.starved_steps += observation.starved

    def filed(self, shown: Observation) -> tuple[str | None, bytes | None]:
        """The name of the picture's file for the next step, and the picture where no file has it yet."""
        picture = shown.screenshot
        if picture is None:
            return None, None
        if self.shares_pictures and self.picture is not None and self.picture[0] == picture:
            return self.picture[1], None
        name = AttemptPaths.screenshot(len(self.steps), shown.screenshot_type)
        self.picture = picture, name
        return name, picture

    def closed_since(self, left: float) -> None:
        """The environment is closed, which was begun at `left`: the result says how long that took."""
        self.notes.timings_ms["close"] = 1000 * (time.monotonic() - left)
        if self.scored is not None:
            timings_ms = self.scored.timings_ms | {"close": self.notes.timings_ms["close"]}
            ended = {"finished_at": datetime.now(UTC), "wall_s": time.monotonic() - self.clock_start}
            self.scored = self.scored.model_copy(update=ended | {"timings_ms": timings_ms})


async def run_episode(harness: Harness, episode: Episode) -> EpisodeResult:
    """What goes wrong inside is a result without a score, except what ends the whole run.

    Raises:
        UsageError: the log cannot be written, or the task cannot be run as configured.
    """
    try:
        return await play_episode(harness, episode)
    except EpisodeError as error:
        return failed(episode, error)
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - our own bug in one episode is recorded as such and must not end the run
        return failed(episode, error)


async def play_episode(harness: Harness, episode: Episode) -> EpisodeResult:
    """The scored episode.

    Raises:
        EpisodeError: infrastructure failed, so there is no score.
        UsageError: the log cannot be written, or the task cannot be run as configured.
    """
    opening = harness.environments.episode(episode.task, trial=episode.trial, notes=episode.notes)
    left = 0.0
    try:
        async with opening as environment:
            try:
                ending, answer = await _act(harness, episode, environment)
                _require_time(episode, harness.settings.limits, len(episode.steps))
                episode.final_url = environment.url
                value, scores = 0.0, tuple[Score, ...]()
                if ending is not Ending.OFFSITE:
                    with episode.notes.timed("evaluate"):
                        value, scores = await environment.score(answer)
                episode.scored = _result(episode, ending, answer, value=value, scores=scores)
            finally:
                left = time.monotonic()
    except Exception as error:
        if episode.scored is None:
            raise
        log.warning("task %s: leaving its environment failed, its score stands: %s", episode.task.task_id, error)
    finally:
        if left:
            episode.closed_since(left)
    if episode.scored is None:
        raise RuntimeError("an environment has swallowed what went wrong in it")
    return episode.scored


async def _act(harness: Harness, episode: Episode, environment: Environment) -> tuple[Ending, str]:
    urls, task = episode.notes.site_urls, episode.as_asked()
    fitted = fitting(task)
    with episode.notes.timed("first_observation"):
        observation = await environment.observe()
    episode.notes.move("first_observation", "queue", observation.timings_ms.get("queue", 0.0))
    episode.saw(observation)
    while True:
        limits = harness.settings.limits
        stopped = early_stop([step.decision.action for step in episode.steps], limits) or _cost_stop(episode, limits)
        if stopped:
            episode.keep_last_page()
            return stopped
        started_at, clock = datetime.now(UTC), time.monotonic()
        unanswered: NoAnswer | None = None
        try:
            decision = await harness.agent.act(task, episode.steps, observation, urls=urls, trial=episode.trial)
        except NoAnswer as error:
            decision, unanswered = _unanswered(error), error
        decision = fitted(decision)
        agent_ms = 1000 * (time.monotonic() - clock)
        if decision.completion:
            episode.completions.append(decision.completion)
        shown = observation
        if not (unanswered or isinstance(decision.action, Stop)):
            observation = await environment.step(decision.action)
        _record(episode, shown, decision, observation, started_at=started_at, agent_ms=agent_ms)
        if unanswered:
            raise unanswered
        _require_sites(observation)
        _require_time(episode, limits, limits.max_steps)
        if observation.left_to and harness.settings.browser.offsite == "terminate":
            # As BrowserGym has it, which calls it an unauthorized URL: no reward, whatever the state of the sites.
            episode.keep_last_page()
            return Ending.OFFSITE, ""
        if isinstance(decision.action, Stop):
            return Ending.ANSWERED, decision.action.answer
        if _is_over(environment):
            episode.keep_last_page()
            return Ending.OVER, ""


def _is_over(environment: Environment) -> bool:
    return isinstance(environment, EndsItself) and environment.is_over


def _cost_stop(episode: Episode, limits: LimitSettings) -> tuple[Ending, str] | None:
    """The ending, with an answer in the words of the official stops, of an episode that has cost what it may."""
    limit_usd = limits.max_cost_per_episode_usd
    if limit_usd is None or (total_usd(reply.cost_usd for reply in episode.completions) or 0.0) < limit_usd:
        return None
    return Ending.COST_LIMIT, "Early stop: Reach max cost"


def _require_time(episode: Episode, limits: LimitSettings, steps: int) -> None:
    """Raises Overload when too many pages, of those of so many steps, were read before they had their time."""
    starved = episode.starved_steps
    if starved and starved > limits.starved_share * steps and limits.starved_share < 1:
        raise Overload(
            f"the machine was too busy: {starved} of {len(episode.steps)} steps led to a page that was read before it "
            "had its time (limits.starved_share); use fewer --workers, or leave the machine to the run"
        )


def _require_sites(seen: Observation) -> None:
    """Raises the error by which an episode ends whose site, or session, is gone."""
    if seen.outage:
        raise SiteError(seen.outage)
    if seen.signed_out:
        raise LoginError(seen.signed_out)


def _record(
    episode: Episode,
    shown: Observation,
    decision: Decision,
    after: Observation,
    *,
    started_at: datetime,
    agent_ms: float,
) -> None:
    """Writes the step; `shown` is what the agent saw, `after` (the same for a stop) what its action led to."""
    index, decision = len(episode.steps), _noted(decision)
    acted = after is not shown
    picture_name, picture = episode.filed(shown)
    step = Step(
        index=index,
        started_at=started_at,
        observation=shown,
        decision=decision,
        action_text=describe_action(decision.action, shown, action_set="calls" if episode.as_asked().tools else "id"),
        action_error=after.action_error if acted else "",
        acted_on=_acted_on(decision.action, shown, after),
        screenshot_file=picture_name,
        timings_ms={"agent": agent_ms} | (after.timings_ms if acted else {}),
    )
    with episode.notes.timed("log"):
        episode.log.append(step, picture)
    if acted:
        episode.saw(after)
    else:
        episode.awaits_step = False
    # Only the text of a past observation is needed again; its image and boxes would add up over thirty steps.
    light = step.observation.model_copy(update={"screenshot": None, "nodes": {}, "extras": {}})
    episode.steps.append(step.model_copy(update={"observation": light}))
    episode.on_step(step)


def _acted_on(action: Action, shown: Observation, after: Observation) -> ActedOn | None:
    element_id = element_of(action)
    if element_id is None:
        return ActedOn(element_id="", line="", box=after.acted_box) if after.acted_box else None
    node = shown.nodes.get(element_id)
    return ActedOn(element_id=element_id, line=node.line, box=node.box) if node else None


def _unanswered(error: NoAnswer) -> Decision:
    """The decision that the model did not come to, for the log: an error ends the episode after it."""
    raw = error.completion.text if error.completion else ""
    return Decision(
        action=Invalid(raw=raw, reason=str(error)),
        messages=error.messages,
        completion=error.completion,
        note=str(error),
    )


def _noted(decision: Decision) -> Decision:
    """With what a reader of the log has to know of the reply."""
    reply = decision.completion
    if reply is None or not reply.is_cut:
        return decision
    cut = f"the reply was cut at its limit, after {reply.completion_tokens} tokens (sampling.max_tokens)"
    return decision.model_copy(update={"note": "; ".join(filter(None, (decision.note, cut)))})


def failed(episode: Episode, error: Exception) -> EpisodeResult:
    """The result of an attempt that infrastructure, or a bug of ours, ended; the page it was on is in the log then."""
    episode.keep_last_page()
    expected = error if isinstance(error, EpisodeError) else None
    failure = Failure(
        error_class=expected.error_class if expected else "internal",
        message=str(error) or repr(error),
        traceback="".join(traceback.format_exception(error)),
        may_retry=bool(expected and expected.may_retry),
        cause=error.cause if isinstance(error, NoAnswer) else "",
        stops_run=bool(expected and expected.stops_run),
        process_lost=bool(expected and expected.process_lost),
        away=error.away if isinstance(error, SiteAway) else (),
    )
    return _result(episode, Ending.ERROR, "", failure=failure, judge_usd=expected.cost_usd if expected else None)


def _result(
    episode: Episode,
    ending: Ending,
    answer: str,
    *,
    value: float | None = None,
    scores: tuple[Score, ...] = (),
    failure: Failure | None = None,
    judge_usd: float | None = None,
) -> EpisodeResult:
    """`judge_usd` is the cost of verdicts that are in no score, since there is none."""
    completions = episode.completions
    costs = [judge_usd, *(completion.cost_usd for completion in completions)]
    costs += [verdict.cost_usd for each in scores for verdict in each.verdicts]
    timings_ms = {"evaluate": 0.0} | episode.notes.timings_ms
    for step in episode.steps:
        for part, spent_ms in step.timings_ms.items():
            timings_ms[part] = timings_ms.get(part, 0.0) + spent_ms
    return EpisodeResult(
        task_set=episode.task.task_set,
        task_id=episode.task.task_id,
        trial=episode.trial,
        attempt=episode.log.attempt,
        ending=ending,
        answer=answer,
        final_url=episode.final_url,
        value=value,
        scores=scores,
        steps=len(episode.steps),
        prompt_tokens=sum(completion.prompt_tokens for completion in completions),
        completion_tokens=sum(completion.completion_tokens for completion in completions),
        cached_tokens=sum(completion.cached_tokens for completion in completions),
        cut_replies=sum(completion.is_cut for completion in completions),
        thought_replies=sum(has_thoughts(completion.text) for completion in completions),
        cost_usd=total_usd(costs),
        site_urls=episode.notes.site_urls,
        started_at=episode.started_at,
        finished_at=datetime.now(UTC),
        wall_s=time.monotonic() - episode.clock_start,
        timings_ms=timings_ms,
        busy_steps=episode.busy_steps,
        starved_steps=episode.starved_steps,
        deviations=tuple(sorted({name for step in episode.steps for name in step.observation.deviations})),
        site_failures=_seen_in(episode, lambda seen: seen.site_failures),
        blocked_hosts=dict(episode.notes.blocked_hosts),
        visited_hosts=dict(episode.notes.visited_hosts),
        cookies_apart=tuple(episode.notes.cookies_apart),
        instance=episode.notes.instance,
        wrote=tuple(in_order(episode.notes.wrote)),
        disturbed=tuple(in_order(episode.notes.disturbed)),
        login_pages=tuple(dict.fromkeys(episode.notes.login_pages)),
        left_to=_seen_in(episode, lambda seen: seen.left_to),
        tools=episode.as_asked().tools,
        failure=failure,
    )


def _seen_in(episode: Episode, part: Callable[[Observation], tuple[str, ...]]) -> tuple[str, ...]:
    """What all observations have of a part, each once."""
    seen = [step.observation for step in episode.steps] + ([episode.now] if episode.now else [])
    return tuple(dict.fromkeys(text for observation in seen for text in part(observation)))
