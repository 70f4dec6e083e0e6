"""`render_ID.html` as the official harness writes it: the task's settings, then a block for each step.

Nothing in these files is escaped: a page with `<!--` or `<script>` in its text swallows, for an HTML parser, all steps
after it. The harness writes every block from the same template, so the text between its fixed parts is taken as it is.
No node of an accessibility tree can hold such a part: names are written as Python literals, without line ends.
"""

import base64
import binascii
import re
from dataclasses import dataclass

MARK = "<h2>New Page</h2>\n<h3 class='url'>"
_BODY, _END_OF_BODY = "<body>", "</body>"
_OBSERVATION, _END_OF_OBSERVATION = "<div class='state_obv'><pre>", "</pre><div>\n"
_PREVIOUS, _PREDICTED = "<div class='prev_action'", "<div class='predict_action'>"
_RAW, _OBJECT, _PARSED = "raw_parsed_prediction", "action_object", "parsed_action"
_IMAGE = re.compile(r"<img src='data:image/png;base64,([A-Za-z0-9+/=]*)'")
_KEY = re.compile(r"^([a-z_]+): (.*)$", re.MULTILINE)
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
# The typed text in the action's record: numbers of the official key table, whose last one is the line end.
_KEYS, _ENTER = re.compile(r"'text': \[([\d, ]*)\]"), "982"
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class RenderedStep:
    """`previous` is the history line of the action before, `raw` what the model said, `parsed` the action's line.

    `enters`: typing ends with the Enter key, which the line has a blank for. `code` is the action of a run with the
    playwright set, which has none of these.
    """

    url: str
    text: str
    picture: bytes | None
    previous: str
    raw: str
    parsed: str
    enters: bool
    code: str


@dataclass(frozen=True)
class Rendered:
    """`settings` are the keys of the task's file, as text; `faults` says which parts of which step are not there."""

    settings: dict[str, str]
    steps: tuple[RenderedStep, ...]
    faults: tuple[str, ...]

    @property
    def sites(self) -> tuple[str, ...]:
        found = _QUOTED.findall(self.settings.get("sites", ""))
        return tuple(single or double for single, double in found)


def read_render(text: str) -> Rendered | None:
    """None: this is no page of the official harness."""
    text = text.replace("\r\n", "\n")
    start, end = text.find(_BODY), text.rfind(_END_OF_BODY)
    if start < 0:
        return None
    head, *blocks = text[start + len(_BODY) : end if end > start else None].split(MARK)
    settings = dict(_KEY.findall(head.partition("<pre>")[2]))
    if "task_id" not in settings:
        return None
    steps: list[RenderedStep] = []
    faults: list[str] = []
    for number, block in enumerate(blocks):
        steps.append(_step(block))
        if lacking := _lacking(steps[-1], block):
            faults.append(f"step {number}: {lacking} cannot be read in its render file")
    return Rendered(settings, tuple(steps), tuple(faults))


def _step(block: str) -> RenderedStep:
    page, _, acted = block.partition(_PREVIOUS)
    link, _, seen = page.partition(_OBSERVATION)
    text, _, after = seen.rpartition(_END_OF_OBSERVATION)
    previous, _, predicted = acted.partition(_PREDICTED)
    has_objects = _RAW in predicted
    return RenderedStep(
        url=_between(link, "URL: ", "</a></h3>"),
        text=text,
        picture=_picture(after),
        previous=_between(previous, ">", "</div>"),
        raw=_pre(predicted, _RAW, _OBJECT) if has_objects else "",
        parsed=_pre(predicted, _PARSED, None) if has_objects else "",
        enters=_enters(_pre(predicted, _OBJECT, _PARSED)),
        code="" if has_objects else predicted.rpartition("</div>")[0].strip(),
    )


def _lacking(step: RenderedStep, block: str) -> str:
    parts = (
        ("the address", step.url),
        ("the observation", _END_OF_OBSERVATION in block),
        ("the action", step.parsed or step.code),
    )
    return " and ".join(name for name, found in parts if not found)


def _pre(text: str, name: str, following: str | None) -> str:
    """What is in the `pre` of the part `name`, up to the part after it."""
    start = text.find(f"<div class='{name}'")
    start = text.find("<pre>", start) + len("<pre>") if start >= 0 else -1
    if start < len("<pre>"):
        return ""
    end = text.find(f"</pre></div><div class='{following}'", start) if following else text.rfind("</pre></div>")
    return text[start:end] if end >= start else ""


def _enters(action_object: str) -> bool:
    keys = _KEYS.search(action_object)
    return keys is not None and keys[1].rpartition(", ")[2] == _ENTER


def _between(text: str, opening: str, closing: str) -> str:
    return text.partition(opening)[2].rpartition(closing)[0]


def _picture(text: str) -> bytes | None:
    found = _IMAGE.search(text)
    if found is None:
        return None
    try:
        data = base64.b64decode(found[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if data.startswith(_PNG) else None
