"""All tasks in one file, in the order of the sites."""

import json
from collections.abc import Iterator
from pathlib import Path

from tests.tools.mini_visual.adverts import Adverts
from tests.tools.mini_visual.forum import Forum
from tests.tools.mini_visual.records import Records
from tests.tools.mini_visual.shop import Shop

ROOT = Path(__file__).parents[3]
TASKS = ROOT / "tasks" / "mini-visual.json"
PICTURES = ROOT / "webarena_mini" / "sites" / "home" / "data" / "input_images.yaml"
ABOUT = "# Ware, tone, number, text of the card and seed of each; made by `python -m tests.tools.mini_visual`.\n"


def made() -> Iterator[tuple[Path, str]]:
    """Each file with its text."""
    records = Records()
    for kind in (Adverts, Shop, Forum):
        kind(records).add_all()
    yield TASKS, json.dumps(records.tasks, ensure_ascii=False, indent=2) + "\n"
    yield PICTURES, ABOUT + "".join(f"{name}: {json.dumps(still)}\n" for name, still in records.stills.items())
