"""`--config FILE`: options of the bare form from one YAML file, or those of an earlier run from its manifest."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from webarena_runner.errors import ConfigError

if TYPE_CHECKING:
    from webarena_runner.settings.yaml import Document

# What is about one command line, not about a run.
_NOT_IN_A_FILE = ("config", "version", "verbose", "dry_run", "as_json", "help", "install_completion", "show_completion")
_SETTINGS = "option"
_META = "webarena_runner.run_file"


@dataclass(frozen=True)
class RunFile:
    """What a file gives: options by parameter, `-o` texts, and the whole settings of a manifest.

    `places` says of parameters where in the file they are.
    """

    options: dict[str, Any] = field(default_factory=dict)
    assignments: tuple[str, ...] = ()
    base: "Document | None" = None
    places: dict[str, str] = field(default_factory=dict)


def take_file(context: typer.Context, value: str | None) -> str | None:
    """The callback of --config: what the file gives is there before the other options are looked at, which win."""
    if value is not None and not context.resilient_parsing:
        found = _read(context, value)
        context.meta[_META] = found
        context.default_map = found.options
    return value


def file_of(context: Any) -> RunFile:
    """An empty one without --config."""
    found: RunFile = context.meta.get(_META) or RunFile()
    return found


def _read(context: typer.Context, name: str) -> RunFile:
    import json

    from webarena_runner.log.paths import MANIFEST, is_run

    path = Path(name).expanduser()
    if is_run(path):
        return _of_manifest(path / MANIFEST)
    if path.suffix == ".json":
        try:
            found = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(f"--config {name}: cannot be read as JSON: {error}") from error
        if isinstance(found, dict) and "config_sha256" in found:
            return _of_manifest(path)
    if path.is_dir():
        raise ConfigError(f"--config {name}: is a folder without {MANIFEST}; expected a YAML file or a run folder")
    return _of_options(context, path)


def _of_manifest(path: Path) -> RunFile:
    from webarena_runner.log.reading import read_manifest_file
    from webarena_runner.settings.yaml import Document

    manifest = read_manifest_file(path)
    config = manifest.config
    tasks = config["tasks"]
    options = {
        "tasks": tasks["expression"],
        "task_set": tasks.get("task_set"),
        "limit": tasks.get("limit"),
        "shard": "/".join(map(str, tasks.get("shard") or ())),
        "allow_modified": tasks.get("allow_modified"),
        "ignore_keys": ",".join(tasks.get("ignore_keys") or ()),
        "profile": manifest.profile,
    }
    base = Document(path, {**config["settings"], "model": config["model"], "sites": config["sites"]}, {})
    return RunFile({key: value for key, value in options.items() if value not in (None, "", False)}, base=base)


def _of_options(context: typer.Context, path: Path) -> RunFile:
    from webarena_runner.settings.yaml import nearest, read_yaml

    document = read_yaml(path)
    parameters = {
        option.removeprefix("--"): parameter
        for parameter in context.command.params
        for option in parameter.opts
        if option.startswith("--") and parameter.name not in _NOT_IN_A_FILE
    }
    options: dict[str, Any] = {}
    places: dict[str, str] = {}
    assignments: tuple[str, ...] = ()
    for key, value in document.values.items():
        name, where = str(key).replace("_", "-"), document.where((str(key),))
        if name not in parameters:
            raise ConfigError(f"{where}: unknown key '{key}'{nearest(name, list(parameters))}")
        if name == _SETTINGS:
            assignments = _assignments(value, where)
            continue
        parameter: Any = parameters[name]
        if value is None:
            continue
        if isinstance(value, bool) is not bool(parameter.is_flag) or not isinstance(value, str | int | float):
            expected = "true or false" if parameter.is_flag else "one value"
            raise ConfigError(f"{where}: {key}: expected {expected}, got {value!r}")
        options[parameter.name] = value if parameter.is_flag else str(value)
        places[parameter.name] = where
    return RunFile(options, assignments, places=places)


def _assignments(value: Any, where: str) -> tuple[str, ...]:
    """The `-o` texts that nested or dotted settings stand for."""
    import json

    from webarena_runner.settings.draft import leaves
    from webarena_runner.settings.yaml import dotted

    if not isinstance(value, dict):
        raise ConfigError(f"{where}: {_SETTINGS}: expected settings, as in `{_SETTINGS}: {{limits: {{retries: 0}}}}`")
    return tuple(
        f"{dotted(keys)}={json.dumps(below, ensure_ascii=False, default=str)}" for keys, below in leaves(value)
    )
