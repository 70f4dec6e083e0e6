"""Pages as BrowserGym's agents are given them, and their actions by bid."""

from typing import Any

import pytest

from tests.support.local_site import Site
from webarena_runner.actions.browsergym_grammar import ActionSet, parse_browsergym
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.observe.browsergym import NAME, properties_of
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Observation

PAGE = """
<title>Form</title>
<label>Title <input id=title value=old aria-description="your own"></label>
<label>Colour <select id=colour><option>red<option selected>green</select></label>
<label><input type=checkbox id=agree> Agree</label>
<odd-name><template shadowrootmode=open><button id=inner onclick="document.title = 'shadow'">Shade</button></template>
</odd-name>
<iframe srcdoc="<button onclick='parent.document.title = `frame`'>Inside</button>"></iframe>
<p style="margin-top: 2000px">Far below</p>
"""
MANY = ActionSet(multiaction=True)


def bids(seen: Observation) -> dict[str, str]:
    """Of the accessibility tree's elements, by role and name."""
    nodes = seen.extras[NAME]["axtree_object"]["nodes"]
    return {f"{n['role']['value']} {n['name']['value']}": n["browsergym_id"] for n in nodes if "browsergym_id" in n}


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_elements_have_bids_by_which_actions_find_them(site: Site) -> None:
    url = site.page("/", PAGE)
    observed = ObservationSettings(observers=(NAME,))
    async with (
        BrowserSession(BrowserSettings(screenshots="none"), observed, SettleSettings()) as session,
        session.episode(urls={"shopping": site.url}, start_urls=[url]) as environment,
    ):
        first = await environment.observe()
        found, seen = bids(first), first.extras[NAME]
        assert found["button Inside"].startswith("a")
        assert seen["open_pages_urls"] == [url]
        assert seen["screenshot"].startswith(b"\x89PNG")
        properties = seen["extra_element_properties"]
        assert properties[found["button Shade"]]["set_of_marks"] is True
        assert properties[found["paragraph "]]["visibility"] == 0
        await _play(environment, found)
        # What a page has of its own in the attributes is there again, and bids stay with their elements.
        kept = await environment.probe().evaluate("() => title.getAttribute('aria-description')")
        assert kept == "your own"
        again = await environment.observe()
        assert bids(again) == found
        assert again.extras[NAME]["focused_element_bid"] == found["textbox Title"]


async def _play(environment: EpisodeEnvironment, found: dict[str, str]) -> None:
    for text, expression, expected in (
        (f"click('{found['button Inside']}')", "document.title", "frame"),
        (f"click('{found['button Shade']}')", "document.title", "shadow"),
        (f"select_option('{found['combobox Colour']}', 'red')", "colour.value", "red"),
        (f"check('{found['checkbox Agree']}')", "agree.checked", True),
        ("scroll(0, 300)", "scrollY > 0", True),
        (f"fill('{found['textbox Title']}', 'new') keyboard_type('er')", "title.value", "newer"),
    ):
        after = await environment.step(parse_browsergym(text, MANY))
        assert after.action_error == ""
        assert await environment.probe().evaluate(f"() => {expression}") == expected
    after = await environment.step(parse_browsergym("click('9999')", MANY))
    assert "there is no element with bid '9999'" in after.action_error


def test_boxes_in_frames_are_places_in_the_viewport() -> None:
    def document(**given: Any) -> dict[str, Any]:
        nodes = {
            "attributes": [[0, 1]],
            "isClickable": {"index": [0]},
            "contentDocumentIndex": {"index": [], "value": []},
        }
        layout = {"nodeIndex": [0], "bounds": [[5, 6, 10, 20]], "clientRects": [[0]]}
        return {"scrollOffsetX": 0, "scrollOffsetY": 100, "nodes": nodes | given, "layout": layout}

    inner = {"index": [0], "value": [1]}
    outer = document(contentDocumentIndex=inner)
    below = document(attributes=[[0, 2]])
    found = dict(properties_of({"strings": ["bid", "a", "a1"], "documents": [outer, below]}))
    assert found["a"]["bbox"] == [5, -94, 10, 20]
    assert found["a1"]["bbox"] == [10, -188, 10, 20]
