"""Renders the templates of the report: every value is escaped, nothing is loaded from elsewhere."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from webarena_runner import __version__
from webarena_runner.log.lines import printable
from webarena_runner.report.html import filters, links
from webarena_runner.report.html.pictures import Picture

FOLDER = Path(__file__).parent
# Of what a browser may do nothing is left but showing the report's own style, scripts and pictures.
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'"
NO_HTML_FROM_SCRIPTS = "require-trusted-types-for 'script'; trusted-types 'none'"


@dataclass(frozen=True)
class Frame:
    """What surrounds a page.

    `root` is the way up to the report's folder ("" or "../"). `scripts` and `styles` are more of `static/`. `live`
    lets scripts ask the server that the page came from. `home` is the address of what the report is one of, "" for
    nothing. `inline` puts style and script into the page, which then needs no other file. `traces` and the name of an
    attempt make the address of its trace; "": nobody shows it.
    """

    root: str = ""
    scripts: Sequence[str] = ()
    styles: Sequence[str] = ()
    live: bool = False
    home: str = ""
    inline: bool = False
    traces: str = ""

    def href(self, path: str) -> str:
        """The address of another page of the report, as `links` has it."""
        return f"#{PurePath(path).stem}" if self.inline else self.root + quote(path)

    def overview(self, state: str = "") -> str:
        """The address of the overview, its task table as `state` has it: `template=7`."""
        page = "" if self.inline else self.root + links.OVERVIEW
        return f"{page}#{state}" if state or self.inline else page

    def picture(self, picture: Picture) -> str:
        """The address of a screenshot, or all of it."""
        if not self.inline:
            return self.root + quote(picture.page_path)
        encoded = base64.b64encode(picture.file.read_bytes()).decode()
        return Markup(f"data:{picture.media_type};base64,{encoded}")

    @property
    def all_styles(self) -> tuple[str, ...]:
        return (links.STYLE, *self.styles)

    @property
    def all_scripts(self) -> tuple[str, ...]:
        return (links.SCRIPT, *self.scripts)

    @property
    def policy(self) -> str:
        """The Content-Security-Policy of the page."""
        style, script = "'self'", "'self'"
        if self.inline:
            style = " ".join(_hash(asset_text(name)) for name in self.all_styles)
            script = " ".join(_hash(asset_text(name)) for name in self.all_scripts)
        connect = "; connect-src 'self'" if self.live else ""
        return (
            f"{NOTHING}; img-src 'self' data:; style-src {style}; script-src {script}{connect}; {NO_HTML_FROM_SCRIPTS}"
        )


def render(template: str, frame: Frame, **values: Any) -> str:
    """The page; `frame` says what is around it."""
    return _environment().get_template(template).render(frame=frame, **values)


def stream(template: str, frame: Frame, **values: Any) -> Iterator[str]:
    """The page in parts, of which one at a time is in memory."""
    return iter(_environment().get_template(template).generate(frame=frame, **values))


def asset_text(name: str) -> str:
    """A file of `static/`. Raises KeyError for any other name."""
    known = {path.name: path for path in (FOLDER / links.STATIC).iterdir()}
    if name not in known:
        raise KeyError(name)
    return known[name].read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters.update(filters.FILTERS)
    environment.globals.update(links=links, version=__version__, inlined=lambda name: Markup(asset_text(name)))
    return environment


def _visible(value: Any) -> Any:
    """Characters that turn the direction of writing, or that no HTML may have, become visible."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
