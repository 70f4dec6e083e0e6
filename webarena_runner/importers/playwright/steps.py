"""The steps of a trace: each action with the page as it was before it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from webarena_runner.actions.describe import describe_action
from webarena_runner.importers.playwright.actions import action_of, opens_a_page
from webarena_runner.importers.playwright.archive import Archive
from webarena_runner.importers.playwright.events import AFTER, BEFORE, Recorded, Snapshot, Trace
from webarena_runner.importers.playwright.text import PageText
from webarena_runner.log.wellformed import well_formed
from webarena_runner.types import ActedOn, Action, Decision, Observation, Step

_JPEG = b"\xff\xd8\xff"


@dataclass
class Recording:
    """A trace with its archive, from which pictures are read one by one."""

    trace: Trace
    archive: Archive
    _texts: dict[str, PageText] = field(default_factory=dict)

    def steps(self) -> Iterator[tuple[Step, bytes | None]]:
        for index, (call, action) in enumerate(self._actions()):
            seen = self._before(call)
            observation = self._observation(seen, call.start_ms)
            step = Step(
                index=index,
                started_at=self.time(call.start_ms),
                observation=observation,
                decision=Decision(action=action),
                action_text=describe_action(action, observation),
                action_error=call.error,
                acted_on=_acted_on(call),
                screenshot_file=f"step-{index:03d}.jpeg" if observation.screenshot else None,
                timings_ms={"execute": max(call.end_ms - call.start_ms, 0.0)},
            )
            yield step, observation.screenshot

    def last_page(self) -> Observation | None:
        """What the last action left; None where no snapshot says."""
        snapshots = [each for each in self.trace.snapshots if each.is_main]
        if not snapshots or snapshots[-1].phase != AFTER:
            return None
        return self._observation(snapshots[-1], snapshots[-1].at_ms)

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

    def _observation(self, seen: Snapshot | None, at_ms: float) -> Observation:
        if seen is None:
            return Observation(url="", tabs=(), text="")
        page = self._text_of(seen)
        title = well_formed(page.title(seen.index))
        return Observation(
            url=well_formed(seen.url),
            tabs=(title,),
            text=f"Tab 0 (current): {title}\n\n{well_formed(page.text(seen.index))}",
            screenshot=self._picture(seen.page, max(seen.at_ms, at_ms)),
        )

    def _text_of(self, seen: Snapshot) -> PageText:
        if seen.frame not in self._texts:
            self._texts[seen.frame] = PageText(self.trace.documents[seen.frame])
        return self._texts[seen.frame]

    def _picture(self, page: str, at_ms: float) -> bytes | None:
        """The latest frame of the film strip at that time."""
        frames = self.trace.pictures.get(page, [])
        shown = max((frame for frame in frames if frame[0] <= at_ms), default=None)
        data = self.archive.picture(shown[1]) if shown else None
        return data if data and data.startswith(_JPEG) else None


def _acted_on(call: Recorded) -> ActedOn | None:
    selector = str(call.params.get("selector") or "")
    return ActedOn(element_id=selector, line=selector, box=call.box) if call.box and selector else None
