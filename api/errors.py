"""Deliberate errors as RFC 9457 problem+json, one shape for every endpoint.

`detail` is in English; where people read it on a page, `message` has it in both languages.
"""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from psycopg import DataError
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from maps.pages import missing_page
from soramichi.errors import (
    BadInput,
    BadSettings,
    NotAllowed,
    NotFound,
    SoramichiError,
    Unavailable,
)

log = logging.getLogger(__name__)

# The first that fits. How the server was set up is its administrator's business, not the asker's.
STATUS: dict[type[SoramichiError], int] = {
    BadSettings: 500,
    BadInput: 422,
    NotAllowed: 403,
    NotFound: 404,
    Unavailable: 503,
}


# What pydantic found wrong with a value, for the reader of a page; the first that begins so.
_FAULTS_JA = {
    "missing": "必要な項目です",
    "extra_forbidden": "知らない項目です",
    "greater_than_equal": "{ge} 以上の値にしてください",
    "greater_than": "{gt} より大きい値にしてください",
    "less_than_equal": "{le} 以下の値にしてください",
    "string_too_short": "{min_length} 文字以上にしてください",
    "string_too_long": "{max_length} 文字以下にしてください",
    "too_short": "{min_length} 個以上にしてください",
    "too_long": "{max_length} 個以下にしてください",
    "enum": "{choices} のどれかにしてください",
    "literal_error": "{choices} のどれかにしてください",
    "json_invalid": "JSON として読めません",
    "timezone_aware": "日時に時差（+09:00 など）を付けてください",
    "datetime": "日時として読めません。2026-11-28T10:00:00+09:00 のように書いてください",
    "float": "数にしてください",
    "finite_number": "限りのある数にしてください",
    "int": "整数にしてください",
    "bool": "true か false にしてください",
    "string": "文字列にしてください",
    "list": "一覧にしてください",
    "": "この値は使えません",
}

_MOST_FAULTS = 20  # of one question: more of them nobody reads

# What is refused before any of our endpoints is asked: English and Japanese.
_REFUSED = {
    404: ("there is nothing at this address", "このアドレスには何もありません"),
    405: ("this address is not asked in that way", "このアドレスはその方法では使えません"),
    413: (
        "the question is too large; send fewer or smaller files",
        "一度に送るには大きすぎます。ファイルを減らすか、小さくしてください",
    ),
}


def problem(status: int, title: str, detail: str, *, ja: str | None = None) -> JSONResponse:
    """One problem document; with `ja` also a `message` {ja, en}."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(
        document if ja is None else document | {"message": {"ja": ja, "en": detail}},
        status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store"},
    )


def _missing() -> HTMLResponse:
    page = missing_page()
    policy = {"Content-Security-Policy": page.content_security_policy}
    headers = policy | {"Cache-Control": "no-store", "Vary": "Accept"}
    return HTMLResponse(page.html, 404, headers | {"X-Content-Type-Options": "nosniff"})


def _our_fault(title: str) -> JSONResponse:
    """A fault of the server: what it is stands in its log only."""
    return problem(
        500, title, "see the server log", ja="サーバーの不具合です。サーバーの記録を見てください"
    )


def install(app: FastAPI) -> None:
    """Answer every deliberate error, and a database out of reach, with a problem document."""

    @app.exception_handler(SoramichiError)
    def deliberate(_request: Request, error: SoramichiError) -> JSONResponse:
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
        if status == 500:
            log.error("unexpected", exc_info=error)
            return _our_fault(type(error).__name__)
        # What is away or too busy says what to do; only a fault of the server stays in its log.
        return problem(status, type(error).__name__, str(error), ja=error.ja)

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = error.errors()[:_MOST_FAULTS]
        found = [(".".join(str(part) for part in fault["loc"]), fault) for fault in faults]
        return problem(
            422,
            "BadInput",
            "; ".join(f"{field}: {fault['msg']}" for field, fault in found),
            ja="、".join(f"{field}: {_fault_ja(fault)}" for field, fault in found),
        )

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        # A person who mistyped, and no program.
        if error.status_code == 404 and "text/html" in request.headers.get("accept", ""):
            return _missing()
        detail, ja = _REFUSED.get(error.status_code, (str(error.detail), None))
        answer = problem(error.status_code, "HTTPException", detail, ja=ja)
        answer.headers.update(error.headers or {})  # which methods are allowed, for instance
        return answer

    @app.exception_handler(DataError)
    def unstorable(_request: Request, error: DataError) -> JSONResponse:
        log.info("no value for the database: %s", error)
        return problem(
            422,
            "BadInput",
            "a value holds what no stored value can, such as NUL",
            ja="保存できない文字（NUL など）が値にあります",
        )

    @app.exception_handler(Exception)
    def unexpected(_request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected", exc_info=error)
        return _our_fault("InternalServerError")

    @app.exception_handler(DatabaseError)
    @app.exception_handler(PoolTimeout)
    def database(_request: Request, error: Exception) -> JSONResponse:
        log.warning("database: %s", error)
        return problem(
            503,
            "Unavailable",
            "the database is out of reach; try again shortly",
            ja="データベースにつながりません。少し待ってからもう一度お試しください",
        )


def _fault_ja(fault: dict[str, Any]) -> str:
    words = next(ja for kind, ja in _FAULTS_JA.items() if fault["type"].startswith(kind))
    known = fault.get("ctx", {})
    return words.format_map(
        known | {"choices": str(known.get("expected", "")).replace(" or ", ", ").replace("'", "")}
    )
