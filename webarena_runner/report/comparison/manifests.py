"""What differs between runs, by their manifests, and what of it makes their numbers incomparable."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.paths import task_name
from webarena_runner.report.comparison.pairs import Paired
from webarena_runner.report.summary import RunReport
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.tasksets.ids import listed_ids
from webarena_runner.types import EpisodeResult, RunManifest

ABSENT = "-"
# In the order in which people ask; what follows from others, or is another in each run, is left out.
_FIELDS = (
    "model",
    "agent",
    "profile",
    "profile_overrides",
    "prompt_sha256",
    "judge",
    "task_set",
    "task_set_sha256",
    "task_set_modified",
    "environment",
    "sites",
    "sites_data",
)
# The manifest says the same in a field of its own.
_SAID = {"settings.profile", "settings.agent", "tasks.task_set", "sites.provider"}
_SHA = re.compile(r"[0-9a-f]{40,64}(?=\+changes$|$)")
_SHOWN_IDS = 5


@dataclass(frozen=True)
class Differs:
    """One fact that is not the same in all runs, with the JSON value of each; None: a run does not have it."""

    what: str
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        """As people write it, and `-o` takes it where it is a setting."""
        return self.what.removeprefix("config.").removeprefix("settings.")

    @property
    def texts(self) -> tuple[str, ...]:
        """The values for people: checksums by their heads."""
        return tuple(map(_text, self.values))


def differences(reports: Sequence[RunReport]) -> list[Differs]:
    """Fields of the manifest, then versions, then keys of the settings."""
    manifests = [report.manifest.model_dump(mode="json") for report in reports]
    # Against a run without a model each key of the other's model file would be a row.
    hidden = _SAID if all(manifest["config"]["model"] for manifest in manifests) else _SAID | {"model"}
    found = [_facts(manifest, hidden) for manifest in manifests]
    names = dict.fromkeys(name for facts in found for name in facts)
    rows = (Differs(name, tuple(facts.get(name) for facts in found)) for name in names)
    imported = ["imported" in manifest for manifest in manifests]
    return [
        row for row in rows if any(value != row.values[0] for value in row.values) and not _is_unknown(row, imported)
    ]


def _is_unknown(row: Differs, imported: Sequence[bool]) -> bool:
    """Whether it is a setting or a version that whoever recorded an imported run did not write down."""
    pairs = zip(row.values, imported, strict=True)
    return row.what not in _FIELDS and any(value is None and is_imported for value, is_imported in pairs)


def incomparable(first: RunReport, second: RunReport, paired: Paired) -> list[str]:
    """Why a difference of the two may say nothing of their agents, and what to do."""
    ours, theirs = first.manifest, second.manifest
    return [
        *_task_faults(ours, theirs, paired),
        *_site_faults(ours, theirs),
        *_scoring_faults(first, second, paired),
    ]


def alike(manifest: RunManifest) -> dict[str, str]:
    """What has to be equal for success rates to be set side by side, by its name."""
    return {
        "task set": manifest.task_set,
        "task file": _text(manifest.task_set_sha256),
        "tasks": _planned(manifest),
        "played without": _keys_ignored(manifest),
        "environment": manifest.environment,
        "sites": manifest.sites,
        "data of the sites": _text(manifest.sites_data),
        "judge": manifest.judge,
        "rules": ", ".join(f"{key}={_text(value)}" for key, value in sorted(_rules(manifest).items())),
    }


def _task_faults(ours: RunManifest, theirs: RunManifest, paired: Paired) -> Iterator[str]:
    if ours.task_set != theirs.task_set:
        yield (
            f"the task sets are {ours.task_set} and {theirs.task_set}: only tasks with the same record in both are "
            "compared; run both on one set"
        )
    if paired.changed:
        yield (
            f"the task files are not the same, and {_ids(paired.changed)} have another record in each: they may ask "
            "for something else; run both on one file"
        )
    elif paired.unknown and ours.task_set_sha256 != theirs.task_set_sha256:
        yield (
            f"the task files are not the same, and for {_ids(paired.unknown)} the record is not in both folders: "
            "whether the tasks are the same cannot be told; run both on one file"
        )
    if (keys := [_keys_ignored(each) for each in (ours, theirs)])[0] != keys[1]:
        yield (
            f"the tasks were played without what --ignore-keys names: {keys[0] or 'nothing'} and {keys[1] or 'nothing'}"
            "; run both with the same"
        )


def _site_faults(ours: RunManifest, theirs: RunManifest) -> Iterator[str]:
    if ours.environment != theirs.environment:
        yield f"the environments are {ours.environment} and {theirs.environment}; run both in one"
    if ours.sites != theirs.sites:
        yield f"the sites are {ours.sites} and {theirs.sites}: the pages are not the same; run both on the same sites"
    elif ours.sites_data and theirs.sites_data and ours.sites_data != theirs.sites_data:
        yield "the data of the sites is of two versions: pages may differ; run both with one version of webarena-runner"
    elif ours.sites_data != theirs.sites_data:
        yield (
            "one run does not say of which version the data of its sites was, since it is of an earlier version: pages "
            "may differ; run both with one version of webarena-runner"
        )


def _scoring_faults(first: RunReport, second: RunReport, paired: Paired) -> Iterator[str]:
    ours, theirs = _rules(first.manifest), _rules(second.manifest)
    keys = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
    if keys:
        yield (
            f"they were scored by other rules: {', '.join(f'scoring.{key}' for key in keys)}; run both with one "
            f"profile (they have {first.manifest.profile} and {second.manifest.profile}), or see what a run scores by "
            "the other's rules: wa-run rescore RUN --profile NAME"
        )
    judged = sum(_is_judged(pair.first) or _is_judged(pair.second) for pair in paired.scored)
    if first.manifest.judge != second.manifest.judge and judged:
        yield (
            f"the judges are {first.manifest.judge or 'none'} and {second.manifest.judge or 'none'}, and {judged} of "
            "the pairs were decided by one; run both with one judge, or ask one of both runs: wa-run rescore RUN "
            "--judge NAME"
        )


def _planned(manifest: RunManifest) -> str:
    """The ids, of many the first and a checksum of all."""
    ids = {task_id for task_id, _ in manifest.planned}
    shown = listed_ids(ids)
    return f"{shown} (sha256 {sha256_of_json(sorted(map(task_name, ids)))[:12]})" if " more" in shown else shown


def _is_judged(result: EpisodeResult | None) -> bool:
    return result is not None and any(score.verdicts for score in result.scores)


def _keys_ignored(manifest: RunManifest) -> str:
    keys = manifest.config["tasks"].get("ignore_keys")
    return _text(keys) if keys else ""


def _rules(manifest: RunManifest) -> dict[str, Any]:
    """The switches of scoring that are on; folders of earlier versions lack those that there were not."""
    defaults = ScoringSettings().model_dump()
    scoring = _flat(manifest.config["settings"].get("scoring"))
    return {key: value for key, value in scoring.items() if value != defaults.get(key)}


def _facts(manifest: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    settings = _flat({key: value for key, value in manifest["config"].items() if key not in hidden})
    return (
        {name: manifest[name] for name in _FIELDS}
        | {f"versions.{name}": version for name, version in manifest["versions"].items()}
        | {f"config.{key}": value for key, value in settings.items() if key not in hidden}
    )


def _flat(value: Any, place: str = "") -> dict[str, Any]:
    """Leaves of nested mappings by their keys with dots between."""
    if not isinstance(value, Mapping) or not value:
        return {place: value} if place else {}
    return {
        key: leaf
        for name, below in value.items()
        for key, leaf in _flat(below, f"{place}.{name}" if place else str(name)).items()
    }


def _text(value: Any) -> str:
    if value is None:
        return ABSENT
    if value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    text = str(value)
    return text[:12] + text[len(match[0]) :] if (match := _SHA.match(text)) else text


def _ids(task_ids: Sequence[Any]) -> str:
    more = ", ..." if len(task_ids) > _SHOWN_IDS else ""
    noun = "task" if len(task_ids) == 1 else f"{len(task_ids)} tasks"
    return f"{noun} ({', '.join(map(str, task_ids[:_SHOWN_IDS]))}{more})"
