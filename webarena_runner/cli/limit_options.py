"""Options of what a run may use before it begins no more: of its start, and anew of each later one."""

from typing import Annotated

import typer

from webarena_runner.cli.options import SPEED, Sets

_NONE = "[dim]Default: no limit[/dim]"
AS_BEFORE = "[dim]Default: as the run began[/dim]"

MaxCost = Annotated[
    float | None,
    Sets("limits.max_cost_usd"),
    typer.Option(
        "--max-cost",
        metavar="USD",
        help=f"Begin no more when the model has cost this much, by the prices in its file. {_NONE}",
        rich_help_panel=SPEED,
    ),
]
MaxCostPerEpisode = Annotated[
    float | None,
    Sets("limits.max_cost_per_episode_usd"),
    typer.Option(
        "--max-cost-per-episode",
        metavar="USD",
        help=f"End an episode when its replies have cost this much, and score it. {_NONE}",
        rich_help_panel=SPEED,
    ),
]
MaxTokens = Annotated[
    int | None,
    Sets("limits.max_tokens"),
    typer.Option(
        "--max-tokens",
        metavar="N",
        min=1,
        help=f"Begin no more when prompts and replies have this many tokens. {_NONE}",
        rich_help_panel=SPEED,
    ),
]
MaxTime = Annotated[
    str | None,
    Sets("limits.max_time_s"),
    typer.Option(
        "--max-time",
        metavar="TIME",
        help=f"Begin no more after this time, such as 90s, 30m or 1h30m. {_NONE}",
        rich_help_panel=SPEED,
    ),
]
FailFast = Annotated[
    int | None,
    Sets("limits.fail_fast"),
    typer.Option(
        "--fail-fast",
        metavar="N",
        min=1,
        help=f"Begin no more when N episodes have ended in an error. {_NONE}",
        rich_help_panel=SPEED,
    ),
]
RetryRounds = Annotated[
    int | None,
    Sets("limits.retries"),
    typer.Option(
        "--retry-rounds",
        metavar="N",
        min=0,
        help="Rounds at the end in which episodes that ended in an error are tried again. "
        "[dim]Default: the profile's, 1[/dim]",
        rich_help_panel=SPEED,
    ),
]

MoreCost = Annotated[
    float | None,
    Sets("limits.max_cost_usd"),
    typer.Option(
        "--max-cost",
        metavar="USD",
        help=f"What the whole run may cost, its earlier starts included. {AS_BEFORE}",
    ),
]
MoreTokens = Annotated[
    int | None,
    Sets("limits.max_tokens"),
    typer.Option(
        "--max-tokens",
        metavar="N",
        min=1,
        help=f"Tokens that the whole run may use, its earlier starts included. {AS_BEFORE}",
    ),
]
MoreTime = Annotated[
    str | None,
    Sets("limits.max_time_s"),
    typer.Option(
        "--max-time",
        metavar="TIME",
        help=f"How long this start may begin episodes, such as 90s, 30m or 1h30m. {AS_BEFORE}",
    ),
]
MoreErrors = Annotated[
    int | None,
    Sets("limits.fail_fast"),
    typer.Option(
        "--fail-fast",
        metavar="N",
        min=1,
        help=f"Begin no more when N episodes of this start have ended in an error. {AS_BEFORE}",
    ),
]
MoreRounds = Annotated[
    int | None,
    Sets("limits.retries"),
    typer.Option(
        "--retry-rounds",
        metavar="N",
        min=0,
        help=f"Rounds at the end of this start in which errors are tried again. {AS_BEFORE}",
    ),
]
