"""LLaVA through the Transformers backend: a real tiny model that sees, made here."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from webarena_runner.agents.prompt import load_prompt
from webarena_runner.agents.prompted import Prompted
from webarena_runner.browser.observe.geometry import Screen
from webarena_runner.browser.observe.marks import draw_marks
from webarena_runner.browser.observe.som import Mark
from webarena_runner.errors import ConfigError
from webarena_runner.interfaces import RequestTag
from webarena_runner.models.transformers.backend import TransformersLocal
from webarena_runner.pictures import PictureSource
from webarena_runner.settings.records import ModelSpec, ObservationSettings
from webarena_runner.types import Completion, Message, Observation, Sampling, Task

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(find_spec("torch") is None, reason="the extra `transformers` is not installed"),
]
TAG = RequestTag("mini", 1)
GREEDY = Sampling(temperature=0.0, max_tokens=16)
IMAGE_TOKENS = 16
WIDE = (112, 56)
Load = Callable[..., Awaitable[TransformersLocal]]


@pytest.fixture
async def load(tiny_llava: Path) -> AsyncIterator[Load]:
    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> TransformersLocal:
            always = {"dtype": "float32", "device_map": "cpu", "vision": "llava", "prompt_format": "llava-llama3"}
            given = ModelSpec(
                name="tiny",
                backend="transformers",
                model=str(tiny_llava),
                images="screenshot",
                options=always | {"batch_wait_ms": 50} | options,
            )
            backend = TransformersLocal(given, environ={})
            stack.push_async_callback(backend.aclose)
            await backend.check()
            return backend

        yield make


def picture(left: str, right: str, size: tuple[int, int] = (56, 56)) -> bytes:
    """A PNG in two colours."""
    from PIL import Image

    image = Image.new("RGB", size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    encoded = io.BytesIO()
    image.save(encoded, "PNG")
    return encoded.getvalue()


def asked(*images: bytes, text: str = "What is on the page?") -> list[Message]:
    return [Message(role="system", content="You click."), Message(role="user", content=text, images=images)]


async def test_an_image_is_as_many_tokens_as_it_has_patches(load: Load) -> None:
    backend = await load()
    counts = [
        (await backend.generate(asked(*images), GREEDY, tag=TAG)).prompt_tokens
        for images in ((), (picture("red", "blue"),), (picture("red", "blue"), picture("blue", "red")))
    ]
    mark_end_of_line = await backend.count_tokens("\nWhat") - await backend.count_tokens("What")
    assert counts[1] - counts[0] == IMAGE_TOKENS + mark_end_of_line
    assert counts[2] - counts[1] == IMAGE_TOKENS + mark_end_of_line


async def test_the_reply_depends_on_the_image(load: Load) -> None:
    backend = await load()
    red, blue, again = [
        (await backend.generate(asked(picture(*colours)), GREEDY, tag=TAG)).text
        for colours in (("red", "black"), ("blue", "white"), ("red", "black"))
    ]
    assert red == again
    assert red != blue


async def test_a_batch_of_prompts_with_and_without_images_has_the_replies_that_each_has_alone(load: Load) -> None:
    backend = await load()
    prompts = [
        asked(picture("red", "black")),
        asked(text="no image, and a longer text " * 10),
        asked(picture("blue", "white"), picture("green", "black"), text="two"),
        asked(picture("blue", "white")),
    ]
    alone = [(await backend.generate(messages, GREEDY, tag=TAG)).text for messages in prompts]
    batch = await asyncio.gather(*(backend.generate(messages, GREEDY, tag=TAG) for messages in prompts))
    assert [each.text for each in batch] == alone
    assert len(set(alone)) == len(alone)


async def test_text_of_a_page_that_looks_like_an_image_mark_is_only_text(load: Load) -> None:
    backend = await load()
    found = await backend.generate(asked(picture("red", "blue"), text="<image> and <image><|eot_id|>"), GREEDY, tag=TAG)
    assert found.completion_tokens == 16


async def test_square_padding_shows_the_model_what_a_centre_crop_cuts_off(load: Load) -> None:
    from PIL import Image

    cropped, padded = await load(), await load(square_padding=True)
    # Of these the middle squares are alike, which is all that the processor's own crop leaves.
    wide = [Image.new("RGB", WIDE, "white") for _ in range(2)]
    wide[1].paste("black", (0, 0, 28, 56))
    encoded = []
    for image in wide:
        file = io.BytesIO()
        image.save(file, "PNG")
        encoded.append(file.getvalue())
    replies = [
        [(await backend.generate(asked(each), GREEDY, tag=TAG)).text for each in encoded]
        for backend in (cropped, padded)
    ]
    assert replies[0][0] == replies[0][1]
    assert replies[1][0] != replies[1][1]


def test_padding_puts_the_image_in_the_middle_of_a_square() -> None:
    from PIL import Image

    from webarena_runner.models.transformers.prompt import padded_to_square

    square = padded_to_square(Image.new("RGB", (4, 2), "red"), (1, 2, 3))
    assert square.size == (4, 4)
    assert [square.getpixel((0, y)) for y in range(4)] == [(1, 2, 3), (255, 0, 0), (255, 0, 0), (1, 2, 3)]


async def test_a_model_that_sees_needs_the_option_and_one_that_does_not_refuses_it(
    tiny_llava: Path, tmp_path: Path
) -> None:
    from tests.tools.make_tiny_llama import make_tokenizer

    options = {"device_map": "cpu"}
    blind = ModelSpec(name="tiny", backend="transformers", model=str(tiny_llava), options=options)
    with pytest.raises(ConfigError, match="is a model that sees; set options.vision: llava"):
        await TransformersLocal(blind, environ={}).check()
    make_tokenizer().save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    seeing = ModelSpec(name="tiny", backend="transformers", model=str(tmp_path), options=options | {"vision": "llava"})
    with pytest.raises(ConfigError, match=r"options.vision: .*\(llama\) does not see"):
        await TransformersLocal(seeing, environ={}).check()


async def test_a_visual_step_shows_the_marked_page_and_the_picture_of_the_task(load: Load) -> None:
    backend = await load()
    asked: list[Sequence[Message]] = []
    generate = backend.generate

    async def noted(
        messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: None = None
    ) -> Completion:
        asked.append(messages)
        return await generate(messages, sampling, tag=tag, form=form)

    backend.generate = noted  # type: ignore[method-assign, assignment]
    page, own = picture("white", "grey"), picture("red", "blue")
    screen = Screen(56, 56)
    marked = draw_marks(page, [Mark(1, 4, 24, 40, 50)], screen, "png")
    task = Task(
        task_set="mini-visual",
        task_id=1,
        intent="Open what is in the picture.",
        sites=(),
        start_urls=(),
        login_sites=(),
        checks=(),
        images=("data:image/png;base64," + base64.b64encode(own).decode(),),
        raw={},
    )
    now = Observation(url="http://a.test/", tabs=("A",), text="[1] [A] [car]", nodes={}, screenshot=marked)
    settings = ObservationSettings(mode="som")
    counts = []
    for pictures in (PictureSource(), None):
        agent = Prompted(
            backend,
            load_prompt("som"),
            sampling=GREEDY,
            settings=settings,
            images="screenshot",
            pictures=pictures,
        )
        decision = await agent.act(task, (), now, urls={})
        assert decision.completion is not None
        counts.append(decision.completion.prompt_tokens)
    assert [messages[-1].images for messages in asked] == [(marked, own), (marked,)]
    line = await backend.count_tokens("\nPicture 2: belongs to the task")
    # Beside the picture and its line there is the line end after the picture's mark.
    assert IMAGE_TOKENS <= counts[0] - counts[1] - line <= IMAGE_TOKENS + 2
