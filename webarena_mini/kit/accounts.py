"""Name and password of the account on each site that tasks log in with: those of the official sites, all published."""

from collections.abc import Mapping

ACCOUNTS: Mapping[str, tuple[str, str]] = {
    "shopping": ("emma.lopez@gmail.com", "Password.123"),
    "shopping_admin": ("admin", "admin1234"),
    "reddit": ("MarvelsGrantMan136", "test1234"),
    "gitlab": ("byteblaze", "hello1234"),
    "classifieds": ("blake.sullivan@gmail.com", "Password.123"),
}
