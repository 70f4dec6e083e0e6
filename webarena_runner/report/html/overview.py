"""What the first page of a report shows: the number, how sure it is, and what it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from webarena_runner.report.html.rows import Row, rows
from webarena_runner.report.summary import RunReport


@dataclass(frozen=True)
class OverviewView:
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

    def choices(self, name: str) -> list[str]:
        """What the task table can be narrowed to by an attribute of its rows, in their order."""
        found: dict[str, None] = {}
        for row in self.rows:
            value = getattr(row, name)
            for each in value if isinstance(value, tuple) else (value,):
                if each not in (None, ""):
                    found[str(each)] = None
        return sorted(found, key=lambda text: (not text.isdigit(), int(text) if text.isdigit() else 0, text))


def overview_view(report: RunReport) -> OverviewView:
    return OverviewView(tuple(rows(report)))
