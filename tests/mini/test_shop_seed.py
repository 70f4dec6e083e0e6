"""What a new shop contains."""

import sqlite3
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from webarena_mini.sites.shop.app import SITE
from webarena_mini.sites.shop.domain import photos
from webarena_mini.sites.shop.domain.content import categories, pictures
from webarena_mini.sites.shop.seed.build import build

POSITIVE_TITLES = {"Love it", "Perfect", "Highly recommended"}


@pytest.fixture(scope="module")
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(SITE.snapshot())
    yield connection
    connection.close()


def one(db: sqlite3.Connection, query: str) -> int:
    value: int = db.execute(query).fetchone()[0]
    return value


def test_building_twice_gives_the_same_bytes() -> None:
    assert build() == SITE.snapshot()


def test_the_snapshot_is_small_enough_to_reset_in_no_time() -> None:
    assert 1_000_000 < len(SITE.snapshot()) < 5_000_000


def test_there_is_enough_to_look_for(db: sqlite3.Connection) -> None:
    assert one(db, "select count(*) from product") >= 400
    assert one(db, "select count(*) from review") >= 1500
    assert len(categories()) >= 8
    assert all(3 <= len(category.shelves) <= 6 for category in categories())


def test_the_official_account_has_a_history(db: sqlite3.Connection) -> None:
    rows = db.execute("select status, created_at from sales_order where customer = 27 order by id").fetchall()
    assert len(rows) >= 30
    assert {status for status, _ in rows} >= {"Complete", "Canceled", "Pending", "Processing"}
    assert [created for _, created in rows] == sorted(created for _, created in rows)


def test_everything_seeded_is_older_than_the_clock(db: sqlite3.Connection) -> None:
    newest = one(
        db,
        "select max(at) from (select created_at at from sales_order union all select created_at from review"
        " union all select added_at from wish union all select created_at from product)",
    )
    assert str(newest) < str(one(db, "select now from clock"))


def test_an_order_id_is_the_number_printed_on_it(db: sqlite3.Connection) -> None:
    assert one(db, "select count(*) from sales_order where id != cast(increment_id as integer)") == 0
    assert one(db, "select count(*) from sales_order where length(increment_id) != 9") == 0


def test_totals_add_up(db: sqlite3.Connection) -> None:
    wrong = (
        "select count(*) from sales_order o where total != subtotal + shipping"
        " or subtotal != (select sum(qty * price) from order_item where sales_order = o.id)"
    )
    assert one(db, wrong) == 0


def test_titles_fit_the_stars(db: sqlite3.Connection) -> None:
    marks = ", ".join("?" * len(POSITIVE_TITLES))
    rows = db.execute(f"select distinct stars from review where title in ({marks})", tuple(POSITIVE_TITLES)).fetchall()
    assert rows == [(5,)]


def test_ratings_summarise_the_reviews(db: sqlite3.Connection) -> None:
    wrong = (
        "select count(*) from product p where review_count != (select count(*) from review where product = p.id)"
        " or rating != coalesce((select round(avg(stars) * 20) from review where product = p.id), 0)"
    )
    assert one(db, wrong) == 0


def test_every_product_has_a_drawing_that_is_well_formed(db: sqlite3.Connection) -> None:
    query = (
        "select distinct p.picture, p.colour, c.tint, p.brand, p.kind from product p join category c on c.id = p.shelf"
    )
    for shape, *others in db.execute(query).fetchall():
        assert shape in pictures()["shapes"], f"{shape} has no drawing"
        drawing = photos.drawing(shape, *others)
        ElementTree.fromstring(drawing)  # noqa: S314  our own text
        assert len(drawing) < 4_500


def test_a_picture_shows_or_says_what_kind_of_thing_it_is() -> None:
    sharing: dict[str, list[str]] = {}
    for category in categories():
        for kind, shape in ((kind, shape) for shelf in category.shelves for kind, shape in shelf.kinds.items()):
            drawing = photos.drawing(shape, "Blue", category.tint, category.brands[0], kind).decode()
            if "</text>" in drawing and shape in pictures()["labels"]:
                printed = " ".join(ElementTree.fromstring(drawing).itertext())  # noqa: S314  our own text
                assert f"{category.brands[0].upper()} {kind}" in " ".join(printed.split())
            else:
                sharing.setdefault(shape, []).append(kind)
    assert {shape: kinds for shape, kinds in sharing.items() if len(kinds) > 3} == {}


def test_a_picture_has_light_and_shade() -> None:
    flat = {name for name, shape in pictures()["shapes"].items() if 'fill="$' in shape}
    for name in flat:
        drawing = photos.drawing(name, "Lilac", "#2f6db3", "Auralis", "Thing").decode()
        assert pictures()["tones"]["Lilac"] in drawing
        assert f'fill="{pictures()["tones"]["Lilac"]}"' not in drawing
        assert 'fill="url(#a)"' in drawing or 'fill="url(#b)"' in drawing or 'fill="url(#c)"' in drawing


def test_nobody_praises_and_blames_the_same_thing_in_one_breath(db: sqlite3.Connection) -> None:
    texts = [row[0] for row in db.execute("select detail from review").fetchall()]
    for shelf in (shelf for category in categories() for shelf in category.shelves):
        for praise, gripe in shelf.clashes:
            good, bad = shelf.praise[praise], shelf.gripe[gripe]
            later = bad if bad.startswith("I ") else bad[0].lower() + bad[1:]
            assert not [text for text in texts if good in text and (bad in text or later in text)], shelf.slug


def test_words_for_a_kind_take_the_place_of_words_that_there_are() -> None:
    for shelf in (shelf for category in categories() for shelf in category.shelves):
        for kind, wording in shelf.worded.items():
            assert kind in shelf.kinds
            for name in ("pitch", "praise", "gripe", "mentions"):
                assert max(getattr(wording, name), default=0) < len(getattr(shelf, name)), f"{kind}: {name}"


def test_what_is_said_fits_the_kind(db: sqlite3.Connection) -> None:
    said = "select count(*) from product p left join review r on r.product = p.id where p.kind = ? and {} like ?"
    for kind, column, words in (
        ("Sleep Ring", "r.detail", "%strap%"),
        ("Watering Can", "r.detail", "%branches%"),
        ("Sleeping Bag", "r.detail", "%pole%"),
        ("Plush Bear", "r.detail", "%paints%"),
        ("Extra Virgin Olive Oil", "p.description", "%part wears out%"),
        ("LED Strip Light", "p.description", "%the arm%"),
    ):
        assert db.execute(said.format(column), (kind, words)).fetchone() == (0,), (kind, words)


def test_no_name_says_a_word_twice_in_a_row(db: sqlite3.Connection) -> None:
    for (name,) in db.execute("select name from product").fetchall():
        words = name.split(",")[0].lower().split()
        assert all(first != second for first, second in zip(words, words[1:], strict=False)), name


def test_no_order_has_been_open_for_months(db: sqlite3.Connection) -> None:
    oldest = db.execute("select min(created_at) from sales_order where status in ('Pending', 'Processing')").fetchone()
    assert oldest[0] > "2023-05-01"
