"""Findings as one table, each fault with its remedy below it, and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from webarena_runner.sites.probes.findings import Finding, Level

COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAIL: "red"}
ARROW = "-> "


def print_findings(findings: Iterable[Finding], console: Console) -> None:
    """What is all right of a site is one row; how much is not stands below the table."""
    findings = tuple(findings)
    table = Table("", "check", "found, and what to do", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    table.columns[2].overflow = "fold"
    for _, group in groupby(findings, key=lambda each: (each.site, each.instance)):
        together = list(group)
        if together[0].site and (fine := [each for each in together if each.level is Level.OK]):
            _add(table, Level.OK, _name(fine[0]), _all_right(fine))
        for each in together:
            if not each.site:
                _add(table, each.level, _name(each), each.found, each.remedy)
            elif each.level is not Level.OK:
                _add(table, each.level, _name(each), f"{each.check}: {each.found}", each.remedy)
    console.print(table, markup=False)
    for level in (Level.FAIL, Level.WARNING):
        if names := list(dict.fromkeys(_name(each) for each in findings if each.level is level)):
            console.print(f"{level}: {', '.join(names)}", style=COLOURS[level], markup=False, soft_wrap=True)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    return {"ok": not failed(findings), "checks": [asdict(each) for each in findings]}


def failed(findings: Iterable[Finding]) -> bool:
    return any(each.level is Level.FAIL for each in findings)


def _add(table: Table, level: Level, name: str, found: str, remedy: str = "") -> None:
    told = Text(found)
    # Errors that know what to do have said it.
    if remedy and f"`{remedy}`" not in found:
        told.append(f"\n{ARROW}{remedy}", style="bold")
    table.add_row(Text(level, style=COLOURS[level]), name, told)


def _name(finding: Finding) -> str:
    if not finding.site:
        return finding.check
    return f"{finding.site} ({finding.instance})" if finding.instance else finding.site


def _all_right(fine: Sequence[Finding]) -> str:
    page, *rest = fine
    return f"{page.found}; fine: {', '.join(each.check for each in rest)}" if rest else page.found
