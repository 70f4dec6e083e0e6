"""The steps of a trace: each action with the page as it was before it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from webarena_runner.actions.describe import describe_action
from webarena_runner.importers.playwright.actions import action_of, opens_a_page
from webarena_runner.importers.playwright.archive import Archive
from webarena_runner.importers.playwright.events import AFTER, BEFORE, Recorded, Snapshot, Trace
from webarena_runner.importers.playwright.text import PageText
from webarena_runner.types import ActedOn, Action, Box, Decision, Observation, Step


@dataclass
class Recording:
    """A trace with its archive, from which pictures are read one by one; `context` is the file of its events."""

    trace: Trace
    archive: Archive
    context: str
    _texts: dict[str, PageText] = field(default_factory=dict)

    def steps(self) -> Iterator[tuple[Step, bytes | None]]:
        for index, (call, action) in enumerate(self._actions()):
            seen = self._before(call)
            observation, scale = self._observation(seen, call.start_ms)
            step = Step(
                index=index,
                started_at=self.time(call.start_ms),
                observation=observation,
                decision=Decision(action=action),
                action_text=describe_action(action, observation),
                action_error=call.error,
                acted_on=_acted_on(call, scale),
                screenshot_file=f"step-{index:03d}.jpeg" if observation.screenshot else None,
                timings_ms={"execute": max(call.end_ms - call.start_ms, 0.0)},
            )
            yield step, observation.screenshot

    def last_page(self) -> Observation | None:
        """What the last action left; None where no snapshot says."""
        snapshots = [each for each in self.trace.snapshots if each.is_main]
        if not snapshots or snapshots[-1].phase != AFTER:
            return None
        return self._observation(snapshots[-1], snapshots[-1].at_ms)[0]

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first call to the end of the last."""
        calls = list(self.trace.calls.values())
        start_ms = min((call.start_ms for call in calls), default=0.0)
        end_ms = max((call.end_ms for call in calls), default=start_ms)
        return self.time(start_ms), self.time(end_ms)

    def time(self, at_ms: float) -> datetime:
        try:
            return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=self.trace.epoch_ms + at_ms)
        except (OverflowError, ValueError):
            return datetime.fromtimestamp(0, UTC)

    def _actions(self) -> Iterator[tuple[Recorded, Action]]:
        """Calls that open the start pages, before any other action, are none of the person's."""
        has_begun = False
        for call in sorted(self.trace.calls.values(), key=lambda call: call.start_ms):
            action = action_of(replace(call, page=self._page_of(call)), self.trace.pages)
            if action is None or not (has_begun := has_begun or not opens_a_page(call)):
                continue
            yield call, action

    def _page_of(self, call: Recorded) -> str:
        """Newer traces say it in a call's snapshots alone; of a call without any it is the page of the next one."""
        own = (each.page for each in self.trace.snapshots if each.call_id == call.call_id)
        later = (each.page for each in self.trace.snapshots if each.at_ms >= call.start_ms)
        return call.page or next(own, "") or next(later, "")

    def _before(self, call: Recorded) -> Snapshot | None:
        """The call's own snapshot; for a call without one the latest before it, of its page where that is known."""
        own = [each for each in self.trace.snapshots if each.call_id == call.call_id and each.is_main]
        found = next((each for each in own if each.phase == BEFORE), None)
        if found or own and own[0].phase != AFTER:
            return found or own[0]
        earlier = [each for each in self.trace.snapshots if each.is_main and each.at_ms <= call.start_ms]
        on_page = [each for each in earlier if not call.page or each.page == call.page]
        return max(on_page or earlier, key=lambda each: each.at_ms, default=None)

    def _observation(self, seen: Snapshot | None, at_ms: float) -> tuple[Observation, float]:
        """With how many pixels of its picture a CSS pixel has."""
        if seen is None:
            return Observation(url="", tabs=(), text=""), 1.0
        page = self._text_of(seen)
        title = page.title(seen.index)
        picture, scale = self._picture(seen.page, max(seen.at_ms, at_ms))
        text = f"Tab 0 (current): {title}\n\n{page.text(seen.index)}"
        return Observation(url=seen.url, tabs=(title,), text=text, screenshot=picture), scale

    def _text_of(self, seen: Snapshot) -> PageText:
        if seen.frame not in self._texts:
            self._texts[seen.frame] = PageText(self.trace.documents[seen.frame])
        return self._texts[seen.frame]

    def _picture(self, page: str, at_ms: float) -> tuple[bytes | None, float]:
        """The latest frame of the film strip at that time, and its scale."""
        frames = self.trace.pictures.get(page, [])
        shown = max((frame for frame in frames if frame.at_ms <= at_ms), default=None)
        data = self.archive.picture(self.context, shown.file) if shown else None
        width = _width(data) if data else None
        if shown is None or width is None:
            return None, 1.0
        return data, width / shown.width if shown.width > 0 else 1.0


def _width(data: bytes) -> int | None:
    """None for what is no JPEG picture."""
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            return image.size[0]
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return None


def _acted_on(call: Recorded, scale: float) -> ActedOn | None:
    """Its box is in pixels of the picture, which is smaller than the page was."""
    selector = str(call.params.get("selector") or "")
    if not selector or call.box is None:
        return None
    box = Box(**{name: round(scale * value, 2) for name, value in call.box})
    return ActedOn(element_id=selector, line=selector, box=box)
