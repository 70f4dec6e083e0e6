"""A prompt to look at: a page that we made up, halfway through a task."""

from webarena_runner.agents.prompt import load_prompt
from webarena_runner.official.sites import SHOPPING
from webarena_runner.types import Message

PAGE = """\
Tab 0 (current): Watering cans - Harbour Home Goods

[1] RootWebArea 'Watering cans - Harbour Home Goods' focused: True
\t[38] link 'My Account'
\t[52] searchbox 'Search' required: False
\t[120] heading 'Watering cans'
\t[131] StaticText 'Items 1-2 of 2'
\t[147] link 'Zinc watering can, 5 litres'
\t[150] StaticText '$18.50'
\t[162] link 'Copper watering can, 1 litre'
\t[165] StaticText '$31.00'"""
# Its first bytes, which say what kind of picture it is; nobody looks at the rest.
PICTURE = b"\x89PNG\r\n\x1a\n"


def sample_messages(prompt: str, *, has_picture: bool) -> list[Message]:
    """What the prompted agent would ask about the page. Raises ConfigError for a prompt that cannot be loaded."""
    *fixed, current = load_prompt(prompt).render(
        observation=PAGE,
        url=f"{SHOPPING.public_url}/garden/watering-cans.html",
        objective="What does the larger of the watering cans cost?",
        previous_action="click [41] where [41] is link 'Watering cans'",
        has_picture=has_picture,
    )
    return [*fixed, current.model_copy(update={"images": (PICTURE,)}) if has_picture else current]
