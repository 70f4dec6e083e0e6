"""One episode as a sample of an Inspect log."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from inspect_ai.dataset import Sample
from inspect_ai.event import Event, InfoEvent, ModelEvent, SampleInitEvent, ScoreEvent
from inspect_ai.log import EvalError, EvalSample
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, GenerateConfig, ModelOutput, ModelUsage
from inspect_ai.scorer import Score

from webarena_runner.export.episodes import Episode
from webarena_runner.export.inspect_ai.messages import output_of, page_of, prompt_of, reply_of, usage_of
from webarena_runner.log.files import sha256_of
from webarena_runner.types import EpisodeResult, Invalid, LastPage, Step, Task

SCORER = "webarena"


def sample_of(episode: Episode, *, run_id: str, model: str, folder: Path | None, sees: bool) -> EvalSample:
    """`folder` is where the pictures are, None to leave them out; `sees`: they were in the prompts."""
    result, task = episode.result, episode.task
    task_id, trial = episode.key
    begins = _begin(episode)
    intent, target = (task.intent if task else f"task {task_id}"), _target(task)
    usage = _usage(episode.steps)
    outputs = [output_of(step, model) for step in episode.steps]
    return EvalSample(
        id=task_id,
        epoch=trial + 1,
        input=intent,
        target=target,
        messages=_messages(episode, intent, folder),
        output=outputs[-1] if outputs else ModelOutput(model=model),
        scores={SCORER: _score(result)} if result and result.value is not None else None,
        metadata=_metadata(episode),
        events=_events(episode, intent, target, model=model, folder=folder, sees=sees, begins=begins),
        model_usage={model: usage} if usage else {},
        started_at=begins.isoformat() if begins else None,
        completed_at=result.finished_at.isoformat() if result else None,
        total_time=result.wall_s if result else None,
        error=_error(result),
        # The same each time that the run is exported.
        uuid=sha256_of(f"{run_id}/{episode.name}".encode())[:22],
    )


def _begin(episode: Episode) -> datetime | None:
    if episode.result:
        return episode.result.started_at
    return episode.steps[0].started_at if episode.steps else None


def _messages(episode: Episode, intent: str, folder: Path | None) -> list[ChatMessage]:
    """The episode as a conversation, which is not what the model was asked: each step has a prompt of its own."""
    first = episode.steps[0].decision.messages if episode.steps else ()
    told: list[ChatMessage] = [
        ChatMessageSystem(content=each.content) for each in first if each.role == "system" and not each.name
    ]
    told.append(ChatMessageUser(content=intent))
    for step in episode.steps:
        told += (page_of(step, _picture(episode, step, folder)), reply_of(step))
    if episode.last_page:
        told.append(page_of(episode.last_page, _picture(episode, episode.last_page, folder)))
    return told


def _events(
    episode: Episode,
    intent: str,
    target: str | list[str],
    *,
    model: str,
    folder: Path | None,
    sees: bool,
    begins: datetime | None,
) -> list[Event]:
    if begins is None:
        return []
    task_id = episode.key[0]
    events: list[Event] = [
        SampleInitEvent(
            timestamp=begins, working_start=0.0, sample=Sample(id=task_id, input=intent, target=target), state={}
        )
    ]
    for step in episode.steps:
        events += _step_events(episode, step, model=model, folder=folder, sees=sees, begins=begins)
    if episode.result and episode.result.value is not None:
        at = episode.result.finished_at
        events.append(
            ScoreEvent(
                timestamp=at,
                working_start=_after(begins, at),
                score=_score(episode.result),
                target=target,
                scorer=SCORER,
            )
        )
    return events


def _step_events(
    episode: Episode, step: Step, *, model: str, folder: Path | None, sees: bool, begins: datetime
) -> list[Event]:
    at, completion = step.started_at, step.decision.completion
    picture = _picture(episode, step, folder)
    asked = ModelEvent(
        timestamp=at,
        working_start=_after(begins, at),
        model=model,
        # Inspect's tables of messages are made of such events, and fail on logs without any.
        input=prompt_of(step, picture if sees else None) if completion else [page_of(step, picture)],
        tools=[],
        tool_choice="none",
        config=GenerateConfig(seed=completion.seed if completion else None),
        output=output_of(step, model),
        metadata=None if completion else {"agent_without_model": True},
    )
    if completion:
        at += timedelta(seconds=completion.latency_s)
        asked.retries, asked.completed, asked.working_time = completion.retries or None, at, completion.latency_s
    events: list[Event] = [asked]
    action = step.decision.action
    done: dict[str, Any] = {
        "action": action.model_dump(mode="json"),
        "url": step.observation.url,
        "did_nothing": step.action_error or (action.reason if isinstance(action, Invalid) else ""),
        "note": step.decision.note,
    }
    done = {name: value for name, value in done.items() if value}
    events.append(InfoEvent(timestamp=at, working_start=_after(begins, at), source="action", data=done))
    return events


def _score(result: EpisodeResult) -> Score:
    """1 or 0, and of what it is made in the explanation."""
    parts = [
        f"{score.evaluator}: {score.value:g}{f', {score.explanation}' if score.explanation else ''}"
        for score in result.scores
    ]
    return Score(
        value=result.value if result.value is not None else 0.0,
        answer=result.answer,
        explanation="\n".join(parts),
        metadata={
            "ending": str(result.ending),
            "final_url": result.final_url,
            "scores": [score.model_dump(mode="json", exclude={"evidence", "verdicts"}) for score in result.scores],
        },
    )


def _target(task: Task | None) -> str | list[str]:
    """What an answer is held against, where the task's record says it in texts."""
    checked = task.raw.get("eval") if task else None
    answers = checked.get("reference_answers") if isinstance(checked, dict) else None
    found: list[str] = []
    for wanted in answers.values() if isinstance(answers, dict) else ():
        found += [wanted] if isinstance(wanted, str) else [each for each in wanted or () if isinstance(each, str)]
    return found[0] if len(found) == 1 else found or ""


def _metadata(episode: Episode) -> dict[str, Any]:
    task, result = episode.task, episode.result
    told: dict[str, Any] = {
        "sites": list(task.sites) if task else None,
        "template_id": task.template_id if task else None,
        "steps": len(episode.steps),
        "attempt": result.attempt if result else None,
        "ending": str(result.ending) if result else "interrupted",
        "could_not_be_read": list(episode.faults) or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _error(result: EpisodeResult | None) -> EvalError | None:
    if result is None or result.failure is None:
        return None
    return EvalError(message=f"{result.failure.error_class}: {result.failure.message}", traceback="", traceback_ansi="")


def _usage(steps: Sequence[Step]) -> ModelUsage | None:
    completions = [step.decision.completion for step in steps if step.decision.completion]
    return usage_of(completions) if completions else None


def _picture(episode: Episode, seen: Step | LastPage, folder: Path | None) -> Path | None:
    name = seen.screenshot_file
    return folder / name if folder and name and name in episode.pictures else None


def _after(begins: datetime, at: datetime) -> float:
    return max(0.0, (at - begins).total_seconds())
