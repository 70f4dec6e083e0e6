"""Element ids that are the same in every run: the browser's own differ, and with them what the official text shows.

Its filter of repeated static text compares with lines that begin with an id, so that a "36" goes missing below [136].
"""

from collections.abc import Callable

Number = Callable[[str], str]


class StableIds:
    """Numbers the elements of one episode from 1 by first appearance; an element keeps its number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], str] = {}

    def of_page(self, frame_id: str) -> Number:
        """Tabs may be different processes of the browser, which give the same id to different elements."""

        def number(node_id: str) -> str:
            # The minus stays: the official code loses static text with such an id, and the grammar has none.
            sign = "-" if node_id.startswith("-") else ""
            return self._numbers.setdefault((frame_id, node_id), f"{sign}{len(self._numbers) + 1}")

        return number


def browser_id(node_id: str) -> str:
    """The id as the browser gave it: official."""
    return node_id
