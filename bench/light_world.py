"""A world that costs next to nothing: pages of some lines that lead to the next one, and a model that takes its time.

Served as a program of its own, `python -m bench.light_world --model-s 1.0`, which prints its port.
"""

import argparse
import asyncio
import re

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

ANSWER = "done"
LINES = 12
NEXT = re.compile(r"\[(\d+)\] link 'Next'")


def app(model_s: float, pages: int) -> Starlette:
    """Its model goes to the next page, as far as the page that it is shown has one, and then answers."""

    async def page(request: Request) -> HTMLResponse:
        number = int(request.path_params["number"])
        lines = "".join(f"<p>Line {line} of page {number}</p>" for line in range(LINES))
        leads_on = f'<a href="/{number + 1}">Next</a>' if number < pages else ""
        return HTMLResponse(f"<!doctype html><title>Page {number}</title><h1>Page {number}</h1>{lines}{leads_on}")

    async def chat(request: Request) -> JSONResponse:
        asked = (await request.json())["messages"][-1]["content"]
        await asyncio.sleep(model_s)
        # The examples of the prompt are messages of their own.
        found = NEXT.search(asked)
        said = f"click [{found[1]}]" if found else f"stop [{ANSWER}]"
        message = {"role": "assistant", "content": f"```{said}```"}
        usage = {"prompt_tokens": 1000, "completion_tokens": 5, "total_tokens": 1005}
        return JSONResponse(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": "light",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": usage,
            }
        )

    async def models(_: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [{"id": "light", "object": "model"}]})

    return Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/{number:int}", page),
        ]
    )


class _Server(uvicorn.Server):
    async def startup(self, sockets: object = None) -> None:
        await super().startup()
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model-s", type=float, default=1.0)
    parser.add_argument("--pages", type=int, default=10)
    given = parser.parse_args()
    config = uvicorn.Config(app(given.model_s, given.pages), port=0, log_level="error", timeout_keep_alive=60)
    _Server(config).run()


if __name__ == "__main__":
    main()
