"""Finding things in observations, and comparing two of them."""

import re

from webarena_runner.types import Observation


def id_of(observation: Observation, text: str) -> str:
    """Id of the only line that holds the text."""
    found = [node_id for node_id, node in observation.nodes.items() if text in node.line]
    assert len(found) == 1, f"{text!r} is in {len(found)} nodes of\n{observation.text}"
    return found[0]


def renumbered(text: str, *, inline_boxes: bool = True) -> str:
    """The text with ids and frame ids replaced by numbers of first appearance: both differ from run to run.

    Lines of static text that is a mere number are left out: officially they are not printed when one of the three lines
    above holds that number, and those lines hold ids. Without inline boxes those three lines reach further up, so that
    more static text is a repetition: it is left out too.
    """
    lines = [line for line in text.split("\n") if not re.match(r"\t*\[-?\d+\] StaticText '\d+'$", line)]
    if not inline_boxes:
        kept: list[str] = []
        for line in lines:
            said = re.match(r"\t*\[-?\d+\] StaticText '(.*)'$", line)
            box = re.match(r"\t*\[-?\d+\] InlineTextBox ", line)
            if not box and not (said and any(said[1] in earlier for earlier in kept[-3:])):
                kept.append(line)
        lines = kept
    numbers: dict[str, str] = {}
    pattern = re.compile(r"(?<=^\[)-?\d+(?=\])|(?<=\t\[)-?\d+(?=\])|(?<==\")[0-9A-F]{32}(?=\")", re.MULTILINE)
    return pattern.sub(lambda found: numbers.setdefault(found.group(), f"#{len(numbers)}"), "\n".join(lines))
