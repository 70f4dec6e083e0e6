"""A limit for a block of code as a whole, told in the error that the caller wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def time_limit(limit_s: float, error: Exception) -> AsyncIterator[None]:
    """Raises `error` when the block takes longer; a TimeoutError of the block's own passes."""
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            yield
    except TimeoutError as cause:
        if not limit.expired():
            raise
        raise error from cause
