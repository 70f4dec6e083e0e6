"""What sites make of text that users write."""

import pytest

from webarena_mini.kit.addresses import is_email
from webarena_mini.kit.text import markdown


def test_pictures_of_other_sites_are_only_linked() -> None:
    told = markdown('![a "fine" cat](http://evil.example/cat.png) ![](//evil.example/x) ![here](/uploads/cat.png)')
    assert '<a href="http://evil.example/cat.png">a &#34;fine&#34; cat</a>' in told
    assert '<a href="//evil.example/x">//evil.example/x</a>' in told
    assert '<img src="/uploads/cat.png" alt="here"' in told


def test_markup_in_a_picture_s_text_and_address_is_escaped() -> None:
    told = markdown("![<script>](http://evil.example/%22onerror)")
    assert "<script>" not in told
    assert '"onerror' not in told


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("ann.lee@mail.example", True),
        ("a@b", False),
        ("a@b.", False),
        ("a b@mail.example", False),
        ("@mail.example", False),
        (f"{'a' * 250}@mail.example", False),
    ],
)
def test_email_addresses(text: str, is_one: bool) -> None:
    assert is_email(text) is is_one
