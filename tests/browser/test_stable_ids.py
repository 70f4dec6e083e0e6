"""Ids that do not differ from run to run."""

from webarena_runner.browser.observe.axtree import AxNode, render
from webarena_runner.browser.observe.ids import StableIds


def page(first_id: int) -> dict[str, AxNode]:
    """A button above a text that shows a number, with ids as a browser gives them that has made `first_id` nodes."""
    ids = [str(first_id + offset) for offset in range(3)]
    labels = ("RootWebArea 'Page'", "button 'Up'", "StaticText '36'")
    children: list[tuple[str, ...]] = [(ids[1], ids[2]), (), ()]
    return {
        node_id: AxNode(label, int(node_id), below, is_page=label.startswith("Root"))
        for node_id, label, below in zip(ids, labels, children, strict=True)
    }


def test_what_is_printed_does_not_hang_on_the_browsers_ids() -> None:
    texts = [render(page(first), {}, screen=None, number=StableIds().of_page("F")).text for first in (10, 35, 135)]
    assert texts == ["[1] RootWebArea 'Page'\n\t[2] button 'Up'\n\t[3] StaticText '36'"] * 3


def test_with_the_browsers_ids_a_text_goes_missing_below_an_id_that_contains_it_as_official() -> None:
    assert "StaticText" in render(page(10), {}, screen=None).text
    assert "StaticText" not in render(page(135), {}, screen=None).text


def test_an_element_keeps_its_number_and_tabs_do_not_share_numbers() -> None:
    ids = StableIds()
    first, second = ids.of_page("F"), ids.of_page("G")
    assert [first("7"), first("-4"), second("7"), first("7"), first("9")] == ["1", "-2", "3", "1", "4"]


def test_a_click_lands_on_the_node_with_the_printed_number() -> None:
    rendered = render(page(10), {}, screen=None, number=StableIds().of_page("F"))
    assert {number: node.line for number, node in rendered.nodes.items()} == {
        "1": "RootWebArea 'Page'",
        "2": "button 'Up'",
        "3": "StaticText '36'",
    }
