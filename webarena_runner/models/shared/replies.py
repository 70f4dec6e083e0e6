"""Fields of replies, which a server may fill with anything that is JSON."""

from collections.abc import Mapping
from typing import Any

from webarena_runner.errors import ModelError
from webarena_runner.log.wellformed import well_formed

# More than any context window; what is larger is no count.
_MOST_TOKENS = 10**9


def token_count(value: Any, *, subject: str, name: str) -> int:
    """A number of tokens; 0 when there is none. Raises ModelError for what is no count: costs are made of it."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST_TOKENS:
        raise ModelError(f"{subject}: the reply's {name} is no number of tokens: {_shown(value)}")
    if value != int(value):
        raise ModelError(f"{subject}: the reply's {name} is no whole number: {_shown(value)}")
    return int(value)


def content_text(content: Any, *, subject: str) -> str:
    """The text of a message's content: a text, or the text parts of a list; parts of other kinds are left out.

    Raises:
        ModelError: it is neither.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return well_formed(content)
    if isinstance(content, list):
        return "".join(_part_text(part, subject) for part in content)
    raise ModelError(f"{subject}: the reply's content is neither a text nor a list of parts: {_shown(content)}")


def object_field(value: Any, *, subject: str, name: str) -> Mapping[str, Any]:
    """A JSON object; an empty one when there is none. Raises ModelError for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ModelError(f"{subject}: the reply's {name} is no object: {_shown(value)}")
    return value


def text_field(value: Any, *, subject: str, name: str) -> str:
    """A text; "" when there is none. Raises ModelError for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ModelError(f"{subject}: the reply's {name} is no text: {_shown(value)}")
    return well_formed(value)


def _part_text(part: Any, subject: str) -> str:
    if isinstance(part, str):
        return well_formed(part)
    if not isinstance(part, dict):
        raise ModelError(f"{subject}: the reply's content has a part that is no record: {_shown(part)}")
    if part.get("type", "text") not in ("text", "output_text"):
        return ""
    return text_field(part.get("text"), subject=subject, name="content part")


def _shown(value: Any) -> str:
    return well_formed(repr(value))[:100]
