"""Salted password hashes."""

import hashlib
import secrets

from webarena_mini.kit.tokens import same_secret

# A site on loopback with published passwords: a low cost keeps a log-in from holding up the event loop.
_COST = 2**11


def hash_password(password: str, salt: str | None = None) -> str:
    """`salt$hash`; the seed gives its own salt so that the same database comes out each time."""
    salt = salt or secrets.token_hex(8)
    digest = hashlib.scrypt(password.encode(), salt=salt.encode(), n=_COST, r=8, p=1).hex()
    return f"{salt}${digest}"


def password_matches(password: str, stored: str) -> bool:
    """False too for the stored value "" of an account that nobody can log in to."""
    salt, _, _ = stored.partition("$")
    return bool(salt) and same_secret(hash_password(password, salt), stored)
