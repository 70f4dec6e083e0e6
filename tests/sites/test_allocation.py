"""The rules of who may use which copy of a site at once, under random walks and at their edges."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from webarena_runner.sites.allocation import Allocation, Grant, Look, Place, Request

SITES = ("shopping", "reddit", "gitlab", "map")


def reads(*sites: str) -> Request:
    return Request(sites)


def writes(*sites: str) -> Request:
    return Request(sites, writes=True)


@dataclass
class Walk:
    """A queue that is worked off by chance, with the rules held against what is in use at each moment."""

    drawn: random.Random
    allocation: Allocation
    free: bool = False
    queue: list[Request] = field(default_factory=list)
    running: list[Grant] = field(default_factory=list)
    began: list[Request] = field(default_factory=list)

    def request(self) -> Request:
        sites = self.drawn.sample(SITES, k=self.drawn.choice((1, 1, 1, 2, 3)))
        return Request(tuple(sites), writes=self.drawn.random() < 0.4)

    def start_one(self) -> bool:
        look = Look(self.allocation, free=self.free)
        for request in self.queue:
            instance = look.instance_for(request)
            if instance is not None:
                self.require_rules_let(request, instance)
                self.running.append(self.allocation.start(request, instance))
                self.queue.remove(request)
                self.began.append(request)
                return True
        return False

    def end_one(self) -> None:
        self.allocation.end(self.running.pop(self.drawn.randrange(len(self.running))))

    def require_rules_let(self, request: Request, instance: str) -> None:
        for grant in self.running:
            if grant.instance == instance:
                both = set(grant.request.shared) & set(request.shared)
                assert not both or not (grant.request.writes or request.writes)


def allocation(instances: int) -> Allocation:
    return Allocation({str(number): SITES for number in range(1, instances + 1)})


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("instances", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_all_is_granted_and_no_two_write_at_once(seed: int, instances: int, *, free: bool) -> None:
    walk = Walk(random.Random(seed), allocation(instances), free)
    walk.queue = [walk.request() for _ in range(60)]
    while walk.queue or walk.running:
        while walk.drawn.random() < 0.8 and walk.start_one():
            pass
        if walk.running and walk.drawn.random() < 0.7:
            walk.end_one()
        elif not walk.running:
            assert walk.start_one() or not walk.queue, "nothing runs, and nothing may start"
    assert len(walk.began) == 60
    assert all(not use.holders for use in walk.allocation.uses.values())


@pytest.mark.parametrize("instances", [1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_writers_of_a_site_start_in_the_order_of_the_queue(seed: int, instances: int) -> None:
    walk = Walk(random.Random(seed), allocation(instances))
    walk.queue = [Request(walk.request().sites, writes=walk.drawn.random() < 0.5) for _ in range(60)]
    planned = list(walk.queue)
    while walk.queue or walk.running:
        while walk.start_one():
            pass
        walk.end_one()
    for site in SITES[:3]:
        assert _writers(walk.began, site) == _writers(planned, site)


def _writers(requests: list[Request], site: str) -> list[int]:
    return [id(request) for request in requests if request.writes and site in request.shared]


@pytest.mark.parametrize("seed", range(5))
def test_a_stream_of_readers_starves_no_writer(seed: int) -> None:
    """Readers come for ever; those that run when the writer comes end, and then it starts."""
    walk = Walk(random.Random(seed), allocation(1))
    walk.queue = [reads("gitlab") for _ in range(3)]
    while walk.start_one():
        pass
    walk.queue.append(writes("gitlab"))
    for _ in range(20):
        walk.queue.append(reads("gitlab"))
        while walk.start_one():
            pass
        if any(grant.request.writes for grant in walk.running):
            break
        walk.end_one()
    assert any(grant.request.writes for grant in walk.running)


def test_a_stream_of_writers_starves_no_reader_of_two_sites() -> None:
    walk = Walk(random.Random(1), allocation(1))
    walk.queue = [writes("gitlab"), writes("reddit"), reads("gitlab", "reddit")]
    for _ in range(10):
        while walk.start_one():
            pass
        walk.end_one()
        walk.queue += [writes("gitlab"), writes("reddit")]
        if reads("gitlab", "reddit") in walk.began:
            break
    assert reads("gitlab", "reddit") in walk.began


def started(rules: Allocation, *requests: Request, free: bool = False) -> Iterator[str | None]:
    """Where each of a queue starts, all in one look."""
    look = Look(rules, free=free)
    for request in requests:
        instance = look.instance_for(request)
        if instance is not None:
            rules.start(request, instance)
        yield instance


def test_all_that_only_read_start_together_past_a_writer_that_waits() -> None:
    queue = (reads("reddit"), writes("reddit"), reads("reddit"), reads("reddit"))
    assert list(started(allocation(1), *queue)) == ["1", None, "1", "1"]


def test_readers_keep_together_so_that_writers_find_instances_without_any() -> None:
    queue = (reads("reddit"), reads("reddit"), writes("reddit"), writes("reddit"), writes("reddit"))
    assert list(started(allocation(3), *queue)) == ["1", "1", "2", "3", None]


def test_a_later_writer_waits_behind_one_of_two_sites_unless_the_order_is_free() -> None:
    queue = (writes("reddit"), writes("reddit", "gitlab"), writes("gitlab"))
    assert list(started(allocation(1), *queue)) == ["1", None, None]
    assert list(started(allocation(1), *queue, free=True)) == ["1", None, "1"]


def test_nobody_waits_for_a_site_that_nothing_changes() -> None:
    assert list(started(allocation(1), writes("map"), writes("map"), reads("map"))) == ["1", "1", "1"]


def test_what_is_suspended_keeps_nobody_from_other_sites() -> None:
    rules = allocation(2)
    for name in "12":
        rules.uses[Place(name, "gitlab")].suspended = "it is down"
    queue = (writes("gitlab", "reddit"), writes("reddit"), reads("gitlab"), reads("shopping"))
    assert list(started(rules, *queue)) == [None, "1", None, "1"]


def test_a_suspended_copy_leaves_the_others() -> None:
    rules = allocation(2)
    rules.uses[Place("1", "gitlab")].suspended = "it is down"
    assert list(started(rules, writes("gitlab"), writes("gitlab"), writes("reddit"))) == ["2", None, "1"]


def test_a_limit_holds_for_readers() -> None:
    rules = allocation(2)
    rules.uses[Place("1", "reddit")].limit = 2
    assert list(started(rules, *[reads("reddit")] * 4)) == ["1", "1", "2", "2"]


def test_an_instance_that_lacks_a_site_is_not_asked_for_it() -> None:
    rules = Allocation({"a": ("reddit",), "b": ("reddit", "gitlab")})
    assert list(started(rules, reads("reddit", "gitlab"), writes("gitlab"), writes("reddit"))) == ["b", None, "a"]


def test_a_reader_that_is_seen_to_write_is_joined_by_nobody_and_disturbs_those_who_are_there() -> None:
    rules = allocation(1)
    first, other = (rules.start(reads("reddit"), "1") for _ in range(2))
    assert rules.wrote(first, "reddit") == (other,)
    assert rules.wrote(first, "reddit") == ()
    assert rules.wrote(first, "gitlab") == (), "it does not have that"
    assert (first.disturbed, other.disturbed) == (set(), {"reddit"})
    assert list(started(rules, reads("reddit"))) == [None]
    rules.end(first)
    assert list(started(rules, reads("reddit"))) == ["1"]
    assert rules.uses[Place("1", "reddit")].written


def test_a_place_that_is_due_is_not_used_and_is_told() -> None:
    rules = Allocation({"1": SITES, "2": SITES}, needs_reset=lambda _instance, _site, _tasks, written: written)
    for name in "12":
        rules.end(rules.start(writes("reddit"), name))
    look = Look(rules)
    assert look.instance_for(reads("reddit")) is None
    assert look.due == [Place("1", "reddit")]
    assert look.instance_for(writes("reddit")) is None
    assert look.due == [Place("1", "reddit"), Place("2", "reddit")], "each who waits has another one reset"
    rules.was_reset("2", ["reddit"])
    assert Look(rules).instance_for(reads("reddit")) == "2"


def test_a_limit_holds_for_sites_that_nothing_changes_too() -> None:
    rules = allocation(1)
    rules.uses[Place("1", "map")].limit = 1
    assert list(started(rules, reads("map"), reads("map"), reads("gitlab"))) == ["1", None, "1"]
