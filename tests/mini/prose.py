"""What no reader should meet in sentences that are made from patterns."""

import re
from collections.abc import Iterable

_ONE_OF_MANY = re.compile(
    r"(?<![\d.,:/-])1 (?:years|months|weeks|days|hours|minutes|crowns|kilos|kilometers|meters|rooms|people|times)\b"
)


def wrong_plurals(texts: Iterable[str]) -> set[str]:
    """Such as "1 years"."""
    return {found for text in texts for found in _ONE_OF_MANY.findall(text)}
