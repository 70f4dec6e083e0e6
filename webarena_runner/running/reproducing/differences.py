"""What a run that is run again here would not have as it was: versions, machine, files, variables."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from webarena_runner import registry
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.browser.find import find_browser
from webarena_runner.errors import BrowserMissing, RunnerError, UsageError
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.texts import Texts
from webarena_runner.running.machine import hardware, packages
from webarena_runner.running.plan import versions
from webarena_runner.settings.loading import load_model_spec
from webarena_runner.sites.headers import variables_in
from webarena_runner.tasksets import load_task_set
from webarena_runner.types import RunManifest

SHORT = 12
_PROMPTS = (".yaml", ".json")
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){2,}")


def differences(manifest: RunManifest) -> Iterator[str]:
    """Sentences of what is another here, or is not here; packages that only one side has are left out."""
    machine = hardware()
    for then, now in ((manifest.versions, versions()), (manifest.packages, packages()), (manifest.hardware, machine)):
        for name, value in then.items():
            # What only the start of a run finds out, such as the model server, is not known now.
            if name in now and now[name] != value:
                yield f"{name}: {value} then, {now[name]} here"
    yield from (f"{name}: {value} then, none here" for name, value in manifest.hardware.items() if name not in machine)
    yield from _of_browser(manifest)
    yield from _of_tasks(manifest)
    yield from _of_judge(manifest)


def _of_browser(manifest: RunManifest) -> Iterator[str]:
    """By the numbers alone: what a browser calls itself depends on how it is asked."""
    then = _VERSION.search(manifest.versions.get("chromium", ""))
    if then is None:
        return
    settings = manifest.config["settings"].get("browser", {})
    configured = settings.get("executable")
    try:
        browser = find_browser(Path(configured) if configured else None, headless=settings.get("headless", True))
    except BrowserMissing:
        yield f"chromium: {then[0]} then, none here (wa-run browser install)"
        return
    now = _VERSION.search(browser.version)
    if now and now[0] != then[0]:
        yield f"chromium: {then[0]} then, {now[0]} here ({browser.path})"


def _of_tasks(manifest: RunManifest) -> Iterator[str]:
    choice = manifest.config["tasks"]
    try:
        loaded = load_task_set(choice["task_set"]).load(allow_modified=True)
    except RunnerError as error:
        yield f"task set {manifest.task_set}: {error}"
        return
    if loaded.sha256 != manifest.task_set_sha256:
        yield (
            f"task set {manifest.task_set}: sha256 {manifest.task_set_sha256[:SHORT]} then, {loaded.sha256[:SHORT]} "
            "here; the tasks as they were are in the run's tasks.jsonl"
        )


def _of_judge(manifest: RunManifest) -> Iterator[str]:
    name = manifest.config["settings"].get("judge", {}).get("model")
    if name is None or manifest.judge_model is None:
        return
    try:
        now = load_model_spec(name).model_dump(mode="json")
    except UsageError:
        return
    if now != manifest.judge_model:
        changed = sorted(key for key in now if now[key] != manifest.judge_model.get(key))
        yield f"judge {name}: its model file has another {', '.join(changed)} here"


def files_kept(folder: Path, manifest: RunManifest) -> dict[str, str]:
    """Files that the settings name and that are not here, or are others: prompt and judge, as the run has kept them."""
    found: dict[str, str] = {}
    settings = manifest.config["settings"]
    prompt = settings.get("prompt", "")
    if manifest.config["model"] is not None and not _is_prompt(prompt, manifest.prompt_sha256):
        try:
            text = Texts(RunPaths(folder).texts).get(manifest.prompt_sha256)
        except UsageError:
            text = ""
        if text:
            found[_place("prompts", prompt, ".json" if text.lstrip().startswith("{") else ".yaml")] = text
    judge = settings.get("judge", {}).get("model")
    if judge and manifest.judge_model is not None and not _is_model(judge):
        found[_place("models", judge, ".yaml")] = yaml.safe_dump(manifest.judge_model, sort_keys=False, width=120)
    return found


def variables(manifest: RunManifest) -> list[str]:
    """Names of the environment variables that settings name, for keys and passwords."""
    config: dict[str, Any] = manifest.config
    found = list(_named({"sites": config["sites"], "model": config["model"], "judge": manifest.judge_model}))
    for model in (config["model"], manifest.judge_model):
        found += _by_default(model) if model else []
    return sorted(set(found))


def _named(value: Any, *, names: bool = False) -> Iterator[str]:
    match value:
        case dict():
            for key, below in value.items():
                if key == "headers":
                    yield from variables_in(below)
                yield from _named(below, names=names or str(key).endswith("_env"))
        case list():
            for below in value:
                yield from _named(below, names=names)
        case str() if names and value:
            yield value


def _by_default(model: Mapping[str, Any]) -> list[str]:
    """What the backend takes where the model file names no variable."""
    try:
        record = getattr(registry.load("models", model["backend"]), "Options", None)
    except UsageError:
        return []
    options = model.get("options", {})
    fields = record.model_fields.items() if record else ()
    return [
        field.default
        for name, field in fields
        if name.endswith("_env") and name not in options and isinstance(field.default, str)
    ]


def _is_prompt(name: str, sha256: str) -> bool:
    try:
        return load_prompt(name).sha256 == sha256
    except UsageError:
        return False


def _is_model(name: str) -> bool:
    try:
        load_model_spec(name)
    except UsageError:
        return False
    return True


def _place(kind: str, name: str, suffix: str) -> str:
    """Where a file has to be to be found by the name that settings have."""
    return name if "/" in name or name.endswith(_PROMPTS) else f"configs/{kind}/{name}{suffix}"
