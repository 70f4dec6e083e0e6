"""Text without halves of surrogate pairs: pages and replies may hold them, and neither UTF-8 nor JSON files can."""

from typing import Any


def well_formed(text: str) -> str:
    """The text with each such half replaced by U+FFFD, as tokenizers do too."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def well_formed_value(value: Any) -> Any:
    """A JSON value, all of its texts well formed."""
    match value:
        case str():
            return well_formed(value)
        case list():
            return [well_formed_value(each) for each in value]
        case dict():
            return {well_formed(key): well_formed_value(each) for key, each in value.items()}
    return value
