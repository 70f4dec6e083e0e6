"""`page_image_query`: VisualWebArena's questions about pictures on a page, and how like they are to given ones."""

from typing import Any

from webarena_runner.evaluators.not_scored import NotScored, VerbatimSpec
from webarena_runner.official.addresses import fault_of
from webarena_runner.official.node import Node, shown
from webarena_runner.official.notation import LAST_PAGE

ASKED, ALIKE = "eval_vqa", "eval_fuzzy_image_match"


class PageImageQuery(NotScored):
    name = "page_image_query"
    why = "it compares pictures, or asks a model that sees about them, which this version does not"

    @classmethod
    def read(cls, evaluation: Node) -> VerbatimSpec:
        queries = evaluation.key("page_image_query")
        read = [_query(query) for query in queries.items()]
        if not read:
            raise queries.wrong("a list of at least one query")
        return VerbatimSpec(check={"page_image_query": read})


def _query(node: Node) -> dict[str, Any]:
    url, locator = node.key("eval_image_url"), node.key("eval_image_class")
    if url.filled_text() != LAST_PAGE and (fault := fault_of(url.text())):
        raise url.fault(f"{fault}, found {shown(url.text())}")
    if locator.text().strip() and not locator.text().startswith("."):
        raise locator.wrong("an empty text, or a CSS selector that begins with a class")
    if not {ASKED, ALIKE} & set(node.value):
        raise node.fault(f"expected {ASKED} or {ALIKE}")
    for question in node.get(ASKED, []).items():
        question.key("question").filled_text()
        question.key("answer").filled_text()
    if ALIKE in node.value:
        node.key(ALIKE).filled_text()
    threshold = node.get("ssim_threshold", 0.8)
    if not isinstance(threshold.value, int | float):
        raise threshold.wrong("a number")
    return dict(node.value)
