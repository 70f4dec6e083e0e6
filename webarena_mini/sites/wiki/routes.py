"""Addresses of the wiki."""

from functools import cache

from starlette.routing import BaseRoute

from webarena_mini.kit.routing import GET, Row, table
from webarena_mini.sites.wiki.domain.text import BOOK, LANDING
from webarena_mini.sites.wiki.pages import articles, pictures, search
from webarena_mini.sites.wiki.pages.frame import SKIN

ROWS: tuple[Row, ...] = (
    ("/", GET, articles.library),
    ("/search", GET, search.search),
    ("/suggest", GET, search.suggest),
    ("/random", GET, articles.random_article),
    (f"/{BOOK}", GET, articles.to_landing),
    (f"/{BOOK}/", GET, articles.to_landing),
    (f"/{BOOK}/A/", GET, articles.to_landing),
    (f"/{BOOK}/A/Main_Page", GET, articles.to_landing),
    (f"/{BOOK}/A/{LANDING}", GET, articles.landing),
    (f"/{BOOK}/I/{{kind}}/{{path:path}}.svg", GET, pictures.picture),
    (f"/{BOOK}/A/{{path:path}}", GET, articles.article),
)


@cache
def routes() -> tuple[BaseRoute, ...]:
    return table(ROWS, SKIN)
