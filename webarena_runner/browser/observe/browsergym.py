"""A page as BrowserGym's agents are given it: DOM snapshot, accessibility tree, bids and what is known of each.

Marking changes the page's attributes, as it does in BrowserGym: pages see it, and so do checks of whole pages.
"""

import base64
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from webarena_runner.browser.observe.browsergym_scripts import FOCUSED, FRAMES, MARK, MARKABLE, TAGS, UNMARK
from webarena_runner.browser.observe.devtools import ProtocolError
from webarena_runner.interfaces import ObservedPage

NAME = "browsergym"
_GROUP = "browsergym"
_SNAPSHOT = {"computedStyles": [], "includeDOMRects": True, "includePaintOrder": True}
_BID = re.compile(r"browsergym_id_([a-zA-Z0-9]+)\s?(.*)")
_ARIA = ("aria-roledescription", "aria-description")


@dataclass(frozen=True)
class _Document:
    """One that can be reached: `object_id` is its own in the page, `bid` that of its frame's element, "" at the top."""

    object_id: str
    bid: str


class BrowserGymPage:
    """The parts of BrowserGym's observation that a page gives, `screenshot` as a PNG."""

    async def observe(self, page: ObservedPage) -> dict[str, Any]:
        async with _marked(page) as documents:
            dom = await page.send("DOMSnapshot.captureSnapshot", _SNAPSHOT)
            tree = await _merged_trees(page)
            focused = await _focused(page, documents[0])
        _clean(dom)
        picture = await page.send("Page.captureScreenshot", {"format": "png"})
        return {
            "dom_object": dom,
            "axtree_object": tree,
            "extra_element_properties": dict(properties_of(dom)),
            "focused_element_bid": focused,
            "screenshot": base64.b64decode(picture["data"]),
            "open_pages_urls": list(page.tab_urls),
            "active_page_index": page.number,
        }


@asynccontextmanager
async def _marked(page: ObservedPage) -> AsyncIterator[list[_Document]]:
    """The page's documents with a bid in their elements' ARIA attributes, which are put back at the end."""
    found = await page.send("Runtime.evaluate", {"expression": "document", "objectGroup": _GROUP})
    documents = [_Document(found["result"]["objectId"], "")]
    try:
        for document in documents:
            if await _call(page, document, MARK, document.bid, TAGS, MARKABLE):
                documents += [inner async for inner in _inside(page, document)]
        yield documents
    finally:
        for document in documents:
            await _call(page, document, UNMARK)
        await page.send("Runtime.releaseObjectGroup", {"objectGroup": _GROUP})


async def _call(page: ObservedPage, document: _Document, function: str, *arguments: object) -> Any:
    """Value of a function that is called on a document. Raises ProtocolError when it throws."""
    answer = await page.send(
        "Runtime.callFunctionOn",
        {
            "objectId": document.object_id,
            "functionDeclaration": function,
            "arguments": [{"value": argument} for argument in arguments],
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    if "exceptionDetails" in answer:
        raise ProtocolError(f"{page.url}: marking its elements failed: {answer['result'].get('description', '')}")
    return answer["result"].get("value")


async def _elements(page: ObservedPage, document: _Document, function: str) -> dict[str, Any]:
    """What a function that is called on a document returns, as an object in the page."""
    where = {"objectId": document.object_id, "functionDeclaration": function, "objectGroup": _GROUP}
    result: dict[str, Any] = (await page.send("Runtime.callFunctionOn", where))["result"]
    return result


async def _described(page: ObservedPage, object_id: str) -> dict[str, Any]:
    node: dict[str, Any] = (await page.send("DOM.describeNode", {"objectId": object_id, "pierce": True}))["node"]
    listed = node.get("attributes", [])
    return node | {"attributes": dict(zip(listed[::2], listed[1::2], strict=True))}


async def _inside(page: ObservedPage, document: _Document) -> AsyncIterator[_Document]:
    """The documents in its frames, of those whose scripts may run and that are in this process."""
    frames = await _elements(page, document, FRAMES)
    listed = await page.send("Runtime.getProperties", {"objectId": frames["objectId"], "ownProperties": True})
    for each in listed["result"]:
        if not each["name"].isdecimal():
            continue
        element = await _described(page, each["value"]["objectId"])
        attributes = element["attributes"]
        sandbox = attributes.get("sandbox")
        may_run = sandbox is None or "allow-scripts" in sandbox.split()
        if may_run and "bid" in attributes and (inner := await _content(page, element)):
            yield _Document(inner, attributes["bid"])


async def _content(page: ObservedPage, element: dict[str, Any]) -> str:
    """The object of the document in a frame's element; "": none can be reached."""
    if "contentDocument" not in element:
        return ""
    where = {"backendNodeId": element["contentDocument"]["backendNodeId"], "objectGroup": _GROUP}
    return str((await page.send("DOM.resolveNode", where))["object"]["objectId"])


async def _focused(page: ObservedPage, document: _Document) -> str:
    found = await _elements(page, document, FOCUSED)
    if "objectId" not in found:
        return document.bid
    element = await _described(page, found["objectId"])
    bid = str(element["attributes"].get("bid", ""))
    inner = await _content(page, element)
    return await _focused(page, _Document(inner, bid)) if inner else bid


async def _merged_trees(page: ObservedPage) -> dict[str, Any]:
    """The trees of all frames as one: that of a frame hangs below its element."""
    top = (await page.send("Page.getFrameTree"))["frameTree"]
    trees: dict[str, list[dict[str, Any]]] = {}
    waiting = [top]
    while waiting:
        frame = waiting.pop()
        waiting += frame.get("childFrames", [])
        frame_id = frame["frame"]["id"]
        trees[frame_id] = (await page.send("Accessibility.getFullAXTree", {"frameId": frame_id}))["nodes"]
    for nodes in trees.values():
        for node in nodes:
            _name_in_tree(node)
            if node["role"]["value"] == "Iframe" and len(trees) > 1:
                found = await page.send("DOM.describeNode", {"backendNodeId": node["backendDOMNodeId"]})
                inner = trees.get(found["node"].get("frameId", ""))
                if inner:
                    node["childIds"].append(inner[0]["nodeId"])
    return {"nodes": [node for nodes in trees.values() for node in nodes]}


def _name_in_tree(node: dict[str, Any]) -> None:
    """Moves the bid from the node's description to a key of its own."""
    bid = ""
    for number, each in enumerate(node.get("properties", [])):
        if each["name"] == "roledescription":
            bid, own = _split(each["value"]["value"])
            each["value"]["value"] = own
            if not own:
                del node["properties"][number]
            break
    if "description" in node:
        told, own = _split(node["description"]["value"])
        bid = bid or told
        node["description"]["value"] = own
        if not own:
            del node["description"]
    if bid:
        node["browsergym_id"] = bid


def _split(text: str) -> tuple[str, str]:
    """Bid and what was there before it."""
    found = _BID.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)


def _clean(dom: dict[str, Any]) -> None:
    """Takes the bids out of the ARIA attributes of a snapshot, and those attributes that held nothing else."""
    strings = dom["strings"]
    names = {number for number, text in enumerate(strings) if text in _ARIA}
    for document in dom["documents"]:
        for attributes in document["nodes"]["attributes"]:
            kept = list[int]()
            for name, value in zip(attributes[::2], attributes[1::2], strict=True):
                if name in names:
                    _, strings[value] = _split(strings[value])
                if name not in names or strings[value]:
                    kept += [name, value]
            attributes[:] = kept


def properties_of(dom: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is known of each bid; boxes are x, y, width and height in the viewport."""
    strings, documents = dom["strings"], dom["documents"]
    origins: dict[int, tuple[float, float]] = {}
    waiting: list[tuple[int, float, float]] = [(0, 0.0, 0.0)]
    while waiting:
        number, x, y = waiting.pop()
        document = documents[number]
        origins[number] = left, top = x - document["scrollOffsetX"], y - document["scrollOffsetY"]
        bounds = dict(zip(document["layout"]["nodeIndex"], document["layout"]["bounds"], strict=False))
        inner = document["nodes"]["contentDocumentIndex"]
        for node, below in zip(inner["index"], inner["value"], strict=True):
            box = bounds.get(node)
            waiting.append((below, left + box[0], top + box[1]) if box else (below, 0.0, 0.0))
    for number, (left, top) in origins.items():
        document = documents[number]
        layout, nodes = document["layout"], document["nodes"]
        rendered = zip(layout["nodeIndex"], layout["bounds"], layout["clientRects"], strict=False)
        boxes = {node: [b[0] + left, b[1] + top, *b[2:]] for node, b, client in rendered if client}
        clickable = set(nodes["isClickable"]["index"])
        for node, listed in enumerate(nodes["attributes"]):
            given = {strings[key]: strings[value] for key, value in zip(listed[::2], listed[1::2], strict=True)}
            if bid := given.get("bid"):
                visibility, marked = given.get("browsergym_visibility_ratio"), given.get("browsergym_set_of_marks")
                yield (
                    bid,
                    {
                        "visibility": None if visibility is None else float(visibility),
                        "bbox": boxes.get(node),
                        "clickable": node in clickable,
                        "set_of_marks": None if marked is None else marked == "1",
                    },
                )
