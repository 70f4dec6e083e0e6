"""What a node is sent of a run: its recipe with the contents of prompt and model files, and names of secrets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from webarena_runner.agents.prompt import load_prompt
from webarena_runner.interfaces.execution import Recipe
from webarena_runner.running.cluster.by_url import options_of
from webarena_runner.running.cluster.messages import Kit
from webarena_runner.settings import datafiles
from webarena_runner.settings.loading import load_model_spec
from webarena_runner.settings.records import ModelSpec, RunConfig

_IN_TEXT = re.compile(r"\$\{(\w+)\}")
# What engines ask the hub with.
_OF_ENGINES = "HF_TOKEN"


def packed(recipe: Recipe, environ: Mapping[str, str], *, hand_over: bool) -> Kit:
    """`hand_over`: with the values of the secrets that the run names, from `environ`.

    Raises:
        ConfigError: a prompt or model file is not there.
    """
    settings, files = recipe.config.settings, {}
    if recipe.config.model:
        prompt = load_prompt(settings.prompt).path
        files[f"prompts/{prompt.name}"] = prompt.read_bytes()
    if settings.judge.model:
        judge = datafiles.find("models", settings.judge.model)
        files[f"models/{judge.name}"] = judge.read_bytes()
    names = secret_names(recipe.config) if hand_over else ()
    secrets = {name: environ[name] for name in names if name in environ}
    return Kit(recipe, files, str(Path.cwd()), secrets)


def unpacked(kit: Kit, folder: Path, *, workers: int) -> Recipe:
    """The recipe for a node on which `workers` episodes are played at once, its files and its run folder below."""
    for name, data in kit.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    config = kit.recipe.config
    settings = config.settings.model_copy(update={"workers": workers})
    for name in kit.files:
        if name.startswith("prompts/"):
            settings = settings.model_copy(update={"prompt": str(folder / name)})
        else:
            judge = settings.judge.model_copy(update={"model": str(folder / name)})
            settings = settings.model_copy(update={"judge": judge})
    config = config.model_copy(update={"settings": settings})
    return replace(kit.recipe, config=config, folder=folder / "run", reset_at_start=False, workers=workers)


def secret_names(config: RunConfig) -> tuple[str, ...]:
    """Environment variables that model, judge and sites take keys and passwords from."""
    specs = [config.model, load_model_spec(config.settings.judge.model) if config.settings.judge.model else None]
    found = [name for spec in specs if spec for name in _named(_as_json(spec))]
    found += _named(config.sites.options)
    return tuple(dict.fromkeys([*found, _OF_ENGINES]))


def _as_json(spec: ModelSpec) -> Any:
    """With defaults, which may name a variable too."""
    options = options_of(spec)
    return spec.options if options is None else options.model_dump(mode="json")


def _named(value: Any, key: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, below in value.items():
                # `headers_env` maps headers to variables.
                yield from _named(below, key if key.endswith("_env") else str(name))
        case list() | tuple():
            for below in value:
                yield from _named(below, key)
        case str():
            if key.endswith("_env"):
                yield value
            yield from _IN_TEXT.findall(value)
