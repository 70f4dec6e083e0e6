"""Fills an empty shop: products, a customer with an address and orders, and one of the staff."""

import os
import sys
from decimal import Decimal

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from oscar.core.loading import get_class, get_model  # noqa: E402
from oscar.test.factories import create_basket, create_order  # noqa: E402

# Title, category, price, number in stock, UPC, description.
PRODUCTS = (
    ("Vexmoor Storm Lantern", "Lighting", "34.50", 12, "VX-1001", "Burns eighteen hours on half a litre of oil."),
    ("Gullrock Desk Lamp", "Lighting", "27.00", 3, "VX-1002", "A brass arm of sixty centimetres."),
    ("Tidewater Wool Blanket", "Bedroom", "58.25", 7, "VX-2001", "Woven from undyed wool, 150 by 200 centimetres."),
    ("Saltmarsh Down Pillow", "Bedroom", "41.00", 0, "VX-2002", "Filled with duck down."),
    ("Harrow Copper Kettle", "Kitchen", "72.90", 5, "VX-3001", "Holds one and a half litres."),
    ("Harrow Copper Pan", "Kitchen", "64.40", 9, "VX-3002", "Twenty-four centimetres across."),
    ("Sandbank Tea Caddy", "Kitchen", "12.75", 30, "VX-3003", "Keeps two hundred grams of tea dry."),
)
ORDERS = (("500101", ("VX-3003",)), ("500102", ("VX-1001", "VX-3001")))


def products() -> dict[str, object]:
    create_from_breadcrumbs = get_class("catalogue.categories", "create_from_breadcrumbs")
    kind = get_model("catalogue", "ProductClass").objects.create(name="Goods", track_stock=True)
    partner = get_model("partner", "Partner").objects.create(name="Vexmoor Stores")
    made = {}
    for title, category, price, stock, upc, description in PRODUCTS:
        product = get_model("catalogue", "Product").objects.create(
            title=title, upc=upc, description=description, product_class=kind
        )
        get_model("catalogue", "ProductCategory").objects.create(
            product=product, category=create_from_breadcrumbs(category)
        )
        get_model("partner", "StockRecord").objects.create(
            product=product, partner=partner, partner_sku=upc, price=Decimal(price), num_in_stock=stock
        )
        made[upc] = product
    return made


def people() -> User:
    customer = User.objects.create_user(
        os.environ["SHOP_CUSTOMER"],
        os.environ["SHOP_CUSTOMER"],
        os.environ["SHOP_CUSTOMER_PASSWORD"],
        first_name="Iris",
        last_name="Pell",
    )
    User.objects.create_superuser(os.environ["SHOP_STAFF"], os.environ["SHOP_STAFF"], os.environ["SHOP_STAFF_PASSWORD"])
    country = get_model("address", "Country").objects.create(
        iso_3166_1_a2="GB",
        iso_3166_1_a3="GBR",
        iso_3166_1_numeric="826",
        name="Great Britain",
        printable_name="Great Britain",
        is_shipping_country=True,
    )
    get_model("address", "UserAddress").objects.create(
        user=customer,
        first_name="Iris",
        last_name="Pell",
        line1="4 Net Loft Row",
        line4="Gullrock",
        postcode="N1 9GU",
        country=country,
    )
    return customer


def orders(customer: User, stock: dict[str, object]) -> None:
    for number, bought in ORDERS:
        basket = create_basket(empty=True)
        basket.owner = customer
        basket.save()
        for upc in bought:
            basket.add_product(stock[upc])
        create_order(number=number, basket=basket, user=customer)


if __name__ == "__main__":
    orders(people(), products())
    print(f"{len(PRODUCTS)} products", file=sys.stderr)
