"""Recordings without what gives access: cookies, authorisation, passwords. The names of what was sent stay."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus, urlsplit

SCRUBBED = "[scrubbed]"
_SECRET_NAME = re.compile(
    r"password|passwd|passphrase|(?:^|[\W_])pwd|secret|api_?key|authorization|credential|^token$"
    r"|(?:access|private|refresh|auth|bearer|session|user|customer)_?token",
    re.IGNORECASE,
)
_SECRET_HEADER = re.compile(r"authorization|api-?key|token|secret|password", re.IGNORECASE)
# A notice of the shop's and a choice on the map: what webarena-verified looks for in cookies, and no key to anything.
_OPEN_COOKIES = frozenset({"mage-messages", "_osm_directions_engine"})
_FORM = "application/x-www-form-urlencoded"
_PART = re.compile(r'(name="(?P<name>[^"]*)"[^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n)(?P<value>.*?)(?=\r\n--)', re.DOTALL)
# How Playwright's trace has an input field, and in it what was typed.
_PASSWORD_FIELD = re.compile(r'\{[^{}]*"type":"password"[^{}]*\}')
_TYPED = re.compile(r'"__playwright_value_":"(?:[^"\\]|\\.)*"')
_PARAMETER = re.compile(r'([?&](?P<name>[\w.\[\]%-]+)=)(?P<value>[^&#"\\\s]*)')
_PAIR = re.compile(r"(?P<name>[^=&?#]+)=(?P<value>[^&#]*)")

Header = Mapping[str, str]


class Scrubber:
    """`secrets` are the passwords of the episode's accounts: no field has one of them for its value."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        self._secrets = frozenset(secret for secret in secrets if secret)

    def headers(self, headers: Sequence[Header]) -> list[dict[str, str]]:
        return [{"name": each["name"], "value": self._header(each["name"], each["value"])} for each in headers]

    def url(self, url: str) -> str:
        """Without a password before the host, and with the values of secret parameters replaced."""
        if "@" in url.partition("?")[0]:
            url = re.sub(r"^([a-z][a-z0-9+.-]*://)[^/@]*@", r"\1", url, flags=re.IGNORECASE)
        head, mark, rest = url.partition("?")
        return head + mark + self._pairs(rest) if mark else url

    def body(self, text: str, mime_type: str) -> str:
        """A form, its parts or JSON; another text is left as it is."""
        if mime_type.startswith(_FORM):
            return self._pairs(text)
        if mime_type.startswith("multipart/form-data"):
            return _PART.sub(lambda part: part[1] + self._value(part["name"], part["value"]), text)
        if "json" in mime_type:
            return self._json(text)
        return text

    def query(self, url: str) -> list[dict[str, str]]:
        """The parameters of an address, as HAR lists them."""
        try:
            pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        except ValueError:
            return []
        return [{"name": name, "value": self._value(name, value)} for name, value in pairs]

    def typed(self, lines: str) -> str:
        """Lines of JSON, such as the actions of a trace, with what is in password fields or is a password replaced."""
        for secret in self._secrets:
            for quoted in {json.dumps(secret), json.dumps(secret, ensure_ascii=False)}:
                lines = lines.replace(quoted, f'"{SCRUBBED}"')
                # Messages quote what was typed, within a text.
                lines = lines.replace(json.dumps(quoted)[1:-1], f'\\"{SCRUBBED}\\"')
        lines = _PARAMETER.sub(lambda pair: pair[1] + self._escaped_value(pair["name"], pair["value"]), lines)
        return _PASSWORD_FIELD.sub(lambda field: _TYPED.sub(f'"__playwright_value_":"{SCRUBBED}"', field[0]), lines)

    def _header(self, name: str, value: str) -> str:
        match name.lower():
            case "cookie":
                return "; ".join(map(_cookie, value.split("; ")))
            case "set-cookie":
                # Several of one answer may come as lines of one value.
                return "\n".join(map(_set_cookie, value.split("\n")))
            case "referer" | "location":
                return self.url(value)
        return SCRUBBED if _SECRET_HEADER.search(name) or value in self._secrets else value

    def _value(self, name: str, value: str) -> str:
        return SCRUBBED if value and (_SECRET_NAME.search(name) or value in self._secrets) else value

    def _pairs(self, text: str) -> str:
        """Of `name=value&...`, secret values replaced and all else, escapes included, as it was."""
        return _PAIR.sub(lambda pair: f"{pair['name']}={self._escaped_value(pair['name'], pair['value'])}", text)

    def _escaped_value(self, name: str, value: str) -> str:
        plain = unquote_plus(value)
        return value if self._value(unquote_plus(name), plain) == plain else quote(SCRUBBED)

    def _json(self, text: str) -> str:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return self._known(text)
        scrubbed = self._json_value("", value)
        return text if scrubbed == value else json.dumps(scrubbed, ensure_ascii=False)

    def _json_value(self, name: str, value: Any) -> Any:
        match value:
            case str():
                return self._value(name, value)
            case list():
                return [self._json_value(name, each) for each in value]
            case dict():
                return {key: self._json_value(key, each) for key, each in value.items()}
        return value

    def _known(self, text: str) -> str:
        for secret in self._secrets:
            for form in {secret, quote(secret), quote_plus(secret)}:
                text = text.replace(form, SCRUBBED)
        return text


def cookies(headers: Sequence[Header], name: str) -> list[dict[str, str]]:
    """Those of the headers called `name`, as HAR lists them; for scrubbed headers."""
    found = [
        line for header in headers if header["name"].lower() == name for line in header["value"].split("\n") if line
    ]
    if name == "cookie":
        found = [pair for line in found for pair in line.split("; ")]
    pairs = (text.partition(";")[0].partition("=") for text in found)
    return [{"name": key.strip(), "value": value} for key, _, value in pairs]


def _cookie(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return pair if name.strip() in _OPEN_COOKIES else f"{name}{equals}{SCRUBBED if equals else ''}"


def _set_cookie(line: str) -> str:
    pair, semicolon, attributes = line.partition(";")
    return _cookie(pair) + semicolon + attributes
