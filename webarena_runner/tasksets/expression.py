"""The `--tasks` expression as text: tokens, a tree, and a parser whose errors point at the place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from webarena_runner.errors import SelectionError
from webarena_runner.tasksets.ids import parse_range

EXAMPLES = (
    "examples: all   0-99,105   site:gitlab & eval:url_match   all & !template:12   @ids.txt   site:map & sample:20"
)
FILTERS = "site:NAME, template:ID, old:ID, eval:TYPE, sample:N, failed:RUN, errored:RUN, passed:RUN"
MAX_DEPTH = 50

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[,&!()])|(?P<file>@(?:"[^"]*"|[^\s,&!()"]+))|(?P<text>"[^"]+")|"""
    r"""(?P<word>(?:failed|errored|passed):"[^"]+"|[^\s,&!()@"]+))"""
)
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_KEYS = ("site", "template", "old", "eval", "sample")
_NUMBERED = ("template", "old", "sample")
_OUTCOMES = ("failed", "errored", "passed")
# What people write for the marks.
_OTHER_MARKS = {"and": "&", "or": ",", "not": "!", "|": ",", "||": ",", "+": ","}


@dataclass(frozen=True)
class Token:
    """A piece of the expression; `kind` is mark, file, text, word or end; offsets count characters."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True)
class Ids:
    low: int
    high: int
    token: Token


@dataclass(frozen=True)
class TextId:
    """A task id that is a text, given in double quotes."""

    text: str
    token: Token


@dataclass(frozen=True)
class Named:
    """`all`, `image`, a task set or a subset by its name."""

    name: str
    token: Token


@dataclass(frozen=True)
class Filter:
    """`key:value`; the value of `template`, `old` and `sample` is decimal digits."""

    key: str
    value: str
    token: Token


@dataclass(frozen=True)
class IdFile:
    path: str
    token: Token


@dataclass(frozen=True)
class Outcome:
    """Tasks by what became of them in an earlier run, which is given by folder or id."""

    became: str
    run: str
    token: Token


@dataclass(frozen=True)
class Not:
    of: "Node"


@dataclass(frozen=True)
class And:
    parts: "tuple[Node, ...]"


@dataclass(frozen=True)
class Or:
    parts: "tuple[Node, ...]"


Leaf = Ids | TextId | Named | Filter | IdFile | Outcome
Node = Leaf | Not | And | Or


def parse(expression: str) -> Node:
    """Reads an expression; `,` is or, `&` is and and binds tighter, `!` is not.

    Raises:
        SelectionError: with the expression and a mark under the place.
    """
    return _Parser(expression).parse()


def leaves(node: Node) -> Iterator[Leaf]:
    match node:
        case Not(of=inner):
            yield from leaves(inner)
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield node


def fault(expression: str, token: Token, message: str, *, hint: str = EXAMPLES) -> SelectionError:
    """An error that shows the expression with a mark under the token."""
    shown = expression.replace("\n", " ").replace("\t", " ")
    mark = " " * token.start + "^" * max(1, len(token.text))
    return SelectionError(f"--tasks: {message}\n  {shown}\n  {mark}\n{hint}")


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = _tokens(expression)
        self._next = 0
        self._depth = 0

    def parse(self) -> Node:
        if self._token.kind == "end":
            raise self._fault("empty expression; expected which tasks to run")
        node = self._any_of()
        if self._token.text == ")":
            raise self._fault("this ')' closes nothing")
        if self._token.kind != "end":
            raise self._expected("',' (or), '&' (and) or the end")
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self, mark: str) -> bool:
        taken = self._token.kind == "mark" and self._token.text == mark
        self._next += taken
        return taken

    def _any_of(self) -> Node:
        parts = [self._all_of()]
        while self._take(","):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all_of(self) -> Node:
        parts = [self._negatable()]
        while self._take("&"):
            parts.append(self._negatable())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negatable(self) -> Node:
        negated = False
        while self._take("!"):
            negated = not negated
        node = self._group() if self._token.text == "(" else self._leaf()
        return Not(node) if negated else node

    def _group(self) -> Node:
        opening = self._token
        if self._depth == MAX_DEPTH:
            raise self._fault(f"more than {MAX_DEPTH} parentheses inside each other")
        self._depth += 1
        self._next += 1
        node = self._any_of()
        if not self._take(")"):
            if self._token.kind == "end":
                raise fault(self._expression, opening, "this '(' is never closed; expected ')'")
            raise self._expected("',' (or), '&' (and) or ')'")
        self._depth -= 1
        return node

    def _leaf(self) -> Node:
        token = self._token
        if token.kind == "file":
            self._next += 1
            return IdFile(token.text[1:].strip('"'), token)
        if token.kind == "text":
            self._next += 1
            return TextId(token.text[1:-1], token)
        if token.kind != "word":
            found = "the end" if token.kind == "end" else f"'{token.text}'"
            doubled = token.text == "&" and self._expression[token.start - 1 : token.start] == "&"
            raise self._fault(
                "one '&' is enough" if doubled else f"expected an id, a range, a name or a filter, found {found}"
            )
        self._next += 1
        return self._word(token)

    def _word(self, token: Token) -> Node:
        if bounds := parse_range(token.text):
            low, high = bounds
            if high < low:
                raise fault(self._expression, token, f"this range runs backwards; did you mean {high}-{low}?")
            return Ids(low, high, token)
        if token.text.lower() in _OTHER_MARKS:
            raise fault(self._expression, token, _other_mark(token.text))
        key, _, value = token.text.partition(":")
        if key in _OUTCOMES and value:
            return Outcome(key, value.strip('"'), token)
        if _NAME.fullmatch(token.text):
            return Named(token.text, token)
        if key not in _KEYS or not value:
            raise fault(
                self._expression,
                token,
                f"'{token.text}' is no id, range, name or filter; filters are {FILTERS}; an id that is a text goes "
                f"into double quotes",
            )
        if key in _NUMBERED and not re.fullmatch("[0-9]{1,9}", value):
            raise fault(self._expression, token, f"{key}: takes a number, found '{value}'")
        return Filter(key, value, token)

    def _expected(self, what: str) -> SelectionError:
        text = self._token.text
        return self._fault(_other_mark(text) if text.lower() in _OTHER_MARKS else f"expected {what}")

    def _fault(self, message: str) -> SelectionError:
        return fault(self._expression, self._token, message)


def _other_mark(text: str) -> str:
    return f"write '{_OTHER_MARKS[text.lower()]}' for '{text}'; '&' is and, ',' is or, '!' is not"


def _tokens(expression: str) -> list[Token]:
    tokens, position, end = [], 0, len(expression.rstrip())
    while position < end:
        match = _TOKEN.match(expression, position)
        if match is None or match.lastgroup is None:
            start = position + len(expression[position:]) - len(expression[position:].lstrip())
            raise fault(
                expression, Token("word", expression[start], start), f"'{expression[start]}' has no meaning here"
            )
        tokens.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    tokens.append(Token("end", "", end))
    return tokens
