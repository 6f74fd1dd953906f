// The candidate that is being changed, as fields: what it is, and a row for each point.
// Everything that can be done on the map can be done here, by keyboard.

import { fits } from "soramichi/message.js";
import { element, titleOf } from "soramichi/verdicts.js";
import { word } from "soramichi/words.js";

const CLASSES = ["evtol", "drone", "helicopter"];
const DATUMS = ["AGL", "AMSL", "ELLIPSOID", "TAKEOFF"];
const JST = "+09:00";

/** "2026-11-23T10:00" of Japan's clock for a field, "" for none. */
export function fieldTime(text) {
  const at = Date.parse(text ?? "");
  return Number.isFinite(at) ? new Date(at + 9 * 3_600_000).toISOString().slice(0, 16) : "";
}

export class Waypoints {
  /**
   * `on` has member(key, value), place(index, lonlat), height(index, m), insert(index), remove(index)
   * and beyond(control), for what is typed outside its limits and so not taken.
   */
  constructor(root, on) {
    Object.assign(this, { root, on, rows: [] });
  }

  /** Write the candidate; null puts the form away. A field that is being typed in is left alone. */
  show(feature) {
    this.root.hidden = !feature;
    if (!feature) {
      this.rows = [];
      this.root.replaceChildren();
      return;
    }
    const { coordinates } = feature.geometry;
    if (this.rows.length !== coordinates.length || !this.members) this.build(feature);
    for (const [key, field] of this.members) write(field, memberText(feature, key));
    coordinates.forEach(([lon, lat, height], i) => {
      const [latField, lonField, heightField] = this.rows[i];
      write(latField, String(lat));
      write(lonField, String(lon));
      write(heightField, Number.isFinite(height) ? String(height) : "");
    });
  }

  /** Build it anew, in the language of now. */
  build(feature) {
    const had = this.root.contains(document.activeElement) ? document.activeElement.id : "";
    this.members = new Map();
    const head = element("div", "members");
    head.append(
      this.field("name", "title_", input({ type: "text", maxLength: 80 })),
      this.field("aircraft_class", "aircraftClass", select(CLASSES)),
      this.field("height_datum", "datum", select(DATUMS)),
      this.field("departs_at", "depart", input({ type: "datetime-local", min: "2000-01-01T00:00", max: "2099-12-31T23:59" })),
      this.field("speed_mps", "cruise", input({ type: "number", min: 1, max: 150, step: "any" })),
      this.field("width_m", "corridorWidth", input({ type: "number", min: 1, max: 2000, step: "any" })),
    );
    this.rows = [];
    const table = element("div", "points");
    const titles = element("div", "titles");
    titles.append(...["", "latitude", "longitude", "metres"].map((key) => element("span", "", key && word(key))));
    table.append(titles, ...feature.geometry.coordinates.map((_, i) => this.row(i)));
    const add = action(word("addPoint"), () => this.on.insert(feature.geometry.coordinates.length));
    add.id = "add-point";
    this.root.replaceChildren(head, table, add);
    if (had) (document.getElementById(had) ?? add).focus();
  }

  field(key, label, control) {
    const made = element("label");
    control.id = `member-${key}`;
    made.append(element("span", "", word(label)), control);
    control.addEventListener("change", () => {
      if (fits(control)) this.on.member(key, memberValue(key, control));
      else this.on.beyond(control);
    });
    this.members.set(key, control);
    return made;
  }

  row(index) {
    const made = element("div", "row");
    const fields = ["latitude", "longitude", "metres"].map((key) => {
      const span = key === "metres" ? { min: -500, max: 10_000, step: 10 } : { min: key === "latitude" ? -85 : -180, max: key === "latitude" ? 85 : 180, step: 0.001 };
      const control = input({ type: "number", ...span });
      control.id = `point-${index}-${key}`;
      control.setAttribute("aria-label", `${word("point", index + 1)} ${word(key)}`);
      return control;
    });
    const [lat, lon, height] = fields;
    for (const control of [lat, lon]) {
      control.addEventListener("change", () => {
        const [y, x] = [lat.valueAsNumber, lon.valueAsNumber];
        const beyond = [lat, lon].find((each) => !fits(each));
        if (beyond) this.on.beyond(beyond);
        else if (Number.isFinite(y) && Number.isFinite(x)) this.on.place(index, [x, y]);
      });
    }
    height.addEventListener("change", () => (fits(height) ? this.on.height(index, height.valueAsNumber) : this.on.beyond(height)));
    const insert = action("+", () => this.on.insert(index + 1), word("insertAfter", index + 1));
    const remove = action("×", () => this.on.remove(index), word("deletePoint", index + 1));
    remove.id = `point-${index}-remove`;
    made.append(element("span", "number", String(index + 1)), ...fields, insert, remove);
    this.rows.push(fields);
    return made;
  }
}

function memberText(feature, key) {
  const value = key === "name" ? titleOf(feature) : feature.properties[key];
  if (key === "departs_at") return fieldTime(value);
  return value === undefined || value === null ? "" : String(value);
}

function memberValue(key, control) {
  if (key === "departs_at") return control.value ? `${control.value}:00${JST}` : "";
  return control.type === "number" ? control.valueAsNumber : control.value;
}

function write(control, text) {
  const typed = document.activeElement === control && control.tagName === "INPUT";
  if (!typed && control.value !== text) control.value = text;
}

function input(attributes) {
  return Object.assign(document.createElement("input"), attributes);
}

function select(values) {
  const made = document.createElement("select");
  made.append(...values.map((value) => new Option(word(value), value)));
  return made;
}

export function action(text, press, label) {
  const made = element("button", "small", text);
  made.type = "button";
  if (label) Object.assign(made, { title: label }).setAttribute("aria-label", label);
  made.addEventListener("click", press);
  return made;
}
