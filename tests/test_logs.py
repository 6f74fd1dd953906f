"""Logs that a machine can read, one object a line."""

import io
import logging
import sys

import msgspec

from soramichi.logs import JsonLines


def logged(message: str, *arguments: object, error: bool = False) -> dict[str, str]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    record = logging.LogRecord(
        "ingest", logging.WARNING, "f.py", 1, message, arguments, sys.exc_info() if error else None
    )
    handler.emit(record)
    [line] = stream.getvalue().splitlines()
    return msgspec.json.decode(line, type=dict[str, str])


def test_a_line_holds_one_object_whatever_the_message() -> None:
    line = logged('two\nlines, a "quote" and %s', "空みち")

    assert line["message"] == 'two\nlines, a "quote" and 空みち'
    assert (line["level"], line["logger"]) == ("WARNING", "ingest")
    assert line["time"].endswith("+00:00")


def test_a_traceback_stays_in_its_line() -> None:
    try:
        int("why")
    except ValueError:
        line = logged("failed", error=True)

    assert "ValueError: " in line["error"]
