"""Bytes to a JSON value or an XML tree, hostile ones included."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

import defusedxml.ElementTree
import msgspec
from defusedxml.common import DefusedXmlException

from soramichi.errors import BadFile

# The national DID file of 2020 has about 100 MB as GeoJSON.
MAX_BYTES = 256 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


def is_xml(data: bytes) -> bool:
    """Whether the bytes look like XML rather than JSON."""
    return data.removeprefix(_BOM).lstrip()[:1] == b"<"


def json_document(file: str, data: bytes) -> dict[str, Any] | list[Any]:
    """The object or list in `data`. Raises `BadFile` for anything else."""
    _check_size(file, data)
    try:
        document = msgspec.json.decode(data.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFile(
            file,
            f"this is not JSON ({error})",
            ja="JSON として読めません。途中で切れているか、書き方に誤りがあります",
        ) from None
    except RecursionError:
        raise BadFile(
            file, "the JSON is nested too deeply", ja="JSON の入れ子が深すぎます"
        ) from None
    if not isinstance(document, dict | list):
        raise BadFile(
            file,
            "the JSON holds neither an object nor a list",
            ja="JSON がオブジェクトでも配列でもありません",
        )
    return document


def xml_document(file: str, data: bytes) -> Element:
    """The root element of `data`. Raises `BadFile` for malformed XML and for any entity."""
    _check_size(file, data)
    try:
        root = defusedxml.ElementTree.fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise BadFile(
            file,
            "XML with a DTD or entities is not accepted",
            ja="DTD や実体宣言を含む XML は受け付けません",
        ) from None
    except (defusedxml.ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadFile(
            file,
            f"this is not XML ({error})",
            ja="XML として読めません。途中で切れているか、書き方に誤りがあります",
        ) from None
    except RecursionError:
        raise BadFile(file, "the XML is nested too deeply", ja="XML の入れ子が深すぎます") from None
    assert isinstance(root, Element)  # noqa: S101
    return root


def local_name(element: Element) -> str:
    """The element's tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _check_size(file: str, data: bytes) -> None:
    if len(data) > MAX_BYTES:
        most = MAX_BYTES // 1024**2
        raise BadFile(
            file,
            f"the file is larger than {most} MiB; split it",
            ja=f"ファイルが {most} MiB を超えています。分割してください",
        )
    if data[:2] == b"PK":
        raise BadFile(
            file,
            "this is a ZIP archive (KMZ?); unpack it first",
            ja="ZIP 形式（KMZ など）です。展開してから開いてください",
        )
