"""The map as a visitor meets it: search, directions, elements, history, and pages for every mistake."""

import re

import pytest

from tests.mini.map_site import MapSite, cells, field, map_site, results
from webarena_mini.region import region
from webarena_mini.region.model import distance_km
from webarena_mini.sites.map.domain.cover import woods
from webarena_mini.sites.map.domain.view import View, whole_region

HOUSES, WOODS = 'fill="#cfc6b8"', 'fill="#d3e2c2"'
MUSEUM, THEATRE = "Halvern Maritime Museum", "Lantern Theatre"
PAGES = [
    "/", "/search", "/search?query=museums&page=2", "/directions", "/directions?to=Lantern%20Theatre", "/history",
    "/history?page=999", "/places", "/towns", "/text", "/text?map=15/47.09/-129.33", "/about", "/help", "/copyright",
    "/query?lat=47.09&lon=-129.33", "/query?lat=0&lon=0", "/?map=99/47.1/-129.3", "/?map=nan/1/2",
    "/search?query=%00%22*'(",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
async def test_pages_answer_and_are_whole(path: str) -> None:
    async with map_site() as site:
        html = await site.get(path)
        assert html.count("<h1") == 1
        assert "{{" not in html
        assert "None" not in re.sub(r"<[^>]+>", " ", html)


@pytest.mark.parametrize("path", ["/nothing", "/node/5", "/way/99", f"/relation/{10**30}", "/node/5/history",
                                  "/changeset/1", "/user/nobody", "/assets/x/other.css", "/node/abc",
                                  f"/node/{'9' * 5000}", f"/changeset/{'9' * 5000}"])  # fmt: skip
async def test_what_does_not_exist_is_a_page_that_says_so(path: str) -> None:
    async with map_site() as site:
        assert "Go to the map" in await site.get(path, 404)


async def test_nothing_can_be_posted() -> None:
    async with map_site() as site:
        response = await site.http.post("/search", data={"query": "x"})
        assert response.status_code == 405
        assert "Not allowed" in response.text


async def test_links_of_the_main_pages_lead_somewhere() -> None:
    async with map_site() as site:
        pages = ["/", "/directions?route_from=Quillbury&route_to=Fernhill", site.path(MUSEUM), site.path("Port Alder"),
                 site.path("Alder Valley Line"), "/history", "/towns", "/search?query=hotels"]  # fmt: skip
        links = {link for page in pages for link in re.findall(r'(?:href|src)="(/[^"#]*)"', await site.get(page))}
        assert len(links) > 150
        for link in sorted(links)[::4]:
            response = await site.http.get(link)
            assert response.status_code == 200, link


async def ask_the_way(site: MapSite, engine: str, start: str, end: str, **more: str) -> str:
    return await site.get("/directions", engine=engine, route_from=start, route_to=end, **more)


async def test_directions_end_at_an_address_that_can_be_shared() -> None:
    async with map_site() as site:
        html = await ask_the_way(site, "fossgis_osrm_foot", THEATRE, MUSEUM)
        assert re.fullmatch(r"/directions\?engine=fossgis_osrm_foot&route=[-\d.,;]+", site.url)
        for name, place in (("route_from", THEATRE), ("route_to", MUSEUM)):
            assert field(html, name).startswith(f"{place}, ")
            assert "Port Alder, Alder Coast, 4101, Halvern" in field(html, name)
        assert re.search(r"Distance: [\d.]+k?m\. Time: 0:\d\d\.", html)
        assert html == await site.get(site.url)


async def test_the_engines_stand_in_the_official_order() -> None:
    async with map_site() as site:
        html = await site.get("/directions")
        select = re.search(r'<div id="content".*?(<select class="routing_engines".*?</select>)', html, re.DOTALL)
        assert select
        options = re.findall(r'<option value="(\w+)"( selected)?>(\w+)<', select[1])
        assert options == [
            ("fossgis_osrm_bike", "", "Bicycle"),
            ("fossgis_osrm_car", " selected", "Car"),
            ("fossgis_osrm_foot", "", "Foot"),
        ]


async def test_the_steps_add_up_and_other_engines_differ() -> None:
    async with map_site() as site:
        times = []
        for engine in ("bike", "car", "foot"):
            html = await ask_the_way(site, f"fossgis_osrm_{engine}", "Quillbury Station", "Fernhill Station")
            rows = list(cells(html, "turn"))
            assert rows[-1][1] == "You have arrived at your destination"
            assert [row[0] for row in rows] == [f"{number}." for number in range(1, len(rows) + 1)]
            times.append(re.search(r"Time: ([\d:]+)", html)[1])  # type: ignore[index]
        assert len(set(times)) == 3


async def test_the_way_back() -> None:
    async with map_site() as site:
        html = await ask_the_way(site, "fossgis_osrm_bike", THEATRE, MUSEUM, reverse="1")
        assert field(html, "route_from").startswith(MUSEUM)
        assert field(html, "route_to").startswith(THEATRE)


async def test_one_end_alone_is_kept() -> None:
    async with map_site() as site:
        html = await site.get("/directions", to=THEATRE)
        assert field(html, "route_to").startswith(THEATRE)
        assert field(html, "route_from") == ""
        assert "turnbyturn" not in html


async def test_a_place_that_is_not_there_and_one_without_a_road() -> None:
    async with map_site() as site:
        html = await ask_the_way(site, "fossgis_osrm_car", "zyxwv", THEATRE)
        assert "“zyxwv” could not be found" in html
        assert field(html, "route_from") == "zyxwv"
        assert "no road near" in await site.get("/directions", route="47.09,-131.0;47.09,-129.33")
        assert 'class="turn"' not in await site.get("/directions", route="47.09;x")


async def test_an_element_has_its_tags_and_surroundings() -> None:
    async with map_site() as site:
        html = await site.get(site.path(THEATRE))
        place = region().place(THEATRE)
        for text in (
            f"Node: {THEATRE}",
            place.phone,
            place.hours,
            "amenity",
            "Version",
            "Nearby places",
            "View History",
        ):
            assert text in html
        assert f"{place.at[0]:.5f}, {place.at[1]:.5f}" in html


async def test_a_way_lists_nodes_and_residents_and_a_node_its_ways() -> None:
    async with map_site() as site:
        place = region().place(THEATRE)
        street = region().streets[place.street - 1]
        row = site.database.one(
            "select id from element where kind = 'street' and name = ? and town = 'Port Alder'", street.name
        )
        assert row is not None
        html = await site.get(f"/way/{row['id']}")
        assert f"{len(street.nodes)} nodes" in html
        assert THEATRE in html
        node = re.findall(r'Node <a href="(/node/\d+)"', html)[0]
        assert f"{street.name} ({row['id']})" in await site.get(node)


async def test_an_element_remembers_its_versions() -> None:
    async with map_site() as site:
        path = site.path(THEATRE)
        html = await site.get(f"{path}/history")
        versions = [int(number) for number in re.findall(r"<h2>Version #(\d+)</h2>", html)]
        assert versions == list(range(versions[0], 0, -1))
        changeset = re.findall(r'href="(/changeset/\d+)"', html)[0]
        assert path in await site.get(changeset)


async def test_the_picture_shows_what_it_was_asked_for() -> None:
    async with map_site() as site:
        html = await ask_the_way(site, "fossgis_osrm_car", THEATRE, "Wintersett Observatory")
        source = re.search(r'<img src="([^"]+)" alt="([^"]+)"', html)
        assert source
        assert "drawn from A to B" in source[2]
        picture = await site.get(source[1])
        assert picture.startswith("<svg")
        for text in ("Port Alder", "Wintersett", ">A</text>", ">B</text>", 'stroke="#1b5fd0"'):
            assert text in picture
        assert "marks=" in re.search(r'<img src="([^"]+)"', await site.get("/search", query="museums"))[1]  # type: ignore[index]


async def test_the_picture_marks_all_of_a_road() -> None:
    async with map_site() as site:
        road = site.database.one("select type, id from element where label = 'Road route' limit 1")
        assert road
        picture = await site.get(f"/map.svg?element={road['type']}/{road['id']}")
        marked = re.search(r'<path d="([^"]+)"[^>]* stroke="#e0601f"', picture)
        assert marked
        assert marked[1].count("M") > 1


async def test_the_picture_has_houses_close_up_and_woods_from_afar() -> None:
    async with map_site() as site:
        near, far = await site.get("/map.svg?map=16/47.0928/-129.3316"), await site.get("/map.svg?map=10/47.09/-129.07")
        assert HOUSES in near
        assert HOUSES not in far
        assert WOODS in far


async def test_a_wood_fills_a_picture_that_lies_within_it() -> None:
    middle = max(woods(), key=lambda wood: distance_km(wood.low, wood.high))
    at = [(low + high) / 2 for low, high in zip(middle.low, middle.high, strict=True)]
    async with map_site() as site:
        assert WOODS in await site.get(f"/map.svg?map=18/{at[0]}/{at[1]}")


async def test_a_wrong_element_leaves_the_picture_as_it_is() -> None:
    async with map_site() as site:
        plain = await site.get("/map.svg")
        for element in ("node/99999999999999999999", "node", "way/x", "cow/5"):
            assert await site.get("/map.svg", element=element) == plain


async def test_every_page_leads_on_to_towns_and_kinds() -> None:
    async with map_site() as site:
        for path, status in (
            ("/", 200),
            ("/about", 200),
            ("/help", 200),
            ("/copyright", 200),
            ("/towns", 200),
            ("/no", 404),
        ):
            assert (await site.get(path, status)).count("Explore Halvern") == 1


async def test_the_buttons_of_the_map_keep_the_page() -> None:
    async with map_site() as site:
        html = await site.get("/search", query="museums near Lantern Theatre")
        assert '<input type="hidden" name="query" value="museums near Lantern Theatre">' in html
        value = re.search(r'<button name="map" value="([^"]+)" aria-label="Zoom In"', html)
        assert value
        closer = await site.get("/search", query="museums near Lantern Theatre", map=value[1])
        assert results(closer) == results(html)
        assert f"zoom level {value[1].split('/')[0]}" in closer


def test_a_view_moves_and_has_limits() -> None:
    view = View(14, region().towns[0].at)
    assert View.parse(str(view)) == View(14, (round(view.center[0], 5), round(view.center[1], 5)))
    assert view.moved(1, 0).center[1] > view.center[1]
    assert view.moved(0, 1).center[0] < view.center[0]
    assert view.zoomed(9).zoom == 18
    assert whole_region().zoomed(-99).zoom == 8
    assert [View.parse(text) for text in ("", "1/2", "a/b/c", "14/0/0", "inf/47/-129")] == [None] * 5


async def test_the_geocoder_and_the_router_answer_in_json() -> None:
    async with map_site() as site:
        found = (await site.http.get("/nominatim/search", params={"q": "lighthouses", "limit": "1"})).json()
        assert [hit["type"] for hit in found] == ["lighthouse"]
        place = region().place(THEATRE)
        back = (
            await site.http.get("/nominatim/reverse", params={"lat": str(place.at[0]), "lon": str(place.at[1])})
        ).json()
        assert back["name"] == THEATRE
        assert (await site.http.get("/nominatim/reverse?lat=x&lon=1")).status_code == 400
        other = region().place(MUSEUM)
        points = f"{place.at[1]},{place.at[0]};{other.at[1]},{other.at[0]}"
        told = (await site.http.get(f"/routing/foot/route/v1/driving/{points}?steps=true")).json()
        assert told["code"] == "Ok"
        (route,) = told["routes"]
        assert sum(step["distance"] for step in route["legs"][0]["steps"]) == pytest.approx(route["distance"], abs=2)
        assert (await site.http.get("/routing/foot/route/v1/driving/1,2")).status_code == 400
        element = (await site.http.get(f"/api/0.6{site.path(THEATRE)}.json")).json()["elements"][0]
        assert element["tags"]["name"] == THEATRE
        assert (await site.http.get("/api/0.6/node/1.json")).status_code == 404


async def test_markup_in_a_query_stays_text() -> None:
    async with map_site() as site:
        response = await site.http.get("/search", params={"query": "<img src=x onerror=alert(1)>"})
        assert "<img src=x" not in response.text
        response = await site.http.get("/directions", params={"from": '"><script>alert(1)</script>'})
        assert "<script>alert" not in response.text
