"""The reset of `wa-run sites serve`."""

from collections.abc import Sequence

from webarena_runner.errors import SiteError
from webarena_runner.sites.resets.requests import request, shown

TOKEN_ENV = "WA_RESET_TOKEN"  # noqa: S105 - the variable's name


class ServedReset:
    """All sites at once, in milliseconds."""

    whole = True

    def __init__(self, url: str, sites: frozenset[str], *, token: str, limit_s: float) -> None:
        self.sites = sites
        self.limit_s = limit_s
        self._url = url
        self._token = token

    async def reset(self, sites: Sequence[str]) -> None:
        """Raises SiteError when it is refused."""
        bearer = {"Authorization": f"Bearer {self._token}"}
        reply = await request("POST", self._url, headers=bearer, limit_s=self.limit_s)
        if reply.status_code != 200:
            raise SiteError(
                f"POST {self._url} gives {shown(reply)}; expected 200. Address and token are those that "
                "`wa-run sites serve` prints as WA_RESET_URL and WA_RESET_TOKEN"
            )
