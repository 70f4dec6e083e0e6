"""What every page of the storefront has around it: departments, the store's own pages, best sellers of the shelf."""

from sqlite3 import Row

from webarena_mini.kit.database import Database

# The pages for a missing address, the home page and the note on cookies have no link in the footer.
_UNLINKED = ("no-route", "home", "enable-cookies")


def frame(db: Database) -> dict[str, object]:
    rows = db.all("select * from category order by id")
    tops = [row for row in rows if row["parent"] is None]
    below = {top["id"]: [row for row in rows if row["path"].startswith(f"{top['path']}/")] for top in tops}
    return {"tops": tops, "below": below, "own_pages": own_pages(db)}


def own_pages(db: Database) -> list[Row]:
    marks = ", ".join("?" * len(_UNLINKED))
    return db.all(
        f"select identifier, title from cms_page where is_active = 1 and identifier not in ({marks}) order by id",
        *_UNLINKED,
    )
