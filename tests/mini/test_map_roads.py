"""The map's router: shortest ways that obey the rules of the road, and their words."""

import itertools
import math
from random import Random

import pytest

from webarena_mini.region import Place, region
from webarena_mini.region.model import distance_km
from webarena_mini.sites.map.domain.geo import bearing, compass, length_text, parse_point, time_text, time_words
from webarena_mini.sites.map.domain.guidance import steps_of
from webarena_mini.sites.map.domain.roads import edges, one_way_streets, profiles, turns
from webarena_mini.sites.map.domain.router import NoRoute, find_route

BIKE, CAR, FOOT = (profile.engine for profile in profiles())


def some_pairs(count: int) -> list[tuple[Place, Place]]:
    rng = Random(7)
    return [(rng.choice(region().places), rng.choice(region().places)) for _ in range(count)]


@pytest.mark.parametrize("engine", [BIKE, CAR, FOOT])
def test_places_can_be_reached_and_left(engine: str) -> None:
    hub = region().places[0]
    for place in region().places[1::31]:
        assert find_route(engine, hub.at, place.at).distance_m > 0
        assert find_route(engine, place.at, hub.at).distance_m > 0


def test_a_way_is_one_unbroken_line() -> None:
    for start, end in some_pairs(12):
        for engine in (BIKE, CAR, FOOT):
            way = find_route(engine, start.at, end.at)
            for one, other in itertools.pairwise(way.stretches):
                assert distance_km(one.points[1], other.points[0]) < 0.001
            assert way.distance_m >= distance_km(way.points[0], way.points[-1]) * 999
            assert sum(step.length_m for step in steps_of(way)) == pytest.approx(way.distance_m)


def test_cars_keep_out_of_pedestrian_streets_and_the_wrong_way() -> None:
    assert len(one_way_streets()) > 10
    for start, end in some_pairs(60):
        for stretch in find_route(CAR, start.at, end.at).stretches:
            edge = stretch.edge
            assert edge.street.kind not in ("pedestrian", "path")
            if edge.one_way:
                ahead = bearing(region().nodes[edge.start], region().nodes[edge.end])
                driven = bearing(*stretch.points)
                assert stretch.length_m < 1 or abs((ahead - driven + 180) % 360 - 180) < 5


def test_one_way_streets_make_no_detour_over_another_town() -> None:
    towns = region().towns
    neighbors = (pair for pair in itertools.combinations(towns, 2) if distance_km(pair[0].at, pair[1].at) < 15)
    for start, end in neighbors:
        there, back = (find_route(CAR, *pair).duration_s for pair in ((start.at, end.at), (end.at, start.at)))
        assert max(there, back) < 1.2 * min(there, back) + 60, f"{start.name} and {end.name}"


def test_no_way_is_shorter_in_time_than_the_one_found() -> None:
    """Against relaxation over all crossings of the car network, between crossings without one-way streets."""
    exits = turns(CAR)
    one_way = {node for edge in edges() if edge.one_way for node in (edge.start, edge.end)}
    cost = {node: math.inf for node in exits}
    origin = next(node for node in exits if node not in one_way)
    cost[origin] = 0.0
    changed = True
    while changed:
        changed = False
        for node, ways_out in exits.items():
            for turn in ways_out:
                if cost[node] + turn.cost < cost[turn.to] - 1e-9:
                    cost[turn.to], changed = cost[node] + turn.cost, True
    nodes = region().nodes
    for target in [node for node in exits if node not in one_way][5::50]:
        found = find_route(CAR, nodes[origin], nodes[target]).duration_s
        assert found == pytest.approx(cost[target], abs=0.01)


def test_engines_give_different_answers() -> None:
    far = [(start, end) for start, end in some_pairs(40) if start.town != end.town]
    for start, end in far:
        bike, car, foot = (find_route(engine, start.at, end.at) for engine in (BIKE, CAR, FOOT))
        assert car.duration_s < bike.duration_s < foot.duration_s
    assert any(
        find_route(CAR, start.at, end.at).distance_m > find_route(FOOT, start.at, end.at).distance_m + 50
        for start, end in some_pairs(40)
    )


def test_a_way_to_the_same_place_is_empty() -> None:
    at = region().places[3].at
    assert find_route(FOOT, at, at).distance_m == 0


def test_nothing_leads_into_the_sea() -> None:
    with pytest.raises(NoRoute, match="no road near"):
        find_route(CAR, region().places[0].at, (region().nodes[0][0], region().nodes[0][1] - 1))


def test_instructions_begin_and_end_a_way() -> None:
    start, end = region().place("Lantern Theatre"), region().place("Wintersett Observatory")
    steps = steps_of(find_route(CAR, start.at, end.at))
    assert steps[0].text.startswith("Start on ")
    assert steps[-1].text == "You have arrived at your destination"
    assert any("Alder Valley Road (H1)" in step.text for step in steps)
    assert [step.kind for step in steps].count("depart") == 1


@pytest.mark.parametrize(
    ("meters", "text"),
    [(0, "0m"), (748.4, "748m"), (999.6, "1.0km"), (2349, "2.3km"), (9949, "9.9km"), (38_400, "38km")],
)
def test_lengths(meters: float, text: str) -> None:
    assert length_text(meters) == text


def test_times_are_hours_and_minutes() -> None:
    assert [time_text(seconds) for seconds in (20, 40, 3570, 5040)] == ["0:00", "0:01", "1:00", "1:24"]
    assert [time_words(seconds) for seconds in (960, 5040)] == ["16 min", "1 h 24 min"]


def test_points_and_directions() -> None:
    assert parse_point(" 47.1, -129.3 ") == (47.1, -129.3)
    assert parse_point("47.1 -129.3") == (47.1, -129.3)
    assert [parse_point(text) for text in ("47.1", "a, b", "99, 1", "12 Quay Street")] == [None] * 4
    assert compass(bearing((47.0, -129.0), (47.0, -128.9))) == "east"
