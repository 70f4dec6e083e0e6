"""Reads one page over DevTools: three commands sent together, where the official code sends two for every node."""

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from webarena_runner.browser.observe import axtree, htmltree, som
from webarena_runner.browser.observe.align import Walk, align
from webarena_runner.browser.observe.axtree import Rendered
from webarena_runner.browser.observe.devtools import DevTools, ProtocolError, parse_json
from webarena_runner.browser.observe.geometry import Rectangle, Screen
from webarena_runner.browser.observe.ids import Number, browser_id
from webarena_runner.browser.observe.scripts import ELEMENTS, RECTANGLES_OF, WALK
from webarena_runner.browser.observe.som import Marked
from webarena_runner.settings.records import ObservationSettings

ScreenshotType = Literal["jpeg", "png", "webp"]

WORLD = "webarena-runner"
SNAPSHOT = {"computedStyles": [], "includeDOMRects": False, "includePaintOrder": False}
OBJECT_GROUP = "webarena-runner"
LOSSY_QUALITY = 70
FAST_PNG = {"format": "png", "optimizeForSpeed": True}
COMMANDS_AT_ONCE = 400


@dataclass(frozen=True)
class PageText:
    """A rendered page and its title; `marked` of a page that is shown with marks."""

    rendered: Rendered
    title: str
    marked: Marked | None = None

    def below(self, tab_line: str, in_words: str | None = None) -> str:
        """The whole observation; a list of marked elements stands alone (official).

        `in_words` is what stands for a tab that shows a picture.
        """
        if self.marked and self.rendered.text:
            return self.rendered.text
        return f"{tab_line}\n\n{self.rendered.text if in_words is None else in_words}"


async def read_page(
    tools: DevTools, frame_id: str, settings: ObservationSettings, number: Number = browser_id
) -> PageText:
    """The official text of the page that `frame_id` shows; `number` gives the ids of the accessibility tree.

    Raises:
        ProtocolError: the page went away or navigated while it was read.
    """
    if settings.mode == "som":
        return await _read_elements(tools, frame_id)
    snapshot_command = tools.send("DOMSnapshot.captureSnapshot", SNAPSHOT)
    if settings.mode == "html":
        walk, snapshot = await asyncio.gather(_walk(tools, frame_id, settings), snapshot_command)
        wanted = snapshot["documents"][0]["nodes"]["backendNodeId"][1:]
        rectangles = await _rectangles(tools, walk, snapshot, wanted)
        rendered = htmltree.render(snapshot, rectangles, screen=_screen(walk, settings))
        return PageText(rendered, walk.title)
    walk, raw, snapshot = await asyncio.gather(
        _walk(tools, frame_id, settings), tools.send("Accessibility.getFullAXTree"), snapshot_command
    )
    published, placed_only = settings.ax_properties == "published", settings.viewport_only
    tree = axtree.parse(raw["nodes"], published=published, placed_only=placed_only)
    rectangles = await _rectangles(tools, walk, snapshot, axtree.needed(tree))
    rendered = axtree.render(tree, rectangles, screen=_screen(walk, settings), number=number)
    return PageText(rendered, walk.title)


async def take_screenshot(tools: DevTools, kind: ScreenshotType) -> bytes:
    """An encoded picture of the viewport."""
    lossy = {"format": kind, "optimizeForSpeed": True, "quality": LOSSY_QUALITY}
    reply = await tools.send("Page.captureScreenshot", FAST_PNG if kind == "png" else lossy)
    return base64.b64decode(reply["data"])


async def read_title(tools: DevTools) -> str:
    reply = await tools.send("Runtime.evaluate", {"expression": "String(document.title)", "returnByValue": True})
    title = reply["result"].get("value")
    if not isinstance(title, str):
        raise ProtocolError("the page has no title to read")
    return title


async def isolated_world(tools: DevTools, frame_id: str) -> int:
    """Context id of our own world in the frame's present document; made on the first call."""
    reply = await tools.send("Page.createIsolatedWorld", {"frameId": frame_id, "worldName": WORLD})
    world_id: int = reply["executionContextId"]
    return world_id


def _screen(walk: Walk, settings: ObservationSettings) -> Screen | None:
    return walk.screen if settings.viewport_only else None


async def _read_elements(tools: DevTools, frame_id: str) -> PageText:
    seen = await evaluated(tools, await isolated_world(tools, frame_id), ELEMENTS)
    marked = som.render(
        som.read_elements(seen["rows"]),
        Screen(seen["width"], seen["height"]),
        only_numbers=seen["onlyNumbers"],
        quoted=seen["quoted"],
    )
    return PageText(marked.rendered, seen["title"], marked)


async def evaluated(tools: DevTools, world_id: int, expression: str) -> dict[str, Any]:
    """What a script of ours makes of the page, as JSON."""
    reply = await tools.send(
        "Runtime.evaluate", {"expression": expression, "contextId": world_id, "returnByValue": True}
    )
    if "exceptionDetails" in reply:
        raise ProtocolError(f"reading the page: {reply['exceptionDetails'].get('text', 'the script failed')}")
    return parse_json(reply["result"]["value"])


async def _walk(tools: DevTools, frame_id: str, settings: ObservationSettings) -> Walk:
    # The other commands are already on their way when this one's answer arrives, so the script runs right after them.
    world_id = await isolated_world(tools, frame_id)
    seen = await evaluated(tools, world_id, WALK % orjson.dumps(settings.viewport_only).decode())
    flat = iter(seen["rectangles"])
    rectangles = {index: Rectangle(*box) for index, *box in zip(flat, flat, flat, flat, flat, strict=True)}
    screen = Screen(seen["width"], seen["height"])
    return Walk(world_id, seen["kinds"], seen["counts"], rectangles, screen, seen["title"])


async def _rectangles(
    tools: DevTools, walk: Walk, snapshot: Mapping[str, Any], wanted: Iterable[int]
) -> dict[int, Rectangle | None]:
    """Rectangles by DOM node: those the script reached by position in the snapshot, the others asked for one by one."""
    known = align(walk, snapshot)
    found = {backend_id: known[backend_id] for backend_id in wanted if backend_id in known}
    missing = [backend_id for backend_id in dict.fromkeys(wanted) if backend_id not in known]
    for start in range(0, len(missing), COMMANDS_AT_ONCE):
        found |= await _ask(tools, walk.world_id, missing[start : start + COMMANDS_AT_ONCE])
    return found


async def _ask(tools: DevTools, world_id: int, backend_ids: Sequence[int]) -> dict[int, Rectangle | None]:
    objects = await asyncio.gather(*(_resolve(tools, world_id, backend_id) for backend_id in backend_ids))
    handles = [handle for handle in objects if handle]
    if not handles:
        return dict.fromkeys(backend_ids)
    call = {
        "functionDeclaration": RECTANGLES_OF,
        "executionContextId": world_id,
        "arguments": [{"objectId": handle} for handle in handles],
        "returnByValue": True,
    }
    reply, _ = await asyncio.gather(
        tools.send("Runtime.callFunctionOn", call),
        tools.send("Runtime.releaseObjectGroup", {"objectGroup": OBJECT_GROUP}),
    )
    boxes = iter(orjson.loads(reply["result"]["value"]))
    answers = [next(boxes) if handle else None for handle in objects]
    return {backend_id: Rectangle(*box) if box else None for backend_id, box in zip(backend_ids, answers, strict=True)}


async def _resolve(tools: DevTools, world_id: int, backend_id: int) -> str | None:
    """Handle of a DOM node in our world; None where it has none, as for a node that is gone or in a date picker."""
    where = {"backendNodeId": backend_id, "executionContextId": world_id, "objectGroup": OBJECT_GROUP}
    try:
        handle: str | None = (await tools.send("DOM.resolveNode", where))["object"].get("objectId")
    except ProtocolError:
        return None
    return handle
