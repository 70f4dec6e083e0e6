"""Literals and classes of GBNF, llama.cpp's notation of grammars."""

from collections.abc import Sequence


def one_of(words: Sequence[str]) -> str:
    return " | ".join(map(quoted, words))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def escaped(character: str) -> str:
    """Within a class of characters."""
    return {"\n": "\\n", "]": "\\]", "[": "\\[", "\\": "\\\\", "^": "\\^", "-": "\\-"}.get(character, character)
