"""A typed client. Those who have no webarena-runner use `openenv.GenericEnvClient`, with texts and dictionaries."""

from typing import Any

from openenv.core.client_types import StepResult
from openenv.core.env_client import EnvClient

from webarena_runner.openenv.models import WebArenaAction, WebArenaObservation, WebArenaState

# OpenEnv's own minute is less than a step may take on a busy machine, and than shared sites may be waited for.
MESSAGE_TIMEOUT_S = 900.0


class WebArenaClient(EnvClient):  # type: ignore[misc]
    """`reset(task_id=..., max_steps=..., step_timeout_s=...)`, then `step("click [12]")` until `done`.

    Await these, or use `WebArenaClient(url).sync()`. An episode without a score is a RuntimeError with what failed.
    """

    def __init__(self, base_url: str | None = None, message_timeout_s: float = MESSAGE_TIMEOUT_S, **more: Any) -> None:
        super().__init__(base_url, message_timeout_s=message_timeout_s, **more)

    def _step_payload(self, action: str | WebArenaAction) -> dict[str, Any]:
        return {"action": action if isinstance(action, str) else action.action}

    def _parse_result(self, payload: dict[str, Any]) -> Any:
        seen = payload["observation"] | {"reward": payload.get("reward"), "done": payload.get("done", False)}
        return StepResult(
            observation=WebArenaObservation(**seen),
            reward=payload.get("reward"),
            done=payload.get("done", False),
            metadata=payload.get("metadata"),
        )

    def _parse_state(self, payload: dict[str, Any]) -> WebArenaState:
        return WebArenaState(**payload)
