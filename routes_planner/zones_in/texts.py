"""Names, messages and authorities as sources write them, in whatever languages they have."""

from __future__ import annotations

from typing import Any

from soramichi.domain.flight import Name
from soramichi.domain.geozone import Authority

# A hostile file must not fill a page with one name.
_LONGEST = 1000


def name(value: Any) -> Name | None:
    """A string, or a list of `{"text", "lang"}`, in Japanese and English.

    A language that is missing is filled with the other, or with the first text
    there is. None when there is no text at all.
    """
    if isinstance(value, str):
        return _both({"": value})
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return None
    found: dict[str, str] = {}
    for entry in value:
        if isinstance(entry, dict) and isinstance(entry.get("text"), str):
            found.setdefault(str(entry.get("lang") or "")[:2].lower(), entry["text"])
        elif isinstance(entry, str):
            found.setdefault("", entry)
    return _both(found)


def _both(found: dict[str, str]) -> Name | None:
    texts = {lang: text.strip()[:_LONGEST] for lang, text in found.items() if text.strip()}
    if not texts:
        return None
    first = next(iter(texts.values()))
    english = texts.get("en", first)
    return Name(ja=texts.get("ja", english), en=english)


def plain(value: Any) -> str:
    """A short string of a string, number or text list; "" for anything else."""
    if isinstance(value, str):
        return value.strip()[:_LONGEST]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    both = name(value) if isinstance(value, list) else None
    return both.en if both else ""


def words(value: Any) -> tuple[str, ...]:
    """The strings of a list, or one string, as a tuple."""
    values = value if isinstance(value, list) else [value]
    return tuple(entry.strip() for entry in values if isinstance(entry, str) and entry.strip())


def authorities(value: Any) -> tuple[Authority, ...]:
    """The members of `zoneAuthority`, one object or a list of them."""
    values = value if isinstance(value, list) else [value]
    return tuple(
        Authority(
            name=name(entry.get("name")) or Name(ja="", en=""),
            purpose=plain(entry.get("purpose")) or "AUTHORIZATION",
            service=plain(entry.get("service")),
            contact=plain(entry.get("contactName")),
            email=plain(entry.get("email")),
            phone=plain(entry.get("phone")),
            site_url=plain(entry.get("siteURL")),
            interval_before=plain(entry.get("intervalBefore")),
        )
        for entry in values
        if isinstance(entry, dict)
    )
