"""The table of docs/doctor.md: what the probe says of each scenario, with addresses and numbers made neutral."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.sites.probes.scenarios import SCENARIOS
from webarena_runner.sites.probes.findings import Finding, Level

PAGE = Path(__file__).parents[3] / "docs" / "doctor.md"
BEGIN, END = "<!-- faults: written by python -m tests.sites.probes -->\n", "<!-- end of faults -->\n"
HEAD = "| what is wrong | what doctor says | what to do |\n|---|---|---|\n"
NEUTRAL = (
    (r"http://127\.0\.0\.1:6000", "http://HOST:6000"),
    (r"http://127\.0\.0\.1:\d+", "http://HOST:PORT"),
    (r"'\w+_sid'", "'NAME'"),
    (r"\d+ days", "N days"),
)


def table(played: Mapping[str, Sequence[Finding]]) -> str:
    return HEAD + "".join(_rows(played))


def page_with(text: str, rows: str) -> str:
    """The page with another table."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + rows + END + rest.partition(END)[2]


def table_of(text: str) -> str:
    return text.partition(BEGIN)[2].partition(END)[0]


def _rows(played: Mapping[str, Sequence[Finding]]) -> Iterator[str]:
    for name, scenario in SCENARIOS.items():
        failure = next(each for each in played[name] if each.level is Level.FAIL)
        cells = (scenario.symptom, f"{failure.site}: {failure.check}: {failure.found}", failure.remedy)
        yield f"| {' | '.join(_neutral(cell) for cell in cells)} |\n"


def _neutral(text: str) -> str:
    for pattern, neutral in NEUTRAL:
        text = re.sub(pattern, neutral, text)
    return re.sub(r"([|*<>_])", r"\\\1", text)
