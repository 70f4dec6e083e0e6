"""What `--record` says, as settings: `har,trace=failed`."""

from typing import Any

from webarena_runner.errors import ConfigError

EXPECTED = "har, har-bodies, trace, trace=failed, film-strip, joined by commas"
_MEANS: dict[str, dict[str, Any]] = {
    "har": {"har": True},
    "har-bodies": {"har": True, "har_bodies": True},
    "trace": {"trace": "all"},
    "trace=all": {"trace": "all"},
    "trace=failed": {"trace": "failed"},
    "film-strip": {"film_strip": True},
}


def read_record(text: str) -> dict[str, Any]:
    """The keys of `RecordSettings` that a text such as `har,trace=failed` sets; `film-strip` goes with a trace.

    Raises:
        ConfigError: it says something else, or one thing in two ways.
    """
    found: dict[str, Any] = {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        means = _MEANS.get(word)
        if means is None:
            raise ConfigError(f"--record {text}: expected {EXPECTED}; found '{word}'")
        for key, value in means.items():
            if found.setdefault(key, value) != value:
                raise ConfigError(f"--record {text}: says two things of '{key}'; leave one of them out")
    if not found:
        raise ConfigError(f"--record: expected {EXPECTED}; found nothing")
    if found.get("film_strip") and "trace" not in found:
        found["trace"] = "all"
    return found
