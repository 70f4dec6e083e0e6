"""The other side of bench/observe.py: runs in an environment that has `libwebarena`, and times its observation.

Reads one JSON object a line, `{"url": ..., "cookies": [...]}` to open a page or `{}` to observe it once more, and
answers each with one line: `{"ms": ..., "text": ...}` (for a URL without the time).
"""

import json
import sys
import time
import warnings

from playwright.sync_api import sync_playwright

VIEWPORT = {"width": 1280, "height": 720}


def main(executable: str, arguments: list[str]) -> None:
    # The package's type annotations are older than the libraries that it is installed with.
    warnings.simplefilter("ignore")
    from webarena.browser_env.processors import TextObervationProcessor

    processor = TextObervationProcessor("accessibility_tree", True, VIEWPORT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        page = client = None
        for line in sys.stdin:
            asked = json.loads(line)
            if "url" in asked:
                if page is not None:
                    page.context.close()
                context = browser.new_context(viewport=VIEWPORT, device_scale_factor=1, locale="en-US")
                context.add_cookies(asked["cookies"])
                page = context.new_page()
                client = context.new_cdp_session(page)
                client.send("Accessibility.enable")
                page.goto(asked["url"])
                answer = {"text": page.title()}
            else:
                started = time.perf_counter()
                text = processor.process(page, client)
                answer = {"ms": 1000 * (time.perf_counter() - started), "text": text}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
