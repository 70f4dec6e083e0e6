"""From files, options and environment variables to one validated RunConfig.

Later wins: profile file, model file, options, `-o key=value`. Site URLs: environment, sites file, `-o`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS, SITES, normalise_url, site_urls_from
from webarena_runner.settings import datafiles
from webarena_runner.settings.draft import Draft, leaves, valid_keys, value_at
from webarena_runner.settings.profiles import read_profile
from webarena_runner.settings.records import LimitSettings, ModelSpec, RunConfig, ScoringSettings, SitesFile
from webarena_runner.settings.secrets import refuse_secrets
from webarena_runner.settings.yaml import Document, describe, dotted, nearest, parse_value, read_yaml
from webarena_runner.types import Record

ORACLE = "oracle"
# A profile gives their defaults; another choice does not make the run another profile.
_CHOICES = ("agent", "prompt")
# An action set needs a prompt that describes it.
_PROMPT_OF = {"playwright": "cot_playwright"}


class _ScoringSection(Record):
    scoring: ScoringSettings


@dataclass(frozen=True)
class CliOptions:
    """What the command line says; None: not given. `assignments` are the `-o` texts in order.

    `embedded_tasks` says that the task set is served by the embedded sites unless `sites` says otherwise.
    """

    model: str | None = None
    tasks: str = "all"
    task_set: str = "webarena"
    embedded_tasks: bool = False
    sites: str | None = None
    agent: str | None = None
    prompt: str | None = None
    action_set: str | None = None
    judge: str | None = None
    profile: str = "webarena"
    workers: int | None = None
    trials: int | None = None
    max_steps: int | None = None
    settle: str | None = None
    max_cost_usd: float | None = None
    seed: int | None = None
    assignments: tuple[str, ...] = ()


def load_run_config(options: CliOptions, environ: Mapping[str, str]) -> tuple[RunConfig, tuple[str, ...]]:
    """The run's settings, and what differs in them from what the profile file fixes, as `key=value`.

    Raises:
        ConfigError: a file, option or variable that is missing, unreadable or wrong.
    """
    assigned = [_assignment(text) for text in options.assignments]
    profile = read_profile(options.profile)
    draft = Draft({"site_urls": {}})
    draft.add(profile)
    draft.put(("profile",), profile.path.stem, "--profile")
    _add_options(draft, options)
    _add_model(draft, options, {keys: value for keys, value in assigned})
    _add_sites(draft, options, environ)
    for keys, value in assigned:
        _assign(draft, keys, value)
    config = _validated(draft)
    _require_plug_ins(config)
    _require_prices(config)
    return config, _overrides(profile, config)


def with_max_cost(config: RunConfig, max_cost_usd: float) -> RunConfig:
    """The same settings with another limit. Raises ConfigError when it is none, or the model has no prices."""
    try:
        limits = LimitSettings.model_validate(config.limits.model_dump() | {"max_cost_usd": max_cost_usd})
    except ValidationError:
        raise ConfigError(f"--max-cost {max_cost_usd:g}: expected US dollars above 0") from None
    changed = config.model_copy(update={"limits": limits})
    _require_prices(changed)
    return changed


def load_model_spec(name: str) -> ModelSpec:
    """A model file, by name or path. Raises ConfigError with file, line and key of what is wrong in it."""
    document = _model_document(name)
    try:
        spec = ModelSpec.model_validate(document.values)
    except ValidationError as error:
        raise ConfigError(describe(error, document, valid=valid_keys(ModelSpec))) from error
    refuse_secrets(spec.model_dump(), origins={}, fallback=str(document.path))
    return spec


def load_scoring(profile: str) -> ScoringSettings:
    """The `scoring` section of a profile file, by name or path."""
    document = read_yaml(datafiles.find("profiles", profile))
    try:
        return _ScoringSection.model_validate({"scoring": document.values.get("scoring", {})}).scoring
    except ValidationError as error:
        raise ConfigError(describe(error, document, valid=valid_keys(_ScoringSection))) from error


def load_sites_file(name: str) -> SitesFile:
    """A sites file, by name or path, its URLs normalised."""
    document = read_yaml(datafiles.find("sites", name))
    try:
        found = SitesFile.model_validate(document.values)
    except ValidationError as error:
        raise ConfigError(describe(error, document, valid=valid_keys(SitesFile))) from error
    for key in (*found.urls, *found.accounts):
        if key not in SITES:
            part = "urls" if key in found.urls else "accounts"
            raise ConfigError(
                f"{document.where((part, key))}: unknown site '{key}'; expected one of {', '.join(SITES)}"
            )
    urls = {
        site: normalised
        for site, url in found.urls.items()
        if (normalised := normalise_url(url, origin=document.where(("urls", site))))
    }
    return found.model_copy(
        update={"urls": urls, "more_urls": _normalised(found.more_urls, document.where(("more_urls",)))}
    )


def site_credentials(config: RunConfig, environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """User name and password by site: the official accounts, unless the sites file names variables that hold others."""
    credentials = dict(OFFICIAL_ACCOUNTS)
    for site, account in config.site_accounts.items():
        for variable in (account.username_env, account.password_env):
            if not environ.get(variable):
                raise ConfigError(f"site_accounts.{site}: environment variable {variable} is not set; export it")
        credentials[site] = (environ[account.username_env], environ[account.password_env])
    return credentials


def _add_options(draft: Draft, options: CliOptions) -> None:
    given: list[tuple[str, str, Any]] = [
        ("task_set", "--task-set", options.task_set),
        ("tasks", "--tasks", options.tasks),
        ("agent", "--agent", options.agent),
        ("actions.action_set", "--action-set", options.action_set),
        ("prompt", "--prompt", options.prompt or _PROMPT_OF.get(options.action_set or "")),
        ("workers", "--workers", options.workers),
        ("trials", "--trials", options.trials),
        ("seed", "--seed", options.seed),
        ("limits.max_steps", "--max-steps", options.max_steps),
        ("settle.mode", "--settle", options.settle),
        ("limits.max_cost_usd", "--max-cost", options.max_cost_usd),
        ("judge.model", "--judge", options.judge),
    ]
    for name, flag, value in given:
        if value is not None:
            draft.put(name.split("."), value, flag)


def _add_model(draft: Draft, options: CliOptions, assigned: Mapping[tuple[str, ...], Any]) -> None:
    if options.model == ORACLE:
        draft.put(("agent",), ORACLE, "--model oracle")
    agent = str(assigned.get(("agent",), draft.get("agent")))
    if options.model is None or options.model == ORACLE:
        if getattr(registry.load("agents", agent), "needs_model", True):
            raise ConfigError(f"--model is missing: agent '{agent}' needs one; `wa-run models list` shows them")
        draft.put(("model",), None, "--model")
        if any(keys[0] == "model" for keys in assigned):
            raise ConfigError(f"-o model...: this run has no model (agent '{agent}'); name a model file with --model")
        return
    document = _model_document(options.model)
    draft.put(("model",), {}, str(document.path))
    draft.add(document, under=("model",))
    sampling = document.values.get("sampling")
    if isinstance(sampling, dict):
        for key, value in sampling.items():
            draft.put(("sampling", str(key)), value, document.where(("sampling", str(key))))


def _model_document(name: str) -> Document:
    known = [ORACLE, *datafiles.names("models")]
    if "/" not in name and not name.endswith(".yaml") and name not in known:
        close = get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise ConfigError(f"unknown model '{name}': {hint}known: {', '.join(known)}; or give a path of a model file")
    document = read_yaml(datafiles.find("models", name))
    document.values.setdefault("name", document.path.stem)
    return document


def _normalised(urls: Sequence[str], origin: str) -> tuple[str, ...]:
    return tuple(normalised for url in urls if (normalised := normalise_url(url, origin=origin)))


def _add_sites(draft: Draft, options: CliOptions, environ: Mapping[str, str]) -> None:
    chosen = options.sites or ("embedded" if options.embedded_tasks else "static")
    provider = chosen
    if chosen not in registry.names("sites"):
        found = load_sites_file(chosen)
        provider = found.provider
        draft.put(("site_urls",), found.urls, f"--sites {chosen}")
        draft.put(("more_urls",), found.more_urls, f"--sites {chosen}")
        for site, account in found.accounts.items():
            draft.put(("site_accounts", site), account.model_dump(), f"--sites {chosen}")
    draft.put(("sites",), provider, "--sites")
    if provider != "embedded":
        for site, url in site_urls_from(environ).items():
            if site not in draft.values["site_urls"]:
                draft.put(("site_urls", site), url, "environment")


def _require_plug_ins(config: RunConfig) -> None:
    """Tells a wrong name before anything is started or asked."""
    registry.require("agents", config.agent)
    registry.require("sites", config.sites)
    if config.model:
        registry.require("models", config.model.backend)


def _require_prices(config: RunConfig) -> None:
    if config.limits.max_cost_usd is not None and config.model and config.model.prices is None:
        raise ConfigError(
            f"--max-cost: model '{config.model.name}' has no prices to count with; set prices.input and prices.output "
            "(and prices.cached_input) in its model file, or -o model.prices.input=... -o model.prices.output=..., in "
            "US dollars per million tokens"
        )


def _assignment(text: str) -> tuple[tuple[str, ...], Any]:
    name, equals, value = text.partition("=")
    keys = tuple(name.strip().split("."))
    if not equals or not all(keys):
        raise ConfigError(f"-o {text}: expected key=value, for example -o limits.max_steps=10")
    if keys[0] in ("profile", "sites", "tasks", "task_set"):
        raise ConfigError(f"-o {text}: '{keys[0]}' is set with --{keys[0].replace('_', '-')}")
    return keys, parse_value(value)


def _assign(draft: Draft, keys: tuple[str, ...], value: Any) -> None:
    name, origin = dotted(keys), f"-o {dotted(keys)}"
    valid = valid_keys(RunConfig) + valid_keys(ModelSpec, "model.")
    free = ("model.options", "site_urls", "site_accounts")
    section = any(key.startswith(f"{name}.") for key in valid) and isinstance(value, dict)
    if name not in valid and not section and not name.startswith(tuple(f"{key}." for key in free)):
        raise ConfigError(f"{origin}: unknown key '{name}'{nearest(name, valid)}")
    if keys[0] == "site_urls" and len(keys) == 2:
        if keys[1] not in SITES:
            raise ConfigError(f"{origin}: unknown site '{keys[1]}'; expected one of {', '.join(SITES)}")
        value = normalise_url(str(value), origin=origin)
    if keys == ("more_urls",) and isinstance(value, list):
        value = _normalised([str(url) for url in value], origin)
    draft.put(keys, value, origin)
    if name.startswith("model.sampling."):
        draft.put(keys[1:], value, origin)


def _validated(draft: Draft) -> RunConfig:
    refuse_secrets(draft.values, origins=draft.origins, fallback="configuration")
    try:
        config = RunConfig.model_validate(draft.values)
    except ValidationError as error:
        valid = valid_keys(RunConfig) + valid_keys(ModelSpec, "model.")
        raise ConfigError(describe(error, draft.origins, valid=valid)) from error
    if config.model is None:
        return config
    # The model file's own sampling is kept equal to the final one, so that merging it again changes nothing.
    final = {key: getattr(config.sampling, key) for key in config.model.sampling.model_fields_set}
    sampling = config.model.sampling.model_copy(update=final)
    return config.model_copy(update={"model": config.model.model_copy(update={"sampling": sampling})})


def _overrides(profile: Document, config: RunConfig) -> tuple[str, ...]:
    """Keys that the profile file states and whose final value is another one."""
    stated = RunConfig.model_validate(_base_values(profile, config)).model_dump(mode="json")
    final = config.model_dump(mode="json")
    changed = []
    for keys, _ in leaves(profile.values):
        before, after = value_at(stated, keys), value_at(final, keys)
        if before != after and keys[0] not in _CHOICES:
            changed.append(f"{dotted(keys)}={after}")
    return tuple(changed)


def _base_values(profile: Document, config: RunConfig) -> dict[str, Any]:
    needed = {"model": None, "agent": config.agent, "prompt": config.prompt, "profile": config.profile}
    return {**needed, "task_set": config.task_set, "tasks": config.tasks, "sites": config.sites, **profile.values}
