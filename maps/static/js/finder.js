// "From here to there": two places, by name, by pressing the map, or by their coordinates.

import { element } from "soramichi/verdicts.js";
import { action } from "soramichi/waypoints.js";
import { named, onLanguage, word } from "soramichi/words.js";

const PLACES = new Set(["vertiport", "place", "city", "capital", "island"]);

export class Finder {
  /** `ask(from, to)` searches; `places` are {ja, en, kind, lon, lat}. */
  constructor(root, map, places, ask) {
    Object.assign(this, { root, map, ask, ends: {}, picking: null });
    this.places = places.filter(({ kind }) => PLACES.has(kind));
    map.on("click", ({ latlng }) => this.picking && this.picked(latlng));
    root.addEventListener("submit", (event) => {
      event.preventDefault();
      const [from, to] = ["from", "to"].map((end) => this.value(end));
      if (from && to) ask(from, to);
    });
    onLanguage(() => this.build());
  }

  build() {
    const kept = Object.fromEntries(Object.entries(this.ends).map(([end, { lon, lat, select }]) => [end, [lon.value, lat.value, select.value]]));
    const go = element("button", "gold", word("search"));
    go.type = "submit";
    this.root.replaceChildren(this.end("from", kept.from), this.end("to", kept.to), go);
  }

  end(end, [keptLon, keptLat, keptPlace] = ["", "", ""]) {
    const made = element("fieldset");
    const select = document.createElement("select");
    select.setAttribute("aria-label", word(end));
    select.append(new Option(word("own"), ""), ...this.places.map((place, i) => new Option(named(place), String(i))));
    const [lat, lon] = ["latitude", "longitude"].map((key) => {
      const control = Object.assign(document.createElement("input"), { type: "number", step: "any", required: true, min: key === "latitude" ? -85 : -180, max: key === "latitude" ? 85 : 180 });
      control.setAttribute("aria-label", `${word(end)} ${word(key)}`);
      control.placeholder = word(key);
      return control;
    });
    [lon.value, lat.value, select.value] = [keptLon, keptLat, keptPlace];
    // What is typed is no longer the place of that name.
    for (const control of [lat, lon]) control.addEventListener("input", () => (select.value = ""));
    select.addEventListener("change", () => {
      const place = this.places[Number(select.value)];
      if (select.value !== "" && place) [lon.value, lat.value] = [String(place.lon), String(place.lat)];
    });
    const pick = action(word("pick"), () => this.pick(end));
    this.ends[end] = { lon, lat, select, pick };
    made.append(element("legend", "", word(end)), select, lat, lon, pick);
    return made;
  }

  pick(end) {
    this.picking = end;
    this.ends[end].pick.textContent = word("picking");
    this.map.getContainer().classList.add("drawing");
  }

  picked({ lng, lat }) {
    const fields = this.ends[this.picking];
    [fields.lon.value, fields.lat.value, fields.select.value] = [lng.toFixed(5), lat.toFixed(5), ""];
    fields.pick.textContent = word("pick");
    this.picking = null;
    this.map.getContainer().classList.remove("drawing");
  }

  /** [lon, lat] of an end, or null. */
  value(end) {
    const { lon, lat } = this.ends[end];
    const place = [lon.valueAsNumber, lat.valueAsNumber];
    return place.every(Number.isFinite) ? place : null;
  }
}
