"""Every deliberate error of the project, in one tree.

Inner code names what went wrong; the shells decide what that means to their
user (an exit code in `soramichi.commands`, an HTTP status in `api.errors`).

    SoramichiError
    ├── BadInput                 what the user gave cannot be used (exit 2, HTTP 422)
    │   ├── BadFile              a file, with the field and the reason
    │   ├── MalformedTelemetry   an MQTT payload or one sample in it
    │   ├── DatumMismatch        heights of different datums met without evidence
    │   └── BadSettings          the environment or an option makes no sense
    ├── NotAllowed               the asker may not have this (exit 3, HTTP 403)
    ├── NotFound                 the thing asked for does not exist (exit 1, HTTP 404)
    ├── Unavailable              broker, database or file system out of reach (exit 3, HTTP 503)
    │   ├── PortTaken            another program listens where we were told to
    │   └── SpoolFull            the bridge's spool has no room for more unreceipted samples
    └── NewerSchema              the data was written by a newer release (exit 3)
"""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class SoramichiError(Exception):
    """Base of every deliberate error; its text tells the user what to do next.

    `ja` is the same in Japanese, None where only those who run the platform come upon it.
    """

    exit_code = 3

    def __init__(self, text: str = "", *, ja: str | None = None) -> None:
        super().__init__(text)
        self.ja = ja


class BadInput(SoramichiError):
    """What the user gave cannot be used."""

    exit_code = 2


class BadFile(BadInput):
    """A file cannot be used; names the file, the field in it and the reason."""

    def __init__(
        self, file: str, reason: str, *, ja: str | None = None, field: str | None = None
    ) -> None:
        where = f"{file}: {field}" if field else file
        super().__init__(f"{where}: {reason}", ja=ja and f"{where}: {ja}")
        self.file = file
        self.field = field
        self.reason = reason


class MalformedTelemetry(BadInput):
    """A payload, or one sample in it, breaks the wire contract.

    `reason` is a stable slug such as `out-of-range`; `field` is the member at
    fault or None when the payload as a whole is; `detail` is for people.
    """

    def __init__(self, reason: str, *, field: str | None = None, detail: str = "") -> None:
        super().__init__(": ".join(part for part in (reason, field, detail) if part))
        self.reason = reason
        self.field = field
        self.detail = detail


class DatumMismatch(BadInput):
    """Heights of different datums were compared or converted without evidence."""


class BadSettings(BadInput):
    """The environment or a command-line option makes no sense."""


class NotAllowed(SoramichiError):
    """The asker may not have this."""


class NotFound(SoramichiError):
    """The thing asked for does not exist."""

    exit_code = 1


class Unavailable(SoramichiError):
    """Broker, database or file system is out of reach."""


class PortTaken(Unavailable):
    """Another program already listens on the port we were told to use."""

    def __init__(self, host: str, port: int, what: str) -> None:
        super().__init__(
            f"port {port} on {host}, needed for {what}, is already in use; "
            f"stop the other program or choose another port (0 picks a free one)"
        )
        self.port = port


class SpoolFull(Unavailable):
    """The bridge refused a sample, because every byte it may use holds unreceipted ones."""


class NewerSchema(SoramichiError):
    """The database was written by a newer release than this program."""


@contextmanager
def listening(host: str, port: int, what: str) -> Iterator[None]:
    """Say why a port, needed for `what`, cannot be listened on: `PortTaken` or `Unavailable`."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port, what) from error
        raise Unavailable(
            f"port {port} on {host}, needed for {what}, cannot be listened on: {error.strerror}; "
            "choose another host or port"
        ) from error


def carry_out(main: Callable[[], object]) -> None:
    """Run an entry point and exit with what it returns; an error becomes its exit code.

    A deliberate one is told in one line, in Japanese too where it has that; of any other the
    traceback is shown too, and it never looks like "no" (exit 1) to a script.
    """
    try:
        sys.exit(main())  # type: ignore[arg-type]  # as sys.exit, it takes anything
    except SoramichiError as error:
        told = f"{error} / {error.ja}" if error.ja else str(error)
        sys.stderr.write(f"soramichi: {told}\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  # whatever it is, the exit code must not say "no"
        traceback.print_exc()
        sys.stderr.write(
            "soramichi: this is a fault of the program, not yours; please report it with the lines "
            f"above / プログラムの不具合です。上の表示を添えてお知らせください: {error!r}\n"
        )
        sys.exit(SoramichiError.exit_code)
