"""A model server in the shape of OpenAI's, whose model plays the reference actions of one task of `mini`.

Messages of the user are what verifiers makes of OpenEnv's observations. Run it as a module with a task's id and a form
of reply in which {} stands for the action; it prints its base URL. It keeps nothing: each conversation is played again.
"""

import json
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from webarena_runner.gym import ReferencePlayer
from webarena_runner.loopback import listen


def reply_to(messages: list[dict[str, object]], task_id: int, form: str) -> str:
    player, action = ReferencePlayer.of("mini", task_id), ""
    for message in messages:
        if message["role"] == "user":
            action = player.next(json.loads(_text(message["content"]))["observation"]["text"])
    return form.replace("{}", action)


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return str(content)


def make_app(task_id: int, form: str) -> Starlette:
    async def complete(request: Request) -> JSONResponse:
        text = reply_to((await request.json())["messages"], task_id, form)
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        said = {"id": "1", "object": "chat.completion", "created": 1, "model": "reference"}
        return JSONResponse(said | {"choices": [choice], "usage": usage})

    return Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])


if __name__ == "__main__":
    listener = listen(0)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", flush=True)
    config = uvicorn.Config(make_app(int(sys.argv[1]), sys.argv[2]), log_level="critical")
    uvicorn.Server(config).run([listener])
