"""Tasks about pictures on a small site of the test's own, whose pages and requests are known."""

import json
from collections.abc import Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tests.support.local_site import Reply, Site

PAGE = "<title>Shelf</title><h1>Shelf</h1><div class=shelf><img src='/shown/{name}.png' alt='a thing'></div>"


def png(left: str, right: str) -> bytes:
    image = Image.new("RGB", (56, 56), left)
    image.paste(right, (28, 0, 56, 56))
    encoded = BytesIO()
    image.save(encoded, "PNG")
    return encoded.getvalue()


def put_on_shelf(site: Site, name: str, picture: bytes) -> None:
    """The page /NAME, which shows the picture; tasks name it /NAME.png, which no page asks for."""
    site.page(f"/{name}", PAGE.format(name=name))
    for path in (f"/shown/{name}.png", f"/{name}.png"):
        site.route(path, partial(Reply, picture, content_type="image/png"))


def shelf_record(task_id: int, name: str, query: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One that begins on the page /NAME, and is scored by the picture there."""
    return {
        "sites": ["shopping"],
        "task_id": task_id,
        "require_login": False,
        "storage_state": None,
        "start_url": f"__SHOPPING__/{name}",
        "geolocation": None,
        "intent_template": "Look at it.",
        "instantiation_dict": {},
        "intent": "Look at it.",
        "require_reset": False,
        "eval": {
            "eval_types": ["page_image_query"],
            "reference_answers": None,
            "reference_url": "",
            "program_html": [],
            "page_image_query": [{"eval_image_url": "last", "eval_image_class": ".shelf", **query}],
        },
        "intent_template_id": 1,
        "reference_actions": [{"do": "stop", "answer": ""}],
        **changes,
    }


def options_for(folder: Path, records: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Of `wa-run` for a file with these records, on a site that SHOPPING in the environment names; the run is `r`."""
    path = folder / "pictures.json"
    path.write_text(json.dumps(records))
    rules = ("-o", "scoring.rules=visualwebarena")
    return ("--task-set", str(path), *rules, "--sites", "static", "--skip-doctor", "--run-id", "r")
