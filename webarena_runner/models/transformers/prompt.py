"""From messages to what a Transformers model reads: token ids, and pixels where it sees."""

import io
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from webarena_runner.errors import ConfigError
from webarena_runner.models.shared.control import control_among, with_plain_text
from webarena_runner.models.shared.formats import Rendered, chat_turns, images_of, render
from webarena_runner.models.shared.template import TEMPLATE_FACT, sha256_of_template
from webarena_runner.models.shared.tokens import Codec
from webarena_runner.models.transformers.options import TransformersOptions
from webarena_runner.types import Message

if TYPE_CHECKING:
    from PIL.Image import Image


class Prompts:
    """Not for the event loop: a page takes milliseconds to tokenise, an image more.

    The lock guards the tokenizer, which keeps settings of a call in itself and fails when two threads call it.
    """

    def __init__(self, tokenizer: Any, processor: Any, options: TransformersOptions, *, subject: str) -> None:
        self._tokenizer = tokenizer
        self._processor = processor
        self._options = options
        self._lock = Lock()
        self._control = control_among(tokenizer.added_tokens_decoder.values())
        if options.prompt_format == "template" and not getattr(processor or tokenizer, "chat_template", None):
            raise ConfigError(
                f"{subject}: its tokenizer has no chat template; set the option prompt_format: completion for a base "
                "model, or the format that the model was tuned on"
            )

    @property
    def facts(self) -> dict[str, str]:
        """For the manifest: the checksum of the chat template, where prompts are made by it."""
        if self._options.prompt_format != "template":
            return {}
        template = (self._processor or self._tokenizer).chat_template
        return {TEMPLATE_FACT: sha256_of_template(template)}

    def ids_of(self, messages: Sequence[Message]) -> tuple[list[int], dict[str, Any], tuple[str, ...]]:
        """Token ids, image tensors by name, and the texts that end a reply in the prompt's format."""
        rendered = self._rendered(messages)
        with self._lock:
            if not rendered.images:
                return self._encode(rendered.text, special=not rendered.has_bos), {}, rendered.stop
            read = self._processor(
                text=[rendered.text],
                images=[self._image(image) for image in rendered.images],
                add_special_tokens=not rendered.has_bos,
                return_tensors="pt",
            )
        return read["input_ids"][0].tolist(), {"pixel_values": read["pixel_values"]}, rendered.stop

    def token_id(self, text: str) -> int | None:
        """Id of a special token such as <|eot_id|>, which is never part of the reply's text."""
        return self._special.get(text)

    @property
    def _special(self) -> dict[str, int]:
        return {token.content: id_ for id_, token in self._tokenizer.added_tokens_decoder.items() if token.special}

    def codec(self) -> Codec:
        return Codec(self._locked_encode, self._locked_decode)

    def _rendered(self, messages: Sequence[Message]) -> Rendered:
        name = self._options.prompt_format
        messages = with_plain_text(messages, self._control)
        if name != "template":
            return render(name, messages)
        turns = chat_turns(messages, example_roles=self._options.example_roles)
        with self._lock:
            text = (self._processor or self._tokenizer).apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True
            )
        # The template has written all special tokens; the tokenizer would add a second BOS.
        return Rendered(text, images_of(messages), (), has_bos=True)

    def _encode(self, text: str, *, special: bool) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=special, verbose=False)["input_ids"])

    def _locked_encode(self, text: str) -> list[int]:
        with self._lock:
            return self._encode(text, special=False)

    def _locked_decode(self, ids: list[int]) -> str:
        with self._lock:
            text: str = self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text

    def _image(self, encoded: bytes) -> "Image":
        from PIL import Image

        image = Image.open(io.BytesIO(encoded)).convert("RGB")
        if not self._options.square_padding:
            return image
        red, green, blue = (int(255 * part) for part in self._processor.image_processor.image_mean)
        return padded_to_square(image, (red, green, blue))


def padded_to_square(image: "Image", colour: tuple[int, int, int]) -> "Image":
    """The image in the middle of a square, as LLaVA's own training pads."""
    from PIL import Image

    side = max(image.size)
    square = Image.new("RGB", (side, side), colour)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square
