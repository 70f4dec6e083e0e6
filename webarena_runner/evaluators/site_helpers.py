"""The helpers that official task files call by name: a closed table behind `notation.parse_helper`.

Those that ask the shop's REST interface, or are WebArena's; `page_helpers` has the others.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx

from webarena_runner.errors import ScriptError, SiteError
from webarena_runner.evaluators.page_helpers import PageHelpers, Selected
from webarena_runner.inside import send
from webarena_runner.interfaces import EpisodeEnd
from webarena_runner.official.notation import LAST_URL, HelperCall

REQUEST_TIMEOUT_S = 30.0
CONNECT_RETRIES = 2
NEWEST_ORDER = {
    "searchCriteria[sortOrders][0][field]": "created_at",
    "searchCriteria[sortOrders][0][direction]": "DESC",
    "searchCriteria[pageSize]": "1",
}
# The row of the member table whose account is @NAME; throws where there is none, which counts as empty text.
MEMBER_ROLE = """() => {
  const accounts = [...document.querySelectorAll("td[data-label='Account'] span.gl-avatar-labeled-sublabel")];
  const row = accounts.findIndex((account) => account.outerText === %s);
  return document.querySelectorAll("td.col-max-role span")[row].outerText;
}"""


class SiteHelpers:
    """Calls helpers for one episode; `transport` replaces the network (None: real HTTP)."""

    def __init__(self, end: EpisodeEnd, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._end = end
        self._transport = transport

    async def target_url(self, call: HelperCall) -> str | None:
        """URL that a target asks for; None when the shop has no order at all."""
        table: dict[str, Callable[..., Awaitable[str | None]]] = {
            "reddit_get_post_url": self._post_url,
            "shopping_get_latest_order_url": self._latest_order_url,
        }
        return await table[call.name](*call.arguments)

    async def selected(self, call: HelperCall, page_url: str) -> Selected:
        """What a target's locator selects; `page_url` is the page as the target asked for it."""
        of_pages = PageHelpers(self._end.page).table
        if call.name in of_pages:
            return await of_pages[call.name](page_url, *call.arguments)
        table: dict[str, Callable[..., Awaitable[str]]] = {
            "gitlab_get_project_memeber_role": partial(self._member_role, page_url),
            "shopping_get_sku_latest_review_author": self._review_author,
            "shopping_get_sku_latest_review_rating": self._review_rating,
            "shopping_get_sku_latest_review_text": self._review_text,
        }
        return await table[call.name](*call.arguments)

    async def _post_url(self, url: str) -> str:
        return post_url(url.replace(LAST_URL, self._end.page.url))

    async def _review_author(self, sku: str) -> str:
        return str((await self._latest_review(sku)).get("nickname", ""))

    async def _review_text(self, sku: str) -> str:
        return str((await self._latest_review(sku)).get("detail", ""))

    async def _review_rating(self, sku: str) -> str:
        match await self._latest_review(sku):
            case {"ratings": [{"rating_name": "Rating", "percent": percent}, *_]}:
                return str(percent)
            case {"nickname": _} as review:
                raise SiteError(f"the newest review of {sku} has no rating called 'Rating': {review!r:.200}")
        return ""

    async def _member_role(self, page_url: str, account: str) -> str:
        try:
            return str(await self._end.page.evaluate(MEMBER_ROLE % json.dumps(f"@{account}"), page_url))
        except ScriptError:
            return ""

    async def _latest_order_url(self) -> str | None:
        found = await self._shop_get("/rest/V1/orders", params=NEWEST_ORDER)
        match found:
            case {"items": []} | {"items": None}:
                return None
            case {"items": [{"increment_id": str(number)}, *_]} if number.isdecimal():
                return f"{self._shop_url}/sales/order/view/order_id/{int(number)}/"
        raise SiteError(
            f"{self._shop_url}/rest/V1/orders: expected items with a decimal increment_id, found {found!r:.200}"
        )

    async def _latest_review(self, sku: str) -> Mapping[str, Any]:
        """The review that the shop lists last, which is the newest; empty when there is none."""
        path = f"/rest/V1/products/{sku}/reviews"
        reviews = await self._shop_get(path)
        match reviews:
            case []:
                return {}
            case [*_, {"nickname": str()}]:
                newest: Mapping[str, Any] = reviews[-1]
                return newest
        raise SiteError(f"{self._shop_url}{path}: expected a list of reviews, found {reviews!r:.200}")

    @property
    def _shop_url(self) -> str:
        try:
            return self._end.lease.urls["shopping"]
        except KeyError:
            raise SiteError(
                f"task {self._end.task.task_id} of {self._end.task.task_set} asks the shop's REST interface, "
                f"but the episode has no URL for 'shopping'"
            ) from None

    @property
    def _shop_admin(self) -> tuple[str, str]:
        try:
            return self._end.lease.credentials["shopping_admin"]
        except KeyError:
            raise SiteError(
                f"task {self._end.task.task_id} of {self._end.task.task_set} asks the shop's REST interface, "
                f"but the episode has no account for 'shopping_admin', whom it must log in as"
            ) from None

    async def _shop_get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        user, password = self._shop_admin
        # Proxies of the environment are not for the sites: the browser does not use them either.
        transport = self._transport or httpx.AsyncHTTPTransport(retries=CONNECT_RETRIES)
        async with httpx.AsyncClient(base_url=self._shop_url, timeout=REQUEST_TIMEOUT_S, transport=transport) as client:
            token = await _json(
                client,
                client.build_request(
                    "POST",
                    "/rest/default/V1/integration/admin/token",
                    json={"username": user, "password": password},
                ),
            )
            headers = {"Authorization": f"Bearer {token}"}
            return await _json(client, client.build_request("GET", path, params=params, headers=headers))


def post_url(url: str) -> str:
    """The forum post that a URL below it belongs to (`/f/FORUM/ID/...`); any other URL as it is."""
    parts = urlsplit(url)
    segments = parts.path.split("/")
    if len(segments) < 4 or segments[1] != "f":
        return url
    return f"{parts.scheme}://{parts.netloc}/f/{segments[2]}/{segments[3]}/"


async def _json(client: httpx.AsyncClient, request: httpx.Request) -> Any:
    where = f"{request.method} {request.url.copy_with(query=None)}"
    response = await send(client, request, limit_s=REQUEST_TIMEOUT_S)
    if response.status_code != httpx.codes.OK:
        raise SiteError(f"{where}: expected status 200, got {response.status_code}: {response.text:.200}")
    try:
        return response.json()
    except ValueError as error:
        raise SiteError(f"{where}: expected JSON, got {response.text:.200}") from error
