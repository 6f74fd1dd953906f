"""The planner's desk when the network fails, when the browser prints, and when drawing is left."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route

from tests.browser import DESKTOP, PHONE, Open, Visit
from tests.maps.stand_in_server import StandIn, names_in
from tests.maps.test_routes_page import draw, files, open_files

pytestmark = pytest.mark.browser
Served = tuple[StandIn, str]
CHECK = "**/api/v1/routes/check"
JUDGED = "soramichi.desk.entries.every(({ result }) => result)"
UNREACHED = "The server cannot be reached. It is asked again by itself."
DRAFTS = "soramichi.desk.features.length"
# Not only laid out: on top of what lies where it is.
IN_SIGHT = """(() => {
  const box = document.querySelector("#message");
  const { x, y, width, height } = box.getBoundingClientRect();
  return box.contains(document.elementFromPoint(x + width / 2, y + height / 2));
})()"""
DARK = "getComputedStyle(document.body).backgroundColor !== 'rgb(255, 255, 255)'"


def forgive(visit: Visit, what: str) -> None:
    """What the browser itself writes to the console about a request that failed."""
    visit.complaints[:] = [said for said in visit.complaints if not re.search(what, said)]


def unjudged(visit: Visit) -> None:
    """The card says that nobody judged it, and nothing that a judge could have said."""
    visit.page.get_by_text(UNREACHED).wait_for()
    assert visit.page.locator(".verdict-head .badge").all_inner_texts() == ["Checking"]
    assert "fetch" not in visit.page.locator(".verdict").inner_text()


def test_a_lost_request_is_asked_again_when_the_network_is_back(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    visit.page.context.set_offline(True)
    draw(visit, (700, 300), (900, 380))
    unjudged(visit)
    visit.page.locator("#language").click()
    visit.page.get_by_text("サーバーにつながりません。つながり次第、自動で判定します。").wait_for()
    # Just after it was tried in vain, so that it is not the next turn that asks.
    with visit.page.expect_event("requestfailed"):
        pass
    visit.page.context.set_offline(False)
    visit.wait(JUDGED, 3)
    assert visit.page.locator(".verdict-head .badge").all_inner_texts() == ["適合"]
    forgive(visit, "ERR_INTERNET_DISCONNECTED")


def test_a_server_that_fails_is_asked_again_after_some_seconds(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    tries: list[Route] = []

    def fail_twice(route: Route) -> None:
        tries.append(route)
        if len(tries) > 2:
            route.continue_()
        else:
            route.fulfill(status=(502, 503)[len(tries) - 1], body="{}")

    visit.page.route(CHECK, fail_twice)
    draw(visit, (700, 300), (900, 380))
    unjudged(visit)
    visit.page.wait_for_timeout(1500)
    assert len(tries) == 1
    visit.wait(JUDGED, 15)
    assert len(tries) == 3
    assert visit.page.get_by_text(UNREACHED).count() == 0
    # Once all is judged nobody asks any more.
    visit.page.wait_for_timeout(5500)
    assert len(tries) == 3
    forgive(visit, "50[23]")


def test_what_the_server_refuses_is_not_asked_again(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    tries: list[Route] = []

    def refuse(route: Route) -> None:
        tries.append(route)
        route.fulfill(status=422, body='{"detail": "too long a line"}')

    visit.page.route(CHECK, refuse)
    draw(visit, (700, 300), (900, 380))
    visit.page.get_by_text("too long a line").wait_for()
    visit.page.wait_for_timeout(5500)
    assert len(tries) == 1
    forgive(visit, "422")


def test_only_the_candidate_that_is_refused_says_so(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    asked: list[list[str]] = []

    def refuse_the_second(route: Route) -> None:
        asked.append(names_in((route.request.post_data_json or {})["candidates"]))
        if "Candidate 2" in asked[-1]:
            route.fulfill(status=422, body='{"detail": "Candidate 2: too high"}')
        else:
            route.continue_()

    visit.page.route(CHECK, refuse_the_second)
    for n in range(3):
        draw(visit, (700, 300 + 60 * n), (900, 380 + 60 * n))
        visit.page.locator("#edit").click()
    visit.wait("!soramichi.desk.asking && soramichi.desk.results.size > 0")
    visit.page.wait_for_timeout(1500)
    assert visit.page.locator(".verdict-head .badge").all_inner_texts() == [
        "Pass",
        "Unknown",
        "Fail",
    ]
    assert visit.page.get_by_text("Candidate 2: too high").count() == 1
    # Those that are not refused are judged side by side, and nobody is asked again.
    assert asked[-1] == ["Candidate 1", "Candidate 3"]
    before = len(asked)
    visit.page.wait_for_timeout(1500)
    assert len(asked) == before
    forgive(visit, "422")


def test_a_condition_changed_while_a_question_is_refused_blames_nobody_else(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)

    def refuse_the_second(route: Route) -> None:
        if "Candidate 2" not in names_in((route.request.post_data_json or {})["candidates"]):
            return route.continue_()
        if "width_m" not in (route.request.post_data_json or {}):
            visit.page.evaluate("soramichi.desk.conditions = { width_m: 100 }")
        return route.fulfill(status=422, body='{"detail": "Candidate 2: too high"}')

    for n in range(2):
        draw(visit, (700, 300 + 60 * n), (900, 380 + 60 * n))
        visit.page.locator("#edit").click()
    visit.wait(JUDGED)
    visit.page.route(CHECK, refuse_the_second)
    visit.page.evaluate("soramichi.desk.results.clear(); soramichi.desk.changed()")
    visit.wait("soramichi.desk.problems.size === 2 && !soramichi.desk.asking", 20)
    visit.page.evaluate("soramichi.desk.conditions = {}; soramichi.desk.changed()")
    visit.wait("soramichi.desk.entries[0].result && !soramichi.desk.asking", 20)
    assert visit.page.locator(".verdict-head .badge").all_inner_texts() == ["Pass", "Unknown"]
    forgive(visit, "422")


def test_a_question_too_large_for_the_server_is_told_so_in_words(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    visit.page.route(CHECK, lambda route: route.fulfill(status=413, body="Content Too Large"))
    visit.page.locator("#files").set_input_files(files("bay.json"))
    message = visit.page.locator("#message")
    visit.wait("document.querySelector('#message').innerText.includes('fewer or smaller')")
    visit.page.locator("#language").click()
    assert message.inner_text().endswith(
        "一度に送るには大きすぎます。ファイルを減らすか、小さくしてください。"
    )
    forgive(visit, "413")


def test_lines_never_seen_side_by_side_show_no_verdict_while_the_server_is_away(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    open_files(visit, "bay.json", "coast.json")
    visit.page.wait_for_timeout(1000)
    visit.page.route(CHECK, lambda route: route.abort())
    visit.page.get_by_role("button", name="Delete candidate").click()
    unjudged(visit)
    visit.page.unroute(CHECK)
    visit.wait(JUDGED, 8)
    forgive(visit, "ERR_FAILED")


def test_files_and_searches_say_that_the_server_is_away(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    visit.page.route(CHECK, lambda route: route.abort())
    visit.page.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File(["{}"], "bay.json"));
          dispatchEvent(new DragEvent("drop", { dataTransfer: files }));
        }"""
    )
    message = visit.page.locator("#message")
    visit.wait("document.querySelector('#message').innerText.includes('reached.')")
    visit.page.get_by_text("The server cannot be reached.").wait_for()
    # A file is not opened again by itself.
    assert message.inner_text() == "No verdict could be reached. The server cannot be reached."
    forgive(visit, "ERR_FAILED")


PRINTED = "globalThis.print = () => { globalThis.prints = (globalThis.prints ?? 0) + 1; }"


@pytest.mark.parametrize("key", ["p", "P"], ids=["lower-case", "caps-lock"])
def test_ctrl_p_prints_with_caps_lock_as_without(mie: Served, opened: Open, key: str) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "bay.json", "coast.json")
    visit.page.evaluate(f"() => {{ {PRINTED} }}")
    press = f"dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', ctrlKey: true }}))"
    visit.page.evaluate(press)
    visit.wait("globalThis.prints === 1")
    assert visit.page.evaluate("document.body.classList.contains('printing')")
    visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not visit.page.evaluate("document.body.classList.contains('printing')")


def test_the_browsers_own_menu_prints_the_same_page(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en")
    open_files(visit, "bay.json", "coast.json")
    assert visit.page.evaluate(DARK)
    before = visit.page.evaluate("soramichi.map.getSize().x")
    # All of it must be there when the event is over: the browser waits for nothing else.
    laid = visit.page.evaluate(
        f"""() => {{
          const drawn = [...document.querySelectorAll(".chart canvas")];
          const before = drawn.map((canvas) => canvas.toDataURL());
          const {{ map }} = soramichi;
          const bar = document.querySelector(".leaflet-control-scale-line");
          const wide = (element) => element.getBoundingClientRect().width;
          const ratio = () => wide(bar) / wide(map.getContainer());
          const scale = ratio();
          dispatchEvent(new Event("beforeprint"));
          const lines = [...document.querySelectorAll(".leaflet-routes-pane path")];
          const box = document.querySelector(".chart").getBoundingClientRect();
          const inside = lines.every((line) => {{
            const {{ left, right, top, bottom }} = line.getBoundingClientRect();
            return left >= box.left && right <= box.right && top >= box.top && bottom <= box.bottom;
          }});
          return {{
            dark: {DARK}, width: box.width, inside, lines: lines.length > 0,
            canvases: drawn.length > 2 && drawn.every((one, i) => one.toDataURL() === before[i]),
            scale: Math.abs(ratio() / scale - 1) < 0.02,
            figures: document.querySelectorAll(".sections figure canvas").length,
          }};
        }}"""
    )
    assert laid == {
        "dark": False,
        "width": 703,
        "inside": True,
        "lines": True,
        # One that is drawn while the browser prints would hide those below it.
        "canvases": True,
        "scale": True,
        "figures": 2,
    }
    visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert visit.page.evaluate("soramichi.map.getSize().x") == before
    assert visit.page.evaluate(DARK)
    # As the browser does it: both events are its own.
    pdf = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    assert 0 < len(re.findall(rb"/Type /Page\b(?!s)", pdf)) < 5
    assert visit.page.evaluate(DARK)
    assert visit.page.evaluate("soramichi.map.getSize().x") == before


def pressed(visit: Visit) -> str | None:
    return visit.page.locator("#draw").get_attribute("aria-pressed")


@pytest.mark.parametrize("way", ["draw", "edit", "Escape", "remove"])
def test_an_empty_draft_goes_away_however_drawing_ends(mie: Served, opened: Open, way: str) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    open_files(visit, "bay.json", "coast.json")
    visit.page.locator("#draw").click()
    assert pressed(visit) == "true"
    assert visit.page.evaluate(DRAFTS) == 3
    if way == "Escape":
        visit.page.keyboard.press(way)
    elif way == "remove":
        visit.page.get_by_role("button", name="Delete candidate").click()
    else:
        visit.page.locator(f"#{way}").click()
    assert pressed(visit) == "false"
    names = "soramichi.desk.features.map(({ properties }) => properties.name)"
    assert visit.page.evaluate(names) == ["bay.json", "coast.json"]
    # It leaves no step behind: what is undone is the opening of the files.
    visit.page.keyboard.press("Control+z")
    assert visit.page.evaluate(DRAFTS) == 0


def test_pressing_draw_again_ends_drawing_and_keeps_what_was_drawn(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    draw(visit, (700, 300), (900, 380))
    visit.wait(JUDGED)
    visit.page.locator("#draw").click()
    assert pressed(visit) == "false"
    assert visit.page.evaluate(DRAFTS) == 1
    visit.page.locator("#draw").click()
    assert pressed(visit) == "true"
    assert visit.page.evaluate(DRAFTS) == 2


def test_points_that_were_undone_before_drawing_ended_can_be_had_again(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    draw(visit, (700, 300))
    visit.page.keyboard.press("Control+z")
    visit.page.keyboard.press("Escape")
    assert visit.page.evaluate(DRAFTS) == 0
    visit.page.keyboard.press("Control+Shift+z")
    assert visit.page.evaluate("soramichi.desk.features[0].geometry.coordinates.length") == 1


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_what_a_field_cannot_hold_is_said_and_not_judged(
    mie: Served, opened: Open, size: tuple[int, int]
) -> None:
    visit = opened(mie[1], "/routes?lang=ja", size)
    draw(visit, *([(700, 300), (900, 380)] if size == DESKTOP else [(150, 200), (200, 300)]))
    visit.wait(JUDGED)
    message = visit.page.locator("#message")
    visit.page.locator("#conditions summary").click()
    fields = {
        "[name=depart]": (
            "1900-01-01T00:00",
            "「出発(日本時間)」は 2000-01-01 00:00〜2099-12-31 23:59 にしてください。",
        ),
        "[name=speed_mps]": ("500", "「速さ m/s」は 1〜150 にしてください。"),
        "#member-width_m": ("0", "「経路の幅 m」は 1〜2000 にしてください。"),
        "#point-0-metres": ("20000", "「点1 高さ m」は -500〜10000 にしてください。"),
        "#point-1-latitude": ("91", "「点2 緯度 °」は -85〜85 にしてください。"),
    }
    features = visit.page.evaluate("JSON.stringify(soramichi.desk.features)")
    for field, (typed, words) in fields.items():
        visit.page.locator(field).fill(typed)
        visit.page.keyboard.press("Tab")
        assert message.inner_text().startswith(words)
        assert visit.page.evaluate(IN_SIGHT)
        assert visit.page.evaluate("JSON.stringify(soramichi.desk.features)") == features
        assert visit.page.evaluate("JSON.stringify(soramichi.desk.conditions)") == "{}"
    visit.page.locator("[name=depart]").fill("")
    # A date that is half typed; what else is chosen counts.
    visit.page.locator("[name=speed_mps]").fill("")
    visit.page.locator("[name=depart]").press("1")
    visit.page.locator("[name=aircraft_class]").select_option("drone")
    assert message.inner_text().startswith(
        "「出発(日本時間)」を最後まで入れるか、空にしてください。"
    )
    conditions = "JSON.stringify(soramichi.desk.conditions)"
    assert visit.page.evaluate(conditions) == '{"aircraft_class":"drone"}'
    visit.page.locator("[name=depart]").fill("")
    # A name cannot be taken away, only changed.
    visit.page.locator("#member-name").fill(" ")
    visit.page.keyboard.press("Tab")
    assert visit.page.locator("#member-name").input_value() == "候補1"
    # Between the steps of a field's arrows is not outside its limits.
    for field, typed in (("[name=speed_mps]", "33.3"), ("#point-0-metres", "123")):
        visit.page.locator(field).fill(typed)
        visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("soramichi.desk.features[0].geometry.coordinates[0][2]") == 123
    visit.wait("soramichi.desk.conditions.speed_mps === 33.3")
    assert not message.is_visible()


def test_a_message_is_in_the_language_of_now_and_ends_with_the_next_change(
    mie: Served, opened: Open
) -> None:
    visit = opened(mie[1], "/routes?lang=ja")
    open_files(visit, "bay.json")
    visit.page.get_by_role("button", name="候補を削除").click()
    message = visit.page.locator("#message")
    assert message.inner_text().split("\n")[0] == "「bay.json」を削除しました。"
    visit.page.locator("#language").click()
    assert message.inner_text().split("\n")[0] == "“bay.json” was deleted."
    message.get_by_role("button", name="Undo").click()
    assert visit.page.evaluate(DRAFTS) == 1
    assert not message.is_visible()


def test_undo_by_keyboard_keeps_the_focus(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=en", DESKTOP)
    draw(visit, (700, 300), (900, 380))
    visit.wait(JUDGED)
    visit.page.locator("#undo").focus()
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "undo"
    visit.page.locator("#redo").focus()
    visit.page.keyboard.press("Enter")
    # Nothing is left to be done again.
    assert visit.page.evaluate("document.activeElement.id") == "edit"


def test_what_was_done_is_said_in_sight(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=ja", PHONE)
    open_files(visit, "bay.json", "coast.json")
    with visit.page.expect_download():
        visit.page.locator("#save-geojson").click()
    assert visit.page.locator("#message").inner_text() == "保存しました。"
    assert visit.page.evaluate(IN_SIGHT)


def test_a_long_name_is_whole_on_the_card_that_is_chosen(mie: Served, opened: Open) -> None:
    visit = opened(mie[1], "/routes?lang=ja", PHONE)
    long = "とても長い名前の経路" * 12
    open_files(visit, "bay.json", long)
    cut = """[...document.querySelectorAll(".verdict .name")].map((name) =>
      [name.scrollHeight > name.clientHeight + 1, name.title])"""
    assert visit.page.evaluate(cut)[1] == [True, long]
    visit.page.locator(".verdict-head").nth(1).click()
    assert visit.page.evaluate(cut)[1] == [False, long]
