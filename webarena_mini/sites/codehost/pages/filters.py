"""Finding issues and merge requests by the filters in a URL."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import seen_by
from webarena_mini.sites.codehost.domain.issuables import ISSUABLES
from webarena_mini.sites.codehost.pages.paging import Page, paged

SORTS = {
    "created_date": ("Created date", "created_at desc, id desc"),
    "created_asc": ("Oldest created", "created_at, id"),
    "updated_desc": ("Updated date", "updated_at desc, id desc"),
    "updated_asc": ("Least recently updated", "updated_at, id"),
    "due_date": ("Due date", "due_date = '', due_date, id desc"),
    "due_date_desc": ("Due date, latest first", "due_date desc, id desc"),
    "popularity": ("Popularity", "upvotes desc, id desc"),
    "popularity_asc": ("Least popular", "upvotes, id"),
    "title_asc": ("Title", "title collate nocase, id"),
    "title_desc": ("Title, descending", "title collate nocase desc, id"),
}
STATES = {
    "issue": {"opened": "Open", "closed": "Closed", "all": "All"},
    "merge_request": {"opened": "Open", "merged": "Merged", "closed": "Closed", "all": "All"},
}
_NOBODY, _ANYBODY = "None", "Any"
_MAX_WORDS = 20


@dataclass(frozen=True)
class Filters:
    """The query of a list page; "" where a filter is not set."""

    kind: str
    state: str
    search: str
    sort: str
    labels: Sequence[str]
    author: str
    assignee: str
    reviewer: str
    milestone: str

    @property
    def states(self) -> dict[str, str]:
        return STATES[self.kind]

    @property
    def sorts(self) -> dict[str, str]:
        return {key: name for key, (name, _) in SORTS.items() if self.kind == "issue" or "due" not in key}


def filters_of(request: Request, kind: str) -> Filters:
    query = request.query_params
    state, sort = query.get("state", "opened"), query.get("sort", "created_date")
    labels = [*query.getlist("label_name[]"), *query.getlist("label_name")]
    return Filters(
        kind=kind,
        state=state if state in STATES[kind] else "opened",
        search=query.get("search", "").strip()[:200],
        sort=sort if sort in SORTS else "created_date",
        labels=[label for label in labels if label],
        author=query.get("author_username", ""),
        assignee=query.get("assignee_username", ""),
        reviewer=query.get("reviewer_username", ""),
        milestone=query.get("milestone_title", ""),
    )


def match_expression(query: str) -> str:
    """The words of a query as an FTS5 expression that needs all of them, the last one as a beginning."""
    words = re.findall(r"\w+", query)[:_MAX_WORDS]
    return " ".join(f'"{word}"' for word in words) + ("*" if words else "")


def found(request: Request, filters: Filters, where: str = "1", *values: object) -> tuple[Page, dict[str, int]]:
    """One page of what the filters let through of `where`, and the number of hits in each state."""
    where, all_values = _conditions(request, filters, where, values)
    counts = {
        state: database_of(request).value(
            f"select count(*) from ({ISSUABLES} where {where} and {_in_state(state)})", *all_values
        )
        for state in filters.states
    }
    sql = f"{ISSUABLES} where {where} and {_in_state(filters.state)}"
    return paged(request, sql, *all_values, order=SORTS[filters.sort][1]), counts


def _in_state(state: str) -> str:
    return "1" if state == "all" else f"i.state = '{state}'"


def _conditions(request: Request, filters: Filters, where: str, values: Sequence[object]) -> tuple[str, list[object]]:
    """All of them joined with "and", and their values in order."""
    pairs: list[tuple[str, Sequence[object]]] = [
        (where, values),
        ("i.kind = ?", (filters.kind,)),
        (seen_by(visitor_of(request).user_id), ()),
        *_words(filters.search),
        *(_label(label) for label in filters.labels),
        *_person("assignees", filters.assignee),
        *_person("reviewers", filters.reviewer),
    ]
    if filters.author:
        pairs.append(("u.username = ?", (filters.author,)))
    if filters.milestone in (_NOBODY, _ANYBODY):
        pairs.append((f"i.milestone_id is {'' if filters.milestone == _NOBODY else 'not '}null", ()))
    elif filters.milestone:
        pairs.append(("m.title = ?", (filters.milestone,)))
    return " and ".join(condition for condition, _ in pairs), [value for _, given in pairs for value in given]


def _words(search: str) -> Iterator[tuple[str, Sequence[object]]]:
    """A number is that of an issue; anything else is looked for in titles and descriptions."""
    number = search.lstrip("#!")
    if number.isdecimal():
        yield "i.iid = ?", (int(number[:9]),)
    elif expression := match_expression(search):
        yield "i.id in (select rowid from issuable_search where issuable_search match ?)", (expression,)
    elif search:
        yield "0", ()


def _label(name: str) -> tuple[str, Sequence[object]]:
    labelled = "select 1 from issuable_labels x join labels l on l.id = x.label_id where x.issuable_id = i.id"
    if name in (_NOBODY, _ANYBODY):
        return f"{'not ' if name == _NOBODY else ''}exists ({labelled})", ()
    return f"exists ({labelled} and l.name = ?)", (name,)


def _person(table: str, name: str) -> Iterator[tuple[str, Sequence[object]]]:
    given = f"select 1 from {table} x join users y on y.id = x.user_id where x.issuable_id = i.id"
    if name in (_NOBODY, _ANYBODY):
        yield f"{'not ' if name == _NOBODY else ''}exists ({given})", ()
    elif name:
        yield f"exists ({given} and y.username = ?)", (name,)
