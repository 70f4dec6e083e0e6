"""A step or a last page as it is on disk: shared texts and the page's own text are not written again."""

import json
import zlib
from typing import Any

from webarena_runner.errors import DamagedRecord
from webarena_runner.log import nodes
from webarena_runner.log.format import Raw
from webarena_runner.log.texts import Texts
from webarena_runner.types import ACTION_RECORDS, Message, Observation, Step

# Shorter than this a text takes less room than its checksum, or not much more.
SHARED_CHARACTERS = 200


def pack_step(step: Step, texts: Texts) -> Raw:
    """Raises OSError when a text cannot be written."""
    raw = step.model_dump(mode="json", exclude={"observation": True, "decision": {"messages"}})
    raw["timings_ms"] = _rounded(step.timings_ms)
    raw["observation"] = pack_observation(step.observation)
    page = step.observation.text
    raw["decision"]["messages"] = [_pack_message(message, page, texts) for message in step.decision.messages]
    return raw


def unpack_step(raw: Raw, texts: Texts, where: str) -> Raw:
    """What `Step` is validated from. Raises DamagedRecord."""
    try:
        observation = unpack_observation(raw["observation"], where)
        decision = raw["decision"]
        messages = [_unpack_message(message, observation["text"], texts) for message in decision.get("messages", ())]
    except (KeyError, TypeError, AttributeError) as error:
        raise DamagedRecord(f"{where}: is no step: {error!r}") from error
    read = {"messages": messages, "action": _known_action(decision.get("action"))}
    return raw | {"observation": observation, "decision": decision | read}


def unpack_page(raw: Raw, where: str) -> Raw:
    """What `LastPage` is validated from. Raises DamagedRecord."""
    try:
        return raw | {"observation": unpack_observation(raw["observation"], where)}
    except (KeyError, TypeError, AttributeError) as error:
        raise DamagedRecord(f"{where}: is no page: {error!r}") from error


def pack_observation(observation: Observation) -> Raw:
    raw = observation.model_dump(mode="json", exclude_defaults=True)
    raw["timings_ms"] = _rounded(observation.timings_ms)
    if observation.nodes:
        raw["nodes"] = nodes.pack(observation.nodes, observation.text)
    return raw


def unpack_observation(raw: Raw, where: str) -> Raw:
    """What `Observation` is validated from. Raises DamagedRecord."""
    packed = raw.get("nodes")
    if packed is None:
        return raw
    try:
        return raw | {"nodes": nodes.unpack(packed, raw["text"])}
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise DamagedRecord(f"{where}: observation.nodes cannot be read: {error!r}") from error


def _known_action(raw: Any) -> Any:
    """An action of a kind that only a newer version knows is one that this version cannot do."""
    if isinstance(raw, dict) and isinstance(kind := raw.get("kind"), str) and kind not in ACTION_RECORDS:
        return {"kind": "invalid", "raw": json.dumps(raw), "reason": f"this version has no action '{kind}'"}
    return raw


def _pack_message(message: Message, page: str, texts: Texts) -> Raw:
    raw: dict[str, Any] = message.model_dump(exclude={"content"}, exclude_none=True)
    content = message.content
    start, length = page_in(content, page)
    if length > SHARED_CHARACTERS:
        return raw | {"before": content[:start], "page": length, "after": content[start + length :]}
    return raw | ({"content": content} if len(content) < SHARED_CHARACTERS else {"text": texts.add(content)})


def _unpack_message(raw: Raw, page: str, texts: Texts) -> Raw:
    if "page" in raw:
        content = raw["before"] + page[: raw["page"]] + raw["after"]
    elif "text" in raw:
        content = texts.get(raw["text"])
    else:
        return raw
    return {key: value for key, value in raw.items() if key not in ("before", "page", "after", "text")} | {
        "content": content
    }


def page_in(content: str, page: str) -> tuple[int, int]:
    """Where the head of an observation's text is in a message, and how much of it; length 0: it is not."""
    start = content.find(page[:SHARED_CHARACTERS]) if page else -1
    if start < 0:
        return 0, 0
    # The longest common head, by halving: cut observations end anywhere.
    low, high = 0, min(len(page), len(content) - start)
    while low < high:
        middle = (low + high + 1) // 2
        if content.startswith(page[:middle], start):
            low = middle
        else:
            high = middle - 1
    return start, low


def _rounded(timings_ms: dict[str, float]) -> dict[str, float]:
    return {part: round(spent_ms, 2) for part, spent_ms in timings_ms.items()}
