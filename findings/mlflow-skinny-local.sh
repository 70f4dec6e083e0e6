#!/usr/bin/env bash
# Package: mlflow-skinny 3.17.2, MLflow without its server, meant for logging from small environments.
# Expected: a run can be logged into a local folder or a local SQLite file.
# Happens:  both are refused, each with an error that sends one to the other: the folder's says to use a database,
#           and the database's lists folders as what is supported. SQLAlchemy is in none of its base requirements.
# Matters:  to log results needs a server, SQLAlchemy and Alembic beside it, or MLFLOW_ALLOW_FILE_STORE=true.
# Cost:     60 to 91 s on two busy cores, 142 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for name in $(compgen -e MLFLOW_ || true); do unset "$name"; done
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check mlflow-skinny==3.17.2

MLFLOW_DISABLE_TELEMETRY=true venv/bin/python - <<'PROGRAM'
import os
import re
import sys
from importlib.metadata import requires, version
from pathlib import Path

import mlflow


def outcome(uri):
    """What becomes of one metric, and the whole error if there is one."""
    mlflow.set_tracking_uri(uri)
    try:
        with mlflow.start_run():
            mlflow.log_metric("success_rate", 0.5)
    except mlflow.exceptions.MlflowException as refused:
        return type(refused).__name__, str(refused)
    return "logged", ""


print("package:  mlflow-skinny", version("mlflow-skinny"))
print("expected: logged into a folder, or else into a SQLite file")
folder, folder_says = outcome(Path("runs").absolute().as_uri())
database, database_says = outcome("sqlite:///runs.db")
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
allowed, _ = outcome(Path("runs").absolute().as_uri())
base = [re.split(r"[^\w-]", line)[0].lower() for line in requires("mlflow-skinny") or [] if "extra ==" not in line]
print(f"happens:  folder: {folder}: {folder_says}")
print(f"          SQLite: {database}: {database_says}")
print(f"          SQLAlchemy among its {len(base)} base requirements: {'sqlalchemy' in base}")
print(f"          folder with MLFLOW_ALLOW_FILE_STORE=true: {allowed}")
same = folder == "MlflowException" and "sqlite:///" in folder_says
same = same and database == "UnsupportedModelRegistryStoreURIException" and "'file'" in database_says
same = same and "sqlalchemy" not in base and allowed == "logged"
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
