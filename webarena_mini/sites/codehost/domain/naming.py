"""What users, groups, projects, branches and files may be called."""

import re

# First parts of the site's own addresses: a user or a group of that name could not be found.
_RESERVED = frozenset(
    ("-", "api", "assets", "dashboard", "explore", "favicon.ico", "groups", "help", "projects", "search", "users")
)
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,38}[A-Za-z0-9]")
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}")
_PROJECT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,80}")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,100}")
_SEGMENT = re.compile(r"[^/\x00-\x1f\x7f]{1,120}")
_PATH_LIMIT = 400


def is_username(text: str) -> bool:
    return bool(_USERNAME.fullmatch(text)) and not _is_taken(text)


def is_group_path(text: str) -> bool:
    return bool(_GROUP.fullmatch(text)) and not _is_taken(text)


def is_project_path(text: str) -> bool:
    return bool(_PROJECT.fullmatch(text)) and not text.endswith((".git", ".atom"))


def is_branch_name(text: str) -> bool:
    """Also for tags."""
    parts = text.split("/")
    odd = ".." in text or any(not part or part.startswith(".") or part.endswith((".", ".lock")) for part in parts)
    return bool(_BRANCH.fullmatch(text)) and not odd


def is_file_path(text: str) -> bool:
    parts = text.split("/")
    return len(text) <= _PATH_LIMIT and all(
        _SEGMENT.fullmatch(part) and part not in (".", "..", ".git") for part in parts
    )


def _is_taken(text: str) -> bool:
    return text.lower() in _RESERVED or text.endswith((".git", ".atom"))
