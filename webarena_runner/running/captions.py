"""Pictures in words, by a model that sees."""

import logging

from webarena_runner.errors import ModelError
from webarena_runner.interfaces import ModelBackend, RequestTag
from webarena_runner.pictures import Picture
from webarena_runner.types import Message, Sampling

log = logging.getLogger(__name__)
REQUEST = "Say in one short sentence what this picture shows, with its colours and any text in it."
MAX_TOKENS = 32


class ModelCaptioner:
    """Asks once for each picture, whatever its address."""

    def __init__(self, model: ModelBackend) -> None:
        self._model = model
        self._known: dict[str, str] = {}

    async def caption(self, picture: Picture) -> str:
        key = picture.sha256
        if key not in self._known:
            message = Message(role="user", content=REQUEST, images=(picture.for_models(),))
            sampling = Sampling(temperature=0.0, top_p=1.0, max_tokens=MAX_TOKENS)
            try:
                reply = await self._model.generate([message], sampling, tag=RequestTag(task_set="captions"))
            except ModelError as error:
                log.warning("a picture gets no caption: %s", error)
                return ""
            self._known[key] = " ".join(reply.text.split())
        return self._known[key]
