"""Deliberate errors as RFC 9457 problem+json, one shape for every endpoint."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import DataError
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

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


def problem(status: int, title: str, detail: str) -> JSONResponse:
    """One problem document."""
    return JSONResponse(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store"},
    )


def install(app: FastAPI) -> None:
    """Answer every deliberate error, and a database out of reach, with a problem document."""

    @app.exception_handler(SoramichiError)
    def deliberate(_request: Request, error: SoramichiError) -> JSONResponse:
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
        if status == 500:
            log.error("unexpected", exc_info=error)
        # What is away or too busy says what to do; only a fault of the server stays in its log.
        detail = "see the server log" if status == 500 else str(error)
        return problem(status, type(error).__name__, detail)

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        return problem(422, "BadInput", faults)

    @app.exception_handler(HTTPException)
    def http(_request: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, "HTTPException", str(error.detail))
        answer.headers.update(error.headers or {})  # which methods are allowed, for instance
        return answer

    @app.exception_handler(DataError)
    def unstorable(_request: Request, error: DataError) -> JSONResponse:
        log.info("no value for the database: %s", error)
        return problem(422, "BadInput", "a value holds what no stored value can, such as NUL")

    @app.exception_handler(Exception)
    def unexpected(_request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected", exc_info=error)
        return problem(500, "InternalServerError", "see the server log")

    @app.exception_handler(DatabaseError)
    @app.exception_handler(PoolTimeout)
    def database(_request: Request, error: Exception) -> JSONResponse:
        log.warning("database: %s", error)
        return problem(503, "Unavailable", "the database is out of reach; try again shortly")
