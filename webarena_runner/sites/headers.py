"""Extra request headers of sites, such as those by which some images log in; secrets in them are only named."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from webarena_runner.errors import ConfigError

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NAME_IN_BRACES = re.compile(r"\$?\{\s*[A-Za-z_]\w*\s*\}")
_REFERENCE = re.compile(r"\$\{(\w+)\}|\{(username|password)\}")


def _header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError("expected the name of a header, such as X-Auto-Login")
    return name


def _header_value(value: str) -> str:
    if not value.isprintable() or not value.isascii():
        raise ValueError("expected the value of a header, on one line, in ASCII")
    return value.strip()


def _written_value(value: str) -> str:
    if unknown := _NAME_IN_BRACES.search(_REFERENCE.sub("", value)):
        raise ValueError(f"{unknown[0]} names nothing; expected {{username}}, {{password}} or ${{VARIABLE}}")
    return _header_value(value)


HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, AfterValidator(_written_value)]


def filled(
    headers: Mapping[str, Mapping[str, str]],
    accounts: Mapping[str, tuple[str, str]],
    environ: Mapping[str, str],
) -> dict[str, dict[str, str]]:
    """Headers by site with what their values name: `{username}`, `{password}`, `${VARIABLE}`.

    Raises:
        ConfigError: a variable is not set, or the site has no account.
    """
    return {
        site: {name: _filled(value, site, name, accounts, environ) for name, value in named.items()}
        for site, named in headers.items()
    }


def variables_in(headers: Any) -> Iterator[str]:
    """Names of the environment variables in values of headers, however these are nested."""
    if isinstance(headers, Mapping):
        for below in headers.values():
            yield from variables_in(below)
    elif isinstance(headers, str):
        yield from (variable for variable, _ in _REFERENCE.findall(headers) if variable)


def _filled(
    value: str, site: str, name: str, accounts: Mapping[str, tuple[str, str]], environ: Mapping[str, str]
) -> str:
    where = f"sites.options.headers.{site}.{name}"

    def found(reference: re.Match[str]) -> str:
        variable, part = reference.groups()
        if part and site not in accounts:
            raise ConfigError(f"{where}: {site} has no account to take its {part} from; name one under accounts")
        if part:
            return accounts[site][part == "password"]
        if not environ.get(variable):
            raise ConfigError(f"{where}: environment variable {variable} is not set; export it")
        return _header_value(environ[variable])

    return _REFERENCE.sub(found, value)
