"""Two things that a run needs, opened at the same time where neither waits for the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


@asynccontextmanager
async def one_after_the_other(
    first: AbstractAsyncContextManager[A], second: AbstractAsyncContextManager[B]
) -> AsyncIterator[tuple[A, B]]:
    async with first as one, second as other:
        yield one, other


@asynccontextmanager
async def side_by_side(
    first: AbstractAsyncContextManager[A], second: AbstractAsyncContextManager[B]
) -> AsyncIterator[tuple[A, B]]:
    """Where one cannot be entered, its error is raised, and the other is left again."""
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.TaskGroup() as group:
                one = group.create_task(stack.enter_async_context(first))
                other = group.create_task(stack.enter_async_context(second))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed.exceptions[0].__cause__
        yield one.result(), other.result()
