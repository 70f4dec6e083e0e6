"""A comparison as Markdown, for pull requests and job summaries."""

from collections.abc import Iterator

from webarena_runner.report.comparison.pairs import Pair
from webarena_runner.report.comparison.runs import Compared, Comparison
from webarena_runner.report.comparison.wording import ended, lines_of, points
from webarena_runner.report.markdown import LISTED, plain, row


def as_markdown(compared: Compared) -> str:
    """Texts of pages and servers cannot make markup of their own."""
    runs = [
        f"- {label}: {plain(report.run_id)}, {plain(report.manifest.model_title)} on "
        f"{plain(report.manifest.task_set)}, {report.total.passed} of {report.total.planned} passed"
        for label, report in zip(compared.labels, compared.reports, strict=True)
    ]
    faults = [plain(line) for report in compared.reports for line in (*report.damaged, report.tasks_fault) if line]
    parts = ["\n".join(runs), *faults]
    for label, comparison in zip(compared.labels[1:], compared.comparisons, strict=True):
        parts += _comparison(comparison, label)
    if compared.differences:
        rows = [row([plain(each.name), *map(plain, each.texts)]) for each in compared.differences]
        parts.append("\n".join([row(("what differs", *compared.labels)), row(["---"] * (1 + len(runs))), *rows]))
    return "\n\n".join(parts)


def _comparison(comparison: Comparison, label: str) -> Iterator[str]:
    found = comparison.scored.tally
    yield f"### {label} against A: {points(found.difference)} points over {found.pairs} pairs"
    yield from (f"**Not comparable:** {plain(warning)}" for warning in comparison.warnings)
    yield "\n".join(f"- {plain(line)}" for line in lines_of(comparison, label))
    if found.pairs:
        head = ("sites", "pairs", "both", "only A", f"only {label}", "neither", f"{label} - A")
        sites = {plain(name) or "none": each.tally for name, each in comparison.by_site.items()} | {"**all**": found}
        rows = [
            row(
                (name, *map(str, (of.pairs, of.both, of.only_first, of.only_second, of.neither)), points(of.difference))
            )
            for name, of in sites.items()
        ]
        yield "\n".join([row(head), row(["---", *["---:"] * (len(head) - 1)]), *rows])
    for better, flips in zip(("A", label), comparison.flipped, strict=True):
        if flips:
            yield _flips(flips, better, label)


def _flips(flips: list[Pair], better: str, label: str) -> str:
    rows = [
        row(
            [plain(str(pair.key[0])), str(pair.key[1]), plain(ended(pair, pair.first)), plain(ended(pair, pair.second))]
        )
        for pair in flips[:LISTED]
    ]
    more = [f"\n... and {len(flips) - LISTED} more."] if len(flips) > LISTED else []
    head = [f"Only {better} passes:\n", row(("task", "trial", "A", label)), row(["---"] * 4)]
    return "\n".join([*head, *rows, *more])
