"""What requests to every model server have in common."""

import base64
import socket
from urllib.parse import urlsplit

from webarena_runner.errors import ModelRefused
from webarena_runner.types import Completion

CONNECT_TIMEOUT_S = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_IMAGE_TYPES = ((b"\x89PNG", "image/png"), (b"RIFF", "image/webp"), (b"\xff\xd8", "image/jpeg"))


def is_local(base_url: str) -> bool:
    """Whether a server is on this machine, where a proxy of the environment cannot reach it."""
    return urlsplit(base_url).hostname in _LOOPBACK


def url_fault(base_url: str, form: str) -> str | None:
    """What is wrong with the address of a server; `form` is what it should look like."""
    try:
        url = urlsplit(base_url)
        is_address = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        return f"options.base_url: expected {form}, got '{base_url}'"
    if not is_address:
        return f"options.base_url: expected {form}, got '{base_url}'"
    if url.username or url.password:
        return "options.base_url: carries a password; put it into an environment variable and name that in api_key_env"
    return None


def is_listening(base_url: str) -> bool:
    """Whether something takes connections there; decided within half a second."""
    url = urlsplit(base_url)
    try:
        socket.create_connection((url.hostname or "", url.port or 80), timeout=0.5).close()
    except OSError:
        return False
    return True


def require_logprobs(completion: Completion, *, subject: str) -> None:
    """Raises ModelRefused when a reply lacks the log-probabilities that were asked for."""
    if completion.logprobs is None:
        raise ModelRefused(f"{subject}: the reply has no log-probabilities; set options.logprobs: false")


def media_type(image: bytes) -> str:
    """MIME type of an encoded image, by its first bytes."""
    return next((media for head, media in _IMAGE_TYPES if image.startswith(head)), "image/png")


def data_url(image: bytes) -> str:
    """An encoded image as the URL that holds it."""
    return f"data:{media_type(image)};base64,{base64.b64encode(image).decode()}"
