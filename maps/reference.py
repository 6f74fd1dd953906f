"""`/docs`: the data API explained, out of its OpenAPI document; a page without any script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from maps.shell import Page, scriptless

Language = Literal["ja", "en"]

# English stands in the OpenAPI document: (method, path) -> the same in Japanese.
JAPANESE: Mapping[tuple[str, str], str] = {
    ("get", "/api/v1/aircraft"): "いま飛んでいる公開中の機体すべて(GeoJSON)。",
    ("get", "/api/v1/stream"): (
        "ライブ配信(Server-Sent Events)。最初に全機の状態、続いて毎秒の変化と、"
        "飛行中のできごとが届きます。"
    ),
    ("get", "/api/v1/flights"): (
        "公開中の飛行。新しい順です。続きは `next` のアドレスにあり、最後のページでは null です。"
    ),
    ("get", "/api/v1/flights/{flight_id}/track"): (
        "飛行の航跡のうち公開されている部分(GeoJSON。経度、緯度、高度の順)。"
    ),
    ("get", "/api/v1/flights/{flight_id}/html"): (
        "飛行のうち公開されている部分を、通信なしで開ける一つのHTMLファイルで返します。"
    ),
    ("get", "/api/v1/events"): (
        "飛行中のできごと(離陸、区域への進入、通信断など)。新しい順です。"
        "`detail=full` は担当者専用です。"
    ),
    ("post", "/api/v1/events/{event_id}/acknowledge"): (
        "できごとを確認したと記録します。最初に確認した人の記録が残ります。"
    ),
    ("get", "/api/v1/links"): "機体ごとの通信の状態。最後に受信した順です。",
    ("get", "/api/v1/quarantine"): "隔離されたデータの件数(理由別)と、受信データ全体の集計。",
    ("get", "/api/v1/flights/{flight_id}/completeness"): (
        "飛行ひとつの受信状況。予定・保存・欠落・隔離の件数、途切れ、遅れ。"
    ),
    ("get", "/api/v1/completeness"): "飛行ごとの受信状況の一覧。新しい順です。",
    ("get", "/api/v1/geozones"): (
        "登録されている飛行区域(GeoJSON)。区域の輪郭、または `detail=volumes` で立体ひとつずつ。"
    ),
    ("get", "/api/v1/corridors"): "公開中の候補経路(GeoJSON。経度、緯度、高度の順)。",
    ("post", "/api/v1/routes/check"): (
        "候補経路の判定。指摘事項、判定した線、高さの断面、地図に重ねる層を返します。"
    ),
    ("post", "/api/v1/routes/search"): (
        "二地点を結ぶ、条件を満たす経路を探します。見つからないときは理由を返します。"
    ),
    ("post", "/api/v1/routes/html"): (
        "同じ判定を一つのHTMLファイルで返します。ネットワークがなくても開けます。"
    ),
    ("get", "/healthz"): "サーバーが動いていれば応答します。",
    ("get", "/readyz"): "データベースも使えるときに応答します(使えなければ 503)。",
    ("get", "/metrics"): (
        "Prometheus 用の計測値。サーバー自身のホストから、または担当者だけが見られます。"
    ),
}
# What the page says besides: the sections by tag, and the words around them.
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "ja": {
        "title": "データ API",
        "about": (
            "ここにあるデータは、どのプログラムからでも読めます。時刻は UTC、座標は WGS 84、"
            "高さは値ごとに基準面を示します。間違いは application/problem+json で返ります。"
        ),
        "machine": "機械向けの定義(OpenAPI)",
        "contents": "目次",
        "staff": "担当者専用",
        "token": "Authorization: Bearer に続けて担当者のトークンを送ります。",
        "open": "開く",
        "parameters": "指定できる値",
        "body": "送る内容(JSON)",
        "name": "名前",
        "kind": "値",
        "preset": "省略時",
        "required": "必須",
        "live": "いまの空",
        "flights": "飛行",
        "events": "できごと",
        "completeness": "受信状況",
        "geozones": "区域と経路",
        "routes": "経路の検討",
        "health": "運用",
        "other": "English",
        "map": "地図へ",
    },
    "en": {
        "title": "Data API",
        "about": (
            "Any program may read what is here. Times are UTC, places WGS 84, and every height"
            " names its datum. Errors come as application/problem+json."
        ),
        "machine": "For machines (OpenAPI)",
        "contents": "Contents",
        "staff": "staff only",
        "token": "Send the staff token as Authorization: Bearer …",
        "open": "Open",
        "parameters": "Parameters",
        "body": "Body (JSON)",
        "name": "name",
        "kind": "value",
        "preset": "default",
        "required": "required",
        "live": "What flies now",
        "flights": "Flights",
        "events": "Events",
        "completeness": "What arrived",
        "geozones": "Zones and corridors",
        "routes": "Judging routes",
        "health": "Operation",
        "other": "日本語",
        "map": "To the map",
    },
}


def reference_page(openapi: Mapping[str, Any], language: Language) -> Page:
    """`/docs` in one language, out of the application's OpenAPI document."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            told = _operation(openapi, method, path, operation, language)
            sections.setdefault(operation["tags"][0], []).append(told)
    return scriptless(
        "reference.html",
        style="/static/css/reference.css",
        words=_WORDS[language],
        language=language,
        other="en" if language == "ja" else "ja",
        version=openapi["info"]["version"],
        sections=sections,
    )


def _operation(
    openapi: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any], to: Language
) -> dict[str, Any]:
    english = operation.get("description", operation["summary"])
    parameters = [
        {
            "name": one["name"],
            "kind": _kind(openapi, one["schema"]),
            "preset": one["schema"].get("default"),
            "required": one.get("required", False),
        }
        for one in operation.get("parameters", [])
    ]
    plain = method == "get" and "{" not in path and "security" not in operation
    return {
        "id": f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        "method": method.upper(),
        "path": path,
        "text": (JAPANESE.get((method, path), english) if to == "ja" else english).replace("`", ""),
        "for_staff": "security" in operation,
        "link": path if plain and path not in {"/api/v1/stream", "/metrics"} else None,
        "parameters": parameters,
        "body": _body(openapi, operation.get("requestBody")),
    }


def _body(openapi: Mapping[str, Any], body: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if body is None:
        return []
    schema = _resolved(openapi, body["content"]["application/json"]["schema"])
    return [
        {
            "name": name,
            "kind": _kind(openapi, member),
            "preset": member.get("default"),
            "required": name in schema.get("required", []),
        }
        for name, member in schema["properties"].items()
    ]


def _resolved(openapi: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found = openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert isinstance(found, dict)  # noqa: S101
    return found


def _kind(openapi: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a value may be, in few words that need no translation."""
    schema = _resolved(openapi, schema)
    if "anyOf" in schema:
        kinds = [_kind(openapi, one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " | ".join(kinds)
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"[{_kind(openapi, schema['items'])}, …]"
    if schema.get("type") == "object":
        inside = (f"{k}: {_kind(openapi, v)}" for k, v in schema.get("properties", {}).items())
        return "{" + ", ".join(inside) + "}"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤"}
    limits = [f"{sign} {schema[name]:g}" for name, sign in signs.items() if name in schema]
    return ", ".join([schema.get("format") or schema.get("type", "any"), *limits])
