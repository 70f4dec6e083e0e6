"""Addresses of the home page."""

from functools import cache

from starlette.routing import BaseRoute

from webarena_mini.kit.routing import GET, POST, Row, table
from webarena_mini.sites.home.pages.calculator import calculator
from webarena_mini.sites.home.pages.frame import SKIN
from webarena_mini.sites.home.pages.input_images import input_image
from webarena_mini.sites.home.pages.password import password
from webarena_mini.sites.home.pages.scratchpad import add_note, delete_note, scratchpad
from webarena_mini.sites.home.pages.start import start

ROWS: tuple[Row, ...] = (
    ("/", GET, start),
    ("/index.html", GET, start),
    ("/calculator.html", GET, calculator),
    ("/scratchpad.html", GET, scratchpad),
    ("/scratchpad.html", POST, add_note),
    ("/scratchpad/{note_id}/delete", POST, delete_note),
    ("/password.html", GET, password),
    ("/static/input_images/{name:path}", GET, input_image),
)


@cache
def routes() -> tuple[BaseRoute, ...]:
    return table(ROWS, SKIN)
