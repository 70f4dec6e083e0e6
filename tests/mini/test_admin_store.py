"""The storefront of the shop admin: listings that narrow, sort and page, its texts, and its error pages."""

import re

import pytest

from tests.mini.admin_site import AdminSite, admin

__all__ = ["admin"]


def names(html: str) -> list[str]:
    return re.findall(r'class="product-item-link"[^>]*>([^<]+)<', html)


def link(html: str, text: str) -> str:
    found = re.search(rf'<a href="([^"]+)"[^>]*>{re.escape(text)}</a>', html)
    assert found, f"no link {text!r}"
    return found[1].replace("&amp;", "&")


async def test_a_category_is_narrowed_by_price_color_and_size(admin: AdminSite) -> None:
    html = await admin.html("/women.html")
    html = await admin.html(link(html, "Purple"))
    assert names(html) == ["Petra Fleece Jacket", "Halla Zip Sweatshirt", "Mirel Seamless Tee", "Corrie Racer Tank"]
    html = await admin.html(link(html, "$25.00 - $49.99"))
    assert names(html) == ["Halla Zip Sweatshirt", "Mirel Seamless Tee", "Corrie Racer Tank"]
    html = await admin.html(link(html, "XS"))
    assert names(html) == ["Halla Zip Sweatshirt", "Corrie Racer Tank"]
    removed = re.search(r'href="([^"]+)" aria-label="Remove Color Purple"', html)
    assert removed
    assert len(names(await admin.html(removed[1].replace("&amp;", "&")))) > 2
    assert len(names(await admin.html(link(html, "Clear All")))) == 12


async def test_a_price_span_of_any_width_narrows(admin: AdminSite) -> None:
    assert names(await admin.html("/women.html?price=100-")) == ["Marisol Down Jacket"]
    assert names(await admin.html("/gear.html?price=18-20")) == ["Loop Stretch Band Set", "Cinder Ribbed Beanie"]


@pytest.mark.parametrize("query", ["price=x", "color=x", "size=999", "sale=2", "product_list_limit=7", "p=-3", "p=99"])
async def test_values_that_mean_nothing_are_as_if_they_were_not_there(admin: AdminSite, query: str) -> None:
    assert len(names(await admin.html(f"/women.html?{query}"))) == 12


async def test_a_long_category_has_pages_or_fits_on_one(admin: AdminSite) -> None:
    first = await admin.html("/gear.html")
    second = await admin.html(link(first, "Next"))
    assert "Items 1-12 of 18" in first
    assert not set(names(first)) & set(names(second))
    assert len(names(await admin.html("/gear.html?p=2&product_list_limit=24"))) == 18


async def test_only_a_search_counts_as_one(admin: AdminSite) -> None:
    uses = "select uses from search_term where query = 'tank'"
    before = int(str(admin.value(uses)))
    for query in ("q=tank", "q=tank&product_list_order=price", "q=tank&color=50", "q=tank&p=1"):
        await admin.get(f"/catalogsearch/result/?{query}")
    assert admin.value(uses) == before + 1


async def test_a_search_without_results_offers_what_others_buy(admin: AdminSite) -> None:
    html = await admin.html("/catalogsearch/result/?q=<b>zeppelin</b>")
    assert "Your search returned no results." in html
    assert "&lt;b&gt;zeppelin" in html
    assert len(names(html)) == 4


async def test_a_page_has_the_side_bar_of_its_layout(admin: AdminSite) -> None:
    assert 'class="columns columns-left"' in await admin.html("/delivery")
    admin.db.run("update cms_page set layout = '2 columns with right bar' where identifier = 'delivery'")
    html = await admin.html("/delivery")
    assert 'class="columns columns-right"' in html
    assert '<a href="/delivery" aria-current="page">Delivery</a>' in html


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("PUT", "/", 405), ("POST", "/women.html", 405), ("POST", "/", 405), ("GET", "/no/such.html", 404)]
    + [("POST", "/admin/sales/order/", 405), ("GET", "/admin/sales/order/massAction/", 405)]
    + [("DELETE", "/admin/sales/order/", 405), ("GET", "/admin/no/such/", 404)],
)
async def test_an_error_is_a_page_in_the_frame_of_its_place(
    admin: AdminSite, method: str, path: str, status: int
) -> None:
    response = await admin.http.request(method, path)
    assert response.status_code == status
    assert ('aria-label="Main menu"' if path.startswith("/admin") else 'aria-label="Categories"') in response.text


async def test_a_disabled_missing_page_still_is_a_page_of_the_store(admin: AdminSite) -> None:
    admin.db.run("update cms_page set is_active = 0 where identifier = 'no-route'")
    response = await admin.get("/no-such.html")
    assert response.status_code == 404
    assert 'aria-label="Categories"' in response.text


async def test_reloading_a_refused_review_leads_back_to_the_product(admin: AdminSite) -> None:
    assert (await admin.post("/review/product/post/id/8/", nickname="Ines")).history[0].status_code == 302
    assert (await admin.get("/review/product/post/id/8/")).url.path == "/brook-tea-flask.html"
