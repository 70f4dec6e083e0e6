"""GGUF files of the hub: its own library, against a server on loopback that speaks as the hub does."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CONTENT = b"GGUF and what comes after"
REFUSED = {"gone": (401, "RepoNotFound"), "gated": (403, "GatedRepo")}
# The library reads its settings when it is imported, so that each hub has a process of its own.
ASK = """
import json, sys
from webarena_runner.errors import ConfigError
from webarena_runner.models.llama_cpp.options import model_file
for name in sys.argv[1:]:
    try:
        print(json.dumps(str(model_file(name))))
    except ConfigError as error:
        print(json.dumps(str(error)))
"""


class Hub(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        _, owner, repository, *_, file = self.path.split("/")
        status, code = REFUSED.get(repository, (200, "") if file == "tiny.gguf" else (404, "EntryNotFound"))
        content = CONTENT if (owner, status) == ("owner", 200) else b""
        self.send_response(status)
        headers = {"X-Error-Code": code, "X-Repo-Commit": "0" * 40, "ETag": f'"{hashlib.sha256(CONTENT).hexdigest()}"'}
        for name, value in {**headers, "Content-Length": len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def hub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def asked(names: Sequence[str], home: Path, **environ: str) -> list[str]:
    """The path, or the error, of each name."""
    command = [sys.executable, "-c", ASK, *names]
    given = os.environ | {"HF_HOME": str(home), **environ}
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_file_of_the_hub_is_downloaded_once_and_what_it_does_not_give_is_told(tmp_path: Path, hub: str) -> None:
    names = [f"hf:owner/{name}" for name in ("tiny/tiny.gguf", "tiny/a/b.gguf", "gone/tiny.gguf", "gated/tiny.gguf")]
    path, *errors = asked(names, tmp_path, HF_ENDPOINT=hub)
    assert Path(path).read_bytes() == CONTENT
    for error, told in zip(
        errors,
        (
            "owner/tiny has no file a/b.gguf",
            "no owner/gone, or it is private: then export HF_TOKEN",
            "agree on its page",
        ),
        strict=True,
    ):
        assert told in error
    kept, absent = asked([names[0], "hf:owner/tiny/other.gguf"], tmp_path, HF_HUB_OFFLINE="1")
    assert kept == path
    assert absent.startswith("hf:owner/tiny/other.gguf: the hub cannot be reached, and the file is not in its cache")
