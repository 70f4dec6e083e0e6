"""Addresses of the wiki."""

from functools import cache

from starlette.routing import BaseRoute, Route

from webarena_mini.kit.media import nothing
from webarena_mini.sites.wiki.domain.text import BOOK, LANDING
from webarena_mini.sites.wiki.pages import articles, pictures, search
from webarena_mini.sites.wiki.pages.frame import SKIN


@cache
def routes() -> tuple[BaseRoute, ...]:
    return (
        Route("/", articles.library),
        Route("/search", search.search),
        Route("/suggest", search.suggest),
        Route("/random", articles.random_article),
        Route(SKIN.route, SKIN.serve),
        Route("/favicon.ico", nothing),
        Route(f"/{BOOK}", articles.to_landing),
        Route(f"/{BOOK}/", articles.to_landing),
        Route(f"/{BOOK}/A/", articles.to_landing),
        Route(f"/{BOOK}/A/Main_Page", articles.to_landing),
        Route(f"/{BOOK}/A/{LANDING}", articles.landing),
        Route(f"/{BOOK}/I/{{kind}}/{{path:path}}.svg", pictures.picture),
        Route(f"/{BOOK}/A/{{path:path}}", articles.article),
    )
