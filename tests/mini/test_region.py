"""The region that the wiki and the map share holds together."""

from collections import defaultdict

from webarena_mini.region import region
from webarena_mini.region.build import build_region
from webarena_mini.region.model import distance_km


def test_building_it_again_gives_the_same() -> None:
    first = build_region()
    build_region.cache_clear()
    assert build_region() == first


def test_every_node_can_be_reached_from_every_other() -> None:
    beside = defaultdict(set)
    for street in region().streets:
        for one, other in zip(street.nodes, street.nodes[1:], strict=False):
            beside[one].add(other)
            beside[other].add(one)
    reached, todo = {0}, [0]
    while todo:
        new = beside[todo.pop()] - reached
        reached |= new
        todo += new
    assert len(reached) == len(region().nodes)


def test_ids_are_positions() -> None:
    land = region()
    for things in (land.towns, land.streets, land.places):
        assert [thing.id for thing in things] == list(range(1, len(things) + 1))


def test_there_are_enough_places_and_no_address_twice() -> None:
    land = region()
    assert len(land.towns) >= 14
    assert len(land.places) >= 300
    addresses = [(place.street, place.house_number) for place in land.places]
    assert len(set(addresses)) == len(addresses)


def test_a_town_has_no_two_places_of_the_same_name() -> None:
    names = [(place.town, place.name) for place in region().places]
    assert len(set(names)) == len(names)


def test_places_stand_beside_their_street() -> None:
    land = region()
    for place in land.places:
        street = land.streets[place.street - 1]
        assert place.node in street.nodes
        assert street.town == place.town
        assert distance_km(place.at, land.nodes[place.node]) < 0.2


def test_railways_pass_their_stations() -> None:
    land = region()
    for line in land.railways:
        stops = [land.places[stop - 1] for stop in line.stations]
        assert {stop.kind for stop in stops} == {"station"}
        positions = [line.points.index(stop.at) for stop in stops]
        assert positions == sorted(positions)


def test_places_are_found_by_name() -> None:
    museum = region().place("Halvern Maritime Museum")
    assert region().town("Port Alder").id == museum.town
    assert region().address(museum).endswith(", Port Alder 4101")


def test_a_restaurant_cooks_what_its_name_promises() -> None:
    cooked = {(place.name, place.facts["cuisine"]) for place in region().places if place.kind == "restaurant"}
    assert {("Lucia's Table", "Italian"), ("The Seven Herrings", "seafood"), ("Tamarind Garden", "Indian")} <= cooked
    assert len({name for name, _ in cooked}) == len(cooked)
