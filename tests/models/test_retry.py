"""How long is waited between attempts, and what counts as an answer from the server about it."""

from datetime import UTC, datetime

import pytest

from webarena_runner.models.shared.retry import RetryPolicy, Transient, retry_after_s

NOW = datetime(2025, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Wed, 01 Jan 2025 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 01 Jan 2025 12:00:30 -0000"}, 30.0),
        ({"retry-after": "Wed, 01 Jan 2025 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-3"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOW) == seconds


def test_waits_double_up_to_the_longest_and_vary() -> None:
    policy = RetryPolicy(max_retries=9, first_wait_s=1, longest_wait_s=10)
    for attempt, longest_s in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (2000, 10)):
        waits = [policy.wait_s(attempt, None) for _ in range(50)]
        assert all(longest_s / 2 <= wait <= longest_s for wait in waits)
        assert len(set(waits)) > 1


def test_the_servers_word_is_a_lower_bound() -> None:
    policy = RetryPolicy(max_retries=9)
    assert all(20 <= policy.wait_s(1, 20.0) <= 21 for _ in range(50))
    assert policy.wait_s(1, 0.0) > 0


def test_only_passing_faults_with_a_bearable_wait_are_repeated() -> None:
    policy = RetryPolicy(max_retries=9, patience_s=60)
    assert policy.allows(Transient("busy"))
    assert policy.allows(Transient("busy", 60))
    assert not policy.allows(Transient("come back tomorrow", 86_400))
    assert not policy.allows(ValueError("a bug"))
