"""docs/asyncapi.yaml is a valid AsyncAPI document and says what the code does."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
import yaml

from soramichi.domain import wire
from soramichi.domain.events import describe
from soramichi.domain.telemetry import TelemetrySample

ROOT = Path(__file__).parents[1]
DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs/asyncapi.yaml").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
MESSAGES = DOCUMENT["components"]["messages"]
# The official schema of AsyncAPI documents, from a development dependency of the web folder.
META = ROOT / "maps/web/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"
CODE = msgspec.json.schema_components(
    [TelemetrySample, wire.Receipt, wire.Status, wire.LiveState, wire.FlightEvent],
    ref_template="#/components/schemas/{name}",
)[1]
NOTES = ("title", "description")


def plain(schema: Any) -> Any:
    """A schema without its prose, and tuples of one type said as draft 7 does."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: plain(value) for name, value in schema.items() if name not in NOTES}
    if "prefixItems" in found:
        assert all(one == found["prefixItems"][0] for one in found["prefixItems"])
        found["items"] = found.pop("prefixItems")[0]
    if "required" in found:
        found["required"] = sorted(found["required"])
    return found


def examples(message: str) -> list[Any]:
    return [example["payload"] for example in MESSAGES[message]["examples"]]


def test_the_document_is_valid_asyncapi() -> None:
    jsonschema.validate(DOCUMENT, json.loads(META.read_text()))


def test_the_official_schema_can_refuse_a_document() -> None:
    broken = DOCUMENT | {"operations": {"a": {"action": "shout"}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, json.loads(META.read_text()))


@pytest.mark.parametrize("name", sorted(CODE))
def test_a_schema_says_exactly_what_the_code_accepts(name: str) -> None:
    described, accepted = plain(SCHEMAS[name]), plain(CODE[name])
    # msgspec notes the format of a time only where a zone is demanded.
    for member in get_times(name):
        accepted["properties"][member] = {"type": "string", "format": "date-time"}
    assert described == accepted


def get_times(name: str) -> list[str]:
    struct = getattr(wire, name, None)
    if struct is None or not issubclass(struct, msgspec.Struct):
        return []
    fields = msgspec.structs.fields(struct)
    return [one.name for one in fields if datetime in (one.type, *get_args(one.type))]


def test_the_topics_are_those_of_the_code() -> None:
    addresses = {name: channel["address"] for name, channel in DOCUMENT["channels"].items()}
    filled = {name: one.format(operator="mie", aircraft="JA01") for name, one in addresses.items()}
    assert filled == {
        "telemetry": wire.telemetry_topic("mie", "JA01"),
        "receipt": wire.receipt_topic("mie", "JA01"),
        "status": wire.status_topic("mie", "JA01"),
        "event": wire.event_topic("mie", "JA01"),
        "live": wire.LIVE_TOPIC,
    }


def test_the_examples_fit_their_schemas() -> None:
    for name, message in MESSAGES.items():
        schema = message["payload"] | {"components": DOCUMENT["components"]}
        for payload in examples(name) if "examples" in message else ():
            jsonschema.validate(payload, schema)


def test_the_examples_are_understood_by_the_code() -> None:
    for payload in examples("sample") + examples("samples"):
        decoded = wire.decode(json.dumps(payload).encode())
        assert (decoded.rejected, len(decoded.samples) > 0) == ([], True)
    for payload in examples("receipt"):
        msgspec.convert(payload, wire.Receipt)
    for payload in examples("status"):
        msgspec.convert(payload, wire.Status)
    for payload in examples("event"):
        event = msgspec.convert(payload, wire.FlightEvent)
        assert event.message == describe(event.kind, event.evidence)
    for payload in examples("live"):
        wire.decode_live(json.dumps(payload).encode())


def test_the_limit_of_a_message_is_the_codes() -> None:
    assert MESSAGES["samples"]["payload"]["maxItems"] == wire.MAX_SAMPLES_PER_MESSAGE
