"""What of a reply is thoughts, by the marks of those who write them."""

import pytest

from webarena_runner.actions.thoughts import has_thoughts, without_thoughts


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
        ("<|begin_of_thought|>b<|end_of_thought|>c", "c"),
        ("<|channel|>analysis<|message|>b<|end|>c", "c"),
        ("<think>about </thinking> and <reasoning></think>c", "c"),
    ],
)
def test_closed_blocks_are_left_out(reply: str, said: str) -> None:
    assert without_thoughts(reply) == said
    assert has_thoughts(reply)


@pytest.mark.parametrize(
    "reply", ["", "click [2]", "<think>click [2]", "I think [thinking] < think >", "a <think> b <think>"]
)
def test_what_is_not_closed_stays(reply: str) -> None:
    assert without_thoughts(reply) == reply
    assert not has_thoughts(reply)


def test_many_marks_are_read_in_a_time_that_grows_with_the_text() -> None:
    assert without_thoughts("<think></think>" * 50_000) == ""
