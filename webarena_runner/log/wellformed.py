"""What JSON files can hold: text without halves of surrogate pairs, and values that are not bottomless."""

import re
from typing import Any

# Where JSON data may have such a half, which takes much longer to look for in its values.
HALF_IN_JSON = re.compile(rb"\\u[dD][89a-fA-F]")


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


def nesting(value: Any) -> int:
    """How many lists and objects of a JSON value are inside each other: few, unless somebody made it to be too many."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        holder, depth = waiting.pop()
        if isinstance(holder, dict | list):
            deepest = max(deepest, depth)
            waiting += [(each, depth + 1) for each in (holder.values() if isinstance(holder, dict) else holder)]
    return deepest
