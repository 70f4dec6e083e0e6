"""Comments that follow from what they answer: what was drawn blindly is kept where it fits, and replaced where not."""

import re
from collections.abc import Sequence
from random import Random

from webarena_mini.kit.grammar import Speech
from webarena_mini.sites.forum.seed.conversation import SeedComment, SeedSubmission
from webarena_mini.sites.forum.seed.topics import CommonTalk, Line, Topic

_FIRST_PERSON = re.compile(r"\b(?:I|[Ww]e|[Mm]y|[Oo]ur|[Mm]ine|[Oo]urs)\b")
_ASKING = re.compile(r"\?$|\b(?:looking for|recommend|help|advice|what now|wanted|who knows)\b", re.IGNORECASE)
_SHORTEST_WORD, _STEM = 4, 5
_EMPTY_WORD = re.compile(
    "about|after|again|also|because|been|come|could|does|done|from|going|good|have|here|into|just|know|like|made|make"
    "|many|more|most|much|need|never|only|over|said|same|some|still|take|than|that|them|then|there|they|things?"
    "|this|time|very|want|well|were|what|when|where|which|will|with|would|years?|your"
)
# Lines of a forum's own are about its subject, so they can answer advice and stories but neither questions nor banter.
_TOPICAL = ("advice", "story")


def fit(submission: SeedSubmission, speech: Speech, *, op: Sequence[str], topic: Topic, common: CommonTalk) -> None:
    """Rewrites comments in place. Draws from a source of its own, so that nothing else of the seed depends on it."""
    speech = Speech(topic.words, Random(f"{submission.forum}: {submission.title}"), dict(speech.bound))
    answers = _answers(submission, speech, op)
    taken = {comment.body for comment in submission.comments if comment.pattern not in op}
    for comment in submission.comments:
        if comment.parent is None:
            kind, lines = _kind_of_submission(submission), (common.comments, common.more_comments)
        else:
            kind = _kind_of_comment(submission, submission.comments[comment.parent])
            by_author = comment.author == submission.author
            lines = (common.op, common.more_op) if by_author else (common.replies, common.more_replies)
            if by_author and (answer := _closest(answers, _said_before(submission, comment))):
                answers.remove(answer)
                comment.body = answer
                continue
        if not _fits(comment, kind, lines[0], topic, op):
            comment.body = _say(speech, kind, [*lines[0], *lines[1]], taken) or comment.body
        taken.add(comment.body)


def _answers(submission: SeedSubmission, speech: Speech, op: Sequence[str]) -> list[str]:
    """What only the author of this submission can say, as it was said or would have been."""
    said = {comment.pattern: comment.body for comment in submission.comments}
    return [said.get(pattern) or speech.say(pattern) for pattern in op]


def _fits(comment: SeedComment, kind: str, drawn_from: Sequence[Line], topic: Topic, op: Sequence[str]) -> bool:
    line = next((line for line in drawn_from if line.say == comment.pattern), None)
    if line:
        return kind in line.to
    return comment.pattern not in op and (comment.pattern not in topic.replies or kind in _TOPICAL)


def _kind_of_submission(submission: SeedSubmission) -> str:
    if submission.url:
        return "link"
    if submission.scene:
        return "picture"
    return "question" if _ASKING.search(submission.title) else "report"


def _kind_of_comment(submission: SeedSubmission, comment: SeedComment) -> str:
    if comment.body.endswith("?"):
        return "question"
    if comment.author == submission.author:
        return "author"
    if comment.parent is not None:
        return "reply"
    if _FIRST_PERSON.search(comment.body):
        return "story"
    return "remark" if submission.url or submission.scene else "advice"


def _said_before(submission: SeedSubmission, comment: SeedComment) -> str:
    """All that the comment answers, directly or not."""
    said, parent = [], comment.parent
    while parent is not None:
        said.append(submission.comments[parent].body)
        parent = submission.comments[parent].parent
    return " ".join(said)


def _closest(answers: Sequence[str], said_before: str) -> str | None:
    """The answer that shares most words with what was said before; None when all share none."""
    words = _stems(said_before)
    best = max(answers, key=lambda answer: len(words & _stems(answer)), default="")
    return best if words & _stems(best) else None


def _stems(text: str) -> set[str]:
    words = [word for word in re.findall(r"[a-z]+", text.lower()) if not _EMPTY_WORD.fullmatch(word)]
    return {word[:_STEM].removesuffix("s") for word in words if len(word) >= _SHORTEST_WORD}


def _say(speech: Speech, kind: str, lines: Sequence[Line], taken: set[str]) -> str | None:
    """Something of that kind that nobody has said yet."""
    patterns = [line.say for line in lines if kind in line.to]
    speech.random.shuffle(patterns)
    return next((text for text in map(speech.say, patterns) if text not in taken), None)
