from datetime import date
from pathlib import Path

import pytest

from routes_planner.rules.ruleset import Effect, RuleKind, RuleSet, load
from soramichi.domain.altitude import Datum
from soramichi.domain.flight import AircraftClass
from soramichi.domain.geozone import ZoneKind
from soramichi.errors import BadFile, NotFound

TODAY = date(2026, 11, 23)
RULE = """
[[rule]]
identifier = "site"
kind = "surround"
classes = ["drone"]
zone_identifiers = ["S1"]
effect = "fail"
value = 50.0
unit = "m"
title_ja = "現場"
title_en = "site"
source = "agreement of the site"
confidence = "verify"
"""


def written(folder: Path, text: str) -> RuleSet:
    path = folder / "own.toml"
    path.write_text(text)
    return load(str(path))


HEAD = 'name = "own"\ntitle_ja = "自"\ntitle_en = "own"\narea = [122.0, 20.0, 154.0, 46.0]\n'


def test_every_shipped_rule_says_its_source_and_how_sure_it_is() -> None:
    rules = load().rules

    assert rules
    assert len({rule.identifier for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.source
        assert rule.title.ja
        assert rule.confidence in {"verify", "bill", "assumed"}
        assert rule.value is not None or rule.kind in (RuleKind.ZONE, RuleKind.CONDITION)


def test_the_numbers_of_the_shipped_set() -> None:
    rules = {rule.identifier: rule for rule in load().rules}

    ceiling, minimum = rules["drone-ceiling"], rules["piloted-minimum"]
    assert (ceiling.kind, ceiling.value, ceiling.datum) == (RuleKind.HEIGHT_MAX, 150.0, Datum.AGL)
    assert (minimum.kind, minimum.value, minimum.datum) == (RuleKind.HEIGHT_MIN, 150.0, Datum.AGL)
    assert rules["piloted-minimum-did"].value == 300.0
    assert rules["piloted-minimum-did"].over == {ZoneKind.DID}
    assert rules["drone-distance"].value == 30.0


def test_rules_bind_their_classes_on_their_days() -> None:
    rules = load()
    drone = {rule.identifier for rule in rules.for_class(AircraftClass.DRONE, TODAY)}
    evtol = {rule.identifier for rule in rules.for_class(AircraftClass.EVTOL, TODAY)}

    assert "drone-ceiling" in drone - evtol
    assert "piloted-minimum" in evtol - drone


def test_the_yellow_zone_depends_on_the_date() -> None:
    def radii(on: date) -> set[tuple[float | None, Effect]]:
        return {
            (rule.value, rule.effect)
            for rule in load().for_class(AircraftClass.DRONE, on)
            if rule.kind is RuleKind.SURROUND
        }

    assert radii(date(2025, 1, 1)) == {(300.0, Effect.FAIL)}
    assert radii(TODAY) == {(300.0, Effect.FAIL), (1000.0, Effect.CAUTION)}


def test_a_set_of_ones_own_extends_replaces_and_removes(tmp_path: Path) -> None:
    rules = written(
        tmp_path,
        'name = "own"\ntitle_ja = "自"\ntitle_en = "own"\nextends = "japan-2026-11"\n'
        'remove = ["drone-plan"]\n' + RULE + RULE.replace('"site"', '"drone-ceiling"'),
    )
    found = {rule.identifier: rule for rule in rules.rules}

    assert rules.name == "own"
    assert "drone-plan" not in found
    assert found["site"].zone_identifiers == {"S1"}
    assert found["drone-ceiling"].value == 50.0
    assert "drone-did" in found


def test_valid_until_is_the_first_day_without_the_rule(tmp_path: Path) -> None:
    (rule,) = written(tmp_path, HEAD + RULE + "valid_until = 2026-11-23\n").rules

    assert rule.holds(AircraftClass.DRONE, date(2026, 11, 22))
    assert not rule.holds(AircraftClass.DRONE, TODAY)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('kind = "surround"', 'kind = "wish"', "rule[site].kind"),
        ('classes = ["drone"]', 'classes = ["balloon"]', "rule[site].classes"),
        ('classes = ["drone"]', "classes = []", "rule[site].classes"),
        ('zone_identifiers = ["S1"]', "", "rule[site].zone_kinds"),
        ("value = 50.0", 'value = "50"', "rule[site].value"),
        ("value = 50.0", "value = -1", "rule[site].value"),
        ("value = 50.0", "value = true", "rule[site].value"),
        ("value = 50.0", "", "rule[site].value"),
        ('unit = "m"', 'unit = "ft"', "rule[site].unit"),
        ('effect = "fail"', "", "rule[site].effect"),
        ('source = "agreement of the site"', "", "rule[site].source"),
        ('confidence = "verify"', 'valid_from = "soon"', "rule[site].confidence"),
        (
            'source = "agreement',
            'valid_from = "soon"\nsource = "agreement',
            "rule[site].valid_from",
        ),
        ('identifier = "site"', "", "rule[1].identifier"),
        ("[[rule]]", "[rule]", "rule"),
        ("area = [122.0", "area = [190.0", "area"),
        ('name = "own"', "", "name"),
        ('title_ja = "自"', "", "title_ja"),
        ("area = [122.0, 20.0, 154.0, 46.0]", 'extends = "nowhere"', "extends"),
    ],
)
def test_a_rule_that_cannot_be_used_is_named(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    with pytest.raises(BadFile) as caught:
        written(tmp_path, (HEAD + RULE).replace(old, new, 1))

    assert caught.value.field == field


def test_what_is_no_toml_is_refused_and_what_is_nowhere_not_found(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        written(tmp_path, "[[[")
    with pytest.raises(NotFound, match="japan-2026-11"):
        load("japan-1950")
