"""The official URL rule and its quirks."""

import pytest

from tests.evaluators.fakes import Page, end_of, evaluate
from webarena_runner.errors import OutsideSites
from webarena_runner.evaluators.url_match import UrlMatch, UrlSpec, mismatch


@pytest.mark.parametrize(
    ("url", "references"),
    [
        ("https://h/f/books/12/a?x=1#top", ["http://h/f/books"]),
        ("http://h/issues/12", ["http://h/issues/1"]),
        ("http://h/issues?label_name%5B%5D=bug&sort=a", ["http://h/issues?label_name[]=bug"]),
        ("http://h/b?q=two+words", ["http://h/a", "http://h/b?q=two%20words"]),
        ("http://h/a?q=2", ["http://h/a?q=1", "http://h/b?q=2"]),
        ("http://h/a///", ["http://h/a/"]),
        ("http://h/a;x=1", ["http://h/a;x=2"]),
    ],
)
def test_matches(url: str, references: list[str]) -> None:
    assert mismatch(url, references) == ""


@pytest.mark.parametrize(
    ("url", "references", "why"),
    [
        ("http://h/F/books", ["http://h/f/books"], "contains none of"),
        ("http://h/a", ["http://h/a?q=1"], "query key 'q'"),
        ("http://h/a", ["http://h/a", "http://h/b?q=1"], "query key 'q'"),
        ("http://h/a?q=1", ["http://h/a/?q=1"], "contains none of"),
        ("about:blank", ["http://h/a"], "contains none of"),
        ("http://[h/a", ["http://h/a"], "malformed"),
    ],
)
def test_does_not_match(url: str, references: list[str], why: str) -> None:
    assert why in mismatch(url, references)


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("http://other.example/sale", None),
        ("http://other.example/sale |OR| https://third.example", None),
        ("http://other.example/sale |OR| __SHOPPING__/sale", 1.0),
        ("http://www.shop.example/sale", 1.0),
        ("http://shop.example/sale", 1.0),
        ("/sale", 1.0),
        ("__SHOPPING__/other", 0.0),
    ],
)
async def test_a_reference_that_no_page_of_the_sites_can_match_is_no_failure_of_the_agent(
    reference: str, value: float | None
) -> None:
    spec, urls = UrlSpec(reference_url=reference), {"shopping": "http://www.shop.example"}
    end = end_of(spec, page=Page(url="http://www.shop.example/sale"), urls=urls)
    if value is None:
        with pytest.raises(OutsideSites, match="no page of this task's sites"):
            await evaluate(UrlMatch(), end)
    else:
        assert (await evaluate(UrlMatch(), end)).value == value
