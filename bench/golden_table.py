"""Recorded behaviour of the official code against ours: a table of equal / total. Exit code 1 when anything differs.

`python bench/golden_table.py [FOLDER]`; the folder holds `goldens/` and the official task file, as for the tests.
"""

import asyncio
import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from tests.support.action_records import official, recorded
from tests.support.recorded_pages import MODES, PORT, comparable, read_manifest, serve_recorded, texts_of
from webarena_runner.actions.id_grammar import extract_action, official_crash, parse_action
from webarena_runner.browser.session import BrowserSession
from webarena_runner.report.outcomes import OfflineScorer, Scored
from webarena_runner.settings.profiles import load_profile
from webarena_runner.settings.records import BrowserSettings, SettleSettings
from webarena_runner.settings.site_files import load_sites_file
from webarena_runner.tasksets.file import load_task_file


@dataclass
class Row:
    """One kind of recording; `different` names the first that are not equal."""

    kind: str
    equal: int = 0
    total: int = 0
    different: str = ""

    def count(self, name: str, *, equal: bool) -> None:
        self.total += 1
        self.equal += equal
        if not equal and not self.different:
            self.different = f"first: {name}"


def scoring(folder: Path, profile: str) -> Iterator[Row]:
    tasks = load_task_file(folder / "data" / "webarena" / "test.raw.json").tasks
    urls = load_sites_file("official-ports").options["urls"]
    scorer = OfflineScorer({task.task_id: task for task in tasks}, urls, load_profile(profile).settings.scoring)
    with gzip.open(folder / "goldens" / "scoring.jsonl.gz") as file:
        lines = file.readlines()
    rows: dict[str, Row] = {}
    for line, found in zip(map(json.loads, lines), scorer.score_lines(lines), strict=True):
        row = rows.setdefault(line["type"], Row(f"scoring, {profile}: {line['type']}"))
        row.count(f"line {found.line}", equal=_same_score(line, found))
    yield from rows.values()


def _same_score(line: dict[str, Any], found: Scored) -> bool:
    """An official AssertionError, on an unclear reply of the judge, is a flagged 0 for us."""
    expected = (line.get("score", 0.0), line.get("error") == "AssertionError")
    return found.score is not None and (found.score.value, found.judge_unclear) == expected


def actions(folder: Path) -> Iterator[Row]:
    parsed, crashes = Row("actions: parse"), Row("actions: official crash, told as a deviation")
    for record in recorded(folder, "parse"):
        action = parse_action(record["input"])
        if record.get("error") in ("IndexError", "KeyError"):
            crashes.count(repr(record["input"]), equal=bool(official_crash(record["input"], action)))
        else:
            expected = record.get("action") or {"error": record["error"]}
            parsed.count(repr(record["input"]), equal=official(action) == expected)
    extracted = Row("actions: extract")
    for record in recorded(folder, "extract"):
        extracted.count(repr(record["input"]), equal=extract_action(record["input"]) == record.get("extracted"))
    yield from (parsed, crashes, extracted)


async def observations(folder: Path) -> list[Row]:
    goldens = folder / "goldens" / "observations"
    manifest = read_manifest(goldens)
    rows = {mode: Row(f"observations: {mode}") for mode in MODES}
    settings = BrowserSettings(screenshots=False)
    with serve_recorded(goldens, manifest) as site:
        async with BrowserSession(settings, MODES["ax_vp"], SettleSettings()) as session:
            for page in manifest["pages"]:
                for mode, text in (await texts_of(session, site.url, page)).items():
                    golden = (goldens / f"{page['name']}.{mode}.txt").read_text()
                    rows[mode].count(page["name"], equal=comparable(text, mode) == comparable(golden, mode))
    return list(rows.values())


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "shared"
    if not (folder / "goldens").is_dir():
        print(f"{folder}: no goldens/ in it; give the folder that has the recorded behaviour", file=sys.stderr)
        return 2
    clock = monotonic()
    rows = [*scoring(folder, "webarena"), *scoring(folder, "libwebarena"), *actions(folder)]
    try:
        rows += asyncio.run(observations(folder))
    except OSError as error:
        print(f"port {PORT}, which the recorded texts name, is not free: {error}", file=sys.stderr)
        return 2
    for row in rows:
        print(f"{row.kind:<46} {row.equal:>6} / {row.total:<6} {row.different}".rstrip())
    equal, total = sum(row.equal for row in rows), sum(row.total for row in rows)
    print(f"{'all':<46} {equal:>6} / {total:<6} in {monotonic() - clock:.0f} s")
    return int(equal != total)


if __name__ == "__main__":
    sys.exit(main())
