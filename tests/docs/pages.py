"""What is written in README and docs."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("**/[!_]*.md")))
_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_IN_A_LINE = re.compile(r"`((?:wa-run|make) [^`]+)`")
_SEPARATORS = ("|", "&", ";", "&&", "||")


def shell_commands(page: Path) -> Iterator[list[str]]:
    """The words of every command in the page's shell blocks and in its text, without variables and redirections."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(_BLOCK.findall(text)).replace("\\\n", " ")
    for line in (*blocks.splitlines(), *_IN_A_LINE.findall(_BLOCK.sub("", text))):
        yield from _commands_of(" ".join(line.split()) if line.startswith("wa-run") else line)


def _commands_of(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in (*lexer, ";"):
        if word in _SEPARATORS:
            if words:
                yield words[: words.index(">")] if ">" in words else words
            words = []
        elif words or "=" not in word:
            words.append(word)
