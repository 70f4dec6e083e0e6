"""The other side of the peer tests: runs in an environment that has `libwebarena`, and does what it is asked with it.

Reads one JSON object a line, `{"do": NAME, ...}`, and answers each with one line: a result, or `{"error": text}`.
The sites' URLs come from the environment, which the package reads at import; the working folder holds its `.auth`.
"""

import json
import shlex
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chromium import in_lines, tokenize_without_data, use_chromium
from playwright.sync_api import CDPSession, Page, sync_playwright

VIEWPORT = {"width": 1280, "height": 720}


def main(executable: str, arguments: list[str]) -> None:
    use_chromium(executable, arguments)
    tokenize_without_data()
    in_lines(PackageSide())


def _in_thread(work: Callable[[], None]) -> None:
    """The package's log-in code starts a Playwright of its own, and there may be one in a thread."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed on below
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


class PackageSide:
    """One method for each thing that can be asked."""

    def __init__(self) -> None:
        self._environment: Any = None
        self._attached: tuple[Page, CDPSession] | None = None
        self._playwright: Any = None
        self._browser: Any = None

    def log_in_everywhere(self) -> dict[str, Any]:
        """The package's own check: every combination of sites that it knows, and whether each cookie is good."""
        from webarena.browser_env import auto_login

        Path(".auth").mkdir(exist_ok=True)
        _in_thread(auto_login.main)
        return {"states": sorted(path.name for path in Path(".auth").iterdir())}

    def log_in(self, sites: list[str]) -> dict[str, Any]:
        """Browser state after the package has logged in to the sites, which is also left in `.auth`."""
        from webarena.browser_env import auto_login

        Path(".auth").mkdir(exist_ok=True)
        _in_thread(lambda: auto_login.renew_comb(sites))
        return dict(json.loads(Path(".auth", f"{'.'.join(sites)}_state.json").read_text()))

    def attach(self, endpoint: str, target: str, cookies: list[Any]) -> dict[str, Any]:
        """Goes to a page of another process's browser; pages that are opened from it get the same cookies."""
        if self._playwright is None:
            self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.connect_over_cdp(endpoint)
        # Playwright shows pages of foreign contexts in the default one, where it opens new ones.
        (context,) = self._browser.contexts
        context.clear_cookies()
        context.add_cookies(cookies)
        for page in context.pages:
            client = context.new_cdp_session(page)
            if client.send("Target.getTargetInfo")["targetInfo"]["targetId"] == target:
                client.send("Accessibility.enable")
                self._attached = page, client
                return {"url": page.url}
        raise LookupError(f"no page of {endpoint} has the target id {target}")

    def detach(self) -> dict[str, Any]:
        self._attached = None
        self._browser.close()
        return {}

    def observe(self) -> dict[str, Any]:
        """The attached page as the package's accessibility-tree observation."""
        from webarena.browser_env.processors import TextObervationProcessor

        processor = TextObervationProcessor("accessibility_tree", True, VIEWPORT)
        return {"text": processor.process(*self._page())}

    def score(self, config_file: str, kind: str, answer: str) -> dict[str, Any]:
        """One evaluator's score of the attached page."""
        from webarena.evaluation_harness import evaluators

        classes = {
            "string_match": evaluators.StringEvaluator,
            "url_match": evaluators.URLEvaluator,
            "program_html": evaluators.HTMLContentEvaluator,
        }
        page, client = self._page()
        return {"score": classes[kind]()([{"answer": answer}], config_file, page, client)}

    def env_reset(self, config_file: str, sleep_s: float) -> dict[str, Any]:
        """A whole episode in the package's environment begins."""
        from webarena.browser_env import ScriptBrowserEnv

        self.env_close()
        self._environment = ScriptBrowserEnv(
            headless=True,
            observation_type="accessibility_tree",
            current_viewport_only=True,
            viewport_size=VIEWPORT,
            sleep_after_execution=sleep_s,
        )
        observation, info = self._environment.reset(options={"config_file": config_file})
        return self._seen(observation, info)

    def env_step(self, action: str) -> dict[str, Any]:
        from webarena.browser_env import create_id_based_action

        observation, _, _, _, info = self._environment.step(create_id_based_action(action))
        return self._seen(observation, info)

    def env_score(self, config_file: str, answer: str) -> dict[str, Any]:
        """The package's score of the episode that is at its end."""
        from webarena.evaluation_harness import evaluator_router

        page = self._environment.page
        client = self._environment.get_page_client(page)
        return {"score": evaluator_router(config_file)([{"answer": answer}], config_file, page, client)}

    def env_close(self) -> dict[str, Any]:
        if self._environment is not None:
            self._environment.close()
            self._environment = None
        return {}

    def _seen(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        nodes = info["observation_metadata"]["text"]["obs_nodes_info"]
        return {
            "text": observation["text"],
            "url": info["page"].url,
            "error": "",
            "fail_error": info["fail_error"],
            "boxes": {node_id: node["union_bound"] for node_id, node in nodes.items()},
        }

    def _page(self) -> tuple[Page, CDPSession]:
        if self._attached is None:
            raise RuntimeError("no page is attached")
        return self._attached


if __name__ == "__main__":
    main(sys.argv[1], shlex.split(sys.argv[2]))
