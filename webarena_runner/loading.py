"""From files, options and environment variables to one validated RunConfig.

Later wins: profile file, model file, options, `-o key=value`. Site URLs: environment, sites file, `-o`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from webarena_runner import datafiles
from webarena_runner._secrets import refuse_secrets
from webarena_runner._yaml import Document, describe, dotted, nearest, parse_value, read_yaml
from webarena_runner.config import ModelSpec, RunConfig, SitesFile
from webarena_runner.errors import ConfigError
from webarena_runner.siteurls import OFFICIAL_ACCOUNTS, SITES, normalise_url, site_urls_from

ORACLE = "oracle"
PROVIDERS = ("embedded", "static")
# A profile gives their defaults; another choice does not make the run another profile.
_CHOICES = ("agent", "prompt")
_FROM_ELSEWHERE = ("profile", "model", "site_urls", "site_accounts", "task_set", "tasks", "sites")


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
    judge: str | None = None
    profile: str = "webarena"
    workers: int | None = None
    trials: int | None = None
    max_steps: int | None = None
    seed: int | None = None
    assignments: tuple[str, ...] = ()


@dataclass
class _Draft:
    """Nested values while they are put together; `origins` says by dotted key where a value came from."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def put(self, keys: Sequence[str], value: Any, origin: str) -> None:
        if isinstance(value, dict) and value:
            for key, below in value.items():
                self.put((*keys, str(key)), below, origin)
            return
        at = self.values
        for key in keys[:-1]:
            if not isinstance(at.get(key), dict):
                at[key] = {}
            at = at[key]
        at[keys[-1]] = value
        self.origins[dotted(keys)] = origin

    def get(self, name: str) -> Any:
        at: Any = self.values
        for key in name.split("."):
            at = at.get(key) if isinstance(at, dict) else None
        return at

    def add(self, document: Document, *, under: Sequence[str] = ()) -> None:
        for keys, value in _leaves(document.values):
            self.put((*under, *keys), value, document.where(keys))


def load_run_config(options: CliOptions, environ: Mapping[str, str]) -> tuple[RunConfig, tuple[str, ...]]:
    """The run's settings, and what differs in them from what the profile file fixes, as `key=value`.

    Raises:
        ConfigError: a file, option or variable that is missing, unreadable or wrong.
    """
    assigned = [_assignment(text) for text in options.assignments]
    profile = read_yaml(datafiles.find("profiles", options.profile))
    for key in _FROM_ELSEWHERE:
        if key in profile.values:
            raise ConfigError(f"{profile.where((key,))}: a profile cannot set '{key}'; it is an option of the run")
    draft = _Draft({"site_urls": {}})
    draft.add(profile)
    draft.put(("profile",), profile.path.stem, "--profile")
    _add_options(draft, options)
    _add_model(draft, options, {keys: value for keys, value in assigned})
    _add_sites(draft, options, environ)
    for keys, value in assigned:
        _assign(draft, keys, value)
    config = _validated(draft)
    return config, _overrides(profile, config)


def load_model_spec(name: str) -> ModelSpec:
    """A model file, by name or path. Raises ConfigError with file, line and key of what is wrong in it."""
    document = _model_document(name)
    try:
        spec = ModelSpec.model_validate(document.values)
    except ValidationError as error:
        raise ConfigError(describe(error, document, valid=valid_keys(ModelSpec))) from error
    refuse_secrets(spec.model_dump(), origins={}, fallback=str(document.path))
    return spec


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
    return found.model_copy(update={"urls": urls})


def site_credentials(config: RunConfig, environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """User name and password by site: the official accounts, unless the sites file names variables that hold others."""
    credentials = dict(OFFICIAL_ACCOUNTS)
    for site, account in config.site_accounts.items():
        for variable in (account.username_env, account.password_env):
            if not environ.get(variable):
                raise ConfigError(f"site_accounts.{site}: environment variable {variable} is not set; export it")
        credentials[site] = (environ[account.username_env], environ[account.password_env])
    return credentials


def valid_keys(record: type[BaseModel], prefix: str = "") -> list[str]:
    """Dotted names of all keys of a record, the nested ones too, in order."""
    names = []
    for name, info in record.model_fields.items():
        below = _record_in(info.annotation)
        names += [f"{prefix}{name}"] if below is None else valid_keys(below, f"{prefix}{name}.")
    return names


def _add_options(draft: _Draft, options: CliOptions) -> None:
    given: list[tuple[str, str, Any]] = [
        ("task_set", "--task-set", options.task_set),
        ("tasks", "--tasks", options.tasks),
        ("agent", "--agent", options.agent),
        ("prompt", "--prompt", options.prompt),
        ("workers", "--workers", options.workers),
        ("trials", "--trials", options.trials),
        ("seed", "--seed", options.seed),
        ("limits.max_steps", "--max-steps", options.max_steps),
        ("judge.model", "--judge", options.judge),
    ]
    for name, flag, value in given:
        if value is not None:
            draft.put(name.split("."), value, flag)


def _add_model(draft: _Draft, options: CliOptions, assigned: Mapping[tuple[str, ...], Any]) -> None:
    if options.model == ORACLE:
        draft.put(("agent",), ORACLE, "--model oracle")
    agent = assigned.get(("agent",), draft.get("agent"))
    if options.model is None and agent != ORACLE:
        raise ConfigError(f"--model is missing: agent '{agent}' needs one; `wa-run models list` shows them")
    if options.model is None or options.model == ORACLE:
        draft.put(("model",), None, "--model")
        if any(keys[0] == "model" for keys in assigned):
            raise ConfigError("-o model...: this run has no model (agent 'oracle'); name a model file with --model")
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


def _add_sites(draft: _Draft, options: CliOptions, environ: Mapping[str, str]) -> None:
    chosen = options.sites or ("embedded" if options.embedded_tasks else "static")
    provider = chosen
    if chosen not in (*PROVIDERS, *_other_providers()):
        found = load_sites_file(chosen)
        provider = found.provider
        draft.put(("site_urls",), found.urls, f"--sites {chosen}")
        for site, account in found.accounts.items():
            draft.put(("site_accounts", site), account.model_dump(), f"--sites {chosen}")
    draft.put(("sites",), provider, "--sites")
    if provider != "embedded":
        for site, url in site_urls_from(environ).items():
            if site not in draft.values["site_urls"]:
                draft.put(("site_urls", site), url, "environment")


def _other_providers() -> list[str]:
    from webarena_runner import registry  # entry points are read only when a name has to be looked up

    return registry.names("sites")


def _assignment(text: str) -> tuple[tuple[str, ...], Any]:
    name, equals, value = text.partition("=")
    keys = tuple(name.strip().split("."))
    if not equals or not all(keys):
        raise ConfigError(f"-o {text}: expected key=value, for example -o limits.max_steps=10")
    if keys[0] in ("profile", "sites", "tasks", "task_set"):
        raise ConfigError(f"-o {text}: '{keys[0]}' is set with --{keys[0].replace('_', '-')}")
    return keys, parse_value(value)


def _assign(draft: _Draft, keys: tuple[str, ...], value: Any) -> None:
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
    draft.put(keys, value, origin)
    if name.startswith("model.sampling."):
        draft.put(keys[1:], value, origin)


def _validated(draft: _Draft) -> RunConfig:
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
    for keys, _ in _leaves(profile.values):
        before, after = _at(stated, keys), _at(final, keys)
        if before != after and keys[0] not in _CHOICES:
            changed.append(f"{dotted(keys)}={after}")
    return tuple(changed)


def _base_values(profile: Document, config: RunConfig) -> dict[str, Any]:
    needed = {"model": None, "agent": config.agent, "prompt": config.prompt, "profile": config.profile}
    return {**needed, "task_set": config.task_set, "tasks": config.tasks, "sites": config.sites, **profile.values}


def _leaves(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in values.items():
        keys = (*above, str(key))
        found += _leaves(value, keys) if isinstance(value, dict) and value else [(keys, value)]
    return found


def _at(values: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _record_in(annotation: Any) -> type[BaseModel] | None:
    """The record type of a field, or None; a model file is a section of its own."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not ModelSpec:
        return annotation
    inner = [_record_in(argument) for argument in get_args(annotation)]
    return next((record for record in inner if record and not _is_mapping(annotation)), None)


def _is_mapping(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is dict
