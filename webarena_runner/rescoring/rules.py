"""The rules of several profiles side by side, over the same evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import UsageError
from webarena_runner.log.paths import Key
from webarena_runner.rescoring.episodes import Rescorer
from webarena_runner.rescoring.past import PastRun
from webarena_runner.rescoring.whole import rescored_offline
from webarena_runner.settings.profiles import OFFICIAL, load_profile
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import RescoredEpisode, Standing, Task, TaskId

ALIASES = {"official": OFFICIAL}


@dataclass(frozen=True)
class Sides:
    """`columns` has, by the name that was asked for, one entry for each planned episode, in the plan's order."""

    keys: tuple[Key, ...]
    columns: Mapping[str, tuple[RescoredEpisode, ...]]

    def passed(self, name: str) -> int:
        return sum(each.value == 1 for each in self.columns[name])

    def open(self, name: str) -> int:
        """Those that ran and that these rules cannot score by what was kept."""
        kinds = (Standing.NEEDS_LIVE_CHECK, Standing.NEEDS_JUDGE, Standing.NO_TASK)
        return sum(each.standing in kinds for each in self.columns[name])

    def caveats(self, name: str) -> int:
        return sum(bool(each.caveat) for each in self.columns[name])

    @property
    def differing(self) -> list[tuple[Key, dict[str, RescoredEpisode]]]:
        """Episodes that not all of the rules give the same score, those without one apart."""
        rows = [
            (key, {name: column[index] for name, column in self.columns.items()}) for index, key in enumerate(self.keys)
        ]
        return [(key, row) for key, row in rows if len({each.value for each in row.values()} - {None}) > 1]

    def as_json(self) -> dict[str, Any]:
        return {
            "planned": len(self.keys),
            "rules": {
                name: {"passed": self.passed(name), "open": self.open(name), "caveats": self.caveats(name)}
                for name in self.columns
            },
            "differing": [key for key, _ in self.differing],
            "episodes": [
                {
                    "task_id": key[0],
                    "trial": key[1],
                    **{
                        name: {"value": column[index].value, "standing": column[index].standing}
                        | {part: text for part in ("why", "caveat") if (text := getattr(column[index], part))}
                        for name, column in self.columns.items()
                    },
                }
                for index, key in enumerate(self.keys)
            ],
        }


def rules_named(text: str) -> dict[str, ScoringSettings]:
    """Scoring settings of `official|strict|...`, by those names: profiles, or their files.

    Raises:
        UsageError: fewer than two, one of them twice, or no such profile.
    """
    names = [name.strip() for name in text.replace("|", ",").split(",") if name.strip()]
    profiles = [ALIASES.get(name, name) for name in names]
    if len(names) < 2 or len(set(profiles)) < len(profiles):
        raise UsageError(
            f"--rules {text}: expected at least two different profiles, such as 'official|strict' "
            "(wa-run profiles list shows them); for one alone use --profile"
        )
    return {name: load_profile(profile).settings.scoring for name, profile in zip(names, profiles, strict=True)}


def side_by_side(
    run: PastRun, rules: Mapping[str, ScoringSettings], tasks: Mapping[TaskId, Task] | None = None
) -> Sides:
    """Raises ConfigError when a kind of check has no evaluator here."""
    keys: Sequence[Key] = run.manifest.planned
    return Sides(
        tuple(keys),
        {name: tuple(rescored_offline(Rescorer(run, scoring, tasks), keys)) for name, scoring in rules.items()},
    )
