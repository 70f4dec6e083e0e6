"""What else can be seen of a page, by the plug-ins that a run names in `observation.observers`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.browser.observe.devtools import DevTools
from webarena_runner.interfaces import ObservedPage, Observer

# Through shadow roots to the element itself; in a frame it is the frame's element.
FOCUSED = """(() => {
  let focused = document.activeElement;
  while (focused && focused.shadowRoot && focused.shadowRoot.activeElement) focused = focused.shadowRoot.activeElement;
  return focused;
})()"""


@dataclass(frozen=True)
class LivePage:
    url: str
    tools: DevTools
    tab_urls: Sequence[str] = ()
    number: int = 0

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        return await self.tools.send(method, params)


async def extras_of(page: ObservedPage, observers: Mapping[str, Observer]) -> dict[str, Any]:
    """What each observer sees, by its name; one after the other, as they may change the page's DevTools state."""
    return {name: await observer.observe(page) for name, observer in observers.items()}


class RawAccessibilityTree:
    """The whole accessibility tree as Chromium has it, a list of AXNode in DevTools' own form."""

    async def observe(self, page: ObservedPage) -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = (await page.send("Accessibility.getFullAXTree"))["nodes"]
        return nodes


class FocusedElement:
    """Role and name of the element that has the focus, as the observation's lines have them, and its DOM node's id."""

    async def observe(self, page: ObservedPage) -> dict[str, Any] | None:
        found = (await page.send("Runtime.evaluate", {"expression": FOCUSED}))["result"]
        if "objectId" not in found:
            return None
        where = {"objectId": found["objectId"]}
        reply = await page.send("Accessibility.getPartialAXTree", {**where, "fetchRelatives": False})
        await page.send("Runtime.releaseObject", where)
        node = reply["nodes"][0]
        role, name = (node.get(key, {}).get("value", "") for key in ("role", "name"))
        return {"role": role, "name": name, "backend_node_id": node.get("backendDOMNodeId")}
