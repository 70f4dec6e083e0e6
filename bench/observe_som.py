"""Times set-of-marks observations against accessibility-tree ones and against the public package `libvisualwebarena`.

All three look at the same page in turns; a set-of-marks observation ends with the marked picture as PNG, the tree is
without a picture. The package needs an environment of its own with `matplotlib<3.11` and `pandas` too, and a folder
with `media/SourceCodePro-SemiBold.ttf` (npm: source-code-pro):

    python -m bench.observe_som --peer-python PEER/bin/python --peer-folder FOLDER
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.observe import LARGE_NODES, Page, pages_of, served, timed_ms
from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings

PEER_BUDGET_S = 20.0
HEAD = " AX nodes marks  tree ms tree+picture   som ms  to tree to both package ms speed-up    text  page"


class Peer:
    """The package in a process of its own, with a Chromium of its own; `folder` has the font that it looks for."""

    def __init__(self, python: str, folder: str) -> None:
        command = [python, str(Path(__file__).with_name("peer_som.py").resolve()), str(find_browser(None).path)]
        self._process = subprocess.Popen(
            [*command, *launch_args(root=os.geteuid() == 0)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=folder,
        )

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"the process with libvisualwebarena ended ({self._process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self._process.communicate()


@dataclass
class Row:
    """Times in ms; a ratio is the median of the ratios of each turn."""

    page: str
    nodes: int
    marks: int = 0
    tree: list[float] = field(default_factory=list)
    tree_and_picture: list[float] = field(default_factory=list)
    som: list[float] = field(default_factory=list)
    package: list[float] = field(default_factory=list)
    same_text: bool = True

    @property
    def to_tree(self) -> float:
        return statistics.median(one / other for one, other in zip(self.som, self.tree, strict=True))

    @property
    def to_both(self) -> float:
        return statistics.median(one / other for one, other in zip(self.som, self.tree_and_picture, strict=True))

    @property
    def speed_up(self) -> float | None:
        turns = zip(self.package, self.som, strict=False)
        return statistics.median([theirs / one for theirs, one in turns]) if self.package else None

    def __str__(self) -> str:
        median = statistics.median
        package = f"{median(self.package):10.1f} {self.speed_up:8.1f}" if self.package else f"{'-':>10} {'-':>8}"
        text = ("same" if self.same_text else "DIFFERS") if self.package else "-"
        times = f"{median(self.tree):8.1f} {median(self.tree_and_picture):12.1f} {median(self.som):8.1f}"
        ratios = f"{self.to_tree:8.2f} {self.to_both:7.2f}"
        return f"{self.nodes:9d} {self.marks:5d} {times} {ratios} {package}  {text:>7}  {self.page}"


async def measure(sessions: list[BrowserSession], page: Page, peer: Peer | None, repeats: int, size: Any) -> Row:
    async with AsyncExitStack() as stack:
        plain, pictured, marked = [
            await stack.enter_async_context(
                session.episode(urls={"": page.url}, storage_state=page.storage_state, start_urls=[page.url])
            )
            for session in sessions
        ]
        row = Row(page.name, len((await plain.tabs.current.tools.send("Accessibility.getFullAXTree"))["nodes"]))
        if peer:
            peer.ask({"url": page.url, "cookies": page.storage_state["cookies"], "viewport": size})
            peer.ask({"observe": "image_som"})
        observed = await marked.observe()
        row.marks = len(observed.nodes)
        for environment in (plain, pictured):
            await environment.observe()
        for _ in range(repeats):
            row.tree.append(await timed_ms(plain.observe))
            row.tree_and_picture.append(await timed_ms(pictured.observe))
            row.som.append(await timed_ms(marked.observe))
            if peer and sum(row.package) < 1000 * PEER_BUDGET_S:
                answer = peer.ask({"observe": "image_som"})
                row.package.append(answer["ms"])
                row.same_text &= answer["text"] == observed.text
    return row


async def main(urls: list[str], *, repeats: int, peer: Peer | None, height: int) -> None:
    size = {"viewport_width": 1280, "viewport_height": height}
    kinds: list[tuple[Any, Any]] = [("none", "accessibility_tree"), ("every", "accessibility_tree"), ("every", "som")]
    async with AsyncExitStack() as stack:
        pages = await pages_of(urls, stack.enter_context(served()), stack)
        if peer:
            stack.callback(peer.close)
        sessions = [
            await stack.enter_async_context(
                BrowserSession(
                    BrowserSettings(screenshots=screenshots, **size),
                    ObservationSettings(mode=mode),
                    SettleSettings(),
                    screenshot_type="png",
                )
            )
            for screenshots, mode in kinds
        ]
        rows = []
        print(HEAD)
        for page in pages:
            row = await measure(sessions, page, peer, repeats, [1280, height])
            print(row, flush=True)
            rows.append(row)
        print(summary([row for row in rows if row.nodes >= LARGE_NODES]))


def summary(large: list[Row]) -> str:
    if not large:
        return ""
    median = statistics.median
    told = (
        f"pages of {LARGE_NODES} nodes or more, marked PNG included: {median(row.to_tree for row in large):.2f} times "
        f"the tree without a picture, {median(row.to_both for row in large):.2f} times the tree with one"
    )
    speed_ups = [row.speed_up for row in large if row.speed_up is not None]
    return told + (f", {median(speed_ups):.1f} times as fast as the package (medians)" if speed_ups else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("urls", nargs="*", metavar="URL", help="pages to time")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--height", type=int, default=720, help="of the viewport; VisualWebArena's runs have 2048")
    parser.add_argument("--peer-python", metavar="PYTHON", help="a Python that has libvisualwebarena")
    parser.add_argument("--peer-folder", metavar="FOLDER", default=".", help="with media/SourceCodePro-SemiBold.ttf")
    given = parser.parse_args()
    peer = Peer(str(Path(given.peer_python).absolute()), given.peer_folder) if given.peer_python else None
    asyncio.run(main(given.urls, repeats=given.repeats, peer=peer, height=given.height))
