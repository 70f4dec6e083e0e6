"""What Google's answers mean for who exports: which may pass by themselves, and what to do about the others."""

from collections.abc import Mapping
from typing import Any

import gspread
import requests
import urllib3
from google.auth import exceptions as auth

from webarena_runner.errors import StoreError
from webarena_runner.export.sheet.credentials import Account
from webarena_runner.models.shared.retry import retry_after_s

_PASSING = (408, 429, 500, 502, 503, 504)
_LIBRARY = "https://console.cloud.google.com/apis/library/sheets.googleapis.com"
FAILURES = (gspread.exceptions.GSpreadException, requests.RequestException, auth.GoogleAuthError, PermissionError)


def may_pass(error: BaseException) -> bool:
    """Whether another attempt may succeed; a machine without a network is told at once."""
    if isinstance(error, gspread.exceptions.APIError):
        return error.response.status_code in _PASSING
    if isinstance(_root(error), urllib3.exceptions.NameResolutionError):
        return False
    if isinstance(error, auth.TransportError | auth.RefreshError):
        return isinstance(error, auth.TransportError) or bool(error.retryable)
    return isinstance(error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError)


def asked_wait_s(error: BaseException) -> float | None:
    """What the server's `Retry-After` says, None without one."""
    return retry_after_s(error.response.headers) if isinstance(error, gspread.exceptions.APIError) else None


def in_short(error: BaseException) -> str:
    """One line, without what a body in HTML would bring."""
    if isinstance(error, gspread.exceptions.APIError):
        message = "no JSON" if error.error.get("code") == -1 else str(error.error.get("message", ""))
        return f"{error.response.status_code} {' '.join(message.split())[:300]}".strip()
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return "the answer is no JSON, as of a log-in page of this network"
    if isinstance(error, requests.ConnectionError | auth.TransportError):
        return f"no connection ({' '.join(str(_root(error)).rpartition(': ')[2].split())[:200]})"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def explained(error: BaseException, account: Account, sheet: str) -> StoreError:
    """The failure as one message: what was refused, what to do, and what was noted with it."""
    return StoreError("; ".join((_explained(error, account, sheet), *getattr(error, "__notes__", ()))))


def _explained(error: BaseException, account: Account, sheet: str) -> str:
    cause = error.__cause__ if isinstance(error, PermissionError) else error
    if isinstance(error, gspread.exceptions.SpreadsheetNotFound):
        return f"{sheet}: there is no such sheet; copy its address from the browser into --sheet"
    if isinstance(cause, gspread.exceptions.APIError):
        return f"{sheet}: {_of_api(cause, account)}"
    if isinstance(cause, auth.RefreshError) and not may_pass(cause):
        return f"{account.path}: Google gives no access token for it: {_of_token(cause, account)}"
    return (
        f"{sheet}: cannot be reached: {in_short(cause or error)}; look at the network (a proxy is taken from "
        f"HTTPS_PROXY) and try again"
    )


def _of_api(error: gspread.exceptions.APIError, account: Account) -> str:
    said, code, reason = in_short(error), error.response.status_code, _reason(error.error)
    if reason == "SERVICE_DISABLED" or "has not been used in project" in said:
        return (
            f"the Google Sheets API is not enabled in the project of {account.path}; enable it at {_LIBRARY} ({said})"
        )
    if code == 403:
        return _without_access(said, reason, account)
    if code == 401:
        return f"Google does not accept the access token of {account.path} ({said}); {_again(account)}"
    if "not supported for this document" in said:
        return f"is an Excel file in Google Drive, no Google Sheet; choose File, Save as Google Sheets ({said})"
    if code == 429:
        return f"Google's quota of requests is used up ({said}); wait a minute and try again"
    if may_pass(error):
        return f"Google's server cannot answer now ({said}); try again later"
    return f"Google refuses the request: {said}"


def _without_access(said: str, reason: str, account: Account) -> str:
    if reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT" or "insufficient authentication scopes" in said:
        return f"{account.path} was made for other services than Google Sheets ({said}); {_again(account)}"
    who = account.email or "the person of " + str(account.path)
    return f"{who} has no access ({said}); open the sheet in a browser, Share, and add {who} as Editor"


def _of_token(error: auth.RefreshError, account: Account) -> str:
    said = " ".join(str(error.args[0] if error.args else error).split())[:200]
    if account.email and "JWT" in said:
        return f"{said}; the key was deleted or this machine's clock is wrong: compare it, or make a new key"
    if account.email:
        return f"{said}; is the service account {account.email} still there and enabled? else make a new key"
    return f"{said}; {_again(account)}"


def _again(account: Account) -> str:
    if account.email:
        return "make a new key of the service account and download it"
    return (
        f'the log-in has ended: delete {account.path} and log in again with python -c "import gspread; gspread.oauth()"'
    )


def _root(error: BaseException) -> BaseException:
    """What urllib3 raised, which requests and google-auth wrap each in their own way."""
    while True:
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(inner, BaseException):
            return error
        error = inner


def _reason(error: Mapping[str, Any]) -> str:
    """Of google.rpc.ErrorInfo, where the server sends one."""
    details = error.get("details")
    found = (each.get("reason") for each in details if isinstance(each, dict)) if isinstance(details, list) else ()
    return next((reason for reason in found if isinstance(reason, str)), "")
