"""What `wa-run tasks check` finds in a task set."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from webarena_runner.evaluators import load_evaluators, not_scored
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.running.elsewhere import host_of, literal_addresses
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.tasksets.keys import NOT_DONE, not_done
from webarena_runner.types import Task, TaskId

_SHOWN_IDS = 8


@dataclass(frozen=True)
class Checked:
    """`faults` are of the `records` that cannot be run.

    Task ids are by key in `changed_by`, where this harness does not do what the key asks for, by the reason in
    `not_scored`, where it cannot score a check, and by host in the others, where a task names no site but an address.
    """

    source: str
    records: int
    runnable: int
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    changed_by: Mapping[str, tuple[TaskId, ...]]
    not_scored: Mapping[str, tuple[TaskId, ...]]
    begin_at: Mapping[str, tuple[TaskId, ...]]
    check_at: Mapping[str, tuple[TaskId, ...]]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_lines(self) -> Iterator[str]:
        yield f"{self.source}: {self.runnable} of {self.records} records can be run"
        yield from (f"  {fault}" for fault in self.faults)
        yield from self.notes
        for key, ids in self.changed_by.items():
            remedy = f"run them with --ignore-keys {key}, or leave them out"
            yield f"key {key!r}: {NOT_DONE[key]}; {_listed(ids)}: {remedy}"
        for reason, ids in self.not_scored.items():
            yield f"{reason}; {_listed(ids)}: leave them out"
        for verb, found in (("begin at", self.begin_at), ("check", self.check_at)):
            for host, ids in found.items():
                yield f"the address {host} is written out, and not as __SITE__, where they {verb} it: {_listed(ids)}"


def check_tasks(loaded: LoadedTasks) -> Checked:
    # By the rules that the records are written for.
    without = not_scored(loaded.tasks, load_evaluators(ScoringSettings()))
    begin: dict[str, list[TaskId]] = {}
    checked: dict[str, list[TaskId]] = {}
    for task in loaded.tasks:
        for found, addresses in zip((begin, checked), literal_addresses(task), strict=True):
            for host in dict.fromkeys(map(host_of, addresses)):
                found.setdefault(host, []).append(task.task_id)
    return Checked(
        source=loaded.source,
        records=len(loaded.tasks) + len(loaded.unusable),
        runnable=len(loaded.tasks) - len({task.task_id for found in without.values() for task in found}),
        faults=tuple(fault for task in loaded.unusable for fault in task.faults),
        notes=loaded.notes,
        changed_by={key: _ids(tasks) for key, tasks in not_done(loaded.tasks).items()},
        not_scored={reason: _ids(tasks) for reason, tasks in without.items()},
        begin_at={host: tuple(ids) for host, ids in begin.items()},
        check_at={host: tuple(ids) for host, ids in checked.items()},
    )


def _ids(tasks: list[Task]) -> tuple[TaskId, ...]:
    return tuple(task.task_id for task in tasks)


def _listed(ids: tuple[TaskId, ...]) -> str:
    more = ", ..." if len(ids) > _SHOWN_IDS else ""
    return f"{len(ids)} task(s) ({', '.join(map(str, ids[:_SHOWN_IDS]))}{more})"
