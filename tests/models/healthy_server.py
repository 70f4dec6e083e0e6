"""A program with vLLM's `/health`, for tests of what starts, watches and ends servers.

    python healthy_server.py MODE --host HOST --port PORT

MODE: `serve`; `fail` ends at once; `deaf` never listens. It starts a child of its own, as vLLM does.
"""

import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    mode, _, host, _, port = sys.argv[1:]
    if mode == "fail":
        sys.exit("no memory left on the card")
    engine = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("engine", engine.pid, flush=True)
    if mode == "deaf":
        time.sleep(600)
    HTTPServer((host, int(port)), Health).serve_forever()


if __name__ == "__main__":
    main()
