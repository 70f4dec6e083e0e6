"""Asking an actor."""

import asyncio
from typing import Any

from webarena_runner.errors import EngineGone, EpisodeError


async def answer_to(call: Any) -> Any:
    """What an actor answers. Raises EngineGone when it has ended, and errors that it gave."""
    from ray.exceptions import RayActorError

    try:
        answer = await asyncio.wrap_future(call.future())
    except RayActorError as error:
        raise EngineGone(
            f"the process that all workers share for model, judge and sites has ended ({type(error).__name__})"
        ) from error
    if isinstance(answer, EpisodeError):
        raise answer
    return answer
