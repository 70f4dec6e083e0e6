"""What a visitor reads when a request fails."""

from starlette.exceptions import HTTPException

_DETAILS = {404: "There is nothing at this address.", 405: "This address does not take that kind of request."}


def read_http_error(error: Exception) -> tuple[int, str]:
    """Status and text for the visitor; any other error is raised on."""
    if not isinstance(error, HTTPException):
        raise error
    standard = error.detail in ("Not Found", "Method Not Allowed")
    return error.status_code, _DETAILS.get(error.status_code, "") if standard else error.detail
