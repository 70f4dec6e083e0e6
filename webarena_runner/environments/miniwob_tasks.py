"""The task set `miniwob`: the tasks of the package, which are made anew from a seed in each episode."""

from typing import Any, ClassVar

from webarena_runner.environments.miniwob_package import Page, checksum, package_version, pages
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.types import Check, Task, Viewport

NAME = "miniwob"
# The sizes that the package plays in.
WINDOW, FLIGHT_WINDOW = Viewport(width=500, height=320), Viewport(width=600, height=800)
# Of tasks that ask for the same in each episode.
REFERENCE: dict[str, list[dict[str, Any]]] = {
    "click-test": [{"do": "click", "role": "button", "name": "Click Me!"}],
    "click-button-sequence": [
        {"do": "click", "role": "button", "name": "ONE"},
        {"do": "click", "role": "button", "name": "TWO"},
    ],
    "click-test-2": [{"do": "click", "role": "button", "name": "ONE"}],
    "focus-text": [{"do": "click", "role": "textbox", "name": ""}],
    "click-dialog": [{"do": "click", "role": "button", "name": "Close"}],
}


class MiniWobTasks:
    """Ids are the names of the package's tasks, such as `click-test`."""

    name = NAME
    served_by = None
    profile: ClassVar[str] = "webarena"

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        """Raises ConfigError when the package is not installed."""
        found = pages()
        return LoadedTasks(
            name=NAME,
            tasks=tuple(_task(page) for page in found),
            sha256=checksum(found),
            source=f"miniwob {package_version()}",
            subsets={"reference": tuple(page.name for page in found if page.name in REFERENCE)},
            environment=NAME,
        )


def _task(page: Page) -> Task:
    """Which task of its kind it is, and so its intent, is known when the episode has begun."""
    return Task(
        task_set=NAME,
        task_id=page.name,
        intent=page.about or f"Do what the page {page.name} asks for",
        sites=(),
        start_urls=(),
        login_sites=(),
        checks=(Check(kind="environment", spec={}),),
        viewport=FLIGHT_WINDOW if page.is_flight else WINDOW,
        raw={"page": page.path, "reference_actions": REFERENCE.get(page.name, [])},
    )
