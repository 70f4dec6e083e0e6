"""Replies in a form, as every engine that can be kept to one has to give them."""

import asyncio

from webarena_runner.actions.id_grammar import extract_action, parse_action
from webarena_runner.actions.kinds import element_of
from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.interfaces import ModelBackend, RequestTag, generate_in_form
from webarena_runner.types import Action, Invalid, Message, Sampling

FORM = ReplyForm(ids=("12", "7"), field_ids=("7",), tabs=2, max_thought_characters=20)
# In the worst case each of the form's characters is a token of its own.
REPLY_TOKENS = 300


async def draw(backend: ModelBackend, *, seed: int, form: ReplyForm = FORM, text: str = "hello") -> Action:
    """The action of a reply that is sampled as wildly as it may be."""
    sampling = Sampling(temperature=1.5, seed=seed, max_tokens=REPLY_TOKENS)
    asked = [Message(role="user", content=text)]
    reply = await generate_in_form(backend, asked, sampling, tag=RequestTag("mini", 1, 0, seed), form=form)
    found = extract_action(reply.text)
    assert found is not None, reply.text
    return parse_action(found)


async def drawn(backend: ModelBackend, seeds: int, *, form: ReplyForm = FORM, text: str = "hello") -> list[Action]:
    return list(await asyncio.gather(*(draw(backend, seed=seed, form=form, text=text) for seed in range(seeds))))


def require_actions(actions: list[Action]) -> None:
    """All of them can be done on the page that `FORM` is for."""
    assert not [action for action in actions if isinstance(action, Invalid)]
    assert {element_of(action) for action in actions} <= {None, "12", "7"}
    assert {element_of(action) for action in actions if action.kind == "type"} <= {"7"}
