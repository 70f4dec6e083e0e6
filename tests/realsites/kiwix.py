"""kiwix-serve with a small encyclopedia of our own, packed by zimwriterfs, as the official `wikipedia` is served."""

from html import escape
from pathlib import Path

from PIL import Image

from tests.realsites.application import Application, program, run
from tests.realsites.texts import ARTICLES

BOOK = "wexcombe_en_all_2026-11"
WELCOME = "Main_Page"
ICON = "icon.png"


def make(folder: Path) -> None:
    """Packs the articles into one file, with a full-text index."""
    pages = folder / "pages"
    pages.mkdir(parents=True)
    Image.new("RGB", (48, 48), "steelblue").save(pages / ICON)
    for title, text in ARTICLES.items():
        (pages / title.replace(" ", "_")).write_text(_page(title, text))
    listed = "".join(f"<li>{_link(title)}</li>" for title in ARTICLES)
    (pages / WELCOME).write_text(_page("Wexcombe, an encyclopedia", f"<ul>{listed}</ul>"))
    run(
        program("zimwriterfs", "zim-tools"),
        *(f"--welcome={WELCOME}", f"--illustration={ICON}", "--language=eng", f"--name={BOOK}"),
        *("--title=Wexcombe", "--description=A made-up coast", "--creator=tests", "--publisher=tests"),
        pages,
        folder / f"{BOOK}.zim",
    )


def served(folder: Path, port: int) -> Application:
    command = (program("kiwix-serve", "kiwix-tools"), "--address", "127.0.0.1", "--port", str(port))
    return Application(
        site="wikipedia",
        command=(*command, str(folder / f"{BOOK}.zim")),
        port=port,
        path=f"/{BOOK}",
        state=folder / "kiwix",
    )


def _page(title: str, text: str) -> str:
    for other in ARTICLES:
        text = text.replace(f"[[{other}]]", _link(other))
    return f"<html><head><title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>{text}</body></html>"


def _link(title: str) -> str:
    return f'<a href="{title.replace(" ", "_")}">{escape(title)}</a>'
