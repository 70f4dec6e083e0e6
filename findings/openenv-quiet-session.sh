#!/usr/bin/env bash
# Package: openenv 0.10.0, whose server has a `session_timeout` for "inactive sessions".
# Expected: it ends sessions that no connection holds, such as those that were made over HTTP and forgotten. A client that
#           is connected by a WebSocket, and whose model thinks or is trained meanwhile, keeps its session.
# Happens:  the session is closed under the connected client and its place given to the next. The client hears nothing:
#           its next step goes to the closed environment, and what that opens is never closed.
# Matters:  a trainer whose update takes longer than the timeout goes on with environments that were closed. Leave the
#           timeout out.
# Cost:     about a minute, 0.4 GB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check openenv==0.10.0

venv/bin/python - <<'PROGRAM'
import socket
import sys
import threading
import time
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI
from openenv import GenericEnvClient
from openenv.core.env_server.http_server import HTTPEnvServer
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import Action, ConcurrencyConfig, Observation, State

TIMEOUT_S, QUIET_S = 1, 8


class Quiet(Environment):
    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self):
        super().__init__()
        self.closed = False

    def reset(self, seed=None, episode_id=None, **more):
        return Observation(metadata={})

    def step(self, action, timeout_s=None, **more):
        return Observation(done=self.closed)

    @property
    def state(self):
        return State()

    def close(self):
        self.closed = True


app = FastAPI()
limits = ConcurrencyConfig(max_concurrent_envs=1, session_timeout=TIMEOUT_S)
server = HTTPEnvServer(Quiet, Action, Observation, concurrency_config=limits)
server.register_routes(app, mode="production")
listener = socket.create_server(("127.0.0.1", 0))
web = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
threading.Thread(target=web.run, args=([listener],), daemon=True).start()
with GenericEnvClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}").sync() as client:
    client.reset()
    before = server.active_sessions
    time.sleep(QUIET_S)
    after = server.active_sessions
    closed = client.step({}).done
web.should_exit = True

print("package: ", "openenv", version("openenv"))
print("expected: 1 session before and after, its environment open")
print(f"happens:  {before} before, {after} after {QUIET_S} s; the step was served, by a closed environment: {closed}")
sys.exit(0 if (before, after, closed) == (1, 0, True) else "CHANGED: this finding no longer holds as written")
PROGRAM
