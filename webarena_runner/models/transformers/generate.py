"""One batch through a Transformers model: left padding, sampling and ends by row, each reply given as its row ends."""

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from webarena_runner.errors import ConfigError, ModelError
from webarena_runner.models.transformers.batch import Generated, OutOfMemory, Request
from webarena_runner.models.transformers.forms import form_masks
from webarena_runner.models.transformers.sampling import WARPERS, RowSampler
from webarena_runner.settings.yaml import nearest

if TYPE_CHECKING:
    import torch

# Ends of a turn that some checkpoints leave out of their generation_config.
_TURN_ENDS = ("<|eot_id|>", "<|im_end|>")
_OURS = {
    "max_length", "max_new_tokens", "stop_strings", "do_sample", "temperature", "top_p", "num_beams",
    "num_return_sequences", "pad_token_id", "eos_token_id", "return_dict_in_generate",
}  # fmt: skip
# A sampler of the library's own would be applied to all rows of a batch alike.
_OFF: Mapping[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, **dict.fromkeys(WARPERS)}
# What profiles know nothing of, with the values that leave a reply as it is.
_NO_PENALTIES: Mapping[str, Any] = {
    "repetition_penalty": 1.0,
    "encoder_repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "exponential_decay_length_penalty": None,
}


class Generator:
    """A loaded model; `default_temperature` and `default_top_p` are what its own generation_config asks for.

    `ends` are the tokens that end any reply.

    `keeps_samplers`: the samplers and penalties in it apply too, where `options` do not say otherwise.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        subject: str,
        options: Mapping[str, Any],
        keeps_samplers: bool = False,
        logprobs: bool = False,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._subject = subject
        self._logprobs = logprobs
        own = model.generation_config
        self._warpers = {
            name: options.get(name, getattr(own, name, None) if keeps_samplers else None) for name in WARPERS
        }
        self._unset: Mapping[str, Any] = {} if keeps_samplers else _NO_PENALTIES
        self.default_temperature = (1.0 if own.temperature is None else own.temperature) if own.do_sample else 0.0
        self.default_top_p = 1.0 if own.top_p is None else own.top_p
        self.ends = _end_ids(model, tokenizer)
        self._config = self._configured(options)

    def _configured(self, options: Mapping[str, Any]) -> Any:
        config = copy.deepcopy(self._model.generation_config)
        known = sorted(name for name in vars(config) if not name.startswith("_") and name not in _OURS)
        for name in options:
            if name in _OURS:
                raise ConfigError(f"{self._subject}, options.generate_options: '{name}' is set by the run's sampling")
            if name not in known:
                raise ConfigError(
                    f"{self._subject}, options.generate_options: unknown key '{name}'{nearest(name, known)}"
                )
        ends = sorted(self.ends)
        pad = next(id_ for id_ in (self._tokenizer.pad_token_id, config.pad_token_id, *ends, 0) if id_ is not None)
        try:
            ours = {**_OFF, "eos_token_id": ends or None, "pad_token_id": pad, "max_length": None}
            config.update(**{**self._unset, **options, **ours})
            config.validate(strict=bool(options))
        except ValueError as error:
            raise ConfigError(f"{self._subject}, options.generate_options: {error}") from error
        return config

    def run(self, batch: Sequence[Request]) -> None:
        """Answers every request of the batch that is not cancelled.

        Raises:
            OutOfMemory: some requests are still without a reply.
            ModelError: the model failed.
        """
        import torch

        chances = _Chances() if self._logprobs else None
        rows = _Rows(batch, self._tokenizer, self.ends, chances)
        sampled = any(request.temperature > 0 for request in batch)
        try:
            with torch.inference_mode():
                self._model.generate(
                    **self._inputs(batch),
                    generation_config=self._limited(max(request.max_new_tokens for request in batch)),
                    stopping_criteria=[rows],
                    logits_processor=[
                        *form_masks(batch, subject=self._subject),
                        *([chances] if chances else []),
                        *([RowSampler(batch, self._warpers, self._model.device)] if sampled else []),
                    ],
                )
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(str(error).partition("\n")[0]) from error
        except RuntimeError as error:
            raise ModelError(f"{self._subject}: generating failed: {error}") from error
        finally:
            if torch.cuda.is_available() and not rows.all_ended:
                torch.cuda.empty_cache()
        rows.end_rest()

    def _limited(self, max_new_tokens: int) -> Any:
        config = copy.copy(self._config)
        config.max_new_tokens = max_new_tokens
        return config

    def _inputs(self, batch: Sequence[Request]) -> dict[str, Any]:
        import torch

        width = max(len(request.ids) for request in batch)
        gaps = [width - len(request.ids) for request in batch]
        pad = self._config.pad_token_id
        ids = [[pad] * gap + list(request.ids) for gap, request in zip(gaps, batch, strict=True)]
        seen = [[0] * gap + [1] * (width - gap) for gap in gaps]
        device = self._model.device
        inputs = {"input_ids": torch.tensor(ids, device=device), "attention_mask": torch.tensor(seen, device=device)}
        for name in {name: None for request in batch for name in request.images}:
            tensors = [request.images[name] for request in batch if name in request.images]
            inputs[name] = torch.cat(tensors).to(device, self._model.dtype)
        return inputs


class _Chances:
    """A logits processor that changes nothing: it keeps a step's log-probabilities as they are before sampling."""

    def __call__(self, input_ids: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
        self._latest = scores.float().log_softmax(dim=-1)
        return scores

    def of(self, tokens: "torch.Tensor") -> list[float]:
        """Of the token of each row that followed."""
        found: list[float] = self._latest.gather(1, tokens.unsqueeze(1)).squeeze(1).tolist()
        return found


class _Rows:
    """A stopping criterion that follows each row of a batch, and answers its request as soon as the row ends."""

    def __init__(self, batch: Sequence[Request], tokenizer: Any, ends: set[int], chances: _Chances | None) -> None:
        self._batch = batch
        self._tokenizer = tokenizer
        self._ends = ends
        self._chances = chances
        self._logprobs: list[list[float]] = [[] for _ in batch]
        self._tokens: list[list[int]] = [[] for _ in batch]
        self._ended = [False for _ in batch]

    def __call__(self, input_ids: "torch.Tensor", scores: Any, **_: Any) -> "torch.Tensor":
        import torch

        newest = input_ids[:, -1]
        logprobs = self._chances.of(newest) if self._chances else []
        for row, token in enumerate(newest.tolist()):
            if not self._ended[row]:
                self._tokens[row].append(token)
                self._logprobs[row] += logprobs[row : row + 1]
                self._ended[row] = self._end(row)
        return torch.tensor(self._ended, device=input_ids.device)

    @property
    def all_ended(self) -> bool:
        return all(self._ended)

    def end_rest(self) -> None:
        """Answers the rows that the library ended for a reason of its own, such as max_time."""
        for row, ended in enumerate(self._ended):
            if not ended:
                self._answer(row, self._text(self._tokens[row]), "length")
        self._ended = [True] * len(self._ended)

    def _end(self, row: int) -> bool:
        """Whether a row ends with its newest token; answers its request if so."""
        request, tokens = self._batch[row], self._tokens[row]
        if request.reply.done():
            return True
        if tokens[-1] in self._ends or tokens[-1] in request.stop_ids:
            self._answer(row, self._text(tokens[:-1]), "stop")
            return True
        if self._shows_stop(request.stop, tokens):
            text = self._text(tokens)
            self._answer(row, text[: min(at for stop in request.stop if (at := text.find(stop)) >= 0)], "stop")
            return True
        if len(tokens) >= request.max_new_tokens:
            self._answer(row, self._text(tokens), "length")
            return True
        return False

    def _answer(self, row: int, text: str, finish_reason: str) -> None:
        logprobs = tuple(self._logprobs[row]) if self._chances else None
        self._batch[row].answer(Generated(text, tuple(self._tokens[row]), finish_reason, logprobs))

    def _shows_stop(self, stops: Sequence[str], tokens: Sequence[int]) -> bool:
        if not stops:
            return False
        # No token is shorter than a byte, so a stop text that the newest token completed lies in these.
        tail = self._text(tokens[-max(len(stop.encode()) for stop in stops) - 1 :])
        return any(stop in tail for stop in stops) and any(stop in self._text(tokens) for stop in stops)

    def _text(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


def _end_ids(model: Any, tokenizer: Any) -> set[int]:
    own = model.generation_config.eos_token_id
    named = [tokenizer.convert_tokens_to_ids(text) for text in _TURN_ENDS if text in tokenizer.get_vocab()]
    ids = [*(own if isinstance(own, list) else [own]), tokenizer.eos_token_id, *named]
    return {id_ for id_ in ids if id_ is not None}
