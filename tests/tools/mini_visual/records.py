"""Task records in VisualWebArena's form, as they are added."""

import re
from collections.abc import Sequence
from random import Random
from typing import Any

Row = dict[str, Any]
Action = dict[str, Any]
Template = tuple[int, str]


class Records:
    """`stills` are the pictures that the home page shows for tasks."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.stills: dict[str, list[Any]] = {}

    def still(self, site: str, row: Row, *, seed: int, label: str = "") -> str:
        """The address of a picture with the ware of an advertisement."""
        name = f"{site}/task{len(self.tasks)}/input_0.png"
        self.stills[name] = [row["shape"], row["tone"], row["pieces"], label, seed]
        return f"__HOMEPAGE__/static/input_images/{name}"

    def add(
        self,
        site: str,
        template: Template,
        actions: Sequence[Action] = (),
        *,
        start: str,
        answer: str = "",
        image: str | list[str] | None = None,
        values: dict[str, Any] | None = None,
        visual: str = "easy",
        **checks: Any,
    ) -> None:
        """`checks` are by the kinds of `eval_types`."""
        filled = values or {}
        self.tasks.append(
            {
                "sites": [site],
                "task_id": len(self.tasks),
                "require_login": True,
                "storage_state": f"./.auth/{site}_state.json",
                "start_url": f"__{site.upper()}__{start}",
                "geolocation": None,
                "intent_template": template[1],
                "intent": re.sub(r"{{(\w+)}}", lambda name: str(filled[name[1]]), template[1]),
                "image": image,
                "instantiation_dict": filled,
                "require_reset": False,
                "eval": _evaluation(checks),
                "reasoning_difficulty": "easy" if len(actions) < 2 else "medium",
                "visual_difficulty": visual,
                "overall_difficulty": visual,
                "comments": "",
                "intent_template_id": template[0],
                "reference_actions": [*actions, {"do": "stop", "answer": answer}],
            }
        )


def _evaluation(checks: dict[str, Any]) -> dict[str, Any]:
    images = {"page_image_query": checks["page_image_query"]} if "page_image_query" in checks else {}
    return {
        "eval_types": list(checks),
        "reference_answers": checks.get("string_match"),
        "reference_url": checks.get("url_match", ""),
        **({"url_note": "EXACT"} if "url_match" in checks else {}),
        "program_html": checks.get("program_html", []),
        **images,
    }


class Picker:
    """Takes rows at random, each once as long as there are enough."""

    def __init__(self, seed: str) -> None:
        self._rng = Random(seed)
        self._taken: set[int] = set()

    def __call__(self, rows: Sequence[Row], count: int) -> list[Row]:
        fresh = [row for row in rows if row["id"] not in self._taken]
        found = self._rng.sample(fresh if len(fresh) >= count else list(rows), count)
        self._taken.update(row["id"] for row in found)
        return found


def link(name: str) -> Action:
    return {"do": "click", "role": "link", "name": name}


def button(name: str) -> Action:
    return {"do": "click", "role": "button", "name": name}


def typed(name: str, text: str) -> Action:
    return {"do": "type", "role": "textbox", "name": name, "text": text}


def html(url: str, locator: str, **required: Any) -> list[dict[str, Any]]:
    return [{"url": url, "locator": locator, "required_contents": required}]


def alike(locator: str, address: str, url: str = "last") -> list[dict[str, Any]]:
    """Hardly another picture than the one at the address."""
    query = {"eval_image_url": url, "eval_image_class": locator, "eval_fuzzy_image_match": address}
    return [{**query, "ssim_threshold": 0.9}]


def colour(name: str) -> dict[str, Any]:
    return {"one_of": ["grey", "gray"]} if name == "grey" else {"must_include": [name]}
