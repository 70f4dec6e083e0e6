"""The map's search: names, addresses, kinds of places, near and in, and questions in people's own words."""

import re

import pytest

from tests.mini.map_site import field, map_site, results
from webarena_mini.region import region
from webarena_mini.region.model import distance_km

MUSEUM, THEATRE = "Halvern Maritime Museum", "Lantern Theatre"


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("lantern theatre", THEATRE), ("LANTERN THEATRE", THEATRE), ("Port Alder", "Port Alder"), ("alder", "Alder"),
        ("halvern maritime", MUSEUM), ("fern house fernhill", "Fernhill Fern House"), ("halvern", "Halvern"),
        ("Saint Ebba's Church", "Saint Ebba's Church"), ("quay", "Quay Street"),
    ],
)  # fmt: skip
async def test_a_name_is_found(query: str, first: str) -> None:
    async with map_site() as site:
        assert (await site.hits(query))[0].split(",")[0] == first


async def test_an_address_is_found_and_an_unknown_number_leads_to_its_street() -> None:
    async with map_site() as site:
        place = region().place(THEATRE)
        street = region().streets[place.street - 1].name
        assert (await site.hits(f"{place.house_number} {street}, Port Alder"))[0].startswith(THEATRE)
        assert (await site.hits(f"9{place.house_number} {street}, Port Alder"))[0].startswith(f"{street}, Port Alder")


@pytest.mark.parametrize("query", ["pharmacies near Lantern Theatre", "closest pharmacy to Lantern Theatre",
                                   "pharmacy around the lantern theatre",
                                   "drugstores nearby Lantern Theatre"])  # fmt: skip
async def test_near_means_by_distance(query: str) -> None:
    async with map_site() as site:
        origin = region().place(THEATRE).at
        near = [place for place in region().places if place.kind == "pharmacy" and distance_km(place.at, origin) < 8]
        near.sort(key=lambda place: distance_km(place.at, origin))
        assert [name.split(",")[0] for name in await site.hits(query)] == [place.name for place in near]


@pytest.mark.parametrize(
    "query", ["hotels in Quillbury", "hotels Quillbury", "Quillbury hotels", "all inns in quillbury"]
)
async def test_in_means_inside_the_town(query: str) -> None:
    async with map_site() as site:
        town = region().town("Quillbury")
        wanted = {place.name for place in region().places if place.kind == "hotel" and place.town == town.id}
        assert {name.split(",")[0] for name in await site.hits(query)} == wanted


async def test_a_kind_in_a_district_and_a_cuisine() -> None:
    async with map_site() as site:
        assert {name.split(", ")[-3] for name in await site.hits("castles in Alder Coast")} == {"Alder Coast"}
        kinds = {place.facts["cuisine"].lower() for place in region().places if place.kind == "restaurant"}
        counts = [len(await site.hits(f"{cuisine} restaurants")) for cuisine in sorted(kinds)]
        assert sum(counts) == sum(place.kind == "restaurant" for place in region().places)


@pytest.mark.parametrize(
    ("query", "tag", "value"),
    [("5 star hotels", "stars", "5"), ("free museums in Halvern", "fee", "no"),
     ("wheelchair accessible hospitals", "wheelchair", "yes"), ("italian restaurants", "cuisine", "italian")],
)  # fmt: skip
async def test_words_before_a_kind_narrow_it_down(query: str, tag: str, value: str) -> None:
    async with map_site() as site:
        rows = site.database.all(f"select name from element where json_extract(tags, '$.{tag}') = ?", value)
        wanted = {row["name"] for row in rows} & {place.name for place in region().places if place.kind in query[:-1]}
        found = {name.split(",")[0] for name in await site.hits(query)}
        assert found == wanted


async def test_the_whole_region_is_an_area_too() -> None:
    async with map_site() as site:
        assert await site.hits("airports in Halvern") == await site.hits("airports") != []


async def test_where_nothing_is_near_the_nearest_are_found() -> None:
    async with map_site() as site:
        origin = region().town("Larchend").at
        hospitals = [place for place in region().places if place.kind == "hospital"]
        hospitals.sort(key=lambda place: distance_km(place.at, origin))
        assert distance_km(hospitals[0].at, origin) > 8
        found = await site.hits("nearest hospital to Larchend")
        assert [name.split(",")[0] for name in found] == [place.name for place in hospitals[:3]]


async def test_what_is_around_a_place_and_streets_in_short() -> None:
    async with map_site() as site:
        around = await site.hits("near Lantern Theatre")
        assert len(around) == 20
        assert not any(name.startswith(THEATRE) for name in around)
        place = region().place(THEATRE)
        assert (await site.hits(f"{place.house_number} Linden Ave, Port Alder"))[0].startswith(THEATRE)


@pytest.mark.parametrize("query", ["directions from Quillbury to Fernhill", "from quillbury to fernhill"])
async def test_a_question_for_the_way_leads_to_directions(query: str) -> None:
    async with map_site() as site:
        html = await site.get("/search", query=query)
        assert site.url.startswith("/directions?")
        assert field(html, "route_from").startswith("Quillbury, ")


@pytest.mark.parametrize("path", ["/search?query=museums&page=99999", "/history?page=99999"])
async def test_after_the_last_page_comes_the_last_page(path: str) -> None:
    async with map_site() as site:
        html = await site.get(path)
        assert "Previous results" in html or "Newer changesets" in html
        assert re.search(r'<ol class="(?:hits numbered|changesets)"', html)


async def test_results_come_in_pages() -> None:
    async with map_site() as site:
        museums = [place.name for place in region().places if place.kind == "museum"]
        first = await site.get("/search", query="museums")
        assert f"{len(museums)} results" in first
        assert "More results" in first
        second = await site.get("/search", query="museums", page="2")
        assert "More results" not in second
        assert sorted(name.split(",")[0] for name in results(first) + results(second)) == sorted(museums)


async def test_nothing_found_says_so_and_coordinates_say_what_is_there() -> None:
    async with map_site() as site:
        assert "No results found for “zyxwv”" in await site.get("/search", query="zyxwv")
        place = region().place(THEATRE)
        assert (await site.hits(f"{place.at[0]}, {place.at[1]}"))[0].startswith(THEATRE)
