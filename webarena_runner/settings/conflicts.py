"""Explicit options that would be lost without a word: against another option, or since nothing in the run uses them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.settings.draft import leaves, value_at
from webarena_runner.settings.yaml import dotted

if TYPE_CHECKING:
    from webarena_runner.settings.loading import Given
    from webarena_runner.settings.records import RunSettings

# Settings that are of no effect unless another one has a certain value.
_ONLY_WITH = (
    ("ray.address", "executor", "ray"),
    ("ray.secrets", "executor", "ray"),
    ("ray.engine_gpus", "executor", "ray"),
    ("settle.limit_s", "settle.mode", "quiet"),
    ("observation.ax_properties", "observation.mode", "accessibility_tree"),
    ("observation.ids", "observation.mode", "accessibility_tree"),
    ("actions.playwright_quirks", "actions.action_set", "playwright"),
    ("actions.lenient_syntax", "actions.action_set", "id"),
    ("record.har_bodies", "record.har", True),
    ("record.max_body_kb", "record.har_bodies", True),
    ("record.film_strip", "record.trace", ("all", "failed")),
)
# What only prompts to a model and its replies depend on.
_OF_A_MODEL = ("prompt", "actions", "sampling")
# The sampling of the model file is the run's.
_ALIAS = "model.sampling."
Pairs = Sequence[tuple[tuple[str, ...], Any]]


def explicit_origins(given: "Iterable[Given]", assigned: Pairs) -> dict[str, str]:
    """What gave each setting that the command line names, by dotted key: `--max-steps`, `-o limits.max_steps`.

    Raises:
        ConfigError: two of them give one setting different values.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    named = [(tuple(each.key.split(".")), each.value, each.origin) for each in given]
    for keys, value, origin in [*named, *((keys, value, f"-o {dotted(keys)}") for keys, value in assigned)]:
        for below, leaf in leaves({keys[0]: _nested(keys[1:], value)}):
            key = _of_run(dotted(below))
            if key in values and values[key] != leaf:
                both = origin if origins[key] == origin else f"{origins[key]} and {origin}"
                raise ConfigError(
                    f"{both}: {key} is given two values, of which one would be lost; leave one of them out"
                )
            values[key] = leaf
            origins.setdefault(key, origin)
    return origins


def require_one_agent(model: str | None, agent: str, origin: str, *, model_is_agent: bool) -> None:
    """Raises ConfigError when `--model` and the agent named elsewhere exclude each other; `origin` is what named it."""
    works_alone = not getattr(registry.load("agents", agent), "needs_model", True)
    if model_is_agent and agent != model:
        if works_alone:
            raise ConfigError(f"--model {model} and {origin} {agent} name two agents; leave one of them out")
        raise ConfigError(
            f"--model {model} is an agent that plays without a model, and {origin} {agent} asks one for each step: "
            f"name a model (`wa-run models list` shows them), or leave {origin} out"
        )
    if model is not None and not model_is_agent and works_alone:
        raise ConfigError(
            f"{origin} {agent} plays without a model, so '{model}' would never be asked: play it alone with "
            f"--model {agent}, or name an agent that asks the model, such as --agent prompted"
        )


def refuse_idle(explicit: Mapping[str, str], settings: "RunSettings", *, has_model: bool) -> None:
    """Raises ConfigError for an explicit setting that nothing will use, by the other settings alone."""
    values = settings.model_dump(mode="json")
    for key, origin in explicit.items():
        if not has_model and key.partition(".")[0] in _OF_A_MODEL:
            raise ConfigError(
                f"{origin}: agent '{settings.agent}' plays without a model, so nothing would use it; leave it out, or "
                f"name a model with --model and an agent that asks it, such as --agent prompted"
            )
        for idle, on, needed in _ONLY_WITH:
            found, fits = value_at(values, tuple(on.split("."))), needed if isinstance(needed, tuple) else (needed,)
            if key == idle and found not in fits:
                raise ConfigError(
                    f"{origin}: counts only where {on} is {' or '.join(map(_shown, fits))}, and this run has "
                    f"{_shown(found)}; leave one of them out"
                )
        if key.startswith("judge.") and key != "judge.model" and settings.judge.model is None:
            raise ConfigError(f"{origin}: the run has no judge; name one with --judge, or leave it out")


def _shown(value: object) -> str:
    """As a settings file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nested(keys: Sequence[str], value: Any) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value


def _of_run(key: str) -> str:
    return f"sampling.{key.removeprefix(_ALIAS)}" if key.startswith(_ALIAS) else key
