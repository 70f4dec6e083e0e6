"""The colors and sizes that products can have; the back office adds to them."""

from typing import Literal

from webarena_mini.kit.database import Database

Attribute = Literal["color", "size"]
LONGEST_LABEL = 30


def options(db: Database, attribute: Attribute) -> dict[int, str]:
    rows = db.all("select id, label from attribute_option where attribute = ? order by position, id", attribute)
    return {row["id"]: row["label"] for row in rows}


def add_option(db: Database, attribute: Attribute, label: str) -> int:
    """Id of the option with this label, which is made where there is none."""
    text = " ".join(label.split())[:LONGEST_LABEL]
    known = db.value(
        "select id from attribute_option where attribute = ? and label = ? collate nocase", attribute, text
    )
    if known is not None:
        return int(known)
    last = db.value("select max(position) from attribute_option where attribute = ?", attribute)
    return db.insert("attribute_option", attribute=attribute, label=text, position=int(last or 0) + 1)
