"""How much is taken of texts whose length a page decides; official takes all, up to the cut of the observation."""

MAX_TITLE_CHARACTERS = 2_000
MAX_URL_CHARACTERS = 10_000
# Of one node. An observation is cut long before that unless `observation.max_tokens` is null.
MAX_NAME_CHARACTERS = 100_000


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."


def cut(what: str, limit: int) -> str:
    """The deviation that says so."""
    return f"{what}: cut after {limit} characters"
