"""What a new shop admin contains."""

import sqlite3
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from webarena_mini.sites.admin.app import SITE
from webarena_mini.sites.admin.domain.content import pictures, words
from webarena_mini.sites.admin.pages import media
from webarena_mini.sites.admin.seed.build import build


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
    assert 500_000 < len(SITE.snapshot()) < 5_000_000


def test_there_is_enough_to_look_for(db: sqlite3.Connection) -> None:
    assert one(db, "select count(*) from product") >= 180
    assert one(db, "select count(*) from sales_order") == 300
    assert one(db, "select count(*) from customer") >= 70
    assert one(db, "select count(*) from review") >= 350
    statuses = {row[0] for row in db.execute("select distinct status from sales_order")}
    assert statuses == {"pending", "processing", "complete", "closed", "canceled", "holded", "fraud"}


def test_totals_add_up(db: sqlite3.Connection) -> None:
    wrong = (
        "select count(*) from sales_order o where total != subtotal - discount + shipping + tax"
        " or subtotal != (select sum(qty * price) from order_item where sales_order = o.id)"
    )
    assert one(db, wrong) == 0


def test_papers_fit_the_status(db: sqlite3.Connection) -> None:
    has = "exists (select 1 from {} where sales_order = o.id)"
    assert one(db, f"select count(*) from sales_order o where (status = 'closed') != {has.format('credit_memo')}") == 0
    shipped = f"(status in ('complete', 'closed')) != {has.format('shipment')}"
    assert one(db, f"select count(*) from sales_order o where {shipped}") == 0


def test_customers_order_and_review_after_they_joined_and_before_now(db: sqlite3.Connection) -> None:
    early = "select count(*) from sales_order o join customer c on c.id = o.customer where o.created_at < c.created_at"
    assert one(db, early) == 0
    newest = "select max(at) from (select created_at at from {} union all select created_at from {})"
    for pair in (("sales_order", "review"), ("order_note", "shipment"), ("invoice", "credit_memo")):
        assert str(one(db, newest.format(*pair))) < str(one(db, "select now from clock"))


def test_titles_fit_the_stars(db: sqlite3.Connection) -> None:
    only_best = set(words().titles[5])
    marks = ", ".join("?" * len(only_best))
    rows = db.execute(f"select distinct stars from review where title in ({marks})", tuple(only_best)).fetchall()
    assert rows == [(5,)]


def test_no_review_praises_and_blames_the_same_thing(db: sqlite3.Connection) -> None:
    same = ("waistband", "sleeves", "zip", "hood", "collar", "lid", "liner", "length")
    for product, detail in db.execute("select picture, detail from review join product p on p.id = product"):
        kind = words().kinds[product]
        praise = " ".join(text for text in kind.praise if text in detail)
        gripe = " ".join(text for text in kind.gripe if text in detail)
        both = [thing for thing in same if thing in praise.lower() and thing in gripe.lower()]
        assert not both, detail


def test_coupons_fit_the_rules_that_grant_them(db: sqlite3.Connection) -> None:
    wrong = (
        "select count(*) from sales_order o left join price_rule r on r.coupon_code = o.coupon where o.coupon != ''"
        " and (r.id is null or not r.is_active or instr(r.customer_group_ids, o.group_id) = 0"
        " or date(o.created_at) < r.from_date or o.discount != round(o.subtotal * r.discount_amount / 10000.0))"
    )
    assert one(db, wrong) == 0
    assert one(db, "select count(*) from price_rule where is_active and coupon_code = ''") == 0


def test_every_product_has_a_drawing_that_is_well_formed(db: sqlite3.Connection) -> None:
    for kind, colour in db.execute("select distinct picture, tone from product").fetchall():
        assert kind in pictures()["shapes"], f"{kind} has no drawing"
        assert colour in pictures()["tones"], f"{colour} has no tone"
        ElementTree.fromstring(media.drawing(kind, colour))  # noqa: S314  our own text
