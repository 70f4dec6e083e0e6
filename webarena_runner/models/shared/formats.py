"""Prompts as text, in the format that a model was trained on, and as turns for a tokenizer's own chat template."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from webarena_runner.models.shared.control import BREAK, plain
from webarena_runner.types import Message

FormatName = Literal["template", "llama3", "llama2", "llava-llama3", "completion"]
ExampleRoles = Literal["official", "turns"]
SystemAs = Literal["system", "user_turn"]
IMAGE_MARK = "<image>"

_EXAMPLE_ROLES = {"example_user": "user", "example_assistant": "assistant"}
_LLAMA3_BOS, _LLAMA3_EOT = "<|begin_of_text|>", "<|eot_id|>"
_LLAMA2_BOS, _LLAMA2_EOS = "<s>", "</s>"


@dataclass(frozen=True)
class Rendered:
    """A prompt for a completion route. `images` are in the order of their marks in `text`.

    `stop` are the texts that end a reply in this format. Where an engine leaves special tokens out of the text that it
    compares, give it their ids. With `has_bos`, `text` begins with the model's BOS text: tokenise it with
    add_special_tokens=False, or the model gets two.
    """

    text: str
    images: tuple[bytes, ...]
    stop: tuple[str, ...]
    has_bos: bool


@dataclass(frozen=True)
class _Turn:
    role: str
    text: str


def render(name: FormatName, messages: Sequence[Message], *, image_mark: str = IMAGE_MARK) -> Rendered:
    """The whole prompt, up to where the reply begins; page text cannot be taken for a control token (see `plain`).

    Raises:
        ValueError: for "template", whose text only the model's tokenizer or server knows.
    """
    turns = [_Turn(_role(message, "turns"), _text(message, image_mark)) for message in messages]
    images = images_of(messages)
    match name:
        case "llama3":
            return Rendered(_llama3(turns), images, (_LLAMA3_EOT, "<|end_of_text|>"), has_bos=True)
        case "llava-llama3":
            return Rendered(_llama3(_without_system(turns)), images, (_LLAMA3_EOT, "<|end_of_text|>"), has_bos=True)
        case "llama2":
            return Rendered(_llama2(turns), images, (_LLAMA2_EOS,), has_bos=True)
        case "completion":
            return Rendered(_completion(turns), images, ("\nObservation:",), has_bos=False)
        case "template":
            raise ValueError(
                "prompt format 'template' is rendered by the model's tokenizer or server, from chat_turns()"
            )


def chat_turns(messages: Sequence[Message], *, example_roles: ExampleRoles = "turns") -> list[dict[str, Any]]:
    """Role and content of each message, for `apply_chat_template`; page text is made `plain`.

    With "turns" examples are earlier user and assistant turns; with "official" they stay system messages with a name.
    Content is a text, or, where a message has images, a list of {"type": "image"} parts and then one text part.
    """
    turns = []
    for message in messages:
        text = plain(message.content)
        parts = [*({"type": "image"} for _ in message.images), {"type": "text", "text": text}]
        turn: dict[str, Any] = {"role": _role(message, example_roles), "content": parts if message.images else text}
        if message.name and turn["role"] == message.role:
            turn["name"] = message.name
        turns.append(turn)
    return turns


def instructions_as_turn(messages: Sequence[Message]) -> list[Message]:
    """For models that take no system message: instructions are a user turn that has been answered."""
    instructions = [message for message in messages if message.role == "system" and example_role(message) is None]
    if not instructions:
        return list(messages)
    text = "\n\n".join(message.content for message in instructions)
    asked = Message(role="user", content=f"Your instructions:\n\n{text}")
    rest = [message for message in messages if message not in instructions]
    return [asked, Message(role="assistant", content="Understood."), *rest]


def images_of(messages: Sequence[Message]) -> tuple[bytes, ...]:
    return tuple(image for message in messages for image in message.images)


def example_role(message: Message) -> str | None:
    """Whose turn an official example message stands for; None: it is no example."""
    return _EXAMPLE_ROLES.get(message.name or "")


def _role(message: Message, example_roles: ExampleRoles) -> str:
    return (example_role(message) if example_roles == "turns" else None) or message.role


def _text(message: Message, image_mark: str) -> str:
    text = plain(message.content)
    if image_mark != IMAGE_MARK:
        text = text.replace(image_mark, image_mark[:1] + BREAK + image_mark[1:])
    # Meta's reference code strips each message, and so does the chat template that comes with Llama 3.
    return f"{image_mark}\n" * len(message.images) + text.strip()


def _llama3(turns: Iterable[_Turn]) -> str:
    body = "".join(f"{_header(turn.role)}{turn.text}{_LLAMA3_EOT}" for turn in turns)
    return f"{_LLAMA3_BOS}{body}{_header('assistant')}"


def _header(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


def _without_system(turns: Sequence[_Turn]) -> Iterator[_Turn]:
    """LLaVA was tuned on dialogues without system messages, so instructions are a turn that has been answered."""
    for turn in turns:
        if turn.role == "system":
            yield _Turn("user", f"Instructions:\n{turn.text}")
            yield _Turn("assistant", "Understood.")
        else:
            yield turn


def _llama2(turns: Sequence[_Turn]) -> str:
    """One [INST] block a pair of turns; what stands before an answer goes into the same block."""
    text, asked, system = "", "", ""
    for turn in turns:
        if turn.role == "assistant":
            text += f"{_instruction(system, asked)} {turn.text} {_LLAMA2_EOS}"
            asked, system = "", ""
        elif turn.role == "system":
            system = f"{system}\n\n{turn.text}".strip()
        else:
            asked = f"{asked}\n\n{turn.text}".strip()
    return text + _instruction(system, asked)


def _instruction(system: str, asked: str) -> str:
    before = f"<<SYS>>\n{system}\n<</SYS>>\n\n" if system else ""
    return f"{_LLAMA2_BOS}[INST] {before}{asked} [/INST]"


def _completion(turns: Sequence[_Turn]) -> str:
    """For base models: the instructions, then pairs of observation and answer that the model is to go on with."""
    begins = {"system": "", "user": "Observation:\n", "assistant": "Answer: "}
    return "\n\n".join([*(begins[turn.role] + turn.text for turn in turns), "Answer:"])
