"""Prompts as the token ids that go into a vLLM engine in this process."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jinja2

from webarena_runner.errors import ConfigError, ModelRefused
from webarena_runner.models.shared.control import control_among, with_plain_text
from webarena_runner.models.shared.formats import IMAGE_MARK, ExampleRoles, FormatName, chat_turns, images_of, render
from webarena_runner.models.shared.template import TEMPLATE_FACT, sha256_of_template
from webarena_runner.models.shared.tokens import Codec
from webarena_runner.types import Message


@dataclass(frozen=True)
class PromptIds:
    """`stop_ids` are of the format's stop texts that are one token each, which vLLM leaves out of the reply's text."""

    ids: Sequence[int]
    images: tuple[bytes, ...]
    stop: tuple[str, ...] = ()
    stop_ids: tuple[int, ...] = ()


class PromptWriter:
    """Raises ConfigError when the prompt format is `template` and the model has none."""

    def __init__(
        self, tokenizer: Any, model_config: Any, *, prompt_format: FormatName, example_roles: ExampleRoles, subject: str
    ) -> None:
        self._tokenizer = tokenizer
        self._config = model_config
        self._format = prompt_format
        self._example_roles = example_roles
        self._subject = subject
        self._sees = bool(getattr(model_config, "is_multimodal_model", False))
        if prompt_format == "template" and not getattr(self._template, "chat_template", ""):
            raise ConfigError(
                f"{subject}: its tokenizer has no chat template; set options.prompt_format (completion for base models)"
            )

    @property
    def facts(self) -> dict[str, str]:
        """For the manifest: the checksum of the chat template, where prompts are made by it."""
        if self._format != "template":
            return {}
        return {TEMPLATE_FACT: sha256_of_template(getattr(self._template, "chat_template", ""))}

    @property
    def codec(self) -> Codec:
        return Codec(self._ids, self._tokenizer.decode)

    def write(self, messages: Sequence[Message]) -> PromptIds:
        """Raises ModelRefused when the template or the model does not take such messages."""
        images = images_of(messages)
        messages = with_plain_text(messages, self._control)
        if images and not self._sees:
            raise ModelRefused(f"{self._subject}: the model does not see; set `images: none` in its model file")
        if self._format == "template":
            return PromptIds(self._ids(self._templated(messages)), images)
        rendered = render(self._format, messages, image_mark=self._image_mark)
        ids = self._ids(rendered.text) if rendered.has_bos else self._tokenizer.encode(rendered.text)
        singles = {text: found[0] for text in rendered.stop if len(found := self._ids(text)) == 1}
        stop = tuple(text for text in rendered.stop if text not in singles)
        return PromptIds(ids, images, stop, tuple(singles.values()))

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _templated(self, messages: Sequence[Message]) -> str:
        turns = chat_turns(messages, example_roles=self._example_roles)
        if self._template is self._tokenizer:
            turns = [turn | {"content": self._flat(turn["content"])} for turn in turns]
        try:
            return str(self._template.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
        except jinja2.TemplateError as error:
            raise ModelRefused(f"{self._subject}: its chat template does not take these messages: {error}") from None

    def _flat(self, content: str | list[dict[str, Any]]) -> str:
        if isinstance(content, str):
            return content
        return "".join(f"{self._image_mark}\n" if part["type"] == "image" else part["text"] for part in content)

    @cached_property
    def _control(self) -> frozenset[str]:
        # Mistral's own tokenizer does not look for control tokens in a text, and names none.
        return control_among(getattr(self._tokenizer, "added_tokens_decoder", {}).values())

    @cached_property
    def _template(self) -> Any:
        """The processor of a model that sees, whose template knows how it marks images; else the tokenizer."""
        if not self._sees:
            return self._tokenizer
        try:
            processor = importlib.import_module("transformers").AutoProcessor.from_pretrained(
                self._config.model, trust_remote_code=self._config.trust_remote_code
            )
        except (OSError, ValueError, ImportError):
            return self._tokenizer
        return processor if getattr(processor, "chat_template", None) else self._tokenizer

    @cached_property
    def _image_mark(self) -> str:
        config = self._config.hf_config
        image_id = getattr(config, "image_token_index", None) or getattr(config, "image_token_id", None)
        return self._tokenizer.decode([image_id]) if isinstance(image_id, int) else IMAGE_MARK
