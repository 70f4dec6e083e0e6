"""Names of keys and the characters that can be typed, in the official tables and in what models write."""

from webarena_runner.settings.records import Dialect

# Accepted in any case; official leaves out ArrowLeft and the modifiers, which pass as written.
_OFFICIAL = {
    key.lower(): key
    for key in (
        *("Backquote", "Minus", "Equal", "Backslash", "Backspace", "Meta", "Tab", "Delete", "Escape", "ArrowDown"),
        *("End", "Enter", "Home", "Insert", "PageDown", "PageUp", "ArrowRight", "ArrowUp"),
        *(f"F{number}" for number in range(1, 13)),
    )
}
_NEAR_MISSES = {
    "ctrl": "Control",
    "control": "Control",
    "cmd": "Meta",
    "command": "Meta",
    "alt": "Alt",
    "opt": "Alt",
    "option": "Alt",
    "shift": "Shift",
    "return": "Enter",
    "esc": "Escape",
    "del": "Delete",
    "space": "Space",
    "spacebar": "Space",
    "left": "ArrowLeft",
    "arrowleft": "ArrowLeft",
    "right": "ArrowRight",
    "up": "ArrowUp",
    "down": "ArrowDown",
    "pgup": "PageUp",
    "pgdn": "PageDown",
}
META = "Meta"


def official_names(combination: str) -> str:
    """A combination such as `control+enter` with the keys of the official table as browsers name them."""
    return "+".join(_OFFICIAL.get(key.lower(), key) for key in combination.split("+"))


def understood_names(combination: str) -> str:
    """With near misses such as `ctrl` and `esc` understood; the rest is as written."""
    return "+".join(_NEAR_MISSES.get(key.strip().lower(), key) for key in combination.split("+"))


def for_platform(combination: str, platform: str) -> str:
    """What is pressed on a machine whose `navigator.platform` this is: Meta is for Macs, and Control elsewhere."""
    return combination if "Mac" in platform else combination.replace(META, "Control")


def in_official_table(character: str, dialect: Dialect = "webarena") -> bool:
    """The official tables have ASCII from the space on, code points 129 to 999 or 129999, and the line feed."""
    code, last = ord(character), 129_999 if dialect == "visualwebarena" else 999
    return character == "\n" or 32 <= code <= 127 or 129 <= code <= last
