#!/usr/bin/env bash
# Package: ray 2.60.0, a program that is connected with log_to_driver=False, logging off, while a node of its cluster dies.
# Expected: what a program prints on standard output is its own. log_to_driver=False keeps output of other processes away
#           (it is the way out that Ray's own warning names), and Ray's messages go to the logger "ray" and standard error.
# Happens:  "(raylet) ..." lines, of the raylet that ended and of the node that is marked dead, are printed on the program's
#           standard output.
# Matters:  a command that prints JSON prints what is none, but only in the runs in which a node was lost.
# Cost:     about a minute on two busy cores, 286 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for name in $(compgen -e RAY_ || true); do unset "$name"; done
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check ray==2.60.0

cat >program.py <<'PROGRAM'
import json
import logging
import time

import ray
from ray.cluster_utils import Cluster

logging.disable(logging.CRITICAL)
options = {"num_cpus": 1, "object_store_memory": 100 << 20}
cluster = Cluster(initialize_head=True, head_node_args=options | {"include_dashboard": False})
second = cluster.add_node(**options)
ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
cluster.remove_node(second, allow_graceful=False)
give_up = time.monotonic() + 120
while sum(node["Alive"] for node in ray.nodes()) > 1 and time.monotonic() < give_up:
    time.sleep(0.2)
time.sleep(3)
print(json.dumps({"nodes": sum(node["Alive"] for node in ray.nodes())}))
ray.shutdown()
cluster.shutdown()
PROGRAM

export RAY_USAGE_STATS_ENABLED=0 RAY_TMPDIR=$folder
RAY_AUTH_TOKEN=$(openssl rand -hex 32) venv/bin/python program.py >out.txt 2>err.txt || {
  cat err.txt
  exit 1
}
venv/bin/python - <<'CHECK'
import re
import sys
from importlib.metadata import version
from pathlib import Path

lines = Path("out.txt").read_text().splitlines()
print("package:  ray", version("ray"))
print("expected: one line on standard output, the program's own")
first = re.sub(r"\x1b\[\d+m", "", lines[0])
print(f"happens:  {len(lines)} lines; the first: {first[:110]}")
same = len(lines) > 1 and first.startswith("(raylet") and lines[-1] == '{"nodes": 1}'
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
CHECK
