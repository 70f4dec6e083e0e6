"""Templates about advertisements: a ware has a shape, a tone, a number and a card; many titles say nothing of them."""

from collections import Counter
from contextlib import closing

from tests.tools.mini_visual.records import Action, Picker, Records, Row, alike, button, colour, html, link, typed
from webarena_mini.kit.database import Database
from webarena_mini.sites.adverts.app import SITE
from webarena_mini.sites.adverts.domain.items import PER_PAGE
from webarena_mini.sites.adverts.domain.wares import categories

CLASSIFIEDS = "classifieds"
_ROWS = """select i.*, c.name as category from items i join categories c on c.id = i.category_id
    order by i.created_at desc, i.id desc"""


class Adverts:
    def __init__(self, records: Records) -> None:
        self._add, self._still = records.add, records.still
        self._pick = Picker("adverts")
        with closing(Database(SITE.snapshot())) as database:
            rows = [dict(row) for row in database.all(_ROWS)]
        self._rows = rows
        self._wares = {ware.shape: ware for wares in categories().values() for ware in wares}
        self._secret = [row for row in rows if row["tone"] not in f"{row['title']} {row['description']}".lower()]
        self._first_pages = {row["category_id"]: list[Row]() for row in rows}
        for row in rows:
            self._first_pages[row["category_id"]].append(row)
        titles = Counter(row["title"] for row in rows)
        # Those whose link on the first page of their category is the only one of that name.
        listed = (row for found in self._first_pages.values() for row in found[:PER_PAGE])
        self._listed = [row for row in listed if titles[row["title"]] == 1]
        looks = Counter(map(_look, rows))
        self._alone = [row for row in self._listed if looks[_look(row)] == 1]

    def add_all(self) -> None:
        self._count()
        self._colour()
        self._card()
        self._price()
        self._like_this()
        self._exactly_this()
        self._town()
        self._comment()
        self._count_listings()
        self._cheaper()

    def _count(self) -> None:
        template = (1, "How many {{wares}} are there in the picture of this listing? Answer with a number only.")
        for row in self._pick([row for row in self._secret if row["pieces"] > 2], 3):
            pieces, values = str(row["pieces"]), {"wares": self._wares[row["shape"]].plural}
            answers = {"exact_match": pieces}
            self._add(CLASSIFIEDS, template, start=_page(row), answer=pieces, values=values, string_match=answers)

    def _colour(self) -> None:
        text = "Which color is what is offered in this listing? Look at the picture and answer with one word."
        for row in self._pick([row for row in self._secret if row["pieces"] == 1], 3):
            answers = colour(row["tone"])
            self._add(CLASSIFIEDS, (2, text), start=_page(row), answer=row["tone"], string_match=answers)

    def _card(self) -> None:
        template = (3, "What does the card in the picture of this listing say? Answer with its text only.")
        for row in self._pick([row for row in self._rows if row["label"]], 3):
            answers = {"exact_match": row["label"]}
            self._add(CLASSIFIEDS, template, start=_page(row), answer=row["label"], string_match=answers)

    def _price(self) -> None:
        text = (
            "The picture is of a listing in the category {{category}}. How many dollars does its seller want? Answer "
            "with a number only."
        )
        for row in self._pick(self._listed, 3):
            dollars = str(row["price_cents"] // 100)
            answers = {"required_values": [f"== {dollars}"]}
            self._find((4, text), row, image=_file(row), answer=dollars, string_match=answers)

    def _like_this(self) -> None:
        text = (
            "Open the listing in the category {{category}} that offers what is in the picture: as many, of the same "
            "kind and color."
        )
        for row in self._pick(self._alone, 3):
            # In another room, and without the card.
            image = self._still(CLASSIFIEDS, row, seed=row["id"] + 1)
            self._find((5, text), row, image=image, visual="hard", url_match=f"__CLASSIFIEDS__{_page(row)}")

    def _exactly_this(self) -> None:
        text = "Find the listing in the category {{category}} with exactly this picture, and leave its page open."
        for row in self._pick(self._listed, 3):
            image = self._still(CLASSIFIEDS, row, seed=row["id"], label=row["label"])
            self._find((6, text), row, image=image, page_image_query=alike(".item__picture", _file(row)))

    def _town(self) -> None:
        text = (
            "Where can I pick up the {{tone}} {{ware}} that one of these listings shows alone? Answer with the name of "
            "the town only."
        )
        for row in self._pick([row for row in self._alone if row["pieces"] == 1], 3):
            values = {"tone": row["tone"], "ware": self._wares[row["shape"]].name}
            answers = {"must_include": [row["town"]]}
            self._find((7, text), row, answer=row["town"], values=values, string_match=answers)

    def _comment(self) -> None:
        text = (
            "Leave a comment with 5 stars on the listing in the picture, which is one of these, with the title Hello "
            'and the text "{{text}}".'
        )
        for row, said in zip(self._pick(self._listed, 2), ("Is it heavy?", "I would take it."), strict=True):
            check = html(
                f"__CLASSIFIEDS__{_page(row)}",
                "document.querySelector('article.item').outerText",
                must_include=[said, "Hello by Blake Sullivan"],
            )
            fields = [typed("Title", "Hello"), typed("Comment", said), button("Send")]
            # A select box takes letters for the option that begins with them.
            rate: list[Action] = [{"do": "click", "role": "combobox", "name": "Rating"}, {"do": "press", "keys": "5"}]
            actions = [*rate, {"do": "press", "keys": "Enter"}, *fields]
            self._find((8, text), row, actions, image=_file(row), values={"text": said}, program_html=check)

    def _count_listings(self) -> None:
        template = (9, "How many of the listings on this page show something {{tone}}? Answer with a number only.")
        whole = sorted(number for number, rows in self._first_pages.items() if len(rows) <= PER_PAGE)
        for category, tone in zip(whole, ("red", "blue", "green"), strict=False):
            found = str(sum(row["tone"] == tone for row in self._first_pages[category]))
            start, answers = _list(category), {"exact_match": found}
            more = {"values": {"tone": tone}, "visual": "hard"}
            self._add(CLASSIFIEDS, template, start=start, answer=found, string_match=answers, **more)

    def _cheaper(self) -> None:
        text = (
            "These two pictures are of listings in the category {{category}}. How many dollars does the cheaper one "
            "cost? Answer with a number only."
        )
        for row in self._pick(self._listed, 2):
            other = next(
                each
                for each in self._listed
                if each["category_id"] == row["category_id"] and each["price_cents"] > row["price_cents"] + 1000
            )
            dollars = str(row["price_cents"] // 100)
            answers = {"exact_match": dollars}
            pictures = [_file(other), _file(row)]
            self._find((10, text), row, image=pictures, visual="hard", answer=dollars, string_match=answers)

    def _find(
        self,
        template: tuple[int, str],
        row: Row,
        actions: list[Action] | None = None,
        *,
        values: dict[str, str] | None = None,
        visual: str = "medium",
        image: str | list[str] | None = None,
        answer: str = "",
        **checks: object,
    ) -> None:
        """From the list of its category."""
        named = {"category": row["category"]} if "{{category}}" in template[1] else {}
        shown = {"image": image, "answer": answer, "visual": visual, "values": named | (values or {})}
        played = [link(row["title"]), *(actions or [])]
        self._add(CLASSIFIEDS, template, played, start=_list(row["category_id"]), **shown, **checks)


def _look(row: Row) -> tuple[object, ...]:
    return row["category_id"], row["shape"], row["tone"], row["pieces"]


def _page(row: Row) -> str:
    return f"/index.php?page=item&id={row['id']}"


def _list(category: int) -> str:
    return f"/index.php?page=search&sCategory={category}"


def _file(row: Row) -> str:
    return f"__CLASSIFIEDS__/oc-content/uploads/{row['id'] // 100}/{row['id']}.png"
