"""The model files that come with the runner."""

import yaml

from docs.generate.markdown import literal, table
from webarena_runner.settings import datafiles


def model_files() -> str:
    rows = []
    for name in datafiles.names("models"):
        written = yaml.safe_load(datafiles.find("models", name).read_text(encoding="utf-8"))
        rows.append((literal(name), literal(written["backend"]), written.get("description", "")))
    return table(("model file", "backend", "meaning"), rows)
