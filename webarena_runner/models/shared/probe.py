"""One small request before a run, so that what every request would be refused for is told before the first episode."""

import logging
import struct
import zlib
from collections.abc import Awaitable, Callable, Sequence

from webarena_runner.errors import ConfigError, ModelBlocked, ModelError, ModelExhausted, ModelRefused
from webarena_runner.types import Message, Sampling

logger = logging.getLogger(__name__)
PICTURE_SIDE_PX = 336
PROBE_RETRIES = 1  # what may pass is for the run to wait for


def probe_messages(*, with_picture: bool) -> list[Message]:
    """Messages of the kinds that a prompt has: instructions, an example, a page and perhaps its picture."""
    pictures = (one_colour_png(PICTURE_SIDE_PX, (220, 20, 20)),) if with_picture else ()
    return [
        Message(role="system", content="Answer with one word."),
        Message(role="system", name="example_user", content="What is two and two?"),
        Message(role="system", name="example_assistant", content="Four"),
        Message(role="user", content="What is the capital of France?", images=pictures),
    ]


async def try_request(
    send: Callable[[Sequence[Message], Sampling], Awaitable[object]], sampling: Sampling, *, with_picture: bool
) -> None:
    """Sends a request for one token, and one for a whole reply when that is refused, as some models do.

    Raises:
        ConfigError: both are refused, or no quota is left.
    """
    messages = probe_messages(with_picture=with_picture)
    try:
        try:
            await send(messages, sampling.model_copy(update={"max_tokens": 1}))
        except ModelRefused:
            await send(messages, sampling)
    except ModelBlocked as error:
        logger.warning("a request for a try was blocked; those of the run may not be: %s", error)
    except (ModelRefused, ModelExhausted) as error:
        raise ConfigError(str(error)) from None
    except ModelError as error:
        logger.warning("a request for a try failed, for a reason that may pass: %s", error)


def one_colour_png(side_px: int, rgb: tuple[int, int, int]) -> bytes:
    """A square picture, as PNG's specification has it: header, one deflated stream of unfiltered rows, end."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(rgb) * side_px) * side_px
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
