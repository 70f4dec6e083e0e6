"""Facts, boxes and tables of every kind of article."""

from collections.abc import Callable, Mapping

from webarena_mini.sites.wiki.seed.kinds import culture, nature, pages, people, sights, towns, trains
from webarena_mini.sites.wiki.seed.model import Article, Entry, World

DESCRIBE: Mapping[str, Callable[[World, Entry], Article]] = {
    "town": towns.describe,
    "museum": sights.museum,
    "landmark": sights.landmark,
    "person": people.person,
    "living": people.person,
    "mayor": people.mayor,
    "mountain": nature.mountain,
    "reserve": nature.reserve,
    "river": nature.river,
    "lake": nature.lake,
    "species": nature.species,
    "dish": culture.dish,
    "event": culture.event,
    "group": culture.group,
    "club": culture.club,
    "chapter": culture.chapter,
    "railway": trains.railway,
    "station": trains.station,
    "page": pages.page,
}
