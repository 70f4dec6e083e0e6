"""A run as Markdown, for pull requests and job summaries."""

import re
from collections.abc import Sequence

from webarena_runner.report.summary import Counts, RunReport

HEAD = ("sites", "planned", "passed", "failed", "errored", "not run", "success rate")
# A comment on GitHub has at most 65,536 characters.
LISTED = 100
WHY_CHARACTERS = 300
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&@])")


def as_markdown(report: RunReport) -> str:
    """Counts by site, and a list of what did not pass; texts of pages and servers cannot make markup of their own."""
    manifest, total, interval = report.manifest, report.total, report.interval
    parts = [
        f"### {plain(manifest.model)} on {plain(manifest.task_set)}: {total.passed} of {total.planned} passed",
        "\n".join(
            [
                row(HEAD),
                row(("---", *["---:"] * (len(HEAD) - 1))),
                *(_counts(plain(name) or "none", counts) for name, counts in report.by_site.items()),
                _counts("**all**", total),
            ]
        ),
    ]
    if interval:
        parts.append(
            f"95 % interval by {report.tasks} tasks: {100 * interval[0]:.1f} to {100 * interval[1]:.1f} %. "
            f"Run {plain(manifest.run_id)}, agent {plain(manifest.agent)}, profile {plain(manifest.profile)}."
        )
    if report.not_passed:
        rows = [
            row((plain(str(each.task_id)), str(each.trial), each.became, plain(each.why)))
            for each in report.not_passed[:LISTED]
        ]
        parts.append("\n".join([row(("task", "trial", "became", "why")), row(["---"] * 4), *rows]))
        if len(report.not_passed) > LISTED:
            parts.append(f"... and {len(report.not_passed) - LISTED} more.")
    errata = report.corrected.lines() if report.corrected else []
    parts += [plain(line) for line in (*errata, *report.damaged, manifest.caution) if line]
    return "\n\n".join(parts)


def _counts(name: str, counts: Counts) -> str:
    rate = f"{100 * counts.success_rate:.1f} %"
    numbers = (counts.planned, counts.passed, counts.failed, counts.errored, counts.missing)
    return row((name, *map(str, numbers), rate))


def row(cells: Sequence[str]) -> str:
    """Of a table; `plain` makes a cell of a text that may hold anything."""
    return f"| {' | '.join(cells)} |"


def plain(text: str) -> str:
    """One line in which nothing is markup."""
    line = " ".join(text.split())
    line = line if len(line) <= WHY_CHARACTERS else f"{line[:WHY_CHARACTERS]}..."
    return _SPECIAL.sub(r"\\\1", line)
