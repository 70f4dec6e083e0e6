"""The options of the bare form `wa-run --model ... --tasks ...`, grouped as the help shows them."""

from pathlib import Path
from typing import Annotated

import typer

WHAT_TO_RUN, _SITES, _SPEED, _OTHER = "What to run", "Against what", "How much and how fast", "Output and more"

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
AllowModified = Annotated[
    bool,
    typer.Option(
        "--allow-modified", help="Go on when the task file is not the official one.", rich_help_panel=WHAT_TO_RUN
    ),
]
Agent = Annotated[
    str | None,
    typer.Option(
        "--agent", metavar="NAME", help="Agent plug-in. [dim]Default: the profile's[/dim]", rich_help_panel=WHAT_TO_RUN
    ),
]
Prompt = Annotated[
    str | None,
    typer.Option(
        "--prompt",
        metavar="NAME|FILE",
        help="Prompt (configs/prompts/NAME.yaml) or an official prompt JSON. [dim]Default: the profile's[/dim]",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
ActionSet = Annotated[
    str | None,
    typer.Option(
        "--action-set",
        metavar="id|playwright",
        help="How the model writes actions; with playwright the prompt is cot_playwright. "
        "[dim]Default: the profile's[/dim]",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Profile = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="NAME|FILE",
        help="Settings that make numbers comparable (configs/profiles/NAME.yaml).",
        rich_help_panel=WHAT_TO_RUN,
    ),
]
Judge = Annotated[
    str | None,
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
        help="[b]embedded[/b], [b]static[/b] (URLs from the environment), or a sites file (configs/sites/NAME.yaml). "
        "[dim]Default: embedded for mini and smoke, else static[/dim]",
        rich_help_panel=_SITES,
    ),
]
CheckedSites = Annotated[
    str | None,
    typer.Option(
        "--sites",
        metavar="NAME|FILE",
        help="Provider or sites file to check. [dim]Default: static, URLs from the environment[/dim]",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", "-w", metavar="N", min=1, help="Episodes at a time. [dim]Default: 1[/dim]", rich_help_panel=_SPEED
    ),
]
Trials = Annotated[
    int | None,
    typer.Option(
        "--trials", metavar="N", min=1, help="Times each task is run. [dim]Default: 1[/dim]", rich_help_panel=_SPEED
    ),
]
MaxSteps = Annotated[
    int | None,
    typer.Option(
        "--max-steps",
        metavar="N",
        min=1,
        help="Steps per episode. [dim]Default: the profile's[/dim]",
        rich_help_panel=_SPEED,
    ),
]
Settle = Annotated[
    str | None,
    typer.Option(
        "--settle",
        metavar="quiet|official",
        help="After each action: wait until the page is quiet, 2 s at most, or sleep 2 s as the official code does. "
        "[dim]Default: the profile's[/dim]",
        rich_help_panel=_SPEED,
    ),
]
MaxCost = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        metavar="USD",
        min=0,
        help="Stop when the model has cost this much, by the prices in its file. [dim]Default: no limit[/dim]",
        rich_help_panel=_SPEED,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="N",
        help="Seed of `sample:N` and of agents that draw. [dim]Default: 0[/dim]",
        rich_help_panel=_SPEED,
    ),
]
Out = Annotated[
    Path,
    typer.Option("--out", metavar="FOLDER", help="Where run folders and leaderboard.csv go.", rich_help_panel=_OTHER),
]
RunId = Annotated[
    str | None,
    typer.Option(
        "--run-id",
        metavar="ID",
        help="Name of the run folder. [dim]Default: time and model[/dim]",
        rich_help_panel=_OTHER,
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--option",
        metavar="KEY=VALUE",
        help="Sets any config key, e.g. -o limits.retries=0 or -o model.options.base_url=URL. Repeatable.",
        rich_help_panel=_OTHER,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.", rich_help_panel=_OTHER)]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Log lines, and tracebacks of errors.", rich_help_panel=_OTHER)
]
