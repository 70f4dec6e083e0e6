"""What `--dry-run` prints: whether the run would start, which tasks, what they need, and how large it may get."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from webarena_runner.interfaces import LoadedTasks
from webarena_runner.log.files import sha256_of_json
from webarena_runner.official.sites import in_order
from webarena_runner.running.capacity import Machine, WorkerRange, workers_of
from webarena_runner.running.gate import request_of
from webarena_runner.running.order import writers_chain
from webarena_runner.running.plan import caution
from webarena_runner.running.resets import PlannedReset
from webarena_runner.settings.draft import leaves
from webarena_runner.settings.records import LimitSettings, RunConfig, SitesSpec, TaskChoice
from webarena_runner.settings.yaml import dotted
from webarena_runner.sites.providers import gives_fresh, missing_sites, site_copies
from webarena_runner.tasksets.selection import choose
from webarena_runner.types import Task

WOULD_START = "would start; only then are the servers of model, judge and sites asked"
WOULD_NOT_START = "would not start"


@dataclass(frozen=True)
class Plan:
    """A run that nobody has started; `faults` say why it would not start, `notes` what it would say first.

    `resets` are those of shared sites that it would do.
    """

    config: RunConfig
    overrides: Sequence[str]
    loaded: LoadedTasks
    tasks: tuple[Task, ...]
    faults: Sequence[str] = ()
    notes: Sequence[str] = ()
    resets: Sequence[PlannedReset] = ()

    @property
    def episodes(self) -> int:
        return len(self.tasks) * self.config.settings.trials

    @property
    def by_site(self) -> Mapping[str, int]:
        return _counted("+".join(sorted(task.sites)) for task in self.tasks)

    @property
    def by_evaluator(self) -> Mapping[str, int]:
        return _counted("+".join(dict.fromkeys(check.kind for check in task.checks)) for task in self.tasks)

    @property
    def judged(self) -> int:
        return sum(task.judge for task in self.tasks)

    @property
    def missing(self) -> Mapping[str, int]:
        return dict(missing_sites(self.config.sites, self.tasks))

    @property
    def side_by_side(self) -> dict[str, Any]:
        """`copies` of each site that tasks share and change; `in_a_row` is how many of these wait for each other."""
        copies = site_copies(self.config.sites)
        shared = in_order({site for task in self.tasks for site in request_of(task).shared})
        of_each = {site: sum(site in copy for copy in copies) for site in shared} if copies else {}
        chain = writers_chain(self.tasks, free=self.config.settings.order == "free") * self.config.settings.trials
        return {"copies": of_each, "in_a_row": -(-chain // max(min(of_each.values()), 1)) if of_each else 0}

    @property
    def workers(self) -> WorkerRange:
        """On this machine, as it is now."""
        return workers_of(self.config, self.tasks * self.config.settings.trials, Machine.here())

    def as_json(self) -> dict[str, Any]:
        """JSON values; `config` is what the manifest would hold."""
        limits, workers = self.config.settings.limits, self.workers
        return {
            "would_start": not self.faults,
            "faults": list(self.faults),
            "notes": list(self.notes),
            "task_set": self.loaded.name,
            "task_set_sha256": self.loaded.sha256,
            "task_set_modified": self.loaded.modified,
            "tasks": [task.task_id for task in self.tasks],
            "by_site": self.by_site,
            "by_evaluator": self.by_evaluator,
            "login": sum(bool(task.login_sites) for task in self.tasks),
            "writes": sum(task.writes for task in self.tasks),
            "side_by_side": self.side_by_side,
            "judged": self.judged,
            "sites_missing": self.missing,
            "resets": [reset.as_json() for reset in self.resets],
            "episodes": self.episodes,
            "max_steps": self.episodes * limits.max_steps,
            "max_cost_usd": limits.max_cost_usd,
            "max_cost_per_episode_usd": limits.max_cost_per_episode_usd,
            "max_tokens": limits.max_tokens,
            "max_time_s": limits.max_time_s,
            "fail_fast": limits.fail_fast,
            "workers": {"start": workers.start, "most": workers.most or workers.start, "bound_by": workers.bound_by},
            "profile_overrides": list(self.overrides),
            "caution": caution(self.loaded, self.config.sites),
            "config": self.config.model_dump(mode="json"),
            "config_sha256": sha256_of_json(self.config.model_dump(mode="json")),
        }


def load_plan(config: RunConfig, overrides: Sequence[str], *, runs: Path) -> Plan:
    """`runs` is where runs are that the choice of tasks names by their id.

    Raises:
        UsageError: the tasks cannot be read or chosen.
    """
    loaded, tasks = choose(config.tasks, seed=config.settings.seed, runs=runs)
    return Plan(config, overrides, loaded, tasks)


def print_plan(plan: Plan, console: Console) -> None:
    config, loaded = plan.config, plan.loaded
    settings, choice = config.settings, config.tasks
    console.print(WOULD_NOT_START if plan.faults else WOULD_START, style="red" if plan.faults else "green")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    changed = f", changed: {', '.join(plan.overrides)}" if plan.overrides else ""
    modified = ", modified" if loaded.modified else ""
    rows = {
        "model": _model(config),
        "agent": f"{settings.agent}, prompt {settings.prompt}" if config.model else settings.agent,
        "profile": settings.profile + changed,
        "task set": f"{loaded.name} ({loaded.source}, sha256 {loaded.sha256[:12]}{modified})",
        "tasks": f"{len(plan.tasks)} of {len(loaded.tasks)} for {_chosen(choice)}, {settings.trials} trial(s)",
        "by site": _listed(plan.by_site),
        "by evaluator": _listed(plan.by_evaluator),
        "need log-in": f"{sum(bool(task.login_sites) for task in plan.tasks)}",
        "may change state": f"{sum(task.writes for task in plan.tasks)}",
        "need a judge": f"{plan.judged}"
        + ("" if settings.judge.model or not plan.judged else " (there is none: pass --judge)"),
        "judge": settings.judge.model or "none",
        "sites": "\n".join([config.sites.provider, *_options(config.sites)]),
        "side by side": _side_by_side(plan),
        "workers": _workers(plan),
        "at most": _at_most(plan.episodes, settings.limits),
    }
    if plan.resets:
        rows["would reset"] = "\n".join(map(str, plan.resets))
    if plan.missing:
        rows["sites missing"] = f"{_listed(plan.missing)} (number of tasks)"
    for name, text in rows.items():
        table.add_row(name, text)
    console.print(table, markup=False)
    for note in plan.notes:
        console.print(note, markup=False, soft_wrap=True)
    if warning := caution(loaded, config.sites):
        console.print(warning, style="yellow", markup=False, soft_wrap=True)


def _workers(plan: Plan) -> str:
    settings, found = plan.config.settings, plan.workers
    auto = f"auto: {found.start} at first, at most {found.most} (by {found.bound_by})"
    who = "" if settings.executor == "local" else f", executor {settings.executor}"
    return (auto if found.is_auto else str(found.start)) + who


def _side_by_side(plan: Plan) -> str:
    found = plan.side_by_side
    copies, in_a_row = found["copies"], found["in_a_row"]
    if gives_fresh(plan.config.sites):
        return "all, since each has sites of its own"
    if not copies:
        return "what the provider lets"
    most = ", ".join(f"{site} {count}" for site, count in copies.items())
    order = plan.config.settings.order
    return (
        f"any number of tasks that only read a site, or as many that may change it as it has copies ({most}); "
        f"of these at least {in_a_row} one after another, order {order}"
    )


def _chosen(choice: TaskChoice) -> str:
    limit = f", the first {choice.limit}" if choice.limit else ""
    return f"'{choice.expression}'{limit}" + (f", shard {choice.shard[0]} of {choice.shard[1]}" if choice.shard else "")


def _options(sites: SitesSpec) -> list[str]:
    """One a line; records in a list, such as instances, have their name, or their number from 1."""
    lines = []
    for keys, value in leaves(sites.options):
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            named = [(each.get("name") or number, leaves(each)) for number, each in enumerate(value, 1)]
            lines += [
                f"{dotted([*keys, name, *below])} {text}"
                for name, each in named
                for below, text in each
                if tuple(below) != ("name",)
            ]
        else:
            lines.append(f"{dotted(keys)} {value}")
    return lines


def _model(config: RunConfig) -> str:
    if config.model is None:
        return "none"
    shown = {key: value for key, value in config.settings.sampling.model_dump().items() if value not in (None, ())}
    return f"{config.model.name} ({config.model.backend} {config.model.model}), {shown}"


def _at_most(episodes: int, limits: LimitSettings) -> str:
    """What the run can come to, and the limits after which no more episodes are begun, or one is ended."""
    found = {
        "${:g}": limits.max_cost_usd,
        "${:g} an episode": limits.max_cost_per_episode_usd,
        "{:,} tokens": limits.max_tokens,
        "{:g} s": limits.max_time_s,
        "{} errored episodes": limits.fail_fast,
    }
    given = (f", {form.format(limit)}" for form, limit in found.items() if limit is not None)
    return f"{episodes} episodes, {episodes * limits.max_steps} steps{''.join(given)}"


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
