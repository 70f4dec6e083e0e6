"""A server on loopback that speaks Google's OAuth token exchange and Sheets API v4, with errors to order.

Its grid behaves as the API's documentation says: trailing empty cells are left out of answers, RAW values stay texts,
an append goes below the block of filled cells that the given range touches, and begins in that block's first column.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt
from gspread.utils import a1_range_to_grid_range, rowcol_to_a1

SHEET_ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde"
EMAIL = "runner@some-project.iam.gserviceaccount.com"
SCOPES = ("https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/spreadsheets.readonly")
# google-auth signs for this one whatever the file's token_uri is.
AUDIENCE = "https://oauth2.googleapis.com/token"
Reply = tuple[int, Any]


def error(code: int, status: str, message: str, *, reason: str = "") -> dict[str, Any]:
    """Google's form of an error."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    details = {"details": [info]} if reason else {}
    return {"error": {"code": code, "message": message, "status": status, **details}}


NO_ACCESS = error(403, "PERMISSION_DENIED", "The caller does not have permission")
NOT_ENABLED = error(
    403,
    "PERMISSION_DENIED",
    "Google Sheets API has not been used in project 1234 before or it is disabled.",
    reason="SERVICE_DISABLED",
)
NOT_FOUND = error(404, "NOT_FOUND", "Requested entity was not found.")
EXCEL = error(400, "FAILED_PRECONDITION", "This operation is not supported for this document")
QUOTA = error(
    429,
    "RESOURCE_EXHAUSTED",
    "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user'.",
    reason="RATE_LIMIT_EXCEEDED",
)
UNAVAILABLE = error(503, "UNAVAILABLE", "The service is currently unavailable.")
NARROW_SCOPES = error(
    403,
    "PERMISSION_DENIED",
    "Request had insufficient authentication scopes.",
    reason="ACCESS_TOKEN_SCOPE_INSUFFICIENT",
)
BAD_GATEWAY = "<!doctype html><html><title>Error 502 (Server Error)!!1</title><p>That's all we know.</html>"


@dataclass
class Fault:
    """Answers the next request of a kind (token, spreadsheet, values, append, batchUpdate) with an error.

    `applied`: what was asked for is done all the same; `delay_s`: how long the answer takes; `status` 0: the connection
    is closed without one.
    """

    kind: str
    status: int
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    applied: bool = False
    delay_s: float = 0.0


@dataclass
class Tab:
    """A worksheet, or a tab with a chart; `percent` are the columns whose numbers are shown with a percent sign."""

    title: str
    cells: list[list[Any]] = field(default_factory=list)
    percent: frozenset[int] = frozenset()
    chart: bool = False

    def shown(self) -> list[list[str]]:
        rows = [[_shown(cell, percent=at in self.percent) for at, cell in enumerate(row)] for row in self.cells]
        for row in rows:
            while row and not row[-1]:
                row.pop()
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def block(self, row: int, column: int) -> set[tuple[int, int]]:
        filled = {
            (r, c) for r, cells in enumerate(self.cells) for c, cell in enumerate(cells) if cell not in ("", None)
        }
        todo = [(row, column)] if (row, column) in filled else []
        block = set(todo)
        while todo:
            at, side = todo.pop()
            near = [(at + down, side + right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
            more = [place for place in near if place in filled and place not in block]
            block.update(more)
            todo += more
        return block

    def put(self, row: int, column: int, values: list[Any]) -> None:
        while len(self.cells) <= row:
            self.cells.append([])
        line = self.cells[row]
        line += [""] * (column + len(values) - len(line))
        for at, value in enumerate(values):
            if value is not None:
                line[column + at] = value


class Sheets:
    """The server: one spreadsheet, one service account that it is shared with."""

    def __init__(self, port: int, public_key: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.title, self.shared, self.faults = "WebArena results", True, list[Fault]()
        self.tabs = [Tab("Runs")]
        self.log: list[str] = []
        self.scopes: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self._public_key = public_key

    @property
    def tab(self) -> Tab:
        return self.tabs[0]

    @property
    def address(self) -> str:
        return f"https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=0"

    def answer(self, method: str, target: str, body: bytes, authorization: str) -> tuple[str, Fault | None, Reply]:
        """The kind of request, the fault that is in its way, and the answer without it."""
        parts = urlsplit(target)
        path, query = unquote(parts.path), {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind = _kind(method, path)
        fault = next((each for each in self.faults if each.kind == kind), None)
        if fault:
            self.faults.remove(fault)
        if fault and not fault.applied:
            return kind, fault, (fault.status, fault.body)
        if kind == "token":
            return kind, fault, self._token(body)
        if authorization != "Bearer access-1":
            return kind, fault, (401, error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."))
        if SHEET_ID not in path:
            return kind, fault, (404, NOT_FOUND)
        if not self.shared:
            return kind, fault, (403, NO_ACCESS)
        return kind, fault, self._sheet(kind, path, query, json.loads(body or b"{}"))

    def _token(self, body: bytes) -> Reply:
        given = parse_qs(body.decode())
        if given["grant_type"] == ["refresh_token"]:
            return 200, {"access_token": "access-1", "expires_in": 3599, "token_type": "Bearer"}
        try:
            claims = jwt.decode(given["assertion"][0], certs=self._public_key, audience=AUDIENCE)
        except ValueError:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        if claims["iss"] != EMAIL or claims["scope"] not in SCOPES:
            return 400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}
        self.scopes.append(claims["scope"])
        return 200, {"access_token": "access-1", "expires_in": 3599, "token_type": "Bearer"}

    def _sheet(self, kind: str, path: str, query: Mapping[str, str], body: dict[str, Any]) -> Reply:
        if kind == "spreadsheet":
            return 200, self._properties()
        if kind == "batchUpdate":
            self.bodies.append(body)
            for each in body["data"]:
                self._update(each, body["valueInputOption"])
            return 200, {"spreadsheetId": SHEET_ID, "totalUpdatedCells": len(body["data"])}
        tab, range_name = self._range(path.rpartition("/values/")[2].removesuffix(":append"))
        if kind == "values":
            return 200, {"range": tab.title, "majorDimension": "ROWS", "values": tab.shown()}
        self.bodies.append({"query": dict(query), "range": range_name, **body})
        return 200, self._append(tab, range_name, query, body["values"])

    def _append(self, tab: Tab, range_name: str, query: Mapping[str, str], values: list[list[Any]]) -> dict[str, Any]:
        assert query["valueInputOption"] == "RAW"
        assert query["insertDataOption"] == "INSERT_ROWS"
        grid = a1_range_to_grid_range(range_name)
        row, column = grid["startRowIndex"], grid["startColumnIndex"]
        block = tab.block(row, column)
        at, first = (max(r for r, _ in block) + 1, min(c for _, c in block)) if block else (row, column)
        tab.cells[at:at] = [[] for _ in values]
        for below, line in enumerate(values):
            tab.put(at + below, first, line)
        last = rowcol_to_a1(at + len(values), first + max(map(len, values)))
        updated = f"'{tab.title}'!{rowcol_to_a1(at + 1, first + 1)}:{last}"
        return {"spreadsheetId": SHEET_ID, "updates": {"spreadsheetId": SHEET_ID, "updatedRange": updated}}

    def _update(self, data: dict[str, Any], option: str) -> None:
        assert option == "RAW"
        tab, range_name = self._range(data["range"])
        grid = a1_range_to_grid_range(range_name)
        for below, line in enumerate(data["values"]):
            tab.put(grid["startRowIndex"] + below, grid["startColumnIndex"], line)

    def _range(self, text: str) -> tuple[Tab, str]:
        title, _, range_name = text.partition("!")
        title = title.strip("'").replace("''", "'")
        return next(tab for tab in self.tabs if tab.title == title), range_name

    def _properties(self) -> dict[str, Any]:
        tabs = []
        for at, tab in enumerate(self.tabs):
            grid = {"sheetType": "GRID", "gridProperties": {"rowCount": 1000, "columnCount": 40}}
            kind = {"sheetType": "OBJECT"} if tab.chart else grid
            tabs.append({"properties": {"sheetId": at * 7, "title": tab.title, "index": at, **kind}})
        return {"spreadsheetId": SHEET_ID, "properties": {"title": self.title}, "sheets": tabs}


def _kind(method: str, path: str) -> str:
    if path == "/token":
        return "token"
    if path.endswith(":append"):
        return "append"
    if path.endswith("/values:batchUpdate"):
        return "batchUpdate"
    return "values" if method == "GET" and "/values/" in path else "spreadsheet"


def _shown(cell: Any, *, percent: bool) -> str:
    if isinstance(cell, int | float) and percent:
        return f"{100 * cell:.2f}%"
    return "" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell)


class Keys:
    """An RSA key pair, made once; short, since each reading of a longer one takes a tenth of a second."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        self.private = key.private_bytes(serialization.Encoding.PEM, form, plain).decode()
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        self.public = key.public_key().public_bytes(serialization.Encoding.PEM, public).decode()


def write_service_account(path: Path, sheets: Sheets, private_key: str, **changes: Any) -> Path:
    """The file that Google's console offers for download, with this server as the one that gives tokens."""
    info = {
        "type": "service_account",
        "project_id": "some-project",
        "private_key_id": "0123456789abcdef",
        "private_key": private_key,
        "client_email": EMAIL,
        "client_id": "123456789",
        "token_uri": f"{sheets.url}/token",
        "universe_domain": "googleapis.com",
    }
    path.write_text(json.dumps(info | changes), encoding="utf-8")
    return path


@contextmanager
def serving(keys: Keys) -> Iterator[Sheets]:
    """The server until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.sheets = sheets = Sheets(server.server_port, keys.public)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield sheets
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802 - the name that the base class calls
        self._serve()

    do_POST = do_PUT = do_GET  # noqa: N815 - as above

    def _serve(self) -> None:
        sheets: Sheets = self.server.sheets  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with sheets.lock:
            kind, fault, (status, answer) = sheets.answer(
                self.command, self.path, body, self.headers.get("Authorization", "")
            )
            if fault:
                status, answer = fault.status, fault.body
            sheets.log.append(f"{kind} {status}{' (applied)' if fault and fault.applied else ''}")
        if fault and fault.delay_s:
            time.sleep(fault.delay_s)
        if not status:
            self.close_connection = True
            return
        self._send(status, answer, fault.headers if fault else {})

    def _send(self, status: int, answer: Any, headers: Mapping[str, str]) -> None:
        is_text = isinstance(answer, str)
        data = (answer if is_text else json.dumps(answer)).encode()
        # Whoever asked may have lost patience.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if is_text else "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: what came is in the log of the server."""
