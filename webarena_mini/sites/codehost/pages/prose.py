"""Markdown in which people, issues and merge requests are linked."""

import re
from collections.abc import Callable
from typing import Any

import jinja2
from markupsafe import Markup, escape

from webarena_mini.kit.site import database_of
from webarena_mini.kit.text import markdown

_TAG = re.compile(r"(<[^>]*>)")
_REFERENCE = re.compile(r"(?<![\w/@&#!])(?:@(?P<name>[A-Za-z0-9][\w.-]*\w)|(?P<mark>[#!])(?P<iid>\d{1,9})\b)")
_KINDS = {"#": ("issue", "issues"), "!": ("merge_request", "merge_requests")}
_BOXES = {"[ ]": "☐", "[x]": "☑", "[X]": "☑"}
_CLOSED_TO_LINKS = ("a", "code", "pre")


@jinja2.pass_context
def prose(context: jinja2.runtime.Context, source: str) -> Markup:
    """The page's `project` is where #12 and !12 are looked up; what does not exist stays as it is."""
    request: Any = context["request"]
    database, project = database_of(request), context.get("project")

    def link(match: re.Match[str]) -> str:
        text = match[0]
        if match["name"]:
            found = database.value("select username from users where username = ?", match["name"])
            return f'<a class="mention" href="/{found}">{text}</a>' if found else text
        kind, slug = _KINDS[match["mark"]]
        sql = "select title from issuables where project_id = ? and kind = ? and iid = ?"
        title = project and database.value(sql, project["id"], kind, int(match["iid"]))
        if not title:
            return text
        return f'<a href="/{project["full_path"]}/-/{slug}/{match["iid"]}" title="{escape(title)}">{text}</a>'

    html = str(markdown(source))
    for written, box in _BOXES.items():
        html = html.replace(f"<li>{written} ", f'<li class="task">{box} ')
    return Markup(_in_text(html, link))


def _in_text(html: str, link: Callable[[re.Match[str]], str]) -> str:
    """Replaces references between the tags, outside of links and code. The parser escapes "<" and ">" elsewhere."""
    parts, closed = _TAG.split(html), 0
    for index, part in enumerate(parts):
        if index % 2:
            name = part.strip("</>").partition(" ")[0]
            closed += (-1 if part.startswith("</") else 1) if name in _CLOSED_TO_LINKS else 0
        elif not closed:
            parts[index] = _REFERENCE.sub(link, part)
    return "".join(parts)
