"""The other side of bench/observe.py and of tests/tools/record_som.py: runs where `libvisualwebarena` is installed.

Reads one JSON object a line and answers each with one line:

- `{"url": ..., "cookies": [...], "viewport": [width, height], "before": SCRIPT}` opens a page: `{"title": ...}`
- `{"observe": "image_som" | "accessibility_tree_with_captioner", "captions": bool}` looks at it once more:
  `{"ms": ..., "text": ..., "marks": {id: [x, y, width, height]}, "outlines": [...], "labels": [...]}`
- `{"parse": [TEXT, ...]}`: `{"actions": [...]}`, each what the package's parser makes of a text

It has to run in a folder with `media/SourceCodePro-SemiBold.ttf`, which the package does not carry. The captions are
made from the sizes of pictures, so that no model is needed.
"""

import json
import os
import sys
import time
import warnings
from typing import Any

from playwright.sync_api import Page, sync_playwright

SITES = ("REDDIT", "SHOPPING", "WIKIPEDIA", "HOMEPAGE", "CLASSIFIEDS", "CLASSIFIEDS_RESET_TOKEN")


def caption(images: list[Any]) -> list[str]:
    return [f"a picture of {image.width} by {image.height} – pixels " for image in images]


# Each rectangle of the last picture: whether it is filled, and its edges.
DRAWN: list[tuple[bool, list[float]]] = []


def note_rectangles() -> None:
    """The package says of its marks where their numbers belong, but not where it draws them."""
    from visualwebarena.browser_env import processors

    original = processors.ImageDraw.Draw

    def draw(image: Any) -> Any:
        pen = original(image)
        rectangle = pen.rectangle

        def noted(box: list[float], **style: Any) -> None:
            DRAWN.append(("fill" in style, [float(edge) for edge in box]))
            rectangle(box, **style)

        pen.rectangle = noted
        return pen

    processors.ImageDraw.Draw = draw


class Seeing:
    """The package's own view of one page."""

    def __init__(self, page: Page, viewport: dict[str, int]) -> None:
        self.page = page
        self.viewport = viewport
        self.handlers: dict[tuple[str, bool], Any] = {}

    def observe(self, mode: str, *, captions: bool) -> dict[str, Any]:
        handler = self.handlers.get((mode, captions)) or self._made(mode, captions=captions)
        DRAWN.clear()
        started = time.perf_counter()
        seen = handler.get_observation(self.page)
        spent_ms = 1000 * (time.perf_counter() - started)
        answer = {"ms": spent_ms, "text": seen["text"]}
        if mode != "image_som":
            return answer
        marks = {
            number: [x - width / 2, y - height / 2, width, height]
            for number, (x, y, width, height) in handler.image_processor.som_id_info.items()
        }
        return answer | {
            "marks": marks,
            "outlines": [box for is_label, box in DRAWN if not is_label],
            "labels": [box for is_label, box in DRAWN if is_label],
        }

    def _made(self, mode: str, *, captions: bool) -> Any:
        from visualwebarena.browser_env import processors

        image = mode if mode == "image_som" else ""
        main = "image" if image else "text"
        handler = processors.ObservationHandler(main, mode, image, True, self.viewport, caption if captions else None)
        self.handlers[mode, captions] = handler
        return handler


def parsed(text: str) -> dict[str, Any]:
    from visualwebarena.browser_env import actions

    try:
        action = actions.create_id_based_action(text)
    except Exception as error:  # noqa: BLE001 - what it raises is what is asked for
        return {"error": type(error).__name__}
    kind = actions.ActionTypes(action["action_type"]).name
    found: dict[str, Any] = {"kind": kind}
    for key in ("element_id", "key_comb", "direction", "url", "page_number", "answer"):
        if action.get(key):
            found[key] = action[key]
    if action["text"]:
        keys = actions._id2key
        found["text"] = "".join(keys[key] if isinstance(key, int) else key for key in action["text"])
    try:
        found["described"] = actions.action2str(action, "som", "")
    except Exception as error:  # noqa: BLE001
        found["described"] = {"error": type(error).__name__}
    return found


def main(executable: str, arguments: list[str]) -> None:
    warnings.simplefilter("ignore")
    os.environ |= {"DATASET": "visualwebarena"} | dict.fromkeys(SITES, "http://127.0.0.1:9")
    out, sys.stdout = sys.stdout, sys.stderr
    note_rectangles()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        seeing = None
        for line in sys.stdin:
            asked = json.loads(line)
            if "parse" in asked:
                answer: dict[str, Any] = {"actions": [parsed(text) for text in asked["parse"]]}
            elif "url" in asked:
                if seeing is not None:
                    seeing.page.context.close()
                width, height = asked["viewport"]
                viewport = {"width": width, "height": height}
                context = browser.new_context(viewport=viewport, device_scale_factor=1, locale="en-US")
                context.add_cookies(asked.get("cookies", []))
                page = context.new_page()
                context.new_cdp_session(page).send("Accessibility.enable")
                page.goto(asked["url"])
                if asked.get("before"):
                    page.evaluate(asked["before"])
                page.wait_for_timeout(asked.get("wait_ms", 0))
                seeing = Seeing(page, viewport)
                answer = {"title": page.title()}
            else:
                assert seeing is not None
                answer = seeing.observe(asked["observe"], captions=asked.get("captions", False))
            print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
