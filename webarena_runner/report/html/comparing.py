"""Writes the pages of a comparison: an overview, and a page with both trajectories for every task that flipped."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from webarena_runner.report.breakdown import FEW_TEMPLATES
from webarena_runner.report.comparison import wording
from webarena_runner.report.comparison.runs import Compared
from webarena_runner.report.html import links
from webarena_runner.report.html.compared import Flip, FlipView, flip_view, flips
from webarena_runner.report.html.pictures import place
from webarena_runner.report.html.templates import Frame, asset_text, render
from webarena_runner.report.html.writing import Size, Written, written_anew

STYLES = (links.COMPARE_STYLE,)


@dataclass(frozen=True)
class ComparisonPages:
    """Renders them, in any order."""

    compared: Compared

    def overview(self, flips: list[Flip]) -> str:
        """`index.html`."""
        return render(
            "compare.html",
            Frame(styles=STYLES),
            compared=self.compared,
            against=list(zip(self.compared.labels[1:], self.compared.comparisons, strict=True)),
            flips=flips,
            words=wording,
            few=FEW_TEMPLATES,
            made_at=datetime.now(UTC),
        )

    def flip(self, view: FlipView) -> str:
        return render("flip.html", Frame(root="../", styles=STYLES), compared=self.compared, view=view)


def write_comparison(
    compared: Compared, folder: Path, *, on_pages: Callable[[int, int], None] = lambda done, of: None
) -> Written:
    """`on_pages` hears how many tasks are done, and of how many.

    Raises:
        UsageError: the folder holds something else, or cannot be written.
    """
    pages, flipped = ComparisonPages(compared), list(flips(compared))
    with written_anew(folder) as new:
        size = _write_frame(pages, flipped, new)
        for at, flip in enumerate(flipped):
            before, after = flipped[at - 1] if at else None, flipped[at + 1] if at + 1 < len(flipped) else None
            size += _write_flip(pages, flip_view(flip, before=before, after=after), new)
            on_pages(at + 1, len(flipped))
    return Written(folder / links.OVERVIEW, len(flipped), size)


def _write_frame(pages: ComparisonPages, flipped: list[Flip], folder: Path) -> Size:
    """All but the tasks."""
    for part in (links.TASKS, links.STATIC):
        (folder / part).mkdir()
    texts = {links.asset(name): asset_text(name) for name in (links.STYLE, links.SCRIPT, *STYLES)}
    texts[links.OVERVIEW] = pages.overview(flipped)
    return Size(pages=sum((folder / path).write_bytes(text.encode()) for path, text in texts.items()))


def _write_flip(pages: ComparisonPages, view: FlipView, folder: Path) -> Size:
    data, size = pages.flip(view).encode(), 0
    (folder / view.flip.page).write_bytes(data)
    for picture in (picture for side in view.sides for picture in side.view.pictures):
        target = folder / picture.page_path
        if not target.exists():
            # A run that is held against several has the same episode on several pages.
            target.parent.mkdir(parents=True, exist_ok=True)
            size += place(picture, folder)
    return Size(len(data), size)
