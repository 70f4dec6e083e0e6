"""An observer: where the links of the page lead to, which its text does not say."""

from webarena_runner.interfaces import ObservedPage

SCRIPT = "Array.from(document.links, link => link.href)"


class LinkTargets:
    """`Observation.extras["link_targets"]`, for agents that look for it."""

    async def observe(self, page: ObservedPage) -> list[str]:
        found = await page.send(
            "Runtime.evaluate", {"expression": SCRIPT, "returnByValue": True}
        )
        targets: list[str] = found["result"]["value"]
        return targets
