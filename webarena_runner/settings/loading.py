"""From files, options and environment variables to one validated RunConfig.

Later wins: profile file, model file, options, `-o key=value`. Options of the sites: environment, sites file, `-o`.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.settings import datafiles
from webarena_runner.settings.conflicts import explicit_origins, refuse_idle, require_one_agent
from webarena_runner.settings.draft import Draft, leaves, valid_keys, value_at
from webarena_runner.settings.old_forms import renamed_key
from webarena_runner.settings.profiles import read_profile
from webarena_runner.settings.records import (
    ModelSpec,
    RunConfig,
    RunSettings,
    SitesFile,
    SitesSpec,
    TaskChoice,
)
from webarena_runner.settings.secrets import looks_secret, refuse_secrets
from webarena_runner.settings.site_files import OPTIONS, load_sites_file, options_from, read_options
from webarena_runner.settings.yaml import Document, describe, dotted, nearest, parse_value, read_yaml
from webarena_runner.types import Sampling

# A profile gives their defaults; another choice does not make the run another profile.
_CHOICES = ("agent", "prompt")
# These need a prompt that describes them.
_PROMPT_OF = {
    ("actions.action_set", "playwright"): "cot_playwright",
    ("actions.action_set", "calls"): "calls",
    ("observation.mode", "som"): "som",
}
_OPTIONS_OF_THE_RUN = (("profile",), ("tasks",), ("task_set",), ("sites",), ("sites", "provider"))
# Below these keys a plug-in says what there is.
_FREE = ("model.options.", "sites.options.")
Assigned = Mapping[tuple[str, ...], Any]


@dataclass(frozen=True)
class Given:
    """A value for one setting, such as 5 for `limits.max_steps`, and what gave it, such as `--max-steps`."""

    key: str
    value: Any
    origin: str


@dataclass(frozen=True)
class CliOptions:
    """What the command line says; `assignments` are the `-o` texts in order, and win over `given`.

    `served_by` is the provider that the task set's sites come from unless `sites` says otherwise. `base` has all
    settings, the model and the sites of an earlier run, instead of those of the profile and of files.
    """

    model: str | None = None
    tasks: str = "all"
    task_set: str = "webarena"
    limit: int | None = None
    shard: tuple[int, int] | None = None
    allow_modified: bool = False
    ignore_keys: tuple[str, ...] = ()
    served_by: str | None = None
    sites: str | None = None
    profile: str = "webarena"
    given: tuple[Given, ...] = ()
    assignments: tuple[str, ...] = ()
    base: Document | None = None


def load_run_config(options: CliOptions, environ: Mapping[str, str]) -> tuple[RunConfig, tuple[str, ...]]:
    """The run, and what differs in its settings from what the profile file fixes, as `key=value`.

    Raises:
        ConfigError: a file, option or variable that is missing, unreadable or wrong.
    """
    profile = read_profile(options.profile)
    assigned = _assignments(options)
    draft = _draft(profile, options)
    _add_model(draft, options, assigned)
    _add_sites(draft, options)
    _assign_all(draft, assigned)
    _fill_sites(draft, environ)
    explicit = explicit_settings(options)
    settings, model = _settings(draft), _model(draft)
    if model is not None and "seed" in explicit and "sampling.seed" not in explicit:
        settings = _with_seed(settings)
    tasks = TaskChoice(
        task_set=options.task_set,
        expression=options.tasks,
        limit=options.limit,
        shard=options.shard,
        allow_modified=options.allow_modified,
        ignore_keys=options.ignore_keys,
    )
    config = RunConfig(settings=settings, model=_with_final_sampling(model, settings), tasks=tasks, sites=_sites(draft))
    registry.require("agents", settings.agent)
    refuse_idle(explicit, settings, has_model=model is not None)
    for observer in settings.observation.observers:
        registry.require("observers", observer)
    require_prices(config)
    return config, _overrides(profile, settings)


def _with_seed(settings: RunSettings) -> RunSettings:
    """With the run's seed for the model too, unless its file has one."""
    if settings.sampling.seed is not None:
        return settings
    return settings.model_copy(update={"sampling": settings.sampling.model_copy(update={"seed": settings.seed})})


def load_settings(options: CliOptions) -> RunSettings:
    """How to run, for who has no agent, model or sites to name."""
    draft = _draft(read_profile(options.profile), options)
    draft.values["model"] = None
    _assign_all(draft, {keys: value for keys, value in _assignments(options).items() if keys[0] != "sites"})
    return _settings(draft)


def load_sites(options: CliOptions, environ: Mapping[str, str]) -> SitesSpec:
    """Where the sites come from."""
    draft = Draft()
    _add_sites(draft, options)
    _assign_all(draft, {keys: value for keys, value in _assignments(options).items() if keys[0] == "sites"})
    _fill_sites(draft, environ)
    return _sites(draft)


def load_model(name: str, assignments: Sequence[str] = ()) -> tuple[ModelSpec, Sampling]:
    """A model file with `-o` applied, and the sampling that a run with it has.

    Raises:
        ConfigError: as for a run, or there is no model behind the name.
    """
    options = CliOptions(model=name, assignments=tuple(assignments))
    assigned = _assignments(options)
    draft = _draft(read_profile(options.profile), options)
    _add_model(draft, options, assigned)
    _assign_all(draft, assigned)
    settings = _settings(draft)
    model = _with_final_sampling(_model(draft), settings)
    if model is None:
        raise ConfigError(f"'{name}' plays without a model; `wa-run models list` shows the models")
    return model, settings.sampling


def load_model_spec(name: str) -> ModelSpec:
    """A model file, by name or path. Raises ConfigError with file, line and key of what is wrong in it."""
    document = _model_document(name)
    # First, since what else is wrong is told with its value.
    refuse_secrets(document.values, origins={}, fallback=str(document.path))
    try:
        return ModelSpec.model_validate(document.values)
    except ValidationError as error:
        raise ConfigError(describe(error, document, valid=valid_keys(ModelSpec))) from error


def _draft(profile: Document, options: CliOptions) -> Draft:
    """Settings of a profile and of options; a draft has them at the top, and sections `model` and `sites` beside."""
    draft = Draft()
    draft.add(profile)
    draft.put(("profile",), profile.path.stem, "--profile")
    if options.base:
        _add_base(draft, options.base, other_model=options.model is not None)
    given = {each.key: each for each in options.given}
    for each in given.values():
        # The value of a whole section, such as `record`, is no key.
        named = isinstance(each.value, str)
        if named and (prompt := _PROMPT_OF.get((each.key, each.value))) and "prompt" not in given:
            draft.put(("prompt",), prompt, each.origin)
    agent = given.get("agent")
    if agent and "prompt" not in given and (prompt := _prompt_of_agent(agent.value, given, draft)):
        draft.put(("prompt",), prompt, agent.origin)
    for each in given.values():
        draft.put(each.key.split("."), each.value, each.origin)
    return draft


def _prompt_of_agent(name: str, given: Mapping[str, Given], draft: Draft) -> str | None:
    """The prompt that an agent has of its own, in some action sets another one."""
    agent, action_set = registry.load("agents", name), given.get("actions.action_set")
    prompts: Mapping[str, str] = getattr(agent, "prompts", {})
    chosen = action_set.value if action_set else draft.get("actions.action_set")
    return prompts.get(chosen) or getattr(agent, "prompt", None)


def _add_model(draft: Draft, options: CliOptions, assigned: Assigned) -> None:
    unmodelled = options.model is not None and is_agent(options.model)
    agent = str(assigned.get(("agent",), draft.get("agent") or RunSettings.model_fields["agent"].default))
    origin = explicit_settings(options).get("agent")
    if origin or not unmodelled:
        origin = origin or f"{draft.origins.get('agent', 'the default')}: agent"
        of_base = options.base.values["model"] if options.base else None
        model = options.model or (of_base and of_base["name"])
        require_one_agent(model, agent, origin, model_is_agent=unmodelled)
    if unmodelled:
        draft.put(("agent",), options.model, f"--model {options.model}")
        agent = str(options.model)
    if options.model is None and options.base and options.base.values["model"]:
        draft.put(("model",), {}, str(options.base.path))
        draft.add(_model_of(options.base), under=("model",))
        return
    if options.model is None or unmodelled:
        if getattr(registry.load("agents", agent), "needs_model", True):
            raise ConfigError(f"--model is missing: agent '{agent}' needs one; `wa-run models list` shows them")
        draft.put(("model",), None, "--model")
        return
    document = _model_document(options.model)
    draft.put(("model",), {}, str(document.path))
    draft.add(document, under=("model",))
    sampling = document.values.get("sampling")
    if isinstance(sampling, dict):
        for key, value in sampling.items():
            draft.put(("sampling", str(key)), value, document.where(("sampling", str(key))))


def _model_of(base: Document) -> Document:
    """The model of an earlier run; of its sampling what its file stated, since the rest was the profile's."""
    model = base.values["model"]
    stated = {key: value for key, value in model["sampling"].items() if value not in (None, [])}
    return replace(base, values=model | {"sampling": stated})


def _add_base(draft: Draft, base: Document, *, other_model: bool) -> None:
    """Settings of an earlier run; what is of its model goes with it."""
    of_the_model = ("sampling",) if base.values["model"] else ("agent", "prompt")
    left_out = {"profile", "model", "sites", *(of_the_model if other_model else ())}
    draft.add(replace(base, values={key: value for key, value in base.values.items() if key not in left_out}))


def is_agent(name: str) -> bool:
    """Whether a model's name is that of an agent that needs none."""
    if name in datafiles.names("models") or name not in registry.names("agents"):
        return False
    return not getattr(registry.load("agents", name), "needs_model", True)


def _agents_without_model() -> list[str]:
    """For a message about something else: an agent that cannot be imported is left out, not told."""
    found = []
    for name in registry.names("agents"):
        with contextlib.suppress(ConfigError):
            found += [name] if is_agent(name) else []
    return found


def _model_document(name: str) -> Document:
    known = datafiles.names("models")
    if "/" not in name and not name.endswith(".yaml") and name not in known:
        known = [*_agents_without_model(), *known]
        close = get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise ConfigError(f"unknown model '{name}': {hint}known: {', '.join(known)}; or give a path of a model file")
    document = read_yaml(datafiles.find("models", name))
    document.values.setdefault("name", document.path.stem)
    return document


def _add_sites(draft: Draft, options: CliOptions) -> None:
    base = options.base.values["sites"] if options.base and not options.sites else None
    chosen = base["provider"] if base else options.sites or options.served_by or SitesFile().provider
    provider = chosen
    if base:
        draft.put(OPTIONS, base["options"], str(options.base.path) if options.base else "")
    # A sites file may be called as its provider is.
    if not base and (chosen not in registry.names("sites") or chosen in datafiles.names("sites")):
        found = load_sites_file(chosen)
        provider = found.provider
        draft.put(OPTIONS, found.options, f"--sites {chosen}")
    draft.put(("sites", "provider"), provider, "--sites")


def _fill_sites(draft: Draft, environ: Mapping[str, str]) -> None:
    """Options of the sites that neither file nor `-o` gives."""
    given = draft.get("sites.options") or {}
    for keys, value in leaves(options_from(draft.get("sites.provider"), environ, given)):
        draft.put((*OPTIONS, *keys), value, "environment")


def require_prices(config: RunConfig) -> None:
    """Raises ConfigError when a run has a limit in dollars, and nothing whose use it would count."""
    limits = config.settings.limits
    option = "--max-cost" if limits.max_cost_usd is not None else "--max-cost-per-episode"
    if limits.max_cost_usd is None and limits.max_cost_per_episode_usd is None:
        return
    if limits.max_cost_per_episode_usd is not None and config.model is None:
        raise ConfigError("--max-cost-per-episode: the run has no model, whose replies it counts; leave it out")
    judge = config.settings.judge.model
    if config.model is None and (judge is None or load_model_spec(judge).prices is None):
        why = f"judge '{judge}' has no prices" if judge else "the run has neither a model nor a judge"
        raise ConfigError(f"{option}: {why}, so nothing would be counted; leave it out")
    if config.model and config.model.prices is None:
        raise ConfigError(
            f"{option}: model '{config.model.name}' has no prices to count with; set prices.input and prices.output "
            "(and prices.cached_input) in its model file, or -o model.prices.input=... -o model.prices.output=..., in "
            "US dollars per million tokens"
        )


def explicit_settings(options: CliOptions) -> dict[str, str]:
    """What on the command line gives each setting that it names, by dotted key: `--max-steps`, `-o limits.max_steps`.

    Raises:
        ConfigError: one setting is given two values, or an assignment is none.
    """
    return explicit_origins(options.given, [_assignment(text) for text in options.assignments])


def _assignments(options: CliOptions) -> Assigned:
    """The `-o` texts by key; no option gives another value for one of them."""
    explicit_settings(options)
    return dict(map(_assignment, options.assignments))


def _assignment(text: str) -> tuple[tuple[str, ...], Any]:
    name, equals, value = text.partition("=")
    keys = tuple(name.strip().split("."))
    if not equals or not all(keys):
        shown = "-o" if looks_secret(text) else f"-o {text}"
        raise ConfigError(f"{shown}: expected key=value, for example -o limits.max_steps=10")
    if keys in _OPTIONS_OF_THE_RUN:
        raise ConfigError(f"-o {text}: '{dotted(keys)}' is set with --{keys[0].replace('_', '-')}")
    return keys, parse_value(value)


def _assign_all(draft: Draft, assigned: Assigned) -> None:
    for keys, value in assigned.items():
        _assign(draft, keys, value)


def _assign(draft: Draft, keys: tuple[str, ...], value: Any) -> None:
    name, origin = dotted(keys), f"-o {dotted(keys)}"
    if keys[0] == "model" and draft.values.get("model") is None:
        raise ConfigError(f"{origin}: this run has no model; name a model file with --model")
    valid = [key for key in valid_keys(RunSettings) if key != "profile"] + valid_keys(ModelSpec, "model.")
    valid.append(dotted(OPTIONS))
    section = any(key.startswith(f"{name}.") for key in valid) and isinstance(value, dict)
    if name not in valid and not section and not name.startswith(_FREE):
        if (new := renamed_key(name)) is not None:
            raise ConfigError(f"{origin}: this key is now {new}; write -o {new}=...")
        raise ConfigError(f"{origin}: unknown key '{name}'{nearest(name, valid)}")
    draft.put(keys, value, origin)
    if name.startswith("model.sampling."):
        draft.put(keys[1:], value, origin)


def _settings(draft: Draft) -> RunSettings:
    refuse_secrets(draft.values, origins=draft.origins, fallback="configuration")
    values = {key: value for key, value in draft.values.items() if key not in ("model", "sites")}
    try:
        return RunSettings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(describe(error, draft.origins, valid=valid_keys(RunSettings))) from error


def _model(draft: Draft) -> ModelSpec | None:
    values = draft.get("model")
    if values is None:
        return None
    try:
        model = ModelSpec.model_validate(values)
    except ValidationError as error:
        valid = valid_keys(ModelSpec, "model.")
        raise ConfigError(describe(error, draft.origins, valid=valid, under=("model",))) from error
    registry.require("models", model.backend)
    return model


def _with_final_sampling(model: ModelSpec | None, settings: RunSettings) -> ModelSpec | None:
    """The model file's own sampling is kept equal to the final one, so that merging it again changes nothing."""
    if model is None:
        return None
    final = {key: getattr(settings.sampling, key) for key in model.sampling.model_fields_set}
    return model.model_copy(update={"sampling": model.sampling.model_copy(update=final)})


def _sites(draft: Draft) -> SitesSpec:
    refuse_secrets(draft.values["sites"], origins=draft.origins, fallback="configuration", keys=("sites",))
    provider = draft.get("sites.provider")
    options = read_options(provider, draft.get("sites.options") or {}, draft.origins)
    return SitesSpec(provider=provider, options=options)


def _overrides(profile: Document, settings: RunSettings) -> tuple[str, ...]:
    """Keys that the profile file states and whose final value is another one."""
    stated = RunSettings.model_validate({"profile": settings.profile, **profile.values}).model_dump(mode="json")
    final = settings.model_dump(mode="json")
    changed = []
    for keys, _ in leaves(profile.values):
        before, after = value_at(stated, keys), value_at(final, keys)
        if before != after and keys[0] not in _CHOICES:
            changed.append(f"{dotted(keys)}={after}")
    return tuple(changed)
