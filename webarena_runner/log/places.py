"""Addresses in results by site and path: sites on this machine get other ports in every run."""

from collections.abc import Mapping
from typing import Any

from webarena_runner.official.notation import named_places, to_placeholders, to_urls
from webarena_runner.types import EpisodeResult

_VERBATIM = "verbatim"
# As it is in a file.
VERBATIM_KEY = b'"verbatim"'


def placed(result: EpisodeResult) -> dict[str, Any]:
    """The result as JSON values, whose addresses outlive the ports that the sites had; `site_urls` says which."""
    raw = by_site(result.model_dump(mode="json", exclude={"site_urls"}), result.site_urls)
    return {**raw, "site_urls": dict(result.site_urls)}


def by_site(value: Any, urls: Mapping[str, str]) -> Any:
    """A JSON value with `__SITE__` for each URL of a site; `by_url` turns it back exactly.

    A text that has such a placeholder of its own becomes `{"verbatim": TEXT}`.
    """
    match value:
        case str():
            return {_VERBATIM: value} if named_places(value, urls) else to_placeholders(value, urls)
        case list():
            return [by_site(each, urls) for each in value]
        case dict() if list(value) == [_VERBATIM]:
            return {_VERBATIM: value}
        case dict():
            return {key: by_site(each, urls) for key, each in value.items()}
    return value


def by_url(value: Any, urls: Mapping[str, str]) -> Any:
    match value:
        case str():
            return to_urls(value, urls)
        case list():
            return [by_url(each, urls) for each in value]
        case dict() if list(value) == [_VERBATIM]:
            return value[_VERBATIM]
        case dict():
            return {key: by_url(each, urls) for key, each in value.items()}
    return value
