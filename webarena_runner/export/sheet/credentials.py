"""Who asks Google: a service account, or a person who has logged in once; from a file that is only ever read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from webarena_runner.errors import ConfigError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
_READ = "https://www.googleapis.com/auth/spreadsheets.readonly"
_WRITE = "https://www.googleapis.com/auth/spreadsheets"
_HELP = "docs/export/sheet.md says in ten lines how to get one"
_SERVICE, _USER = "service_account", "authorized_user"
_NEEDED = {
    _SERVICE: ("client_email", "private_key", "token_uri"),
    _USER: ("client_id", "client_secret", "refresh_token"),
}


@dataclass(frozen=True)
class Account:
    """`email` is a service account's, "" for a person, whose file does not say it."""

    path: Path
    email: str
    info: Mapping[str, Any]

    def credentials(self, *, write: bool) -> "Credentials":
        """What gspread signs its requests with; without `write` a service account may only read.

        Raises:
            ConfigError: the private key in the file is none.
        """
        from google.oauth2 import credentials, service_account

        try:
            if self.email:
                scopes = [_WRITE if write else _READ]
                made = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                    self.info, scopes=scopes
                )
            else:
                made = credentials.Credentials.from_authorized_user_info(self.info)  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise ConfigError(
                f"{self.path}: its private key cannot be read; download the file anew: {_HELP}"
            ) from error
        return cast("Credentials", made)


def find_account(given: Path | None, environ: Mapping[str, str]) -> Account:
    """From the file that is given, that the environment names, or that gspread looks for.

    Raises:
        ConfigError: there is none, or it is no such file.
    """
    if given is not None:
        return _read(given.expanduser(), f"-o credentials={given}")
    if named := environ.get(VARIABLE):
        return _read(Path(named).expanduser(), VARIABLE)
    for path in _usual(environ):
        if path.exists():
            return _read(path, str(path))
    looked = " nor ".join(map(str, _usual(environ)))
    raise ConfigError(
        f"no Google credentials: neither -o credentials=FILE nor {VARIABLE} is given, "
        f"and there is neither {looked}; {_HELP}"
    )


def _usual(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where gspread keeps them."""
    windows, home = environ.get("APPDATA"), environ.get("HOME")
    folder = Path(windows) if windows else (Path(home) if home else Path.home()) / ".config"
    return tuple(folder / "gspread" / name for name in ("service_account.json", "authorized_user.json"))


def _read(path: Path, origin: str) -> Account:
    where = origin if origin.endswith(str(path)) else f"{origin} ({path})"
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{where}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{where}: expected the JSON file of a service account or a user; {_HELP}") from error
    if isinstance(info, dict) and ("installed" in info or "web" in info):
        raise ConfigError(
            f'{where}: is an OAuth client, with which a person logs in once; run: python -c "import gspread; '
            f"gspread.oauth(credentials_filename='{path}')\", which leaves authorized_user.json where it is found"
        )
    kind = info.get("type") if isinstance(info, dict) else None
    if isinstance(info, dict) and kind is None and "refresh_token" in info:
        # As gspread writes it.
        kind = _USER
    if kind not in _NEEDED:
        raise ConfigError(f"{where}: expected 'type': '{_SERVICE}' or '{_USER}', found {kind!r}; {_HELP}")
    if lacking := [key for key in _NEEDED[kind] if not isinstance(info.get(key), str) or not info[key]]:
        raise ConfigError(f"{where}: lacks {', '.join(lacking)}; download the file anew: {_HELP}")
    return Account(path, info["client_email"] if kind == _SERVICE else "", info)
