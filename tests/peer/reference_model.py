"""A model server in the shape of OpenAI's, whose model plays the reference actions of tasks of `mini`.

Messages of the user are what verifiers makes of OpenEnv's observations. Run it as a module with pairs of a task's id
and a form of reply, in which {} stands for the action; it prints its base URL. It keeps nothing: each request plays
the whole conversation again, so that any number of them go on at once.
"""

import json
import sys
from collections.abc import Mapping, Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webarena_runner.gym.reference import ReferencePlayer, task_of
from webarena_runner.loopback import listen
from webarena_runner.types import Task

USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def reply_to(messages: Sequence[Mapping[str, object]], forms: Mapping[str, tuple[Task, str]]) -> str:
    """`forms` by the tasks' intents."""
    seen = [json.loads(_text(message["content"]))["observation"] for message in messages if message["role"] == "user"]
    task, form = forms[seen[0]["intent"]]
    player, action = ReferencePlayer(task), ""
    for observation in seen:
        action = player.next(observation["text"])
    return form.replace("{}", action)


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return str(content)


def make_app(forms: Mapping[int, str]) -> Starlette:
    by_intent = {}
    for task_id, form in forms.items():
        task = task_of("mini", task_id)
        by_intent[task.intent] = task, form
    if len(by_intent) < len(forms):
        raise ValueError("two of the tasks have the same intent, by which they are told apart")

    async def complete(request: Request) -> Response:
        asked = await request.json()
        message = {"role": "assistant", "content": reply_to(asked["messages"], by_intent)}
        said = {"id": "1", "created": 1, "model": "reference", "usage": USAGE}
        if not asked.get("stream"):
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            return JSONResponse(said | {"object": "chat.completion", "choices": [choice]})
        choice = {"index": 0, "finish_reason": "stop", "delta": message}
        piece = json.dumps(said | {"object": "chat.completion.chunk", "choices": [choice]})
        return Response(f"data: {piece}\n\ndata: [DONE]\n\n", media_type="text/event-stream")

    return Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])


if __name__ == "__main__":
    app = make_app({int(task_id): form for task_id, form in zip(sys.argv[1::2], sys.argv[2::2], strict=True)})
    listener = listen(0)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run([listener])
