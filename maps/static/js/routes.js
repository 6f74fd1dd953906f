// /routes: candidates are drawn, dropped or searched for, judged by the server, and shown with what was
// found: on the map, from the side and in words. A saved file carries the answer and asks nobody.

import "soramichi/desk-words.js";
import { drawBasemap } from "soramichi/basemap.js";
import { controls } from "soramichi/controls.js";
import { showBetween } from "soramichi/desk-between.js";
import { DeskMap } from "soramichi/desk-map.js";
import { Desk } from "soramichi/desk.js";
import { LayerSwitches } from "soramichi/desk-layers.js";
import { date, clock } from "soramichi/format.js";
import { config, resource } from "soramichi/resources.js";
import { Section, along, placeAt, told } from "soramichi/section.js";
import { comparison, element, letterOf, titleOf, verdictCard } from "soramichi/verdicts.js";
import { named, onLanguage, word } from "soramichi/words.js";
import { Zones } from "soramichi/zones.js";

const find = (id) => document.getElementById(id);
const map = globalThis.map_soramichi;
const [basemap, places] = await Promise.all([resource("basemap"), resource("places")]);
if (!config.tiles) drawBasemap(map, basemap);
const drawn = new DeskMap(map, places, (index) => desk.choose(index));
const zones = config.zones ? new Zones(map, config.paths, find("zones"), find("zone"), {
  names: (found) => drawn.name(found),
  corridors: (features) => drawn.takeCorridors(features),
}) : null;
const section = new Section(find("section"));
const switches = new LayerSwitches(find("layers"), drawn.on, (name, on) => drawn.toggle(name, on));
const editing = config.saved ? null : (await import("soramichi/desk-tools.js"));
const desk = new Desk(show);
let paper = false;
const A4_PX = 703; // As in desk.css.

if (zones) {
  find("zones-on").addEventListener("change", (event) => zones.show(event.target.checked));
  map.on("click", (event) => zones.at !== event.originalEvent && zones.press(null));
}

/** Everything of the page from what the desk knows now. */
function show() {
  const { entries, chosen } = desk;
  const result = entries[chosen]?.result ?? null;
  const first = result && !document.body.classList.contains("answered");
  document.body.classList.toggle("answered", Boolean(result));
  drawn.show(entries, chosen);
  if (first && !tools?.editing) drawn.fitAgain(); // The profile takes some of the room.
  const letters = lettersOf(entries);
  const had = find("verdicts").contains(document.activeElement) ? document.activeElement.id : "";
  const cards = entries.map((entry, index) => verdictCard(entry, index, {
    chosen: paper || index === chosen,
    choose: () => desk.choose(index),
    letters,
    press: ({ geometry }) => geometry && drawn.fit(geometry.coordinates),
    actions: index === chosen && !paper && tools ? tools.actions(index) : [],
  }));
  // The form stands below the card that it changes, and is never taken out: somebody types in it.
  for (const old of find("verdicts").querySelectorAll(":scope > .verdict")) old.remove();
  find("verdicts").prepend(...cards.slice(0, chosen + 1));
  find("verdicts").append(...cards.slice(chosen + 1));
  // The cards are made anew: who pressed a button of one by keyboard goes on from there.
  if (had) [find(had), find("edit")].find((button) => button && !button.disabled)?.focus({ preventScroll: true });
  showBetween(find("between"), entries, (coordinates) => drawn.fit(coordinates));
  find("nothing").hidden = entries.length > 0;
  const judged = entries.some((entry) => entry.result);
  find("comparison").replaceChildren(...(judged ? [comparison(entries)] : []));
  find("keeping").hidden = !judged;
  find("judged").textContent = judged ? facts(entries) : "";
  find("odd").replaceChildren(...desk.notes.map(({ file, identifier, reason }) =>
    element("li", "", [file, identifier, named(reason)].filter(Boolean).join(": "))));
  find("odd").parentElement.hidden = desk.notes.length === 0;
  switches.show(result?.layers ?? null);
  tools?.show();
  drawSection();
}

/** The letter of every candidate by its name. */
const lettersOf = (entries) => new Map(entries.map(({ feature }, index) => [feature.properties.name, letterOf(index)]));

function facts(entries) {
  const { judged_at, verdict } = entries.find(({ result }) => result).result;
  const at = new Date(judged_at);
  return `${word("judged", `${date(at)} ${clock(at)}`, verdict.rules ?? word("notKnown"))}。${word("illustrative")}`.replace("。For", ". For");
}

function drawSection() {
  const entry = desk.entries[desk.chosen];
  if (!entry?.result || paper) return;
  section.draw(entry.result, lettersOf(desk.entries));
  const slider = find("along");
  slider.max = String(Math.round(entry.result.profile.length_m));
  slider.step = String(Math.max(1, Math.round(entry.result.profile.length_m / 500)));
  find("here").textContent = "";
  drawn.point(null);
}

/** Show one place of the chosen line on the map and in words. */
function pointAt(metres) {
  const entry = desk.entries[desk.chosen];
  if (!entry?.result) return;
  const { coordinates } = entry.result.line.geometry;
  const way = along(coordinates, entry.result.profile.length_m);
  drawn.point(placeAt(coordinates, way, metres));
  const words = told(entry.result, metres);
  find("here").textContent = words;
  find("along").value = String(metres);
  find("along").setAttribute("aria-valuetext", words);
}

const canvas = find("section");
canvas.addEventListener("pointermove", (event) => pointAt(section.metresAt(event.offsetX)));
canvas.addEventListener("pointerdown", (event) => pointAt(section.metresAt(event.offsetX)));
find("along").addEventListener("input", (event) => pointAt(event.target.valueAsNumber));

/**
 * Lay the page out for A4, or for the screen again. The map is drawn anew for either, unless the
 * browser prints already: a canvas that is drawn while it does loses its transparency, and each
 * would hide those below.
 */
function layOut(on, begun = false) {
  paper = on;
  if (begun) drawn.hold(A4_PX);
  document.body.classList.toggle("printing", on);
  if (!begun) {
    drawn.hold(null);
    map.invalidateSize({ animate: false });
    drawn.fitAll(false);
  }
  show();
  const judged = on ? desk.entries.map((entry, index) => ({ ...entry, index })).filter(({ result }) => result) : [];
  find("sections").replaceChildren(...judged.map(({ feature, index }) => {
    const figure = element("figure");
    figure.append(element("figcaption", "", `${letterOf(index)} ${titleOf(feature)}`), document.createElement("canvas"));
    return figure;
  }));
  [...find("sections").querySelectorAll("canvas")].forEach((made, i) => new Section(made).draw(judged[i].result, lettersOf(desk.entries), true));
  for (const fold of document.querySelectorAll(".cautions, .odd")) fold.open = on;
}

function printed() {
  layOut(true);
  requestAnimationFrame(() => requestAnimationFrame(() => print()));
}

// Printed from the browser's own menu there is no time before.
addEventListener("beforeprint", () => !paper && layOut(true, true));
addEventListener("afterprint", () => layOut(false));
find("print").addEventListener("click", printed);
addEventListener("keydown", (event) => {
  if (event.key?.toLowerCase() !== "p" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  printed();
});
controls(map, () => drawn.fitAll());
const tools = editing ? new editing.DeskTools(map, desk, drawn, places.places) : null;
onLanguage(() => {
  document.title = `${word("routes")} · ${word("title")}`;
  show();
});
addEventListener("resize", () => !paper && drawSection());
if (config.saved) desk.take(await resource("answer"));
else await tools.begin();
drawn.fitAll(false);
globalThis.soramichi = { ready: true, map, desk, drawn, zones, layOut };
