"""What the first page of a report shows: the number, how sure it is, and what it is made of."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from webarena_runner.log.paths import Key
from webarena_runner.report.breakdown import RunStatistics
from webarena_runner.report.html.charts import steps_chart, templates_chart
from webarena_runner.report.html.facts import facts
from webarena_runner.report.html.rows import PASSED, Row, rows
from webarena_runner.report.notes import Note, cautions, notes
from webarena_runner.report.summary import RunReport
from webarena_runner.report.tables import StatisticsTable, statistics_tables
from webarena_runner.report.times import Share

BECAME = (PASSED, "failed", "errored", "not run")


@dataclass(frozen=True)
class Group:
    """Episodes that have something in common, by what became of them; `example` is the intent of one of them."""

    name: str
    counts: Counter[str]
    example: str = ""

    @property
    def planned(self) -> int:
        return self.counts.total()

    @property
    def rate(self) -> float:
        return self.counts[PASSED] / self.planned

    @property
    def parts(self) -> list[tuple[str, float]]:
        return self.scaled(self.planned)

    def scaled(self, whole: int) -> list[tuple[str, float]]:
        """What became of them, as shares of so many."""
        return [(name, self.counts[name] / whole) for name in BECAME]

    @property
    def told(self) -> str:
        """That in words."""
        return f"{self.name}: " + ", ".join(f"{self.counts[name]} {name}" for name in BECAME if self.counts[name])


@dataclass(frozen=True)
class OverviewView:
    report: RunReport
    rows: Sequence[Row]

    @property
    def has_tokens(self) -> bool:
        return any(row.tokens for row in self.rows)

    @property
    def has_costs(self) -> bool:
        return any(row.result and row.result.cost_usd is not None for row in self.rows)

    @property
    def has_trials(self) -> bool:
        return any(row.key[1] for row in self.rows)

    @property
    def statistics(self) -> RunStatistics:
        return self.report.statistics

    @property
    def tables(self) -> list[StatisticsTable]:
        """All statistics; what is by site has a table of its own."""
        return list(statistics_tables(self.statistics, with_times=False))

    @property
    def notes(self) -> list[Note]:
        few = [Note(text) for text in self.statistics.notes]
        missing = self.report.total.missing
        rest = [Note(f"not finished: {missing} of what was planned has no result yet")] if missing else []
        return [*rest, *cautions(self.report), *notes(self.report), *few]

    @property
    def made(self) -> list[tuple[str, str]]:
        """What the manifest says of the run, without what is empty."""
        return [(name, text) for name, text in facts(self.report.manifest) if text]

    @cached_property
    def whole(self) -> Group:
        return Group("all", Counter(row.became for row in self.rows))

    @cached_property
    def endings(self) -> list[Group]:
        """The most frequent first; an error by its class."""
        groups: dict[str, Counter[str]] = {}
        for row in self.rows:
            groups.setdefault(row.ending or "not run", Counter())[row.became] += 1
        return sorted((Group(name, counts) for name, counts in groups.items()), key=lambda group: -group.planned)

    @cached_property
    def templates(self) -> list[Group]:
        """The best first; without tasks that have none."""
        groups: dict[int, list[Row]] = {}
        for row in self.rows:
            if row.template is not None:
                groups.setdefault(row.template, []).append(row)
        found = [
            Group(str(template), Counter(row.became for row in members), members[0].intent)
            for template, members in groups.items()
        ]
        return sorted(found, key=lambda group: (-group.rate, -group.planned, int(group.name)))

    @property
    def times(self) -> tuple[Share, ...]:
        """Where the time of the episodes went."""
        return self.statistics.times

    def steps_chart(self) -> Markup | None:
        ended = [row for row in self.rows if row.result]
        if not ended:
            return None
        passed = [row.result.steps for row in ended if row.result and row.became == PASSED]
        return steps_chart(passed, [row.result.steps for row in ended if row.result and row.became != PASSED])

    def templates_chart(self) -> Markup | None:
        """None where there are too few to make a picture of."""
        rates = [group.rate for group in self.templates]
        return templates_chart(rates) if len(rates) > 2 else None

    def choices(self, name: str) -> list[str]:
        """What the task table can be narrowed to by an attribute of its rows, in their order."""
        found: set[str] = set()
        for row in self.rows:
            value = getattr(row, name)
            found |= {str(each) for each in (value if isinstance(value, tuple) else (value,)) if each not in (None, "")}
        return sorted(found, key=lambda text: (not text.isdigit(), int(text) if text.isdigit() else 0, text))


def overview_view(report: RunReport, shown: Collection[Key]) -> OverviewView:
    """`shown` are the episodes that have a page."""
    return OverviewView(report, tuple(rows(report, shown)))
