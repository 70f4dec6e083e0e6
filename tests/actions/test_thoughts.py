"""What of a reply is thoughts, by the marks of those who write them."""

import pytest

from webarena_runner.actions.thoughts import ends_in_thoughts, has_thoughts, without_thoughts


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("<think>click [1]</think>click [2]", "click [2]"),
        ("a <Thinking>b</thinking> c <think>d</think> e", "a  c  e"),
        ("the template opened it\n</think>\nclick [2]", "\nclick [2]"),
        ("opened </think> a <think>b</think> c", " a  c"),
        ("[THINK]b[/THINK]c", "c"),
        ("◁think▷b◁/think▷c", "c"),
        ("<seed:think>b</seed:think>c", "c"),
        ("<mm:think>b</mm:think>c", "c"),
        ("<longcat_think>b</longcat_think>c", "c"),
        ("<ifm|think_fast>b</ifm|think_fast>c", "c"),
        ("<antThinking>b</antThinking>c", "c"),
        ("[unused16]b[unused17]c", "c"),
        ("<|begin_of_thought|>b<|end_of_thought|>c", "c"),
        ("<|START_THINKING|>b<|END_THINKING|>c", "c"),
        ("<|inner_prefix|>b<|inner_suffix|>c", "c"),
        ("<|think|>b<|end|>c", "c"),
        ("<|think:start|>b<|think:end|>c", "c"),
        ("<|channel>thought\nb<channel|>c", "c"),
        ("<think>about </thinking> and <reasoning></think>c", "c"),
        ("Here is my thought process:\nb\nHere's my response:\nc", "\nc"),
    ],
)
def test_blocks_are_left_out(reply: str, said: str) -> None:
    assert without_thoughts(reply) == said
    assert has_thoughts(reply)
    assert not ends_in_thoughts(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "<|channel|>analysis<|message|>b<|end|>c",
        "<|channel|>analysis<|message|>b<|end|><|start|>assistant<|channel|>final<|message|>c",
        "<|channel|>analysis<|message|>b<|start|>assistant<|channel|>final<|message|>c",
        "<|channel|>commentary<|message|>click [1]<|end|><|start|>assistant<|channel|>final<|message|>c",
        "<|channel|>commentary to=functions.x <|constrain|>json<|message|>{}<|call|>c",
        "b<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>c",
        "analysisclick [1]assistantcommentaryclick [2]assistantfinalc",
    ],
)
def test_what_gpt_oss_says_is_in_its_last_channel(reply: str) -> None:
    assert without_thoughts(reply) == "c"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("<think>a <think>b</think> click [1] </think>click [2]", "click [2]"),
        ("<think>a <thinking>b</thinking> click [1] </think>click [2]", "click [2]"),
        ("<think>a <think> click [1] </think>click [2]", "click [2]"),
        ("<think>a</think> click [1] </think>click [2]", "click [2]"),
        ("<thinking>click [1]</think>click [2]", "click [2]"),
        *(
            (f"click [1]{mark}click [2]", "click [2]")
            for mark in ("</thought>", "</thoughts>", "</reasoning>", "</thinking>", "<|END_THINKING|>", "<channel|>")
        ),
    ],
)
def test_what_stands_before_a_lone_closing_mark_is_thoughts(reply: str, said: str) -> None:
    assert without_thoughts(reply) == said
    assert has_thoughts(reply)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("<think>click [1]", ""),
        ("click [2] <think> b <think>", "click [2] "),
        ("<think>a</think>b<reasoning>c", "b"),
        ("<|channel|>analysis<|message|>click [1]", ""),
    ],
)
def test_all_after_a_mark_that_is_not_closed_is_thoughts(reply: str, said: str) -> None:
    assert without_thoughts(reply) == said
    assert has_thoughts(reply)
    assert ends_in_thoughts(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "click [2]",
        "I think [thinking] < think > <|end|>",
        "analysis of the page: click [2]",
        "Here is my thought process: the menu is closed. click [2]",
        "type [5] [write <think> here]",
        "type [5] [write </think> here] [1]",
        "type [5] [say [THINK] now] [0]",
        "type [5] [over\ntwo lines: <think>]",
        "stop [the tags\n</think>]",
        'page.get_by_role("textbox").fill("a <think> b")',
        "type(5, 'it\\'s <reasoning>')",
        'stop("</thought>")',
        "the field takes `<think>`, \"</think>\" or '[THINK]'",
    ],
)
def test_what_is_no_mark_stays(reply: str) -> None:
    assert without_thoughts(reply) == reply
    assert not has_thoughts(reply)
    assert not ends_in_thoughts(reply)


def test_a_mark_after_typed_text_counts() -> None:
    assert without_thoughts("<think>a</think>type [5] [<think>]<think>click [1]</think>") == "type [5] [<think>]"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("<think></think>" * 50_000, ""),
        ("<thinking></think>" * 50_000, ""),
        ("type [1] [<think>] " * 20_000, "type [1] [<think>] " * 20_000),
        ("[" * 100_000, "[" * 100_000),
        ("('" * 50_001 + "<think>", "('" * 50_001),
        ("</think>" * 100_000, ""),
    ],
    ids=lambda text: text[:20],
)
def test_many_marks_are_read_in_a_time_that_grows_with_the_text(reply: str, said: str) -> None:
    assert without_thoughts(reply) == said
