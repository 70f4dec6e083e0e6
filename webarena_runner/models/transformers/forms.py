"""Replies that are kept to a form: xgrammar says which tokens may come next, row by row of a batch."""

from collections.abc import Collection, Mapping, Sequence
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any

from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.errors import ModelError, ModelRefused
from webarena_runner.extras import how_to_install
from webarena_runner.models.transformers.batch import Request

if TYPE_CHECKING:
    import torch

# Grammars differ by the ids of their page: few are asked for again but by retries and by episodes at the same page.
CACHE_BYTES = 64 * 2**20


class Forms:
    """Grammars for the tokens of one model; `ends` are the ids that end a reply, `vocabulary` is as wide as its scores.

    The lock guards the compiler, which is made at first use; requests for one page also compile its grammar only once.
    """

    def __init__(self, tokenizer: Any, *, ends: Collection[int], vocabulary: int, subject: str) -> None:
        self._tokenizer = tokenizer
        self._ends = sorted(ends)
        self._vocabulary = vocabulary
        self._subject = subject
        self._lock = Lock()
        self._compiler: Any = None

    def fault(self) -> str:
        """Why replies of this model cannot be kept to a form; "" when they can."""
        if lacking := lacks_xgrammar():
            return lacking
        if not self._ends:
            return "its tokenizer and its generation_config name no token that ends a reply"
        try:
            with self._lock:
                self._ready()
        except (ValueError, RuntimeError) as error:
            return f"xgrammar does not take its tokenizer: {error}"
        return ""

    def compiled(self, form: ReplyForm) -> Any:
        """Takes seconds at first, as the whole vocabulary is tried, and then a fraction of one for each new page.

        Raises:
            ModelRefused: xgrammar does not take the grammar.
        """
        try:
            with self._lock:
                return self._ready().compile_grammar(form.gbnf)
        except (ValueError, RuntimeError) as error:
            raise ModelRefused(f"{self._subject}: actions.constrain: {error}") from error

    def _ready(self) -> Any:
        import xgrammar

        if self._compiler is None:
            tokens = xgrammar.TokenizerInfo.from_huggingface(
                self._tokenizer, vocab_size=self._vocabulary, stop_token_ids=self._ends
            )
            self._compiler = xgrammar.GrammarCompiler(tokens, cache_limit_bytes=CACHE_BYTES)
        return self._compiler


def lacks_xgrammar() -> str:
    """How to get it, where it is not installed; else nothing."""
    if find_spec("xgrammar"):
        return ""
    return f"it needs the Python module xgrammar; run: {how_to_install('transformers')}"


def form_masks(batch: Sequence[Request], *, subject: str) -> "list[FormMask]":
    """The one that a batch needs, or none."""
    grammars = {row: request.grammar for row, request in enumerate(batch) if request.grammar is not None}
    return [FormMask(batch, grammars, subject=subject)] if grammars else []


class FormMask:
    """A logits processor that leaves each row what its grammar allows next, and rows without one as they are.

    xgrammar's own for this library takes every token of every row: of one that a stop text or its limit ended, too.
    """

    def __init__(self, batch: Sequence[Request], grammars: Mapping[int, Any], *, subject: str) -> None:
        import xgrammar

        self._batch = batch
        self._subject = subject
        self._matchers = {row: xgrammar.GrammarMatcher(grammar) for row, grammar in grammars.items()}
        width = max(grammar.tokenizer_info.vocab_size for grammar in grammars.values())
        self._mask = xgrammar.allocate_token_bitmask(len(batch), width)
        self._began = False

    def __call__(self, input_ids: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
        import xgrammar

        newest = input_ids[:, -1].tolist()
        for row in list(self._matchers):
            if not self._follow(row, newest[row]):
                del self._matchers[row]
                self._mask[row] = -1
        self._began = True
        # It has kernels for these two; for others it would compile one.
        near = scores if scores.device.type in ("cpu", "cuda") else scores.cpu()
        xgrammar.apply_token_bitmask_inplace(near, self._mask.to(near.device))
        return near.to(scores.device)

    def _follow(self, row: int, token: int) -> bool:
        """Whether the row goes on; what may come next is then in its mask."""
        request, matcher = self._batch[row], self._matchers[row]
        if request.reply.done():
            return False
        if self._began and not matcher.accept_token(token):
            request.fail(ModelError(f"{self._subject}: a generate_option brought a token that the grammar forbids"))
            return False
        matcher.fill_next_token_bitmask(self._mask, row)
        return True
