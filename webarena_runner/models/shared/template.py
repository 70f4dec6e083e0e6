"""Which chat template makes a model's prompts, for the manifest."""

import json
from typing import Any

from webarena_runner.log.files import sha256_of

TEMPLATE_FACT = "chat template sha256"


def sha256_of_template(template: Any) -> str:
    """Of a text, or of several by name; "" where none is known."""
    if not template:
        return ""
    text = template if isinstance(template, str) else json.dumps(template, sort_keys=True, default=str)
    return sha256_of(text.encode("utf-8", "surrogatepass"))
