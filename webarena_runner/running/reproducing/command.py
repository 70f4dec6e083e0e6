"""The command line whose settings are those of a manifest: tried here, until its configuration is the same."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.paths import safe_name
from webarena_runner.settings import datafiles
from webarena_runner.settings.draft import leaves, value_at
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.profiles import FROM_ELSEWHERE
from webarena_runner.settings.records import RunConfig
from webarena_runner.settings.site_files import options_from
from webarena_runner.settings.yaml import parse_value
from webarena_runner.tasksets import load_task_set
from webarena_runner.types import RunManifest

# An assigned key may bring another with it, as the seed of a run does.
_ROUNDS = 4
# Of the model file these are the run's own, once merged.
_SAMPLING = ("model", "sampling")
Keys = tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """`words` begin with `wa-run`; `files` are texts by the path at which they have to be.

    `unset` are environment variables of this machine that would add to the settings.
    """

    words: tuple[str, ...]
    config_sha256: str
    files: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()


class _NotSo(Exception):
    """No command line of this shape has these settings."""


def command_of(manifest: RunManifest, environ: Mapping[str, str]) -> Command:
    """With names of files where those that are here do, and with files written out where not.

    Raises:
        StoreError: settings that this version does not know, or that no command line gives.
    """
    if manifest.imported:
        raise StoreError(
            f"run {manifest.run_id} was imported from {manifest.imported.source}: no command of wa-run has made it"
        )
    try:
        wanted = RunConfig.model_validate(manifest.config).model_dump(mode="json")
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)]
        raise StoreError(
            f"run {manifest.run_id}: this version does not know its settings ({'; '.join(faults[:3])}); use the one "
            f"that made it, {manifest.versions.get('webarena-runner', 'not recorded')}"
        ) from error
    unset = _variables_to_unset(wanted["sites"], environ)
    environ = {name: value for name, value in environ.items() if name not in unset}
    why = ""
    with tempfile.TemporaryDirectory() as temporary:
        for profile, model in product(_profiles(wanted), _models(wanted)):
            try:
                assigned = _assignments(wanted, profile, model, Path(temporary), environ)
            except (_NotSo, ConfigError) as error:
                why = why or str(error)
                continue
            words = (*_chosen(wanted, profile, model), *(word for each in assigned for word in ("-o", each)))
            files = {each.place: each.text for each in (profile, model) if each and each.text}
            return Command(words, sha256_of_json(wanted), files, unset)
    raise StoreError(
        f"run {manifest.run_id}: no command line gives its settings here ({why}); run it again with: wa-run --config "
        "RUN, which takes them from its manifest"
    )


@dataclass(frozen=True)
class _File:
    """A profile or a model as the command names it; `text` "": the file of this name that is here."""

    kind: str
    name: str
    text: str = ""

    @property
    def place(self) -> str:
        return f"configs/{self.kind}/{self.name}.yaml"

    def here(self, temporary: Path) -> str:
        """What stands for the name while the file is not written yet."""
        if not self.text:
            return self.name
        path = temporary / self.kind / f"{self.name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(self.text, encoding="utf-8")
        return str(path)


def _profiles(wanted: Mapping[str, Any]) -> Iterator[_File]:
    settings = wanted["settings"]
    name = settings["profile"]
    if name in datafiles.names("profiles"):
        yield _File("profiles", name)
    if name == safe_name(name):
        yield _File("profiles", name, _yaml({key: settings[key] for key in settings if key not in FROM_ELSEWHERE}))


def _models(wanted: Mapping[str, Any]) -> Iterator[_File | None]:
    model = wanted["model"]
    if model is None:
        yield None
        return
    if model["name"] in datafiles.names("models"):
        yield _File("models", model["name"])
    sampling = {key: value for key, value in model["sampling"].items() if value not in (None, [])}
    yield _File("models", safe_name(model["name"]), _yaml({**model, "sampling": sampling}))


def _chosen(wanted: Mapping[str, Any], profile: _File, model: _File | None) -> tuple[str, ...]:
    """The command with all but its assignments."""
    tasks, settings = wanted["tasks"], wanted["settings"]
    words = ["wa-run", "--model", model.name if model else settings["agent"]]
    words += ["--task-set", tasks["task_set"], "--tasks", tasks["expression"]]
    words += ["--limit", str(tasks["limit"])] if tasks["limit"] else []
    words += ["--shard", "/".join(map(str, tasks["shard"]))] if tasks["shard"] else []
    words += ["--allow-modified"] if tasks["allow_modified"] else []
    words += ["--ignore-keys", ",".join(tasks["ignore_keys"])] if tasks["ignore_keys"] else []
    return (*words, "--profile", profile.name, "--sites", wanted["sites"]["provider"])


def _assignments(
    wanted: Mapping[str, Any], profile: _File, model: _File | None, temporary: Path, environ: Mapping[str, str]
) -> list[str]:
    """The `-o` texts that make the configuration the wanted one.

    Raises:
        _NotSo: something is there that no assignment takes away.
        ConfigError: these settings are refused, or the task set is not here.
    """
    tasks = wanted["tasks"]
    options = CliOptions(
        model=model.here(temporary) if model else wanted["settings"]["agent"],
        tasks=tasks["expression"],
        task_set=tasks["task_set"],
        limit=tasks["limit"],
        shard=tuple(tasks["shard"]) if tasks["shard"] else None,
        allow_modified=tasks["allow_modified"],
        ignore_keys=tuple(tasks["ignore_keys"]),
        served_by=load_task_set(tasks["task_set"]).served_by,
        sites=wanted["sites"]["provider"],
        profile=profile.here(temporary),
    )
    # Before the first look, since it depends on these what variables add.
    given: dict[Keys, str] = {
        ("sites", "options", key): f"sites.options.{key}={_text(value)}"
        for key, value in wanted["sites"]["options"].items()
        if isinstance(value, list) and any(isinstance(each, dict) for each in value)
    }
    for _ in range(_ROUNDS):
        assignments = tuple(given.values())
        config, _ = load_run_config(replace(options, assignments=assignments), environ)
        found = config.model_dump(mode="json")
        if sha256_of_json(found) == sha256_of_json(wanted):
            return list(assignments)
        changes = _changes(_flat(wanted), _flat(found))
        # What is the run's sampling is the model's too.
        ours = {keys: value for keys, value in changes.items() if keys[:2] != _SAMPLING} or changes
        given |= {keys: f"{'.'.join(keys)}={_text(value)}" for keys, value in ours.items()}
    raise _NotSo(f"{', '.join('.'.join(keys) for keys in _changes(_flat(wanted), _flat(found)))} stays another")


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """As `-o` has it: the settings at the top, model and sites beside them."""
    sites = {"options": config["sites"]["options"]}
    return {**config["settings"], "sites": sites} | ({"model": config["model"]} if config["model"] else {})


def _changes(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[Keys, Any]:
    """What has to be assigned. Raises _NotSo for what is there and should not be."""
    named = {keys for keys, _ in leaves(wanted)}
    for keys, _ in leaves(found):
        if keys not in named and value_at(wanted, keys) is None and not _above(keys, named):
            raise _NotSo(f"{'.'.join(keys)} is there, and was not in the run")
    changes: dict[Keys, Any] = {}
    for keys, value in leaves(wanted):
        if value_at(found, keys) != value or (value is None and not _has(found, keys)):
            plain = next((at for at, key in enumerate(keys) if "." in key or "=" in key), len(keys))
            changes[keys[:plain]] = value_at(wanted, keys[:plain])
    return changes


def _above(keys: Keys, named: set[Keys]) -> bool:
    return any(keys[:length] in named for length in range(len(keys)))


def _has(values: Any, keys: Sequence[str]) -> bool:
    for key in keys:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True


def _text(value: Any) -> str:
    """As `-o` reads it: a text as it is where that is read as itself, else JSON."""
    if isinstance(value, str) and value and value.isprintable() and parse_value(value) == value:
        return value
    return json.dumps(value)


def _yaml(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values), sort_keys=False, width=120)


def _variables_to_unset(sites: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Those from which the provider would take options that the run did not have."""
    found = options_from(sites["provider"], environ, sites["options"])
    if not found:
        return ()
    unset = []
    for name in environ:
        others = {key: value for key, value in environ.items() if key != name}
        if options_from(sites["provider"], others, sites["options"]) != found:
            unset.append(name)
    return tuple(sorted(unset))
