"""Prompt files, ours (YAML) and official ones (JSON), and the messages made from them."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webarena_runner.actions.id_grammar import extract_action
from webarena_runner.actions.read import read_action
from webarena_runner.errors import ConfigError
from webarena_runner.settings import datafiles
from webarena_runner.settings.records import ActionSet, ActionSettings
from webarena_runner.settings.yaml import Document, describe, read_text, read_yaml
from webarena_runner.types import Invalid, Message

PICTURE_LINE = "\nPicture: a screenshot of the part of the page that is in view"
PLACEHOLDERS = ("observation", "url", "objective", "previous_action")
# Of prompts for calls of an environment's functions: what there is, and all calls so far with what came of them.
OF_CALLS = ("tools", "history")
_SUFFIXES = (".yaml", ".json")
# What a prompt has the model write: the text of an action, or the call of a function, which the request describes.
Writes = ActionSet | Literal["tools"]


@dataclass(frozen=True)
class PromptTemplate:
    """A loaded prompt file: `examples` are (filled template, reply) pairs, `sha256` is the file's.

    `force_prefix` is how every reply begins; it is put before a reply that lacks it.
    """

    name: str
    path: Path
    sha256: str
    intro: str
    examples: tuple[tuple[str, str], ...]
    template: str
    splitter: str
    force_prefix: str = ""
    action_set: Writes = "id"

    def with_prefix(self, reply: str) -> str:
        # A base model's reply begins with the blank after "Answer:".
        return reply if reply.lstrip().startswith(self.force_prefix) else self.force_prefix + reply

    def render(
        self,
        *,
        observation: str,
        url: str,
        objective: str,
        previous_action: str,
        tools: str = "",
        history: str = "",
        has_picture: bool = False,
    ) -> list[Message]:
        """The official chat form, examples as named system messages; backends turn it into what their model takes.

        With `has_picture` the last message says so in a line at its end; the picture itself is the caller's.
        """
        messages = [Message(role="system", content=self.intro)]
        for shown, reply in self.examples:
            messages.append(Message(role="system", name="example_user", content=shown))
            messages.append(Message(role="system", name="example_assistant", content=reply))
        current = self.template.format(
            observation=observation,
            url=url,
            objective=objective,
            previous_action=previous_action,
            tools=tools,
            history=history,
        )
        return [*messages, Message(role="user", content=current + PICTURE_LINE * has_picture)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Example(_Strict):
    observation: str
    url: str
    objective: str
    previous_action: str
    tools: str = ""
    history: str = ""
    reply: str

    def page(self) -> dict[str, str]:
        return self.model_dump(exclude={"reply"})


class _OurFile(_Strict):
    description: str = ""
    intro: str = Field(min_length=1)
    template: str
    examples: tuple[_Example, ...] = ()
    action_splitter: str = Field("```", min_length=1)
    action_set: Writes = "id"
    force_prefix: str = ""


class _OfficialMeta(BaseModel):
    """Official files carry more keys than are used, so others are let through."""

    prompt_constructor: Literal["CoTPromptConstructor", "DirectPromptConstructor", "MultimodalCoTPromptConstructor"]
    action_splitter: str = Field(min_length=1)
    action_type: Literal["id_accessibility_tree", "som", "playwright"] = "id_accessibility_tree"
    force_prefix: str = ""


class _OfficialFile(_Strict):
    intro: str = Field(min_length=1)
    examples: tuple[tuple[str, str], ...]
    template: str
    meta_data: _OfficialMeta


_File = TypeVar("_File", _OurFile, _OfficialFile)


def load_prompt(name: str) -> PromptTemplate:
    """Reads a prompt file by name (`configs/prompts/NAME.yaml`) or path (`.json`: the official format).

    Raises:
        ConfigError: there is no such file, or it is malformed.
    """
    path = datafiles.find("prompts", name, _SUFFIXES)
    return _official(read_json(path)) if path.suffix == ".json" else _ours(read_yaml(path))


def read_json(path: Path) -> Document:
    """A JSON file as a document without places.

    Raises:
        ConfigError: unreadable or not a JSON object.
    """
    try:
        values = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected an object with intro, examples, template and meta_data")
    return Document(path, values, {})


def _ours(document: Document) -> PromptTemplate:
    file = _validated(_OurFile, document)
    _check_template(document, file.template, PLACEHOLDERS + OF_CALLS * (file.action_set == "calls"))
    if file.action_set == "tools" and file.examples:
        raise ConfigError(
            f"{document.where(('examples',))}: examples are of replies that are texts, and this prompt is for calls of "
            "functions (action_set: tools); leave them out"
        )
    prompt = PromptTemplate(
        **_identity(document),
        intro=file.intro,
        examples=tuple((file.template.format(**example.page()), example.reply) for example in file.examples),
        template=file.template,
        splitter=file.action_splitter,
        force_prefix=file.force_prefix,
        action_set=file.action_set,
    )
    for index, (_, reply) in enumerate(prompt.examples):
        _check_reply(document.where(("examples", index, "reply")), prompt, reply)
    return prompt


def _official(document: Document) -> PromptTemplate:
    file = _validated(_OfficialFile, document)
    _check_template(document, file.template, PLACEHOLDERS)
    return PromptTemplate(
        **_identity(document),
        intro=file.intro,
        examples=file.examples,
        template=file.template,
        splitter=file.meta_data.action_splitter,
        force_prefix=file.meta_data.force_prefix,
        action_set="playwright" if file.meta_data.action_type == "playwright" else "id",
    )


def _identity(document: Document) -> dict[str, Any]:
    path = document.path
    return {"name": path.stem, "path": path, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _validated(model: type[_File], document: Document) -> _File:
    try:
        return model.model_validate(document.values)
    except ValidationError as error:
        raise ConfigError(describe(error, document)) from error


def _check_template(document: Document, template: str, placeholders: tuple[str, ...]) -> None:
    where = f"{document.where(('template',))}: template"
    try:
        names = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise ConfigError(f"{where}: {error}; a brace that is meant literally is written twice") from error
    unknown = sorted(set(names).difference(placeholders))
    if unknown:
        raise ConfigError(
            f"{where}: unknown placeholder {{{unknown[0]}}}; expected {{{'}, {'.join(placeholders)}}} (a brace that is "
            "meant literally is written twice)"
        )
    needed = ("observation", "objective", *(name for name in ("tools",) if name in placeholders))
    missing = [name for name in needed if name not in names]
    if missing:
        raise ConfigError(
            f"{where}: lacks {{{missing[0]}}}, without which the model cannot know the task, the page or "
            "what there is to call"
        )


def _check_reply(where: str, prompt: PromptTemplate, reply: str) -> None:
    text = extract_action(prompt.with_prefix(reply), prompt.splitter)
    if text is None:
        raise ConfigError(f"{where}: has no action between a pair of {prompt.splitter}; got '{reply[-80:]}'")
    action_set: ActionSet = "id" if prompt.action_set == "tools" else prompt.action_set
    action = read_action(text, ActionSettings(action_set=action_set))
    if isinstance(action, Invalid):
        raise ConfigError(f"{where}: '{text}' is not an action: {action.reason}")
