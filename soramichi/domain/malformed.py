"""What is wrong with a payload of the wire contract: each rejected sample, its bytes and why."""

from __future__ import annotations

import json
import math
import re
from typing import NamedTuple

import msgspec

from soramichi.domain.telemetry import FlightLabel, SequenceNumber

# msgspec's own words for a fault, e.g. "Expected `float` <= 90.0 - at `$[3].latitude_deg`".
_FAULT = re.compile(
    r"^(?P<detail>.*?)(?: - at `\$(?:\[(?P<index>\d+|\.\.\.)\])?(?:\.(?P<field>\w+))?.*`)?$"
)
# What JSON calls white space, in bytes and in text.
_BLANKS = b" \t\r\n"
_SPACE = re.compile(r"[ \t\r\n]*")
_MISSING = re.compile(r"missing required field `(?P<field>\w+)`")


class _Identity(msgspec.Struct):
    """The two members by which a publisher knows a sample."""

    flight: FlightLabel | None = None
    seq: SequenceNumber | None = None


_identity = msgspec.json.Decoder(_Identity)
# Steps over what is no JSON but can be told apart: NaN, raw control characters, endless numbers.
_lenient = json.JSONDecoder(parse_int=str, strict=False)


class Rejected(NamedTuple):
    """One sample, or a whole payload, that breaks the contract: its bytes and why."""

    original: bytes
    reason: str
    field: str | None
    detail: str


def explain(element: bytes, error: Exception) -> Rejected:
    """Name the field and the kind of fault that msgspec found."""
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        field = _not_finite(element)
        return Rejected(element, "not-finite" if field else "not-json", field, text)
    match = _FAULT.match(text)
    field = match["field"] if match else None
    missing = _MISSING.search(text)
    if missing:
        return Rejected(element, "missing", missing["field"], text)
    if field is None:
        return Rejected(element, "wrong-type", None, text)
    if "RFC3339" in text or "timezone" in text:
        return Rejected(element, "bad-time", field, text)
    if any(sign in text for sign in ("<=", ">=", "> ", "< ", "matching regex", "enum value")):
        return Rejected(element, "out-of-range", field, text)
    return Rejected(element, "wrong-type", field, text)


def _not_finite(element: bytes) -> str | None:
    """The first member whose value is NaN or an infinity, neither of which is JSON."""
    try:
        members = _lenient.decode(element.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, dict):
        return None
    return next(
        (
            str(name)
            for name, value in members.items()
            if isinstance(value, float) and not math.isfinite(value)
        ),
        None,
    )


def is_array(payload: bytes) -> bool:
    """Whether it is, or begins as, an array of samples."""
    return payload.lstrip(_BLANKS)[:1] == b"["


def peek(original: bytes) -> tuple[str | None, int | None]:
    """The flight and sequence number of a rejected sample, as far as they can be read."""
    try:
        found = _identity.decode(original)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, None
    return found.flight, found.seq


def split(payload: bytes) -> list[bytes]:
    """The elements of a JSON array, each with its own bytes.

    Done with the standard library because it steps over what is no JSON but
    what careless publishers send (NaN, a broken character in a name): it must
    cost one sample, not the whole array. Raises ValueError when it is no array.
    """
    text = payload.decode("utf-8", "surrogateescape")
    elements: list[bytes] = []
    at = end = _after_space(text, text.index("[") + 1)
    more = text[end : end + 1] != "]"
    while more:
        _, end = _lenient.raw_decode(text, at)
        elements.append(text[at:end].encode("utf-8", "surrogateescape"))
        end = _after_space(text, end)
        more = text[end : end + 1] == ","
        at = _after_space(text, end + 1)
    if text[end : end + 1] != "]" or _after_space(text, end + 1) != len(text):
        raise ValueError(f"expected , or the end of the array at character {end}")
    return elements


def _after_space(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # matches anything
