"""Rules of a grammar for words as they follow each other in given texts; what is in double quotes stays whole."""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from webarena_runner.actions.gbnf import quoted

# No word begins or ends with one of these, and it has a letter or a digit.
_AROUND = r"[\s.,;:!?\"'“”‘’«»()\[\]{}`]"
_WORD = rf"(?!{_AROUND})(?=\S*\w)\S(?:\S*(?!{_AROUND})\S)?"
_QUOTED_OR_WORD = re.compile(rf"[\"“](?P<quoted>[^\"“”]*\w[^\"“”]*)[\"”]|(?P<word>{_WORD})")


def excerpt_rules(name: str, texts: Sequence[str], *, excluded: str, max_characters: int) -> Mapping[str, str]:
    """Rule `name` and those that it needs, one for each word; none when the texts have no words.

    What stands between words stays between them; no excerpt has an excluded character or a line break.
    """
    rules: dict[str, str] = {}
    for piece in dict.fromkeys(piece for text in texts for piece in _pieces(text, excluded, max_characters)):
        spans = [found.span(found.lastgroup or 0) for found in _QUOTED_OR_WORD.finditer(piece)]
        for (start, end), after in zip_longest(spans, spans[1:]):
            number = len(rules)
            more = f" ( {quoted(piece[end : after[0]])} {name}-{number + 1} )?" if after else ""
            rules[f"{name}-{number}"] = quoted(piece[start:end]) + more
    return {name: " | ".join(rules), **rules} if rules else {}


def _pieces(text: str, excluded: str, max_characters: int) -> list[str]:
    """Parts without excluded characters, parted between words where they are longer than that."""
    piece = rf"(?<!\S)\S(?:.{{0,{max_characters - 2}}}\S)?(?!\S)"
    return [found for part in re.split(rf"[{re.escape(excluded)}\r\n]+", text) for found in re.findall(piece, part)]
