"""Times set-of-marks observations against accessibility-tree ones and against the public package `libvisualwebarena`.

All three look at the same page in turns; a set-of-marks observation ends with the marked picture as PNG, the tree is
without a picture. The floor is Chromium's own screenshot of that page, asked for on a connection of its own and not
even decoded: what no one who has the page's picture can go below. The package needs an environment of its own with
`matplotlib<3.11` and `pandas` too, and a folder with `media/SourceCodePro-SemiBold.ttf` (npm: source-code-pro):

    python -m bench.observe_som --peer-python PEER/bin/python --peer-folder FOLDER
"""

import argparse
import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from bench.turns import LARGE_NODES, PACKAGE, Page, Peer, Row, bare, median_ratio, nodes_of, pages_of, turns
from webarena_runner.browser.observe.capture import FAST_PNG
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings

FLOOR = ("Page.captureScreenshot", FAST_PNG)
# By the name of what is timed.
KINDS: dict[str, tuple[Any, Any]] = {
    "tree": ("none", "accessibility_tree"),
    "tree+picture": ("every", "accessibility_tree"),
    "som": ("every", "som"),
}
HEAD = (
    " AX nodes marks  tree ms tree+picture   som ms floor ms to tree to both to floor "
    "package ms speed-up package/floor    text  page"
)


def line_of(row: Row, marks: int) -> str:
    times = (
        f"{row.time_of('tree', 8)} {row.time_of('tree+picture', 12)} {row.time_of('som', 8)} {row.time_of('floor', 8)}"
    )
    ratios = " ".join(
        row.ratio_of("som", other, width) for other, width in (("tree", 7), ("tree+picture", 7), ("floor", 8))
    )
    package = f"{row.time_of(PACKAGE, 10)} {row.ratio_of(PACKAGE, 'som', 8)} {row.ratio_of(PACKAGE, 'floor', 13)}"
    return f"{row.nodes:9d} {marks:5d} {times} {ratios} {package}  {row.text:>7}  {row.page}"


async def measure(
    sessions: dict[str, BrowserSession], page: Page, peer: Peer | None, repeats: int, size: list[int]
) -> tuple[Row, int]:
    """The row, and how many elements are numbered."""
    async with AsyncExitStack() as stack:
        seeing = {
            kind: await stack.enter_async_context(
                session.episode(urls={"": page.url}, storage_state=page.storage_state, start_urls=[page.url])
            )
            for kind, session in sessions.items()
        }
        row = Row(page.name, await nodes_of(seeing["tree"]))
        if peer:
            peer.ask({"url": page.url, "cookies": page.storage_state["cookies"], "viewport": size})
            peer.ask({"observe": "image_som"})
        first = [await environment.observe() for environment in seeing.values()]
        observed = first[-1]
        floor = await stack.enter_async_context(bare(seeing["som"]))

        def package_ms() -> float:
            assert peer is not None
            answer = peer.ask({"observe": "image_som"})
            row.same_text &= answer["text"] == observed.text
            return float(answer["ms"])

        timed = {kind: environment.observe for kind, environment in seeing.items()}
        await turns(row, repeats, timed | {"floor": partial(floor, FLOOR)}, package_ms if peer else None)
    return row, len(observed.nodes)


async def main(urls: list[str], *, repeats: int, peer_python: str | None, peer_folder: Path, height: int) -> None:
    size = {"viewport_width": 1280, "viewport_height": height}
    async with AsyncExitStack() as stack:
        pages = await pages_of(urls, stack)
        peer = stack.enter_context(Peer(peer_python, "peer_som.py", folder=peer_folder)) if peer_python else None
        sessions = {
            kind: await stack.enter_async_context(
                BrowserSession(
                    BrowserSettings(screenshots=screenshots, **size),
                    ObservationSettings(mode=mode),
                    SettleSettings(),
                    screenshot_type="png",
                )
            )
            for kind, (screenshots, mode) in KINDS.items()
        }
        rows = []
        print(HEAD)
        for page in pages:
            row, marks = await measure(sessions, page, peer, repeats, [1280, height])
            print(line_of(row, marks), flush=True)
            rows.append(row)
        print(summary([row for row in rows if row.nodes >= LARGE_NODES]))


def summary(large: list[Row]) -> str:
    if not large:
        return ""
    told = (
        f"pages of {LARGE_NODES} nodes or more, marked PNG included: {median_ratio(large, 'som', 'tree'):.2f} times "
        f"the tree without a picture, {median_ratio(large, 'som', 'tree+picture'):.2f} times the tree with one, "
        f"{median_ratio(large, 'som', 'floor'):.2f} times Chromium's bare screenshot"
    )
    beside = [row for row in large if row.has_package]
    if beside:
        told += (
            f"; the package takes {median_ratio(beside, PACKAGE, 'som'):.1f} times as long, and "
            f"{median_ratio(beside, PACKAGE, 'floor'):.1f} times as long as the bare screenshot"
        )
    return f"{told} (medians)"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("urls", nargs="*", metavar="URL", help="pages to time")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--height", type=int, default=720, help="of the viewport; VisualWebArena's runs have 2048")
    parser.add_argument("--peer-python", metavar="PYTHON", help="a Python that has libvisualwebarena")
    parser.add_argument(
        "--peer-folder", metavar="FOLDER", type=Path, default=Path(), help="with media/SourceCodePro-SemiBold.ttf"
    )
    given = parser.parse_args()
    python = str(Path(given.peer_python).absolute()) if given.peer_python else None
    asyncio.run(
        main(given.urls, repeats=given.repeats, peer_python=python, peer_folder=given.peer_folder, height=given.height)
    )
