"""One episode as an ATIF document.

An agent of WebArena gets a prompt of its own in each step, not a growing conversation: the document has the task once,
then what each step answered and did, and the page that came of it as the observation of that step.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from webarena_runner.export.atif.tools import offered_definitions, tool_call, tool_definitions
from webarena_runner.export.episodes import Episode
from webarena_runner.types import Completion, EpisodeResult, Invalid, LastPage, RunManifest, Step, Tool

SCHEMA = "ATIF-v1.8"
UNKNOWN = "unknown"
_MEDIA_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
Json = dict[str, Any]


def trajectory(manifest: RunManifest, run_id: str, episode: Episode) -> Json:
    """The document as JSON values, keys without a value left out."""
    steps = list(_steps(manifest, episode))
    final_metrics = _final_metrics(steps)
    notes = [*episode.faults, *_differences(final_metrics, episode.result)]
    document = {
        "schema_version": SCHEMA,
        "session_id": run_id,
        "trajectory_id": f"{run_id}/{episode.name}",
        "agent": agent_of(manifest, episode.result.tools if episode.result else ()),
        "steps": steps,
        "notes": "; ".join(notes) or None,
        "final_metrics": final_metrics,
        "extra": _extra(manifest, episode),
    }
    return _without_none(document)


def agent_of(manifest: RunManifest, tools: Sequence[Tool] = ()) -> Json:
    """`tools` are the functions of the episode's environment, where it offered some."""
    settings = manifest.config["settings"]
    model = manifest.config["model"]
    action_set = settings.get("actions", {}).get("action_set", "id")
    dialect = settings.get("actions", {}).get("dialect", "webarena")
    defined = offered_definitions(tools) if tools else tool_definitions(action_set, dialect)
    extra = {
        "profile": manifest.profile,
        "profile_overrides": list(manifest.profile_overrides) or None,
        "prompt": settings.get("prompt") if model else None,
        "prompt_sha256": manifest.prompt_sha256 or None,
        "action_set": action_set,
    }
    agent = {
        "name": manifest.agent,
        "version": manifest.versions.get("webarena-runner") or UNKNOWN,
        "model_name": model_of(manifest),
        "tool_definitions": list(defined),
        "extra": extra,
    }
    return _without_none(agent)


def model_of(manifest: RunManifest) -> str | None:
    """None for an agent without a model."""
    return manifest.model_name if manifest.config["model"] else None


def _steps(manifest: RunManifest, episode: Episode) -> Iterable[Json]:
    made = [*_before_the_agent(episode), *_of_the_agent(episode)]
    for number, step in enumerate(made, start=1):
        yield {"step_id": number} | step


def _before_the_agent(episode: Episode) -> list[Json]:
    """The instructions, the task, and the page that was open when the agent began."""
    first = episode.steps[0] if episode.steps else None
    found: list[Json] = []
    if first and (prompt := _instructions(first)):
        found.append({"source": "system", "message": prompt})
    intent = episode.task.intent if episode.task else ""
    found.append({"source": "user", "message": intent or f"task {episode.key[0]}"})
    page = _page(first or episode.last_page, episode.pictures)
    if page:
        opened = {"source": "system", "message": "the start page is open", "observation": {"results": [page]}}
        found.append(({"timestamp": _time(first.started_at)} if first else {}) | opened)
    return found


def _instructions(step: Step) -> str:
    """The official prompts name their examples, which are system messages too."""
    return "\n\n".join(each.content for each in step.decision.messages if each.role == "system" and not each.name)


def _of_the_agent(episode: Episode) -> Iterable[Json]:
    afterwards: Sequence[Step | LastPage | None] = (*episode.steps[1:], episode.last_page)
    for step, after in zip(episode.steps, afterwards, strict=False):
        call = tool_call(step.decision.action, f"call-{step.index}")
        page = _page(after, episode.pictures)
        if page and call:
            page = {"source_call_id": call["tool_call_id"]} | page
        completion = step.decision.completion
        yield {
            "timestamp": _time(step.started_at),
            "source": "agent",
            "message": completion.text or completion.said if completion else step.action_text,
            "tool_calls": [call] if call else None,
            "observation": {"results": [page]} if page else None,
            "metrics": _metrics(completion) if completion else None,
            "llm_call_count": 1 if completion else 0,
            "extra": _step_extra(step),
        }


def _page(seen: Step | LastPage | None, pictures: Mapping[str, str]) -> Json | None:
    if seen is None:
        return None
    observation = seen.observation
    content: list[Json] = [{"type": "text", "text": observation.text}]
    if path := pictures.get(seen.screenshot_file or ""):
        media_type = _MEDIA_TYPES[observation.screenshot_type]
        content.append({"type": "image", "source": {"media_type": media_type, "path": path}})
    return {"content": content, "extra": {"url": observation.url, "tabs": list(observation.tabs)}}


def _metrics(completion: Completion) -> Json:
    """Counts of a server that sent none are left out: none are not 0."""
    counted = bool(completion.prompt_tokens or completion.completion_tokens)
    has_cached = completion.cached_tokens <= completion.prompt_tokens
    return {
        "prompt_tokens": completion.prompt_tokens if counted else None,
        "completion_tokens": completion.completion_tokens if counted else None,
        # Some servers count the one without the other, and cached ones are a part of the prompt's here.
        "cached_tokens": completion.cached_tokens if counted and has_cached else None,
        "cost_usd": completion.cost_usd,
        "prompt_token_ids": _listed(completion.prompt_token_ids),
        "completion_token_ids": _listed(completion.token_ids),
        "logprobs": _listed(completion.logprobs),
        "extra": {
            "latency_s": completion.latency_s,
            "finish_reason": completion.finish_reason or None,
            "retries": completion.retries or None,
            "seed": completion.seed,
        },
    }


def _step_extra(step: Step) -> Json:
    action, decision = step.decision.action, step.decision
    return {
        "action_text": step.action_text,
        "action_error": step.action_error or None,
        "no_action": action.reason if isinstance(action, Invalid) else None,
        "acted_on": step.acted_on.model_dump(mode="json") if step.acted_on else None,
        "cut_tokens": decision.cut_tokens or None,
        "note": decision.note or None,
        "timings_ms": step.timings_ms or None,
    }


def _extra(manifest: RunManifest, episode: Episode) -> Json:
    """What ATIF has no key for; a `reward` at the root is refused."""
    task, result = episode.task, episode.result
    extra: Json = {
        "task_set": manifest.task_set,
        "task_id": episode.key[0],
        "trial": episode.key[1],
        "sites": list(task.sites) if task else None,
        "template_id": task.template_id if task else None,
        "profile": manifest.profile,
        "judge": manifest.judge or None,
        "caution": manifest.caution or None,
    }
    if result is None:
        return extra | {"ending": "interrupted"}
    return extra | {
        "reward": result.value,
        "scores": [score.model_dump(mode="json", exclude={"evidence", "verdicts"}) for score in result.scores],
        "ending": str(result.ending),
        "answer": result.answer,
        "final_url": result.final_url,
        "attempt": result.attempt,
        "wall_s": result.wall_s,
        "cost_usd": result.cost_usd,
        "failure": result.failure and result.failure.model_dump(mode="json", include={"error_class", "message"}),
    }


def _final_metrics(steps: Sequence[Json]) -> Json:
    counted = [step["metrics"] for step in steps if step.get("metrics")]

    def total(key: str) -> Any:
        known = [metrics[key] for metrics in counted if metrics[key] is not None]
        return sum(known) if known else None

    return {
        "total_prompt_tokens": total("prompt_tokens"),
        "total_completion_tokens": total("completion_tokens"),
        "total_cached_tokens": total("cached_tokens"),
        "total_cost_usd": total("cost_usd"),
        "total_steps": len(steps),
    }


def _differences(final_metrics: Json, result: EpisodeResult | None) -> list[str]:
    """The result counts replies too that led to no step, such as one that a filter blocked."""
    if result is None:
        return []
    pairs = (("prompt", result.prompt_tokens), ("completion", result.completion_tokens))
    return [
        f"the episode took {all_of_it} {kind} tokens, of which steps have {in_steps}"
        for kind, all_of_it in pairs
        if all_of_it != (in_steps := final_metrics[f"total_{kind}_tokens"] or 0)
    ]


def _listed(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _without_none(values: Json) -> Json:
    """Without keys whose value is None; `reward` keeps it, since no score is another thing than none recorded."""
    return {key: _tidy(each) for key, each in values.items() if each is not None or key == "reward"}


def _tidy(value: Any) -> Any:
    match value:
        case dict():
            return _without_none(value)
        case list():
            return [_tidy(each) for each in value]
    return value
