"""The Playwright-style action set: what its closed grammar takes, and what it refuses."""

import pytest

from webarena_runner.actions.describe import describe_action
from webarena_runner.actions.playwright_grammar import MAX_CHARACTERS, as_code, parse_playwright
from webarena_runner.types import (
    Action,
    Call,
    CloseTab,
    GoBack,
    GoForward,
    Goto,
    Invalid,
    NewTab,
    Observation,
    PlaywrightCall,
    Press,
    Scroll,
    Stop,
    TabFocus,
)

LINK = Call(name="get_by_role", args=("link",), kwargs={"name": "Cart"})
FIELD = Call(name="get_by_label", args=("Title",))


def chain(*calls: Call) -> PlaywrightCall:
    return PlaywrightCall(calls=calls)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ('page.get_by_role("link", name="Cart").click()', chain(LINK, Call(name="click"))),
        ("page.get_by_role('link', name='Cart').hover()", chain(LINK, Call(name="hover"))),
        ('page.get_by_label("Title").fill("a (b). c")', chain(FIELD, Call(name="fill", args=("a (b). c",)))),
        ("page.get_by_label('Title').type('x')", chain(FIELD, Call(name="type", args=("x",)))),
        ('page.get_by_label("Title").check()', chain(FIELD, Call(name="check"))),
        (
            'page.locator("li").filter(has_text="A").get_by_text("B", exact=True).click()',
            chain(
                Call(name="locator", args=("li",)),
                Call(name="filter", kwargs={"has_text": "A"}),
                Call(name="get_by_text", args=("B",), kwargs={"exact": True}),
                Call(name="click"),
            ),
        ),
        (
            'page.frame_locator("iframe").get_by_label("Title").fill("x")',
            chain(Call(name="frame_locator", args=("iframe",)), FIELD, Call(name="fill", args=("x",))),
        ),
        ('page.press("Control+a")', Press(key_comb="Control+a")),
        ('page.scroll("down")', Scroll(direction="down")),
        ("page.scroll(direction='up')", Scroll(direction="up")),
        ("page.scroll(0, 500)", Scroll(direction="down")),
        ('page.goto("http://reddit.com/f/a.b")', Goto(url="http://reddit.com/f/a.b")),
        ("page.page_focus(1)", TabFocus(page_number=1)),
        ("page.page_focus(-1)", TabFocus(page_number=-1)),
        ("page.new_tab()", NewTab()),
        ("page.go_back()", GoBack()),
        ("page.go_forward()", GoForward()),
        ("page.page_close()", CloseTab()),
        ('page.stop("the answer")', Stop(answer="the answer")),
        ("page.stop()", Stop(answer="")),
    ],
)
def test_the_forms_of_the_set(text: str, action: Action) -> None:
    assert parse_playwright(text, quirks=True) == action
    assert parse_playwright(text, quirks=False) == action


@pytest.mark.parametrize(
    ("text", "official", "corrected"),
    [
        (
            "page.get_by_label('Title').select_option('red')",
            chain(FIELD, Call(name="select_option")),
            chain(FIELD, Call(name="select_option", args=("red",))),
        ),
        (
            "page.get_by_label('Title').click(button='right')",
            chain(FIELD, Call(name="click")),
            chain(FIELD, Call(name="click", kwargs={"button": "right"})),
        ),
        (
            "page.get_by_label('Title').press('Enter')",
            Press(key_comb="Enter"),
            chain(FIELD, Call(name="press", args=("Enter",))),
        ),
        ("page.stop('yes')", Stop(answer=""), Stop(answer="yes")),
    ],
)
def test_what_official_does_wrong_without_crashing_is_a_switch(text: str, official: Action, corrected: Action) -> None:
    assert parse_playwright(text, quirks=True) == official
    assert parse_playwright(text, quirks=False) == corrected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the action is empty"),
        ("click [5]", "must begin with 'page.'"),
        ("browser.close()", "must begin with 'page.'"),
        ("page.get_by_role('link').click", "each with its parentheses"),
        ("page.get_by_role('link')", "'get_by_role' is no action"),
        ("page.click('#x')", "'click' needs an element"),
        ("page.get_by_role('link').dclick()", "'dclick' is no action"),
        ("page.frame_locator('iframe').click()", "'click' needs an element"),
        ("page.filter(has_text='x').click()", "'filter' needs a locator before it"),
        ("page.get_by_role(link).click()", "an argument must be a text"),
        ("page.get_by_role('link', name=f'{1}').click()", "an argument must be a text"),
        ("page.get_by_role('link', nme='x').click()", "takes no 'nme'"),
        ("page.get_by_role(5).click()", "argument 1 must be a text"),
        ("page.get_by_role('link', exact=1).click()", "exact must be True or False"),
        ("page.get_by_role('heading', level=True).click()", "level must be a whole number"),
        ("page.get_by_role().click()", "takes 1 arguments by position, got 0"),
        ("page.page_focus('1')", "must be a whole number"),
        ("page.goto()", "takes 1 arguments by position, got 0"),
        ("page.goto('a', **{})", "not unpacked"),
        ("page.evaluate('1').click()", "unknown call 'evaluate'"),
        ("page.context.close()", "expected calls on `page` only"),
        ("page.__class__()", "'__class__' is no action"),
        ("page.get_by_text(__import__('os').system('x')).click()", "an argument must be a text"),
        ("page.get_by_text('x').click(); import os", "not one line of Python code"),
        ("page.get_by_text('x').click() or page.stop('y')", "expected calls on `page` only"),
        ("page.get_by_text('x'\n.click()", "not one line of Python code"),
        ("page.get_by_text('\x00').click()", "not one line of Python code"),
        ("page.get_by_text(b'x').click()", "an argument must be a text"),
        ("page.get_by_text(...).click()", "an argument must be a text"),
        ("page.get_by_label('x').fill(1e999)", "an argument must be a text"),
    ],
)
def test_what_is_not_in_the_closed_grammar_is_invalid_and_says_why(text: str, reason: str) -> None:
    action = parse_playwright(text)
    assert isinstance(action, Invalid)
    assert reason in action.reason
    assert action.raw == text


@pytest.mark.parametrize(
    "text",
    [
        "page." + "a()." * 30_000 + "click()",
        "page.stop(" + "(" * 50_000 + ")" * 50_000 + ")",
        "page.stop(" + "-" * 100_000 + "1)",
        "page.stop(" + "9" * 100_000 + ")",
        "page.stop(" + "[" * 90 + "]" * 90 + ")",
        'page.stop("' + "x" * MAX_CHARACTERS + '")',
        "page.x('\\d')",
        "page.x('\ud800')",
    ],
    ids=["calls", "parentheses", "signs", "digits", "lists", "long", "escape", "surrogate"],
)
def test_text_made_to_break_a_parser_is_invalid(text: str) -> None:
    assert isinstance(parse_playwright(text), Invalid)


def test_a_hundred_kilobytes_of_text_are_filled_in() -> None:
    text = "word " * 20_000
    assert parse_playwright(f"page.get_by_label('Title').fill({text!r})") == chain(
        FIELD, Call(name="fill", args=(text,))
    )


def test_half_a_surrogate_pair_becomes_something_that_can_be_logged() -> None:
    action = parse_playwright(r"page.get_by_label('Title').fill('a\ud800b')")
    assert '"a\ufffdb"' in action.model_dump_json()


@pytest.mark.parametrize(
    "text",
    [
        'page.get_by_role("link", name="Cart", exact=True).click()',
        'page.get_by_label("Title").select_option(["a", "b"], timeout=10)',
        'page.get_by_label("Title").fill("say \\"ä\\"\\n")',
        'page.press("Enter")',
        'page.scroll("up")',
        'page.goto("http://x/")',
        "page.page_focus(2)",
        "page.new_tab()",
        "page.go_back()",
        "page.go_forward()",
        "page.page_close()",
        'page.stop("N/A")',
    ],
)
def test_an_action_is_told_as_the_code_that_gives_it(text: str) -> None:
    action = parse_playwright(text, quirks=False)
    assert as_code(action) == text
    page = Observation(url="http://x/", tabs=(), text="")
    assert describe_action(action, page, action_set="playwright") == text
    assert (describe_action(action, page) == text) is isinstance(action, PlaywrightCall)


def test_an_action_survives_the_log() -> None:
    action = parse_playwright("page.get_by_label('T').select_option(['a'], index=1, force=True)", quirks=False)
    assert isinstance(action, PlaywrightCall)
    assert PlaywrightCall.model_validate_json(action.model_dump_json()) == action
