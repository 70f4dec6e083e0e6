"""Secrets of sessions and forms."""

import hmac
import secrets


def new_token() -> str:
    return secrets.token_urlsafe(24)


def same_secret(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
