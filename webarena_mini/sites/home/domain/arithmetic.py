"""Evaluates arithmetic as people type it: + - * / ^ %, brackets, decimal commas between thousands, a few functions.

A parser of our own: Python's eval would run anything.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping

MAX_LENGTH = 300
_MAX_DEPTH = 40
_MAX_POWER = 1000
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d[\d,]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[a-zA-Z]+|[π√])|(?P<sign>\*\*|[-+*/^%(),×÷−]))"
)
_SAME = {"×": "*", "x": "*", "X": "*", "÷": "/", "−": "-", "**": "^", "π": "pi", "√": "sqrt"}
CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e}
FUNCTIONS: Mapping[str, tuple[str, Callable[[float], float]]] = {
    "sqrt": ("Square root", math.sqrt),
    "abs": ("Absolute value", abs),
    "round": ("Nearest whole number", lambda value: float(round(value))),
    "floor": ("Next lower whole number", lambda value: float(math.floor(value))),
    "ceil": ("Next higher whole number", lambda value: float(math.ceil(value))),
    "sin": ("Sine of an angle in radians", math.sin),
    "cos": ("Cosine of an angle in radians", math.cos),
    "tan": ("Tangent of an angle in radians", math.tan),
    "ln": ("Natural logarithm", math.log),
    "log": ("Logarithm to base 10", math.log10),
}
_SUMS: Mapping[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: Mapping[str, Callable[[float, float], float]] = {
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}


class BadExpressionError(ValueError):
    """The message is for the page."""


def calculate(text: str) -> str:
    """The value as the page shows it: at most 12 significant digits, whole numbers without a point.

    Raises:
        BadExpressionError: the text cannot be read, or has no value.
    """
    if len(text) > MAX_LENGTH:
        raise BadExpressionError(f"The expression is longer than {MAX_LENGTH} characters.")
    try:
        value = _Parser(_tokens(text)).parse()
    except ZeroDivisionError:
        raise BadExpressionError("Division by zero.") from None
    except OverflowError:
        raise BadExpressionError("The result is too large.") from None
    except BadExpressionError:
        raise
    except ValueError:
        raise BadExpressionError("There is no real number that solves this.") from None
    if not math.isfinite(value):
        raise BadExpressionError("The result is too large.")
    return _shown(value)


def _shown(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.12g}"


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    text = text.rstrip().removesuffix("=").rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise BadExpressionError(f"“{text[at:].strip()[:1]}” cannot be used here.")
        token = found.group().strip()
        tokens.append(_SAME.get(token, token))
        at = found.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens, one method for each level of binding."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def parse(self) -> float:
        if not self._tokens:
            raise BadExpressionError("Type an expression first.")
        value = self._chain(_SUMS, self._product)
        if self._next:
            raise BadExpressionError(f"“{self._next}” was not expected.")
        return value

    @property
    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next
        self._at += 1
        return token

    def _product(self) -> float:
        return self._chain(_PRODUCTS, self._signed)

    def _chain(self, signs: Mapping[str, Callable[[float, float], float]], part: Callable[[], float]) -> float:
        value = part()
        while self._next in signs:
            value = signs[self._take()](value, part())
        return value

    def _signed(self) -> float:
        """Minus binds less than a power: -2^2 is -4."""
        if self._next in _SUMS:
            factor = -1.0 if self._next == "-" else 1.0
            return factor * self._nested(self._signed)
        return self._power()

    def _power(self) -> float:
        base = self._atom()
        if self._next != "^":
            return base
        exponent = self._nested(self._signed)
        if abs(exponent) > _MAX_POWER:
            raise BadExpressionError(f"Powers above {_MAX_POWER} are not supported.")
        value = base**exponent
        if isinstance(value, complex):
            raise BadExpressionError("There is no real number that solves this.")
        return float(value)

    def _nested(self, part: Callable[[], float]) -> float:
        """Takes a token, then reads a part one level deeper."""
        self._take()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise BadExpressionError("There are too many brackets within brackets.")
        value = part()
        self._depth -= 1
        return value

    def _atom(self) -> float:
        token = self._next
        if token == "(":  # noqa: S105  a bracket
            return self._bracket()
        self._take()
        if token.lower() in CONSTANTS:
            return CONSTANTS[token.lower()]
        if token.lower() in FUNCTIONS:
            if self._next != "(":
                raise BadExpressionError(f"Write the argument of {token} in brackets: {token}(…).")
            return FUNCTIONS[token.lower()][1](self._bracket())
        if token[:1].isdigit() or token[:1] == ".":
            return float(token.replace(",", ""))
        raise BadExpressionError(f"“{token}” was not expected." if token else "The expression is not complete.")

    def _bracket(self) -> float:
        value = self._nested(lambda: self._chain(_SUMS, self._product))
        if self._take() != ")":
            raise BadExpressionError("A closing bracket is missing.")
        return value
