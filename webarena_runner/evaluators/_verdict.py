"""How a judge's reply is read, by the official rules, quirks included ("not correct" counts as correct)."""

NEGATIVE = {"fuzzy": ("partially correct", "incorrect"), "unachievable": ("different",)}
POSITIVE = {"fuzzy": "correct", "unachievable": "same"}


def read_verdict(kind: str, reply: str) -> float | None:
    """1.0 or 0.0; None when the reply holds neither of the words asked for."""
    text = reply.lower()
    if any(word in text for word in NEGATIVE[kind]):
        return 0.0
    return 1.0 if POSITIVE[kind] in text else None
