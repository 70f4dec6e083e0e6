"""A run as Markdown, for pull requests and job summaries."""

import re
from collections.abc import Sequence

from webarena_runner.report.notes import cautions, notes
from webarena_runner.report.summary import Counts, RunReport
from webarena_runner.report.tables import rate_line, statistics_tables
from webarena_runner.report.units import percent

HEAD = ("sites", "planned", "passed", "failed", "errored", "not run", "success rate")
# A comment on GitHub has at most 65,536 characters.
LISTED = 100
WHY_CHARACTERS = 300
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&@])")


def as_markdown(report: RunReport, *, with_statistics: bool = False) -> str:
    """Counts by site, and a list of what did not pass; texts of pages and servers cannot make markup of their own."""
    manifest, total = report.manifest, report.total
    parts = [
        f"### {plain(manifest.model_title)} on {plain(manifest.task_set)}: {total.passed} of {total.planned} passed",
        "\n".join(
            [
                row(HEAD),
                row(("---", *["---:"] * (len(HEAD) - 1))),
                *(_counts(plain(name) or "none", counts) for name, counts in report.by_site.items()),
                _counts("**all**", total),
            ]
        ),
    ]
    if rate := report.rate:
        parts.append(
            f"{plain(rate_line(rate, of='planned'))}. "
            f"Run {plain(manifest.run_id)}, agent {plain(manifest.agent)}, profile {plain(manifest.profile)}."
        )
    if (scored := report.scored_rate) and scored.planned < total.planned:
        parts.append(f"{plain(rate_line(scored, of='scored'))}.")
    if report.not_passed:
        rows = [
            row((plain(str(each.task_id)), str(each.trial), each.became, plain(each.why)))
            for each in report.not_passed[:LISTED]
        ]
        parts.append("\n".join([row(("task", "trial", "became", "why")), row(["---"] * 4), *rows]))
        if len(report.not_passed) > LISTED:
            parts.append(f"... and {len(report.not_passed) - LISTED} more.")
    if with_statistics:
        parts += _statistics(report)
    parts += [plain(note.text) for note in (*notes(report), *cautions(report))]
    return "\n\n".join(parts)


def _statistics(report: RunReport) -> list[str]:
    parts = []
    for table in statistics_tables(report.statistics):
        marks = ("---", *["---:"] * (len(table.head) - 1))
        rows = [row([plain(cell) for cell in cells]) for cells in table.rows]
        parts.append("\n".join([f"#### {table.title}", "", row(table.head), row(marks), *rows]))
    return parts + [plain(note) for note in report.statistics.notes]


def _counts(name: str, counts: Counts) -> str:
    numbers = (counts.planned, counts.passed, counts.failed, counts.errored, counts.missing)
    return row((name, *map(str, numbers), percent(counts.success_rate)))


def row(cells: Sequence[str]) -> str:
    """Of a table; `plain` makes a cell of a text that may hold anything."""
    return f"| {' | '.join(cells)} |"


def plain(text: str) -> str:
    """One line in which nothing is markup."""
    line = " ".join(text.split())
    line = line if len(line) <= WHY_CHARACTERS else f"{line[:WHY_CHARACTERS]}..."
    return _SPECIAL.sub(r"\\\1", line)
