"""The options of the bare form `wa-run --model ... --tasks ...`, grouped as the help shows them.

An option is declared here alone: flags, help, and, where it sets one key of the settings, `Sets(key)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from webarena_runner.cli.run_file import file_of, take_file

if TYPE_CHECKING:
    from webarena_runner.settings.loading import Given


@dataclass(frozen=True)
class Sets:
    """Marks an option whose value, where it is given, becomes that of one key of the settings."""

    key: str


def keys_set_by(command: Callable[..., object] | None) -> dict[str, str]:
    """The settings key of each parameter that is marked with `Sets`."""
    hints = get_type_hints(command, include_extras=True).items() if command else ()
    marks = ((name, mark) for name, hint in hints for mark in getattr(hint, "__metadata__", ()))
    return {name: mark.key for name, mark in marks if isinstance(mark, Sets)}


def settings_given(context: typer.Context) -> "tuple[Given, ...]":
    """What the command line sets by options that are marked with `Sets`; those that are not given are left out."""
    from webarena_runner.settings.loading import Given

    keys, file = keys_set_by(context.command.callback), file_of(context)
    assigned = _assigned(context.params.get("assignments"))
    found = []
    for option in context.command.params:
        key = keys.get(option.name or "")
        if key is None or context.params[option.name] is None:
            continue
        in_file = is_in_file(context, option.name)
        if not (in_file and key in assigned):
            origin = file.places[option.name] if in_file else option.opts[0]
            found.append(Given(key, context.params[option.name], origin))
    return tuple(found)


def assignments_given(context: typer.Context) -> tuple[str, ...]:
    """The `-o` texts of --config and of the command line, which wins."""
    texts: list[str] = context.params.get("assignments") or []
    keys = keys_set_by(context.command.callback)
    ours = _assigned(texts) | {key for name, key in keys.items() if is_given(context, name)}
    return (*(text for text in file_of(context).assignments if not _assigned([text]) & ours), *texts)


def replicas_assigned(replicas: int | None) -> tuple[str, ...]:
    """`--replicas` as the `-o` text that it stands for."""
    return () if replicas is None else (f"sites.options.replicas={replicas}",)


def is_given(context: typer.Context, name: str) -> bool:
    """Whether a parameter is on the command line, and not from a file or its default."""
    return _source(context, name) == "COMMANDLINE"


def is_in_file(context: typer.Context, name: str) -> bool:
    """Whether a parameter is from the file that --config names."""
    return _source(context, name) == "DEFAULT_MAP"


def _source(context: typer.Context, name: str) -> str:
    source = context.get_parameter_source(name)
    return source.name if source else ""


def _assigned(texts: list[str] | None) -> set[str]:
    return {text.partition("=")[0].strip() for text in texts or ()}


def _recorded(text: str | None) -> "dict[str, Any] | None":
    from webarena_runner.settings.recording import read_record

    return None if text is None else read_record(text)


WHAT_TO_RUN, SITES, SPEED, OTHER = "What to run", "Against what", "How much and how fast", "Output and more"

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        help="Model file (configs/models/NAME.yaml), or [b]oracle[/b]: the reference agent, no model.",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Tasks = Annotated[
    str,
    typer.Option(
        "--tasks",
        "-t",
        metavar="EXPR",
        help="Which tasks; the grammar is at the end of this help.",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
TaskSet = Annotated[
    str,
    typer.Option(
        "--task-set",
        metavar="NAME",
        help="The set that --tasks chooses from (mini and smoke always choose from the embedded set).",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        min=1,
        help="The first N of these tasks. [dim]Default: all[/dim]",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="K/N",
        help="The Kth of N parts of these tasks, for N machines: 1/4 ... 4/4. [dim]Default: all[/dim]",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
AllowModified = Annotated[
    bool,
    typer.Option(
        "--allow-modified", help="Go on when the task file is not the official one.", rich_help_panel=WHAT_TO_RUN
    ),
]
IgnoreKeys = Annotated[
    str | None,
    typer.Option(
        "--ignore-keys",
        metavar="KEY,...",
        help="Play tasks without what these keys of their records ask for: image, policies.",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Agent = Annotated[
    str | None,
    Sets("agent"),
    typer.Option(
        "--agent",
        metavar="NAME",
        help="Agent plug-in; browsergym:MODULE.NAME: one written for BrowserGym. [dim]Default: the profile's[/dim]",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Prompt = Annotated[
    str | None,
    Sets("prompt"),
    typer.Option(
        "--prompt",
        metavar="NAME|FILE",
        help="Prompt (configs/prompts/NAME.yaml) or an official prompt JSON. [dim]Default: the profile's[/dim]",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
ActionSet = Annotated[
    str | None,
    Sets("actions.action_set"),
    typer.Option(
        "--action-set",
        metavar="id|playwright|calls",
        help="How the model writes actions; with playwright the prompt is cot_playwright, with calls, for environments "
        "that offer functions, calls. "
        "[dim]Default: the profile's[/dim]",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
ObservationMode = Annotated[
    str | None,
    Sets("observation.mode"),
    typer.Option(
        "--observation",
        metavar="accessibility_tree|html|som",
        help="What the model reads of a page; som: numbered marks on its picture and their list, with the prompt som. "
        "[dim]Default: the profile's[/dim]",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME|FILE",
        help="Settings that make numbers comparable (configs/profiles/NAME.yaml). [dim]Default: those of the task "
        "set, such as webarena[/dim]",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Judge = Annotated[
    str | None,
    Sets("judge.model"),
    typer.Option(
        "--judge",
        metavar="NAME|FILE",
        help="Model file of the judge for fuzzy and N/A answers.",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Sites = Annotated[
    str | None,
    typer.Option(
        "--sites",
        metavar="NAME|FILE",
        help="[b]embedded[/b], [b]static[/b] (URLs from the environment), [b]docker[/b] (containers that are started), "
        "or a sites file (configs/sites/NAME.yaml). "
        "[dim]Default: embedded for mini and smoke, else static[/dim]",
        rich_help_panel=SITES,
    ),
]
Replicas = Annotated[
    int | None,
    typer.Option(
        "--replicas",
        metavar="N",
        min=1,
        help="With [b]--sites docker[/b]: copies of each site. [dim]Default: as the sites file says, else 1[/dim]",
        rich_help_panel=SITES,
    ),
]
Workers = Annotated[
    str | None,
    Sets("workers"),
    typer.Option(
        "--workers",
        "-w",
        metavar="N|auto",
        help="Episodes at a time, or [b]auto[/b]: as many as machine, model and sites bear, found while the run goes. "
        "[dim]Default: 1[/dim]",
        rich_help_panel=SPEED,
    ),
]
Order = Annotated[
    str | None,
    Sets("order"),
    typer.Option(
        "--order",
        metavar="ORDER",
        help="Order in which tasks that change a shared site start there: [b]official[/b], or [b]free[/b], which needs "
        "less time. [dim]Default: official[/dim]",
        rich_help_panel=SPEED,
    ),
]
Executor = Annotated[
    str | None,
    Sets("executor"),
    typer.Option(
        "--executor",
        metavar="NAME",
        help="Who plays the episodes: [b]local[/b], all on this machine, [b]ray[/b], the nodes of a Ray cluster, or a "
        "plug-in. [dim]Default: local[/dim]",
        rich_help_panel=SPEED,
    ),
]
RayAddress = Annotated[
    str | None,
    Sets("ray.address"),
    typer.Option(
        "--ray-address",
        metavar="auto|HOST:PORT|ray://HOST:PORT",
        help="The cluster of [b]--executor ray[/b]. [dim]Default: one of its own, on this machine[/dim]",
        rich_help_panel=SPEED,
    ),
]
Trials = Annotated[
    int | None,
    Sets("trials"),
    typer.Option(
        "--trials", metavar="N", min=1, help="Times each task is run. [dim]Default: 1[/dim]", rich_help_panel=SPEED
    ),
]
MaxSteps = Annotated[
    int | None,
    Sets("limits.max_steps"),
    typer.Option(
        "--max-steps",
        metavar="N",
        min=1,
        help="Steps per episode. [dim]Default: the profile's[/dim]",
        rich_help_panel=SPEED,
    ),
]
Settle = Annotated[
    str | None,
    Sets("settle.mode"),
    typer.Option(
        "--settle",
        metavar="quiet|official",
        help="After each action: wait until the page is quiet, 2 s at most, or sleep 2 s as the official code does. "
        "[dim]Default: the profile's[/dim]",
        rich_help_panel=SPEED,
    ),
]
OffsitePages = Annotated[
    str | None,
    Sets("browser.offsite"),
    typer.Option(
        "--offsite",
        metavar="block|terminate|allow",
        help="Pages on none of the task's sites: [b]block[/b] them, [b]terminate[/b] the episode with value 0, or "
        "[b]allow[/b] public ones. [dim]Default: the profile's[/dim]",
        rich_help_panel=SITES,
    ),
]
Record = Annotated[
    str | None,
    Sets("record"),
    typer.Option(
        "--record",
        metavar="WHAT,...",
        callback=_recorded,
        help="Record each episode: [b]har[/b] its network log, [b]har-bodies[/b] with the answers, [b]trace[/b] "
        "Playwright's trace, [b]trace=failed[/b] only of those that do not pass, [b]film-strip[/b] with pictures. "
        "[dim]Default: nothing[/dim]",
        rich_help_panel=OTHER,
    ),
]
Screenshots = Annotated[
    str | None,
    Sets("browser.screenshots"),
    typer.Option(
        "--screenshots",
        metavar="every|changed|failed|none",
        help="Keep the pictures of [b]every[/b] step, of pages that [b]changed[/b], of episodes that [b]failed[/b], or "
        "[b]none[/b]; taking them costs processor time. [dim]Default: the profile's[/dim]",
        rich_help_panel=OTHER,
    ),
]
Seed = Annotated[
    int | None,
    Sets("seed"),
    typer.Option(
        "--seed",
        metavar="N",
        help="Seed of `sample:N` and of agents that draw; given, also of the model's sampling, for each trial its own. "
        "[dim]Default: 0, and none for the model[/dim]",
        rich_help_panel=SPEED,
    ),
]
Out = Annotated[
    Path,
    typer.Option("--out", metavar="FOLDER", help="Where run folders and leaderboard.csv go.", rich_help_panel=OTHER),
]
RunId = Annotated[
    str | None,
    typer.Option(
        "--run-id",
        metavar="ID",
        help="Name of the run folder. [dim]Default: time and model[/dim]",
        rich_help_panel=OTHER,
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--option",
        metavar="KEY=VALUE",
        help="Sets any config key, e.g. -o limits.retries=0 or -o model.options.base_url=URL. Repeatable.",
        rich_help_panel=OTHER,
    ),
]
FailUnder = Annotated[
    str | None,
    typer.Option(
        "--fail-under",
        metavar="N%|N",
        help="Exit code 1 when less passes: a share of what is planned, such as 90%, or a number of episodes. "
        "[dim]Default: only errors fail a run[/dim]",
        rich_help_panel=OTHER,
    ),
]
Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=take_file,
        help="YAML with these options by their long names, and under [b]option[/b] what -o sets; or the folder or "
        "manifest.json of an earlier run. The command line wins.",
        rich_help_panel=OTHER,
    ),
]
SkipDoctor = Annotated[
    bool,
    typer.Option(
        "--skip-doctor",
        help="Begin without a look at shared sites, as wa-run doctor has it.",
        rich_help_panel=SITES,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Say whether the run would start, print the plan, and stop.", rich_help_panel=OTHER),
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json", help="Print the outcome, or the plan, as one JSON object, for programs.", rich_help_panel=OTHER
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Log lines, and tracebacks of errors.", rich_help_panel=OTHER)
]
