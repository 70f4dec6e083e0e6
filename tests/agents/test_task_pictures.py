"""Pictures that belong to a task: shown to models that see, described to those that do not."""

import base64
from io import BytesIO
from typing import Any

from PIL import Image

from tests.agents.test_prompted import PAGE, PROMPT, TASK, URLS, Model
from webarena_runner.agents.prompted import Prompted
from webarena_runner.pictures import Picture, PictureSource
from webarena_runner.settings.records import ObservationSettings
from webarena_runner.types import Sampling


def png(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (9, 6), colour).save(out, "PNG")
    return out.getvalue()


RED, PAGE_PICTURE = png("red"), png("blue")
SEEN = TASK.model_copy(update={"images": ("data:image/png;base64," + base64.b64encode(RED).decode(),)})


class Says:
    async def caption(self, picture: Picture) -> str:
        return f"a {picture.width} by {picture.height} square"


def agent(model: Model, **options: Any) -> Prompted:
    given = {"pictures": PictureSource()} | options
    return Prompted(model, PROMPT, sampling=Sampling(), settings=ObservationSettings(), **given)


async def test_a_model_that_sees_is_shown_them_after_the_page() -> None:
    model = Model("```stop [x]```")
    now = PAGE.model_copy(update={"screenshot": PAGE_PICTURE})
    decision = await agent(model, images="screenshot").act(SEEN, (), now, urls=URLS)
    asked = model.asked[-1][0][-1]
    assert asked.images == (PAGE_PICTURE, RED)
    assert asked.content.endswith("\nPicture 2: belongs to the task")
    assert decision.messages[-1].images == ()


async def test_a_model_that_does_not_see_is_told_what_they_show() -> None:
    model = Model("```stop [x]```")
    await agent(model, captioner=Says()).act(SEEN, (), PAGE, urls=URLS)
    asked = model.asked[-1][0][-1]
    assert asked.images == ()
    assert "Picture 1: belongs to the task and shows: a 9 by 6 square\nfind it" in asked.content


async def test_a_task_that_is_played_without_its_pictures() -> None:
    model = Model("```stop [x]```")
    now = PAGE.model_copy(update={"screenshot": PAGE_PICTURE})
    await agent(model, images="screenshot", pictures=None).act(SEEN, (), now, urls=URLS)
    assert model.asked[-1][0][-1].images == (PAGE_PICTURE,)
