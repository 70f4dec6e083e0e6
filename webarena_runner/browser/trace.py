"""The network log of an episode: every request of its pages, in order, for evaluators that score by it."""

from playwright.async_api import BrowserContext, Request, Response

from webarena_runner.interfaces import Exchange


class NetworkTrace:
    """Records from now on what the pages of a context ask for."""

    def __init__(self, context: BrowserContext) -> None:
        self._requests: list[Request] = []
        self._responses: dict[Request, Response] = {}
        context.on("request", self._asked)
        context.on("response", self._answered)

    def exchanges(self) -> tuple[Exchange, ...]:
        """All up to now."""
        return tuple(
            Exchange(
                method=request.method,
                url=request.url,
                resource=request.resource_type,
                body=(request.post_data_buffer or b"").decode("utf-8", "replace"),
                status=self._responses[request].status if request in self._responses else 0,
            )
            for request in self._requests
        )

    def _asked(self, request: Request) -> None:
        self._requests.append(request)

    def _answered(self, response: Response) -> None:
        self._responses[response.request] = response
