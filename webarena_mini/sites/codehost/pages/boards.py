"""A project's issues as cards in columns: open ones, those with each label that is used most, closed ones."""

import sqlite3
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.issuables import ISSUABLES, attached
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.issues import labels_of
from webarena_mini.sites.codehost.pages.lookup import project_of

_COLUMNS, _CLOSED_CARDS = 3, 12


@dataclass(frozen=True)
class Column:
    """`query` is that of the list of issues with the same content; `label` is None at both ends of the board."""

    name: str
    label: sqlite3.Row | None
    query: str
    total: int
    cards: list[sqlite3.Row]


async def board(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    sql = f"{ISSUABLES} where i.project_id = ? and i.kind = 'issue' and i.state"
    opened = database.all(f"{sql} = 'opened' order by i.created_at desc, i.id desc", project["id"])
    closed = database.all(f"{sql} = 'closed' order by i.closed_at desc, i.id desc", project["id"])
    things = attached(database, [*opened, *closed[:_CLOSED_CARDS]])
    labelled = {
        label["id"]: [row for row in opened if label["id"] in {each["id"] for each in things[row["id"]]["labels"]}]
        for label in labels_of(request, project)
    }
    chosen = [label for label in labels_of(request, project) if labelled[label["id"]]]
    chosen = sorted(chosen, key=lambda label: -len(labelled[label["id"]]))[:_COLUMNS]
    taken = {row["id"] for label in chosen for row in labelled[label["id"]]}
    rest = [row for row in opened if row["id"] not in taken]
    columns = [Column("Open", None, "state=opened", len(rest), rest)]
    for label in chosen:
        cards = labelled[label["id"]]
        columns.append(Column(label["name"], label, "state=opened", len(cards), cards))
    columns.append(Column("Closed", None, "state=closed", len(closed), closed[:_CLOSED_CARDS]))
    return render(request, "board.html", project=project, columns=columns, attached=things)
