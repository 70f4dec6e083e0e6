"""Compares what the agent sees when the page is quiet with what it sees after official's 2 s, if pages change late.

Every case is played twice, each time in a fresh context: once with each way of waiting. The second table shows what
waiting costs on pages where nothing happens, and on pages that never go quiet.
Run it with: .venv/bin/python -m bench.settle [--cases 300] [--seed 1] [--only FAMILY:INDEX] [--control]
"""

import argparse
import asyncio
import difflib
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.late_cases import BACKGROUNDS, FAMILIES, make_case, make_cases, pages_of
from tests.support.late_pages import Case
from tests.support.late_play import Seen, play
from tests.support.late_site import serve_late
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Click

STATIC_ROWS = (0, 10, 100, 500)
CLICKS = 7


@dataclass(frozen=True)
class Outcome:
    case: Case
    quiet: Seen
    official: Seen
    control: Seen | None = None

    @property
    def equal(self) -> bool:
        return self.quiet.text == self.official.text


def session(mode: str) -> BrowserSession:
    settle = SettleSettings.model_validate({"mode": mode})
    return BrowserSession(BrowserSettings(screenshots="none", recycle_after=1000), ObservationSettings(), settle)


async def play_all(mode: str, origin: str, cases: Sequence[Case], at_once: int) -> list[Seen]:
    slots, done = asyncio.Semaphore(at_once), 0

    async def one(browser: BrowserSession, case: Case) -> Seen:
        nonlocal done
        async with slots:
            seen = await play(browser, origin, case)
        done += 1
        print(f"\r{mode} {done}/{len(cases)} ", end="", file=sys.stderr, flush=True)
        return seen

    async with session(mode) as browser, asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(browser, case)) for case in cases]
    return [task.result() for task in tasks]


def table(outcomes: Sequence[Outcome]) -> str:
    by_family: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_family[outcome.case.family].append(outcome)
    lines = ["family            cases  equal  quiet ms (median, largest)  at the limit  official ms"]
    for name, some in [*by_family.items(), ("all", list(outcomes))]:
        waits = [outcome.quiet.settle_ms for outcome in some]
        limit = sum(wait > 1950 for wait in waits)
        lines.append(
            f"{name:16s} {len(some):6d} {sum(one.equal for one in some):6d} "
            f"{statistics.median(waits):16.0f} {max(waits):9.0f} {limit:13d} "
            f"{statistics.median(one.official.settle_ms for one in some):12.0f}"
        )
    equal = sum(one.equal for one in outcomes)
    lines.append(f"\nequal: {equal}/{len(outcomes)} = {equal / len(outcomes):.1%}")
    checked = [one for one in outcomes if one.control]
    if checked:
        same = sum(one.control is not None and one.control.text == one.official.text for one in checked)
        lines.append(f"official against itself: {same}/{len(checked)}")
    return "\n".join(lines)


def difference(outcome: Outcome) -> str:
    official, quiet = outcome.official.text.split("\n"), outcome.quiet.text.split("\n")
    lines = list(difflib.unified_diff(official, quiet, "official", "quiet", lineterm="", n=0))[2:]
    shown = "\n    ".join(lines[:12])
    return f"{outcome.case.name} after {outcome.quiet.settle_ms:.0f} ms {list(outcome.quiet.busy)}\n    {shown}"


async def costs(origin: str, paths: dict[str, str]) -> str:
    """What waiting costs by page, in ms: opening it (a new context included), and plain clicks."""
    lines = ["page                   opening  first click  median of the rest  largest of the rest"]
    static = []
    async with session("quiet") as browser:
        for name, path in paths.items():
            url, started = origin + path, time.perf_counter()
            async with browser.episode(urls={"page": origin}, start_urls=[url]) as environment:
                waits = [1000 * (time.perf_counter() - started)]
                seen = await environment.observe()
                for _ in range(CLICKS):
                    button = next(key for key, node in seen.nodes.items() if "button 'Go'" in node.line)
                    seen = await environment.step(Click(element_id=button))
                    waits.append(seen.timings_ms["settle"])
            opening, first, *rest = waits
            static += [first, *rest] if name.startswith("static") else []
            lines.append(f"{name:20s} {opening:9.0f} {first:12.0f} {statistics.median(rest):19.0f} {max(rest):20.0f}")
    return "\n".join([*lines, f"\nstatic pages, all clicks: median {statistics.median(static):.0f} ms"])


def plain_pages() -> dict[str, str]:
    """HTML by name: static listings, and one page for each thing that never ends."""
    rows = {f"static, {count} rows": "<li><a href=/x>Row</a> <span>text</span>" * count for count in STATIC_ROWS}
    frame = (
        "<!doctype html><title>Page</title><button id=go>Go</button><p id=box>Text</p><ul>{}</ul><script>{}</script>"
    )
    restless = dict(zip(("interval", "poll", "long poll", "animation", "frames"), BACKGROUNDS, strict=True))
    restless["silent socket"] = "new WebSocket(`ws://${location.host}/socket`)"
    restless["clock"] = "setInterval(() => { box.textContent = Date.now() }, 20)"
    restless |= {
        f"{name}, by click": f"go.onclick = () => {{ go.onclick = null; {script} }}"
        for name, script in restless.items()
    }
    return {name: frame.format(items, "") for name, items in rows.items()} | {
        name: frame.format("", script) for name, script in restless.items()
    }


async def main(arguments: argparse.Namespace) -> int:
    if arguments.only:
        chosen = [name.partition(":") for name in arguments.only]
        cases = [make_case(family, int(index), seed=arguments.seed) for family, _, index in chosen]
    else:
        cases = make_cases(arguments.cases, seed=arguments.seed)
    started, plain = time.perf_counter(), plain_pages()
    paths = {name: f"/plain/{number}" for number, name in enumerate(plain)}
    pages = pages_of(cases) | {paths[name]: html for name, html in plain.items()}
    with serve_late(pages) as origin:
        official = await play_all("official", origin, cases, arguments.official_at_once)
        control = await play_all("official", origin, cases, arguments.official_at_once) if arguments.control else None
        quiet = await play_all("quiet", origin, cases, arguments.at_once)
        print("\r", end="", file=sys.stderr)
        cost = "" if arguments.only else await costs(origin, paths)
    print(f"seed {arguments.seed}, {len(cases)} cases, {time.perf_counter() - started:.0f} s\n")
    outcomes = [
        Outcome(case, one, other, control[number] if control else None)
        for number, (case, one, other) in enumerate(zip(cases, quiet, official, strict=True))
    ]
    print(table(outcomes))
    differing = [outcome for outcome in outcomes if not outcome.equal]
    for outcome in differing:
        print(f"\ndiffers (--seed {arguments.seed} --only {outcome.case.name}): {difference(outcome)}")
    if cost:
        print(f"\n{cost}")
    return 0 if len(differing) <= 0.01 * len(outcomes) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=300, help="how many, of all families in turn (default 300)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", metavar="FAMILY:INDEX", help=f"families: {', '.join(FAMILIES)}")
    parser.add_argument("--control", action="store_true", help="play official twice, and compare it with itself")
    parser.add_argument("--at-once", type=int, default=2, help="quiet cases at a time (default 2)")
    parser.add_argument("--official-at-once", type=int, default=8, help="official cases at a time (default 8)")
    sys.exit(asyncio.run(main(parser.parse_args())))
