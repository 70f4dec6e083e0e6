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
    depth, level = 0, [value] if isinstance(value, dict | list) else []
    while level:
        depth += 1
        held = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for values in held for each in values if isinstance(each, dict | list)]
    return depth
