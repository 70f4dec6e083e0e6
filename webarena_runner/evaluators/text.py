"""How the official code compares texts: everything is in terms of `clean`."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from webarena_runner.official.notation import ALTERNATIVES

if TYPE_CHECKING:
    from collections.abc import Callable


def clean(text: str, *, strips: bool = True) -> str:
    """Stripped, one layer of one kind of quotes removed, lower case; a lone quote character becomes empty."""
    text = text.strip() if strips else text
    for quote in ("'", '"'):
        if text.startswith(quote) and text.endswith(quote):
            text = text[1:-1]
            break
    return text.lower()


def same(reference: str, text: str) -> bool:
    return clean(reference) == clean(text)


def contains(reference: str, text: str) -> bool:
    return clean(reference) in clean(text)


def contains_any(references: str, text: str) -> bool:
    """Whether one of the alternatives separated by ` |OR| ` occurs in the text."""
    return any(contains(reference, text) for reference in references.split(ALTERNATIVES))


def contains_token(reference: str, text: str) -> bool:
    """Like `contains`, but a one-character reference must be a word of its own ("0" is not in "10")."""
    wanted = clean(reference)
    if len(wanted) == 1 and len(words(wanted)) == 1:
        return wanted in words(clean(text))
    return contains(reference, text)


# Dates, ratios, times and versions: 2023-05-16, 2/5, 1:30, 1.0.1.
_NOT_NUMBERS = re.compile(r"(?<!\d)\d+(?:-\d+-\d+|(?:[/:]\d+)+|(?:\.\d+){2,})", re.ASCII)
# A hyphen between two numbers is a range; before any other it is a sign, or part of a word (covid-19).
_NUMBER = re.compile(r"(?<!\w)(?<!(?<!\d)-)(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?", re.ASCII)


def whole_number(text: str) -> Decimal | None:
    """Value of a text that is nothing but a whole number."""
    cleaned = clean(text)
    return Decimal(cleaned) if cleaned.isascii() and cleaned.isdecimal() else None


def numbers(text: str) -> frozenset[Decimal]:
    """Values of the numbers in a text; a comma before three digits groups them ("35,149" is one number)."""
    return frozenset(Decimal(found.replace(",", "")) for found in _NUMBER.findall(_NOT_NUMBERS.sub(" ", text)))


def words(text: str) -> list[str]:
    """Tokens of NLTK's rule-based word tokeniser over sentences of an untrained Punkt splitter."""
    split_sentences, split_words = _tokenisers()
    return [token for sentence in split_sentences(text) for token in split_words(sentence)]


@lru_cache(maxsize=1)
def _tokenisers() -> "tuple[Callable[[str], list[str]], Callable[[str], list[str]]]":
    # Here because NLTK takes most of a second to import and few tasks need it.
    from nltk.tokenize.destructive import NLTKWordTokenizer
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    return PunktSentenceTokenizer().tokenize, NLTKWordTokenizer().tokenize
