"""From the records of earlier formats to the present ones: one function a step and kind of record."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from webarena_runner.errors import DamagedRecord, NewerFormat
from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.format import FORMAT, Kind, Raw
from webarena_runner.official.families import WEBARENA

Upgrade = Callable[[Raw], Raw]


def upgraded(kind: Kind, raw: Raw, *, where: str) -> Raw:
    """The record as this version writes it, without its `format`; `where` is its place, for errors.

    Raises:
        NewerFormat: a newer version wrote it.
        DamagedRecord: it lacks what its format has.
    """
    found = raw.get("format", 0)
    if not isinstance(found, int) or found < 0:
        raise DamagedRecord(f"{where}: 'format' is {found!r:.40}; expected a number from 0 to {FORMAT}")
    if found > FORMAT:
        raise NewerFormat(
            f"{where}: written by a newer version of webarena-runner (format {found}, this one reads up to {FORMAT}); "
            "upgrade webarena-runner to read it"
        )
    record = {key: value for key, value in raw.items() if key != "format"}
    for step in _STEPS[found:]:
        try:
            record = step[kind](record) if kind in step else record
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise DamagedRecord(f"{where}: is no {kind} of format {found}: {error!r}") from error
    return record


def _manifest_from_0(raw: Raw) -> Raw:
    # With it comes the reader of YAML, which no run of today needs to be read.
    from webarena_runner.settings.old_forms import nested_config

    nested = nested_config(raw["config"], allow_modified=raw["task_set_modified"])
    # Whether the old ones are as they were written has to be asked before.
    settings = {"config": nested, "config_sha256": sha256_of_json(nested)}
    return raw | settings | _standing_from_0(raw["task_set"], raw["sites"], raw["agent"])


def _standing_from_0(task_set: str, sites: str, agent: str) -> Raw:
    """What such manifests left to the reader, who knew these task sets, providers and agents by name."""
    caution = (
        "" if task_set == WEBARENA.name else f"{task_set} is not WebArena: do not compare its numbers with WebArena's"
    )
    elsewhere = sites == "embedded" and task_set != "mini"
    if sites == "embedded":
        caution = f"{task_set} on the embedded sites is not WebArena: their data is made up, so is what the answers are"
    if task_set == "mini":
        caution = "mini is not WebArena: own tasks on the embedded sites, for smoke runs and development"
    return {
        "expected_count": WEBARENA.count if task_set == WEBARENA.name else None,
        "scope": f"{task_set} on embedded sites" if elsewhere else task_set,
        "caution": caution,
        "agent_note": "reference actions" if agent == "oracle" else "",
    }


def _result_from_0(raw: Raw) -> Raw:
    finished_at = datetime.fromisoformat(raw["started_at"]) + timedelta(seconds=raw["wall_s"])
    return raw | {"finished_at": finished_at.isoformat()}


# By format that a step starts from.
_STEPS: tuple[Mapping[Kind, Upgrade], ...] = ({"manifest": _manifest_from_0, "result": _result_from_0},)
