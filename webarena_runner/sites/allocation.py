"""Who may use which copy of which site at once: pure rules, without a clock and without I/O.

On one copy of a site there are any number of readers, or one writer. Requests are looked at in the order of their
queue. One that has to wait holds a place: nobody behind it who is in its way starts there, so that the first in the
queue waits for nothing but the end of what is running. That leaves no way to wait in a circle, and nobody starves.

Readers may join readers as long as none of these has ended, whoever waits: that delays nobody by more than the one
episode which they are waiting for anyhow, and lets all that only read start together.

A request has all its sites from one instance: the home page of an instance leads to the sites of that instance, and an
episode with sites of two could be led out of its own.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from webarena_runner.official.sites import OFFICIAL_SITES


class Place(NamedTuple):
    """A site of an instance, both by name."""

    instance: str
    site: str


@dataclass(frozen=True)
class Request:
    """What an episode needs: `writes` tells whether it may change these sites."""

    sites: tuple[str, ...]
    writes: bool = False

    @property
    def shared(self) -> tuple[str, ...]:
        """Those whose state matters to others."""
        return tuple(site for site in self.sites if site not in OFFICIAL_SITES or not OFFICIAL_SITES[site].stateless)


@dataclass(eq=False)
class Grant:
    """An instance, for one episode; `disturbed` are sites that another one wrote to while this one read them."""

    instance: str
    request: Request
    wrote: set[str] = field(default_factory=set)
    disturbed: set[str] = field(default_factory=set)


@dataclass
class Use:
    """What there is of one place; `is_open` as long as no reader of those that hold it has ended.

    `guests` is how many have it besides who cannot change it, for sites of which nothing is kept.
    `tasks` is how many had it since it was reset (None: it was not), of which one `written` to it. `suspended` is why
    nobody may use it, `for_good` until somebody does something, and `lost` when a reset has failed. `reset` tells
    whether it waits for a reset, or has one.
    """

    holders: list[Grant] = field(default_factory=list)
    guests: int = 0
    is_open: bool = False
    limit: int | None = None
    tasks: int | None = None
    written: bool = False
    suspended: str = ""
    for_good: bool = False
    lost: bool = False
    reset: bool = False

    @property
    def is_used(self) -> bool:
        return bool(self.holders or self.guests)

    @property
    def is_full(self) -> bool:
        return self.limit is not None and len(self.holders) + self.guests >= self.limit

    @property
    def is_written_now(self) -> bool:
        return any(grant.request.writes or grant.wrote for grant in self.holders)

    def admits(self, *, writes: bool) -> bool:
        """Whether one more may use it, as far as those are concerned who do."""
        if self.reset or self.is_full:
            return False
        return not self.holders if writes else not self.is_written_now


# Whether a place is to be reset before its next task: instance, site, tasks since its last reset, whether one wrote.
NeedsReset = Callable[[str, str, int | None, bool], bool]


def never(instance: str, site: str, tasks: int | None, written: bool) -> bool:  # noqa: FBT001
    """The policy of sites that are as they are."""
    return False


class Allocation:
    """What is in use. `instances` are the sites of each by its name, `together` those that one reset of a place puts
    back, by the place."""

    def __init__(
        self,
        instances: Mapping[str, Collection[str]],
        *,
        needs_reset: NeedsReset = never,
        together: Callable[[Place], Collection[str]] = lambda place: (place.site,),
    ) -> None:
        self.instances = {name: frozenset(sites) for name, sites in instances.items()}
        self.uses = {Place(name, site): Use() for name, sites in instances.items() for site in sites}
        self._needs_reset = needs_reset
        self._together = together

    def serving(self, sites: Iterable[str]) -> list[str]:
        """Instances that have all of these sites."""
        return [name for name, served in self.instances.items() if served.issuperset(sites)]

    def suspended(self, instance: str, sites: Iterable[str]) -> dict[Place, Use]:
        """Places of these sites that nobody may use."""
        places = {Place(instance, site): self.uses[Place(instance, site)] for site in sites}
        return {place: use for place, use in places.items() if use.suspended}

    def start(self, request: Request, instance: str) -> Grant:
        grant = Grant(instance, request)
        for use in self._shared(grant).values():
            use.is_open = use.is_open if use.holders else not request.writes
            use.holders.append(grant)
        for use in self._visited(grant):
            use.guests += 1
        return grant

    def wrote(self, grant: Grant, site: str) -> tuple[Grant, ...]:
        """A grant was seen to write to a site, which it may have been given for reading; whom that disturbs."""
        use = self._shared(grant).get(site)
        if use is None:
            return ()
        use.written = True
        grant.wrote.add(site)
        others = tuple(other for other in use.holders if other is not grant and site not in other.disturbed)
        for other in others:
            other.disturbed.add(site)
        return others

    def end(self, grant: Grant) -> None:
        for use in self._visited(grant):
            use.guests -= 1
        for use in self._shared(grant).values():
            use.holders.remove(grant)
            # Also when the place is empty now: only who finds it so opens it.
            use.is_open = False
            use.tasks = None if use.tasks is None else use.tasks + 1
            use.written = use.written or grant.request.writes

    def is_due(self, place: Place) -> bool:
        """Whether it has to be reset before somebody uses it."""
        use = self.uses[place]
        return self._needs_reset(*place, use.tasks, use.written)

    def want_reset(self, place: Place) -> None:
        """Nobody else starts on what is reset together with it."""
        for each in self.reset_with(place):
            self.uses[each].reset = True

    def reset_with(self, place: Place) -> list[Place]:
        return [Place(place.instance, site) for site in {place.site, *self._together(place)}]

    def was_reset(self, instance: str, sites: Iterable[str]) -> None:
        for site in sites:
            use = self.uses[Place(instance, site)]
            use.tasks, use.written, use.reset = 0, False, False
            if use.lost:
                use.suspended, use.for_good, use.lost = "", False, False

    def was_lost(self, instance: str, sites: Iterable[str], why: str) -> None:
        """Nobody may use them until somebody does something, or another reset succeeds."""
        for site in sites:
            use = self.uses[Place(instance, site)]
            use.suspended, use.for_good, use.lost, use.reset = why, True, True, False

    def is_reset(self, instance: str, sites: Iterable[str]) -> bool:
        """Whether one of these waits for a reset, or has one: also one that goes with that of another site."""
        return any(self.uses[Place(instance, site)].reset for site in sites)

    def is_full(self, instance: str, sites: Iterable[str]) -> bool:
        """Whether one of these, which may be one that nothing changes, is used by as many as it can bear now."""
        return any(self.uses[Place(instance, site)].is_full for site in sites)

    def _shared(self, grant: Grant) -> dict[str, Use]:
        return {site: self.uses[Place(grant.instance, site)] for site in grant.request.shared}

    def _visited(self, grant: Grant) -> list[Use]:
        """Its sites that it cannot change: only a reset of the whole instance minds."""
        shared = grant.request.shared
        return [self.uses[Place(grant.instance, site)] for site in grant.request.sites if site not in shared]


class Look:
    """One look through a queue, from its head on.

    `free`: writers need not start on a site in the order of their queue.
    """

    def __init__(self, allocation: Allocation, *, free: bool = False) -> None:
        self._allocation = allocation
        self._free = free
        self._held: dict[Place, bool] = {}
        self._waiting: set[str] = set()
        self.due: list[Place] = []

    def instance_for(self, request: Request) -> str | None:
        """Where the next one in the queue may start now; None: it has to wait, and holds its place."""
        able = [name for name in self._allocation.serving(request.sites) if self._is_up(name, request)]
        if not able:
            # What is down must not keep others from sites that are not.
            return None
        is_next = self._free or not request.writes or self._waiting.isdisjoint(request.shared)
        fitting = [name for name in able if self._fits(name, request)] if is_next else []
        if fitting:
            return min(fitting, key=lambda name: self._preference(name, request))
        self._wait(request, able)
        return None

    def _is_up(self, instance: str, request: Request) -> bool:
        return not self._allocation.suspended(instance, request.sites)

    def _fits(self, instance: str, request: Request) -> bool:
        if self._allocation.is_reset(instance, request.sites) or self._allocation.is_full(instance, request.sites):
            return False
        places = [Place(instance, site) for site in request.shared]
        return all(self._admits(place, writes=request.writes) for place in places)

    def _admits(self, place: Place, *, writes: bool) -> bool:
        use = self._allocation.uses[place]
        if not use.admits(writes=writes) or self._allocation.is_due(place):
            return False
        by_writer = self._held.get(place)
        if by_writer is None:
            return True
        if writes:
            return self._free and by_writer
        return not by_writer or use.is_open

    def _preference(self, instance: str, request: Request) -> tuple[int, ...]:
        """Readers keep together, so that writers find instances without any; writers take turns."""
        uses = [self._allocation.uses[Place(instance, site)] for site in request.shared]
        holders = sum(len(use.holders) for use in uses)
        return (holders if request.writes else -holders, sum(use.tasks or 0 for use in uses) if request.writes else 0)

    def _wait(self, request: Request, able: Collection[str]) -> None:
        if request.writes:
            self._waiting.update(request.shared)
        places = {name: [Place(name, site) for site in request.shared] for name in able}
        chosen = min(able, key=lambda name: self._distance(places[name]))
        for place in places[chosen]:
            self._held[place] = self._held.get(place, False) or request.writes
            if self._allocation.is_due(place):
                self.due.append(place)

    def _distance(self, places: Collection[Place]) -> tuple[int, int]:
        """How far places are from being free for one who waits."""
        held = sum(place in self._held for place in places)
        return held, sum(len(self._allocation.uses[place].holders) for place in places)
