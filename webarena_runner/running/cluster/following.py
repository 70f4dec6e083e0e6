"""Following an actor by its news, up to when it is lost."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from webarena_runner.running.cluster.living import CUT_OFF_S
from webarena_runner.running.cluster.messages import News

# Ray says within seconds that an actor is not to be had, also of one that comes back, or never will.
LOST_AFTER_S = 10.0
# Who gives no answer at all for so long has ended its episodes by itself.
SILENCE_S = CUT_OFF_S + 5
TRY_AGAIN_S = 0.5


@dataclass(frozen=True)
class Loss:
    """Why an actor is lost; `dead`: it certainly does nothing any more."""

    why: str
    dead: bool


async def follow(actor: Any, take: Callable[[News], None]) -> Loss:
    """Gives its news as they come, in order and each once; what it is lost by."""
    from ray.exceptions import ActorDiedError, RayError

    last, heard = 0, monotonic()
    while True:
        try:
            async with asyncio.timeout(max(1.0, heard + SILENCE_S - monotonic())):
                batch = await asyncio.wrap_future(actor.news.remote(last).future())
        except ActorDiedError as error:
            return Loss(_told(error), dead=True)
        except TimeoutError:
            return Loss(f"no answer for {SILENCE_S:.0f} s", dead=False)
        except (RayError, ConnectionError) as error:
            if monotonic() - heard > LOST_AFTER_S:
                return Loss(_told(error), dead=False)
            await asyncio.sleep(TRY_AGAIN_S)
            continue
        heard, last = monotonic(), batch.last
        for news in batch.news:
            take(news)


def _told(error: Exception) -> str:
    """Ray's texts are long, and tell of its own logs."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first}"[:300]
