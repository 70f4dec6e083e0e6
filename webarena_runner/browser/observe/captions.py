"""Descriptions of a page's pictures, put where VisualWebArena puts them: into their alternative texts."""

import base64
import json
import logging
import re

from webarena_runner.browser.observe.capture import evaluated, isolated_world
from webarena_runner.browser.observe.devtools import DevTools, ProtocolError
from webarena_runner.errors import NoPicture
from webarena_runner.interfaces import Captioner
from webarena_runner.official.addresses import joined
from webarena_runner.pictures import MAX_BYTES, read_picture

log = logging.getLogger(__name__)
# Addresses by which the official code knows that a tab shows a picture and no page, and what it says without a caption.
PICTURE_ENDS = (".jpg", ".jpeg", ".png")
NO_CAPTION = "Image"
_ABSOLUTE = ("http://", "https://", "www.")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_IMAGES = """
const images = [];
const collect = (root) => {
  for (const element of root.querySelectorAll('*')) {
    if (element instanceof HTMLImageElement) images.push(element);
    if (element.shadowRoot) collect(element.shadowRoot);
  }
};
collect(document);
"""
_READ = (
    "(() => {"
    + _IMAGES
    + "return JSON.stringify({images: images.map((image) => ['src', 'alt'].map((name) => image.getAttribute(name)))});"
    + "})()"
)
# A page may have changed meanwhile: only pictures that are where they were get their text.
_WRITE = (
    "((texts) => {"
    + _IMAGES
    + """
for (const [index, src, alt] of texts) {
  const image = images[index];
  if (image && image.getAttribute('src') === src && image.getAttribute('alt') !== alt) image.alt = alt;
}
return '{}';
})(%s)"""
)


class PageCaptions:
    """Describes the pictures of one episode's pages; each address is described once in it (official)."""

    def __init__(self, captioner: Captioner) -> None:
        self._captioner = captioner
        self._known: dict[str, str] = {}

    async def write(self, tools: DevTools, frame_id: str, page_url: str) -> None:
        """Adds what pictures show, and their addresses, to their alternative texts in the page.

        Raises:
            ProtocolError: the page went away.
        """
        world_id = await isolated_world(tools, frame_id)
        found = enumerate((await evaluated(tools, world_id, _READ))["images"])
        images = [(index, src, alt or "", _address(src, page_url)) for index, (src, alt) in found if src is not None]
        for address in dict.fromkeys(address for *_, address in images):
            await self._describe(tools, frame_id, address)
        texts = [[index, src, self._text(alt, address)] for index, src, alt, address in images]
        if texts:
            await evaluated(tools, world_id, _WRITE % json.dumps(texts))

    async def of_tab(self, tools: DevTools, frame_id: str, url: str) -> str | None:
        """What is read in place of a tab that shows a picture; None for a page."""
        if not url.endswith(PICTURE_ENDS):
            return None
        await self._describe(tools, frame_id, url)
        return self._known.get(url, NO_CAPTION)

    async def _describe(self, tools: DevTools, frame_id: str, address: str) -> None:
        if address in self._known or not address.startswith(("http://", "https://")):
            return
        try:
            picture = read_picture(await _loaded(tools, frame_id, address), address[:200])
        except (ProtocolError, NoPicture) as error:
            log.info("no caption: %s", error)
            return
        self._known[address] = _BEYOND_ASCII.sub("", (await self._captioner.caption(picture)).strip())

    def _text(self, alt: str, address: str) -> str:
        caption = self._known.get(address)
        if caption is not None and caption not in alt:
            alt = f"{alt}, description: {caption}"
        return alt if "url:" in alt else f"{alt}, url: {address}"


def _address(src: str, page_url: str) -> str:
    return src if src.startswith(_ABSOLUTE) else joined(page_url, src)


async def _loaded(tools: DevTools, frame_id: str, url: str) -> bytes:
    """What the browser has of it; else it is asked for as a page would, within the fence."""
    try:
        reply = await tools.send("Page.getResourceContent", {"frameId": frame_id, "url": url})
        return base64.b64decode(reply["content"]) if reply["base64Encoded"] else reply["content"].encode()
    except ProtocolError:
        pass
    options = {"disableCache": False, "includeCredentials": True}
    asked = await tools.send("Network.loadNetworkResource", {"frameId": frame_id, "url": url, "options": options})
    resource = asked["resource"]
    if not resource["success"]:
        raise ProtocolError(f"{url[:200]}: {resource.get('netErrorName', 'not there')}")
    return await _read_stream(tools, resource["stream"])


async def _read_stream(tools: DevTools, handle: str) -> bytes:
    parts: list[bytes] = []
    while sum(map(len, parts)) <= MAX_BYTES:
        part = await tools.send("IO.read", {"handle": handle})
        data = part["data"]
        parts.append(base64.b64decode(data) if part.get("base64Encoded") else data.encode())
        if part["eof"]:
            break
    await tools.send("IO.close", {"handle": handle})
    return b"".join(parts)
