"""Numbers that come with a request."""

LARGEST_ID = 2**31
MAX_UPLOAD_BYTES = 2_000_000


def to_int(text: object, *, low: int, high: int, default: int) -> int:
    """A whole number from a request, kept within bounds; `default` where it is none."""
    try:
        return max(low, min(high, int(str(text))))
    except ValueError:
        return default
