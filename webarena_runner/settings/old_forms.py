"""Settings as earlier versions wrote them, in today's form."""

from collections.abc import Mapping
from typing import Any

from webarena_runner.settings.yaml import Document, Keys

# Sites files had the options of their provider beside its name.
_FLAT_OPTIONS = ("urls", "more_urls", "accounts")
# Keys of `-o`, and of the settings in a manifest, by the option that they are now.
_RENAMED = {
    "site_urls": "sites.options.urls",
    "more_urls": "sites.options.more_urls",
    "site_accounts": "sites.options.accounts",
}


def nested_sites_file(document: Document) -> Document:
    """A sites file with its options below `options`, where they are when it was written for this version."""
    flat = [key for key in _FLAT_OPTIONS if key in document.values]
    if not flat or "options" in document.values:
        return document
    values = {key: value for key, value in document.values.items() if key not in flat}
    places: dict[Keys, tuple[int, int]] = dict(document.places)
    places |= {("options", *keys): place for keys, place in document.places.items() if keys and keys[0] in flat}
    options = {key: document.values[key] for key in flat if document.values[key]}
    return Document(document.path, values | {"options": options}, places)


def renamed_key(name: str) -> str | None:
    """What a dotted key of `-o` is called now; None for one that was never another."""
    head, _, rest = name.partition(".")
    new = _RENAMED.get(head)
    return new and (f"{new}.{rest}" if rest else new)


def nested_config(flat: Mapping[str, Any], *, allow_modified: bool = False) -> dict[str, Any]:
    """The settings of a manifest without a format number as RunConfig has them; nested ones are given back as they are.

    `allow_modified` is what the manifest says of its task file.
    """
    if "settings" in flat:
        return dict(flat)
    elsewhere = ("model", "tasks", "task_set", "sites", *_RENAMED)
    options = {new.rpartition(".")[2]: flat[old] for old, new in _RENAMED.items() if flat.get(old)}
    choice = {"task_set": flat.get("task_set"), "expression": flat.get("tasks"), "allow_modified": allow_modified}
    return {
        "settings": {key: value for key, value in flat.items() if key not in elsewhere},
        "model": flat.get("model"),
        "tasks": choice,
        "sites": {"provider": flat.get("sites"), "options": options},
    }
