"""What runs in a container of the stand-in: a page of the site's application, or, asked for it, the embedded site.

Until it has been told its address its root leads to the host where its image was made, as Magento and GitLab do.
"""

import asyncio
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER, NAME = Path(sys.argv[1]), sys.argv[2]
PAGES = {
    "shopping": '<form action="/catalogsearch/result/">',
    "shopping_admin": '<input name="login[username]">',
    "reddit": '<a href="/f/books">books</a>',
    "gitlab": '<input data-testid="username-field">',
    "wikipedia": '<div id="kiwix_serve_taskbar">',
    "map": '<div id="sidebar_content">',
}
TOLD = ("shopping", "shopping_admin", "gitlab")
MADE_AT = "http://metis.lti.cs.cmu.edu"


def record() -> dict:  # type: ignore[type-arg]
    return json.loads((FOLDER / f"container-{NAME}.json").read_text())


def main() -> None:
    made, faults = record(), json.loads((FOLDER / "faults.json").read_text())
    site = made["labels"].get("org.webarena-runner.site", "")
    fault = faults.get("sites", {}).get(site, {})
    print(f"{site} begins", flush=True)
    if "dies" in fault:
        print(fault["dies"], flush=True)
        (FOLDER / f"ended-{NAME}").write_text("1")
        sys.exit(1)
    ports = {inside: outside for outside, inside in made["ports"]}
    if 8877 in ports:
        control = ports.pop(8877)
        threading.Thread(target=serve, args=(control, Control), daemon=True).start()
    port = next(iter(ports.values()))
    time.sleep(fault.get("starts_after_s", 0))
    if faults.get("embedded"):
        asyncio.run(embedded(site, port))
    serve(port, page_of(site, fault))


def serve(port: int, handler: type[BaseHTTPRequestHandler]) -> None:
    ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever(poll_interval=0.05)


class Answers(BaseHTTPRequestHandler):
    def answer(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None: ...


class Control(Answers):
    """env-ctrl, which takes the address from its environment."""

    def do_POST(self) -> None:
        made = record()
        address = made["env"].get("WA_ENV_CTRL_EXTERNAL_SITE_URL", "")
        if self.path != "/init" or not address:
            return self.answer(404 if address else 500, json.dumps({"success": False, "error": "Not found"}))
        path = FOLDER / f"container-{NAME}.json"
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(made | {"base_url": address.rstrip("/")}))
        fresh.replace(path)
        return self.answer(200, json.dumps({"success": True}))


def page_of(site: str, fault: dict) -> type[BaseHTTPRequestHandler]:  # type: ignore[type-arg]
    class Page(Answers):
        def do_GET(self) -> None:
            at = f"http://{self.headers['Host']}"
            if fault.get("refuses_until_restarted") and not record().get("restarted"):
                return self.answer(502, "GitLab is not responding")
            if "shows" in fault:
                return self.answer(200, fault["shows"])
            told = record().get("base_url", "") if site in TOLD else at
            if told != at:
                return self.answer(302, "", Location=(told or MADE_AT) + self.path)
            return self.answer(200, f"<!doctype html><html><body>{PAGES[site]}</body></html>")

    return Page


async def embedded(site: str, port: int) -> None:
    from webarena_mini.farm import Farm
    from webarena_mini.server import snapshot_folder

    farm = Farm(snapshot_folder())
    await farm.lease([site], ports=[port])
    await asyncio.Event().wait()


main()
