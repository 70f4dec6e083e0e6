"""The rules of several peers and profiles side by side, over the same evidence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from webarena_runner.errors import UsageError
from webarena_runner.log.paths import Key
from webarena_runner.rescoring import browsergym, verified
from webarena_runner.rescoring.episodes import Rescorer
from webarena_runner.rescoring.past import PastRun
from webarena_runner.rescoring.whole import rescored_offline
from webarena_runner.settings.profiles import OFFICIAL, load_profile
from webarena_runner.types import RescoredEpisode, Standing, Task, TaskId

ALIASES = {"official": OFFICIAL}
# Who decides by more than a profile's evaluators.
PEERS: Mapping[str, Callable[[PastRun], list[RescoredEpisode]]] = {
    "verified": verified.column,
    "browsergym": browsergym.column,
    "browsergym-verified": partial(verified.column, as_browsergym=True),
}
Column = Callable[[PastRun, Mapping[TaskId, Task] | None], Sequence[RescoredEpisode]]


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
        return [(key, row) for key, row in self.all if len({each.value for each in row.values()} - {None}) > 1]

    def score(self, name: str) -> float:
        """The sum of the scores, which some give in fractions."""
        return sum(each.value or 0.0 for each in self.columns[name])

    @property
    def all(self) -> list[tuple[Key, dict[str, RescoredEpisode]]]:
        return [
            (key, {name: column[index] for name, column in self.columns.items()}) for index, key in enumerate(self.keys)
        ]

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


def names_in(text: str) -> list[str]:
    """The names of `official|strict|...`, each once. Raises UsageError: there is none, or one of them twice."""
    names = [name.strip() for name in text.replace("|", ",").split(",") if name.strip()]
    if not names or len({ALIASES.get(name, name) for name in names}) < len(names):
        raise UsageError(
            f"--rules {text}: expected different names, such as 'official|browsergym|verified': {', '.join(PEERS)}, or "
            "profiles (wa-run profiles list shows them)"
        )
    return names


def rules_named(text: str) -> dict[str, Column]:
    """What scores a run by each of `official|strict|...`: peers, profiles, or files of these.

    Raises:
        UsageError: none, one of them twice, or no such profile.
    """
    return {name: _by_peer(name) if name in PEERS else _by_profile(ALIASES.get(name, name)) for name in names_in(text)}


def _by_peer(name: str) -> Column:
    return lambda run, tasks: PEERS[name](run)


def _by_profile(name: str) -> Column:
    scoring = load_profile(name).settings.scoring
    return lambda run, tasks: rescored_offline(Rescorer(run, scoring, tasks), run.manifest.planned)


def side_by_side(run: PastRun, rules: Mapping[str, Column], tasks: Mapping[TaskId, Task] | None = None) -> Sides:
    """Raises UsageError when a kind of check has no evaluator here, or a peer's is not to be had."""
    return Sides(tuple(run.manifest.planned), {name: tuple(column(run, tasks)) for name, column in rules.items()})
