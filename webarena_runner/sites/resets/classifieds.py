"""The reset page of VisualWebArena's classifieds site."""

from collections.abc import Sequence

from webarena_runner.errors import SiteError
from webarena_runner.official.sites import CLASSIFIEDS
from webarena_runner.sites.resets.requests import request, shown

# Published with the site, so it is no secret.
PUBLISHED_TOKEN = "4b61655535e7ed388f0d40a93600254c"  # noqa: S105


class ClassifiedsReset:
    """Of that site alone; `url` is the site's, `token` what its containers were started with."""

    whole = False
    sites = frozenset({CLASSIFIEDS.name})

    def __init__(self, url: str, *, token: str, limit_s: float) -> None:
        self.limit_s = limit_s
        self._url = url
        self._token = token

    async def reset(self, sites: Sequence[str]) -> None:
        """Raises SiteError when the page does not answer with 200."""
        address = f"{self._url}/index.php?page=reset"
        reply = await request("POST", address, form={"token": self._token}, limit_s=self.limit_s)
        if reply.status_code != 200:
            raise SiteError(
                f"POST {address} gives {shown(reply)}; expected 200. Is the token the RESET_TOKEN that the site's "
                "containers were started with (token_env names the variable that holds it)?"
            )
