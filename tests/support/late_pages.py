"""What the pages that change late have in common: the random numbers, the changes, and the page around them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

Action = Literal["click", "type", "press", "scroll", "hover"]

# What a change does to a page; all of them show in the text that the model reads.
CHANGES = (
    "out.textContent = 'Changed'",
    "box.insertAdjacentHTML('beforeend', '<ul><li>One</li><li><a href=/one>Two</a></li></ul>')",
    "document.body.insertAdjacentHTML('afterbegin', '<h2>News</h2><div style=height:400px></div>')",
    "late.hidden = false",
    "out.remove()",
    "go.setAttribute('aria-label', 'Gone')",
    "go.disabled = true; out.className = 'open'",
    "document.title = 'Changed'; out.append(' and done')",
    "query.value = 'suggested'; query.setAttribute('aria-expanded', 'true')",
    "box.innerHTML = '<table><tr><th>Name<th>Price<tr><td>Mug<td>$ 9.00</table>'",
    "late.hidden = false; late.setAttribute('role', 'alert'); box.textContent = 'Saved'",
)
HELPERS = """
const [out, box, late, go, query] = ['out', 'box', 'late', 'go', 'query'].map((id) => document.getElementById(id));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const get = (ms) => fetch(`/after/${ms}`).then((reply) => reply.text());
"""


@dataclass(frozen=True, eq=False)
class Case:
    """One page and what is done on it; `more` are further pages by path."""

    family: str
    index: int
    html: str
    action: Action
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/{self.family}/{self.index}"

    @property
    def name(self) -> str:
        return f"{self.family}:{self.index}"


@dataclass(frozen=True)
class Plot:
    """What a family makes of its random numbers: scripts of the page and of the action, and parts of the page."""

    on_action: str = ""
    script: str = ""
    body: str = ""
    style: str = ""
    action: Action = "click"
    more: Mapping[str, str] = field(default_factory=dict)


class Dice:
    """The random numbers of one case."""

    def __init__(self, seed: int, family: str, index: int) -> None:
        self.random = Random(f"{seed}:{family}:{index}")
        self.base = f"/{family}/{index}"

    def ms(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def moment(self) -> int:
        """When something happens; one in ten times too late for official."""
        return self.ms(2700, 3400) if self.random.random() < 0.1 else self.ms(100, 1500)

    def parts(self, count: int, total: int) -> list[int]:
        """So many durations, of that sum at most, none shorter than 20 ms."""
        shares = [self.random.random() + 0.2 for _ in range(count)]
        whole = self.ms(total // 3, total)
        return [max(20, int(whole * share / sum(shares))) for share in shares]

    def change(self) -> str:
        return self.random.choice(CHANGES)

    def one_of(self, *choices: str) -> str:
        return self.random.choice(choices)


def make_page(dice: Dice, plot: Plot, *, heading: str, background: str = "") -> str:
    rows = "".join(
        f"<li style=height:{dice.ms(18, 60)}px><a href=/{row}>Product {row}</a>" for row in range(dice.ms(0, 40))
    )
    act = f"go.onclick = () => {{ {plot.on_action} }};" if plot.on_action else ""
    return f"""<!doctype html><html lang=en><title>{heading}</title><style>
      #out.open::after {{ content: ' opened' }} {plot.style}</style><body><h1>{heading}</h1>
      <form><input id=query aria-label=Query></form><button id=go>Go</button><p id=out>Waiting</p>
      <div id=box>Basket</div><div id=late hidden>Late part</div>{plot.body}<ul>{rows}</ul>
      <script>{HELPERS} {plot.script} {act}</script><script>{background}</script>"""
