"""A fake Gemini server for each test, over each SDK, and backends that talk to it."""

from collections.abc import AsyncIterator

import pytest

from tests.models.fake_gemini import GeminiServer
from tests.models.fake_openai import running
from tests.models.gemini_backend import SDKS, Connect, connecting


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def server() -> AsyncIterator[GeminiServer]:
    async with running(GeminiServer()) as started:
        yield started


@pytest.fixture
async def connect(server: GeminiServer, sdk: str) -> AsyncIterator[Connect]:
    async with connecting(server, sdk) as make:
        yield make
