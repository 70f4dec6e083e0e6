"""Whether the map draws, finds places and finds ways, asked through its own pages, as agents do.

Tiles, geocoder and the three routers are servers of their own, often on other hosts than the map.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from webarena_runner.official.addresses import place_of
from webarena_runner.sites.probes.findings import Finding, Place

TILES, GEOCODER, ROUTER = "map tiles", "geocoder", "router"
ENGINES: Mapping[str, str] = {"fossgis_osrm_car": "car", "fossgis_osrm_bike": "bicycle", "fossgis_osrm_foot": "foot"}


@dataclass(frozen=True)
class Question:
    """A place that a map knows, and two points between which it knows a way."""

    place: str
    start: str
    end: str


# Of the official data (Pittsburgh), and of the embedded map.
QUESTIONS = (
    Question("Carnegie Mellon University", "40.4433,-79.9436", "40.4406,-79.9959"),
    Question("Lantern Theatre", "47.09734,-129.32991", "47.09250,-129.33120"),
)
# Each gives "" as long as the page has not answered.
_DRAWN = """() => {
  const pictures = [...document.querySelectorAll("#map img")].filter((image) => image.complete && image.src);
  if (pictures.some((image) => image.naturalWidth > 0 && !image.src.startsWith("data:"))) return "drawn";
  return pictures.some((image) => image.naturalWidth === 0) ? "broken" : "";
}"""
_PLACES = """() => {
  const side = document.querySelector("#sidebar_content");
  if (!side) return "";
  if (side.querySelector("a[href*='/node/'], a[href*='/way/'], a[href*='/relation/']")) return "found";
  return /no results|error|could not|couldn.t/i.test(side.innerText) ? "nothing" : "";
}"""
_WAY = """() => {
  const side = document.querySelector("#sidebar_content");
  if (!side) return "";
  if (/\\d\\s?(m|km|mi|ft)\\b/.test(side.innerText)) return "found";
  return /no route|error|could not|couldn.t|sorry/i.test(side.innerText) ? "nothing" : "";
}"""


async def ask_map(context: BrowserContext, place: Place, *, inside: Sequence[str], limit_s: float) -> Sequence[Finding]:
    """In a context that is fenced in to the hosts of `inside`; `limit_s` is for each answer."""
    asking = _Asking(context, place, frozenset(filter(None, map(place_of, inside))), limit_s)
    async with asyncio.TaskGroup() as group:
        tiles, places = group.create_task(asking.tiles()), group.create_task(asking.geocoder())
    known, geocoder = places.result()
    async with asyncio.TaskGroup() as group:
        ways = [group.create_task(asking.router(known, engine)) for engine in ENGINES]
    return [tiles.result(), geocoder, *(way.result() for way in ways)]


@dataclass(frozen=True)
class _Answer:
    """What a page says in the end ("": nothing in time), and which other hosts it has asked."""

    said: str
    others: frozenset[tuple[str, int]]


@dataclass(frozen=True)
class _Asking:
    context: BrowserContext
    place: Place
    inside: frozenset[tuple[str, int]]
    limit_s: float

    async def tiles(self) -> Finding:
        answer = await self._answer(self.place.url, _DRAWN)
        if answer.said == "drawn":
            return self.place.ok(TILES, "are drawn")
        found = f"{self.place.url} draws no map{': its tiles are broken' if answer.said else ''}"
        return self.place.failure(TILES, found, self._remedy(answer, "the tile server"))

    async def geocoder(self) -> tuple[Question, Finding]:
        """The question of those that it can answer, too."""
        for question in QUESTIONS:
            answer = await self._answer(f"{self.place.url}/search?query={quote(question.place)}", _PLACES)
            if answer.said == "found":
                return question, self.place.ok(GEOCODER, f"finds {question.place!r}")
            if not answer.said:
                break
        found = f"{self.place.url}/search {self._told(answer, 'finds no place')}"
        return QUESTIONS[0], self.place.failure(GEOCODER, found, self._remedy(answer, "the geocoder (Nominatim)"))

    async def router(self, question: Question, engine: str) -> Finding:
        check = f"{ROUTER} ({ENGINES[engine]})"
        points = quote(f"{question.start};{question.end}")
        address = f"{self.place.url}/directions?engine={engine}&route={points}"
        answer = await self._answer(address, _WAY)
        if answer.said == "found":
            return self.place.ok(check, "finds a way")
        found = f"{address} {self._told(answer, 'finds no way')}"
        return self.place.failure(check, found, self._remedy(answer, "the routing server (OSRM)"))

    async def _answer(self, address: str, question: str) -> _Answer:
        asked: list[str] = []
        said = ""
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(self.limit_s):
                page = await self.context.new_page()
                page.on("request", lambda request: asked.append(request.url))
                await page.goto(address, wait_until="commit", timeout=0)
                said = str(await (await page.wait_for_function(question, timeout=0)).json_value())
        here = place_of(self.place.url)
        return _Answer(said, frozenset(at for url in asked if (at := place_of(url)) and at != here))

    def _told(self, answer: _Answer, nothing: str) -> str:
        return nothing if answer.said else f"gave no answer within {self.limit_s:g} s"

    def _remedy(self, answer: _Answer, server: str) -> str:
        blocked, reached = answer.others - self.inside, answer.others & self.inside
        if blocked:
            return f"start {server}, and name it under more_urls in the sites file; the map asks {_listed(blocked)}"
        if reached:
            return f"start {server}; the map asks {_listed(reached)}"
        return f"start {server} that the map is configured with, and load its data"


def _listed(addresses: frozenset[tuple[str, int]]) -> str:
    return ", ".join(f"{host}:{port}" for host, port in sorted(addresses))
