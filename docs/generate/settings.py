"""The settings of a run, of a model file and of each backend, from their records."""

import inspect
from typing import Literal

from docs.generate.markdown import literal, table
from docs.generate.records import fields_table, meaning
from webarena_runner import registry
from webarena_runner.cli.profiles import as_yaml, settings_by_key
from webarena_runner.settings import datafiles
from webarena_runner.settings.draft import fields
from webarena_runner.settings.profiles import OFFICIAL, load_profile
from webarena_runner.settings.records import ModelSpec, RunSettings


def run_settings() -> str:
    known = fields(RunSettings)
    return table(
        ("setting", "`webarena`", "meaning"),
        [
            (literal(key), literal(as_yaml(value)), meaning(known[key]))
            for key, value in settings_by_key(load_profile(OFFICIAL)).items()
        ],
    )


def profiles() -> str:
    names = sorted(datafiles.names("profiles"), key=lambda name: (name != OFFICIAL, name))
    held = {name: settings_by_key(load_profile(name)) for name in names}
    rows, known = [], fields(RunSettings)
    for key, official in held[OFFICIAL].items():
        if any(values[key] != official for values in held.values()):
            rows.append((literal(key), *(literal(as_yaml(held[name][key])) for name in names), meaning(known[key])))
    return table(("setting", *map(literal, names), "meaning"), rows)


def model_settings() -> str:
    return fields_table(ModelSpec)


def plug_in_options(group: Literal["models", "sites", "exporters"]) -> str:
    """What each plug-in of a group takes, under its name; one without a record of options is left out."""
    parts = []
    for name in registry.names(group):
        options = getattr(registry.load(group, name), "Options", None)
        if options is None:
            continue
        parts += [f"### `{name}`\n", inspect.cleandoc(options.__doc__ or ""), ""]
        parts += [fields_table(options), ""] if options.model_fields else []
    return "\n".join(parts)
