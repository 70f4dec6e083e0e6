"""What somebody looked at, bought, and has yet to review."""

from sqlite3 import Row

from webarena_mini.kit.database import Database
from webarena_mini.sites.shop.domain.catalogue import cards

REMEMBERED = 12


def remember(db: Database, owner: str, product: int) -> None:
    """Makes the product the one that was looked at last, and forgets the oldest."""
    turn = db.value("select coalesce(max(turn), 0) + 1 from viewed where owner = ?", owner)
    db.run("insert or replace into viewed (owner, product, turn) values (?, ?, ?)", owner, product, turn)
    db.run("delete from viewed where owner = ? and turn <= ?", owner, turn - REMEMBERED)


def viewed(db: Database, owner: str, *, without: int = 0, limit: int = 5) -> list[Row]:
    """Products looked at, the latest first."""
    where = "join viewed v on v.product = p.id where v.owner = ? and p.id != ? order by v.turn desc limit ?"
    return cards(db, where, owner, without, limit)


def merge(db: Database, source: str, target: str) -> None:
    """What a guest looked at counts as the latest of the account they sign in to."""
    for row in db.all("select product from viewed where owner = ? order by turn", source):
        remember(db, target, row["product"])
    db.run("delete from viewed where owner = ?", source)


def ordered(db: Database, customer: int | None, *, limit: int = 5) -> list[Row]:
    """Products of the latest orders that were not canceled, each once."""
    latest = (
        "join (select i.product, max(o.id) as latest, min(i.id) as at from order_item i"
        " join sales_order o on o.id = i.sales_order where o.customer = ? and o.status != 'Canceled'"
        " group by i.product) b on b.product = p.id order by b.latest desc, b.at limit ?"
    )
    return cards(db, latest, customer, limit)


def unreviewed(db: Database, customer: int | None, *, limit: int = 8) -> list[Row]:
    """What the customer received and has not reviewed, the latest first; with `bought_at`."""
    return db.all(
        "select p.name, p.slug, max(o.created_at) as bought_at from order_item i"
        " join sales_order o on o.id = i.sales_order join product p on p.id = i.product"
        " where o.customer = ?1 and o.status = 'Complete'"
        " and p.id not in (select product from review where customer = ?1)"
        " group by p.id order by max(o.id) desc, min(i.id) limit ?2",
        customer,
        limit,
    )
