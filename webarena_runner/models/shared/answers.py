"""What a reply says, told from replies that say nothing: one rule for all backends."""

from webarena_runner.errors import LimitSpent, ModelBlocked, ModelDeclined
from webarena_runner.types import Completion

# OpenAI's, which most servers send, then Gemini's.
_FILTERED = {"content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii"}


def require_answer(completion: Completion, *, subject: str, refusal: str = "", thought_tokens: int = 0) -> Completion:
    """The completion as it is, also when the model itself had nothing to say and ended its reply.

    Raises:
        NoAnswer: a filter ended the reply, of which there may be a part; or it says nothing, because of the reply
            limit or a `refusal` beside it.
    """
    said = bool(completion.said.strip())
    if refusal and not said:
        kept = completion.model_copy(update={"text": refusal})
        raise ModelDeclined(f"{subject}: the model refused: {refusal:.500}", completion=kept)
    if is_filtered(completion):
        raise blocked(completion, subject=subject, reason=f"finish_reason {completion.finish_reason}")
    if completion.is_cut and not said:
        raise limit_spent(completion, subject=subject, thought_tokens=thought_tokens)
    return completion


def is_filtered(completion: Completion) -> bool:
    """Whether a filter ended the reply, wherever it was."""
    return completion.finish_reason.lower() in _FILTERED


def blocked(completion: Completion, *, subject: str, reason: str) -> ModelBlocked:
    """The error of a reply that a filter kept back, or of which it let a part through: what is cut off is no answer."""
    part = " after a part of it, which is kept in the step" if completion.text.strip() else ""
    return ModelBlocked(f"{subject}: the reply was blocked{part}, {reason}", completion=completion)


def limit_spent(
    completion: Completion, *, subject: str, thought_tokens: int = 0, remedy: str = "or have the model think less"
) -> LimitSpent:
    """The error of a reply that ended at its limit before there was an answer in it."""
    thoughts = f", of which thoughts took {thought_tokens} tokens" if thought_tokens else ""
    return LimitSpent(
        f"{subject}: no answer within the reply limit{thoughts}; raise sampling.max_tokens, {remedy}",
        completion=completion,
    )
