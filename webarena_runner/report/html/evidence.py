"""What each evaluator expected beside what it looked at, so that a reader sees why a score is what it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import SiteError
from webarena_runner.official.notation import ALTERNATIVES, LAST_PAGE, render
from webarena_runner.report.html.filters import indented
from webarena_runner.types import Check, EpisodeResult, Score, Task

# Evidence of the episode as a whole, which is the same for all parts of a check.
_SHARED = ("urls",)


@dataclass(frozen=True)
class Side:
    """One thing that was expected, or seen; `label` says what it is of.

    `is_place`: it says where to look, and is not compared itself.
    """

    label: str
    text: str
    is_place: bool = False


@dataclass(frozen=True)
class Compared:
    """Expected and seen of one part of a check."""

    expected: tuple[Side, ...]
    seen: tuple[Side, ...]


@dataclass(frozen=True)
class Checked:
    """A score with its check; `parts` is empty where neither is known."""

    score: Score
    parts: tuple[Compared, ...]


def checked(result: EpisodeResult, task: Task | None) -> tuple[Checked, ...]:
    """One for each score; a task whose checks are of other kinds, as in a changed folder, is not compared with."""
    checks = task.checks if task else ()
    same = [check.kind for check in checks] == [score.evaluator for score in result.scores]
    return tuple(
        Checked(score, tuple(_parts(checks[index] if same else None, score, result.site_urls)))
        for index, score in enumerate(result.scores)
    )


def _parts(check: Check | None, score: Score, urls: Mapping[str, str]) -> Iterator[Compared]:
    spec, seen = check.spec if check else {}, score.evidence
    try:
        match score.evaluator:
            case "string_match":
                answers: Mapping[str, Any] = spec.get("reference_answers", {})
                expected = tuple(Side(_words(rule), _listed(value, urls)) for rule, value in answers.items())
                yield Compared(expected, (Side("answer", str(seen["answer"])),))
            case "url_match":
                references = str(seen.get("reference") or _filled(spec["reference_url"], urls)).split(ALTERNATIVES)
                yield Compared((Side("address", "\n".join(references)),), (Side("address", str(seen["final_url"])),))
            case "program_html":
                yield from _targets(spec["targets"], seen["targets"], urls)
            case "page_image_query":
                yield from _image_queries(spec["queries"], seen["queries"], urls)
            case _:
                yield _as_json(spec, seen)
    except (KeyError, TypeError, AttributeError):
        # Of another version, or changed by hand: shown as it is.
        yield _as_json(spec, seen)


def _targets(targets: Any, found: Any, urls: Mapping[str, str]) -> Iterator[Compared]:
    for target, seen in zip(targets, found, strict=False):
        required = tuple(
            Side(_words(rule), _listed(value, urls)) for rule, value in target["required_contents"].items()
        )
        asked = "the one that the agent ended on" if target["url"] == LAST_PAGE else _filled(target["url"], urls)
        where = _places({"page": asked, "selected by": target["locator"]})
        found_at = _places({"page": seen["opened"], "note": seen.get("note", "")})
        selected = "nothing" if seen["selected"] is None else str(seen["selected"])
        yield Compared((*required, *where), (Side("text", selected), *found_at))


def _image_queries(queries: Any, found: Any, urls: Mapping[str, str]) -> Iterator[Compared]:
    for query, seen in zip(queries, found, strict=False):
        asked = "\n".join(f"{each['question']} {each['answer']}" for each in query["questions"])
        alike = "\n".join(_filled(query["alike"], urls).split(ALTERNATIVES))
        labelled = {"answers": asked, f"a picture more than {query['threshold']:g} like": alike}
        expected = tuple(Side(label, text) for label, text in labelled.items() if text)
        where = "the one that the agent ended on" if query["url"] == LAST_PAGE else _filled(query["url"], urls)
        lines = "\n".join(map(_of_picture, seen["pictures"]))
        places = _places({"page": where, "selected by": query["locator"]})
        yield Compared((*expected, *places), (Side("pictures", lines), *_places({"page": seen["opened"]})))


def _of_picture(seen: Any) -> str:
    """What is known of one, in a line."""
    alike = ", ".join(f"{each:.3f} like" for each in seen.get("likeness", ()))
    return " ".join(filter(None, [seen.get("file", seen.get("source", "")), alike, seen.get("note", "")]))


def _places(texts: Mapping[str, str]) -> Iterator[Side]:
    return (Side(label, text, is_place=True) for label, text in texts.items() if text.strip())


def _as_json(spec: Mapping[str, Any], seen: Mapping[str, Any]) -> Compared:
    own = {name: value for name, value in seen.items() if name not in _SHARED}
    return Compared((Side("", indented(spec)),) if spec else (), (Side("", indented(own)),))


def _listed(value: Any, urls: Mapping[str, str]) -> str:
    """A reference as it is compared, each of several on a line of its own."""
    return "\n".join(_filled(str(each), urls) for each in (value if isinstance(value, list) else [value]))


def _filled(text: str, urls: Mapping[str, str]) -> str:
    try:
        return render(text, urls)
    except SiteError:
        return text


def _words(rule: str) -> str:
    return rule.replace("_", " ")
