"""The tasks about pictures follow from the seed data, are in VisualWebArena's form, and their pictures are there."""

import re
from collections import Counter
from contextlib import AsyncExitStack
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from tests.tools.mini_visual.making import made
from webarena_mini.catalog import MODULES
from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance
from webarena_mini.kit.wares import tones
from webarena_mini.sites.adverts.app import SITE as ADVERTS
from webarena_mini.sites.forum.app import SITE as FORUM
from webarena_mini.sites.home.app import SITE as HOME
from webarena_mini.sites.home.domain.input_images import input_images
from webarena_mini.sites.shop.app import SITE as SHOP
from webarena_runner.actions.reference import REFERENCE_ACTIONS
from webarena_runner.official.notation import ALTERNATIVES
from webarena_runner.tasksets.mini import MiniVisual
from webarena_runner.types import Task

KEYS = [
    *("sites", "task_id", "require_login", "storage_state", "start_url", "geolocation", "intent_template", "intent"),
    *("image", "instantiation_dict", "require_reset", "eval", "reasoning_difficulty", "visual_difficulty"),
    *("overall_difficulty", "comments", "intent_template_id", "reference_actions"),
]
SITES = {"classifieds": ADVERTS, "reddit": FORUM, "shopping": SHOP, "homepage": HOME}


@pytest.fixture(scope="module")
def tasks() -> tuple[Task, ...]:
    return MiniVisual().load().tasks


def test_the_files_are_what_the_seed_data_gives() -> None:
    for path, text in made():
        assert path.read_text("utf-8") == text, f"{path}: run `python -m tests.tools.mini_visual`"


def test_the_set_is_large_enough_and_of_all_kinds(tasks: tuple[Task, ...]) -> None:
    assert len(tasks) >= 60
    assert len({task.template_id for task in tasks}) >= 25
    assert min(Counter(task.sites for task in tasks).values()) >= 20
    assert sum(bool(task.images) for task in tasks) >= 30
    assert max(len(task.images) for task in tasks) == 2
    kinds = Counter(check.kind for task in tasks for check in task.checks)
    assert set(kinds) == {"string_match", "url_match", "program_html", "page_image_query"}
    assert kinds["page_image_query"] >= 10
    # The same for everybody: nobody has to be asked, and nothing can be passed by doing nothing.
    assert not any(task.judge for task in tasks)
    rules = {rule for task in tasks for rule in task.raw["eval"]["reference_answers"] or ()}
    assert rules >= {"exact_match", "must_include", "required_values"}
    assert {check.spec["rules"] for task in tasks for check in task.checks} == {"visualwebarena"}


def test_records_are_whole_and_say_how_they_are_done(tasks: tuple[Task, ...]) -> None:
    for task in tasks:
        raw = task.raw
        assert list(raw) == KEYS
        values = raw["instantiation_dict"]
        assert set(re.findall(r"{{(\w+)}}", raw["intent_template"])) == set(values)
        assert re.sub(r"{{(\w+)}}", lambda name: str(values[name[1]]), raw["intent_template"]) == task.intent  # noqa: B023
        actions = REFERENCE_ACTIONS.validate_python(raw["reference_actions"])
        assert [action.do for action in actions].index("stop") == len(actions) - 1
    pairs = {(task.template_id, task.raw["intent_template"]) for task in tasks}
    assert len({number for number, _ in pairs}) == len(pairs)


async def test_all_pictures_are_there_and_each_quick_task_is_of_another_template(tasks: tuple[Task, ...]) -> None:
    addresses = {address for task in tasks for address in (*task.images, *_compared_with(task))}
    assert len(addresses) >= 30
    async with AsyncExitStack() as stack:
        clients = {}
        for name, site in SITES.items():
            database = Database(site.snapshot())
            stack.callback(database.close)
            transport = httpx.ASGITransport(site.app(Instance(site, database, cookie="c")))
            opening = httpx.AsyncClient(transport=transport, base_url=f"http://{name}.test")
            clients[name] = await stack.enter_async_context(opening)
        for address in sorted(addresses):
            placeholder, _, path = address.strip("_").partition("__/")
            reply = await clients[placeholder.lower()].get(f"/{path}")
            assert reply.status_code == 200, address
            Image.open(BytesIO(reply.content)).load()
        assert (await clients["homepage"].get("/static/input_images/none.png")).status_code == 404
    assert set(SITES) <= set(MODULES)
    quick = MiniVisual().load().subsets["quick"]
    chosen = [task for task in tasks if task.task_id in quick]
    assert len({task.template_id for task in chosen}) == len(chosen) == 12
    assert {site for task in chosen for site in task.sites} == {"classifieds", "reddit", "shopping"}
    assert {check.kind for task in chosen for check in task.checks} == {
        *("string_match", "url_match", "program_html", "page_image_query")
    }


def _compared_with(task: Task) -> list[str]:
    queries = [query for check in task.checks for query in check.spec.get("queries", ())]
    return [address for query in queries for address in query["alike"].split(ALTERNATIVES)]


async def test_a_picture_of_a_task_has_the_ware_of_which_it_is_in_its_color_and_number() -> None:
    database = Database(HOME.snapshot())
    transport = httpx.ASGITransport(HOME.app(Instance(HOME, database, cookie="c")))
    async with httpx.AsyncClient(transport=transport, base_url="http://home") as client:
        for name, still in input_images().items():
            data = (await client.get(f"/static/input_images/{name}")).content
            mask = _is(np.asarray(Image.open(BytesIO(data)).convert("RGB")), tones()[still.tone])
            assert ndimage.label(mask)[1] >= still.pieces, name
            others = [tone for tone in tones() if tone not in (still.tone, "black", "white")]
            seen = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
            assert mask.sum() > max(_is(seen, tones()[tone]).sum() for tone in others), name
    database.close()


def _is(picture: Any, colour: str) -> Any:
    return (picture == np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])).all(axis=2)
