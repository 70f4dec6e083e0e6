"""The notation inside official task files: `__SITE__` placeholders, alternatives, and `func:` calls.

Task files are data: a `func:` text is read here into a name from a closed table and its arguments, never evaluated.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from webarena_runner.errors import SiteError, TaskFileError
from webarena_runner.official.sites import PLACEHOLDER

ALTERNATIVES = " |OR| "
START_TABS = " |AND| "
LAST_PAGE = "last"
UNACHIEVABLE = "N/A"
LAST_URL = "__last_url__"
PAGE = "__page__"
FUNC = "func:"
SCRIPT_STARTS = ("document.", "[...document.")
# VisualWebArena's, of a script in the page whose value may be of any kind; nothing of Python, in spite of its name.
LAMBDA, CALLED_AT_ONCE = "lambda:", "(() =>"

# Parameters by helper, `page` standing for `__page__`. "memeber" is the official spelling.
URL_HELPERS: Mapping[str, tuple[str, ...]] = {
    "reddit_get_post_url": ("url",),
    "shopping_get_latest_order_url": (),
}
WEBARENA_LOCATOR_HELPERS: Mapping[str, tuple[str, ...]] = {
    "gitlab_get_project_memeber_role": ("page", "account"),
    "shopping_get_sku_latest_review_author": ("sku",),
    "shopping_get_sku_latest_review_rating": ("sku",),
}
LOCATOR_HELPERS: Mapping[str, tuple[str, ...]] = {
    **WEBARENA_LOCATOR_HELPERS,
    # Of VisualWebArena alone.
    "get_query_text": ("page", "selector"),
    "reddit_get_latest_comment_content_by_username": ("page", "username"),
    "reddit_get_parent_comment_username_of_latest_comment_by_username": ("page", "username"),
    "shopping_get_num_reviews": ("page",),
    "shopping_get_order_product_name_list": ("page",),
    "shopping_get_order_product_option": ("page", "sku", "option"),
    "shopping_get_order_product_quantity": ("page", "sku"),
    "shopping_get_product_attributes": ("page", "attribute"),
    "shopping_get_product_price": ("page",),
    "shopping_get_sku_latest_review_text": ("sku",),
}

_MAX_CALL_CHARS = 500


@dataclass(frozen=True)
class HelperCall:
    """One call of a site helper with its text arguments; `__page__` is left out."""

    name: str
    arguments: tuple[str, ...]


def render(text: str, urls: Mapping[str, str]) -> str:
    """Text with every `__SITE__` placeholder replaced by that site's URL.

    Raises:
        SiteError: `urls` lacks a site that the text names.
    """

    def url_of(match: re.Match[str]) -> str:
        site = match[1].lower()
        if site not in urls:
            raise SiteError(f"{match[0]} in '{text[:120]}' needs the URL of '{site}', which this episode does not have")
        return urls[site]

    return PLACEHOLDER.sub(url_of, text)


def to_placeholders(text: str, urls: Mapping[str, str]) -> str:
    """Text with `__SITE__` for each URL of a site, where a host name, port or path does not go on in the same word."""
    longest_first = sorted(urls.items(), key=lambda item: -len(item[1]))
    for site, url in longest_first:
        if url and url in text:
            text = re.sub(rf"{re.escape(url)}(?![\w:-]|\.\w)", _placeholder(site), text)
    return text


def to_urls(text: str, urls: Mapping[str, str]) -> str:
    """What `to_placeholders` was given, for a text in which no such placeholder was; others stay."""
    for site, url in urls.items():
        text = text.replace(_placeholder(site), url)
    return text


def named_places(text: str, urls: Mapping[str, str]) -> frozenset[str]:
    """Those of the sites of `urls` whose placeholders occur in the text, also when they are no official ones."""
    return frozenset(site for site in urls if _placeholder(site) in text)


def _placeholder(site: str) -> str:
    return f"__{site.upper()}__"


def parse_helper(text: str, place: Literal["url", "locator"]) -> HelperCall:
    """Reads `func:NAME('text', __page__)` of a target's URL or locator.

    Raises:
        TaskFileError: another helper, other arguments, or anything that is not one plain call.
    """
    table = URL_HELPERS if place == "url" else LOCATOR_HELPERS
    call = _read_call(text)
    known = ", ".join(f"{name}({', '.join(parameters)})" for name, parameters in table.items())
    if call is None:
        raise TaskFileError(
            f"expected one plain call such as func:NAME('text') with a helper of: {known}; found {text!r}"
        )
    name, arguments = call
    parameters = table.get(name)
    if parameters is None:
        raise TaskFileError(f"'{name}' is no helper for a {place}; known: {known}")
    fits = len(arguments) == len(parameters) and all(
        (argument is None) == (parameter == "page") for argument, parameter in zip(arguments, parameters, strict=True)
    )
    if not fits:
        raise TaskFileError(
            f"expected {name}({', '.join(parameters)}) with quoted texts and {PAGE} for page; found {text!r}"
        )
    return HelperCall(name, tuple(argument for argument in arguments if argument is not None))


def _read_call(text: str) -> tuple[str, list[str | None]] | None:
    """Name and arguments (None for `__page__`); None when the text is anything but one call with plain arguments."""
    if not text.startswith(FUNC) or len(text) > _MAX_CALL_CHARS:
        return None
    try:
        expression = ast.parse(text.removeprefix(FUNC).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not (isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and not expression.keywords):
        return None
    arguments: list[str | None] = []
    for argument in expression.args:
        match argument:
            case ast.Constant(value=str(value)):
                arguments.append(value)
            case ast.Name(id="__page__"):
                arguments.append(None)
            case _:
                return None
    return expression.func.id, arguments
