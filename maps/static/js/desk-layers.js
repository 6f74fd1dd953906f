// What residents ask, as layers under the chosen candidate: its width, the people below, the sound on
// the ground, and where a fall may end. What is not known is drawn and said, never left out in silence.

import { element } from "soramichi/verdicts.js";
import { named, onLanguage, word } from "soramichi/words.js";

export const LAYERS = ["width", "fall", "loudness", "people"];

const LOUD = { 40: "#ffe08a", 50: "#f9a03f", 60: "#e0552b", 70: "#9c1c3b" };
const PEOPLE = [[1000, "#08306b", "people3"], [100, "#2f7cbb", "people2"], [0, "#9ecae1", "people1"]];
const WIDTH = { color: "#f5c32c", weight: 1.5, fillColor: "#f5c32c", fillOpacity: 0.22 };
const FALL = { color: "#7a1f3d", weight: 2, dashArray: "6 4", fillColor: "#7a1f3d", fillOpacity: 0.16 };
const UNKNOWN = { color: "#6b3fb5", weight: 5, dashArray: "1 9", opacity: 0.95 };

const classOf = (people) => PEOPLE.find(([least]) => people >= least);

/** Add one layer of a check's answer to the group. */
export function drawLayer(name, found, group) {
  const add = (geometry, style) => geometry && group.addLayer(L.geoJSON(geometry, { pane: "layers", interactive: false, style }));
  if (name === "width") add(found, WIDTH);
  if (name === "fall") add(found.area, FALL);
  if (name === "loudness") {
    for (const { db, area } of found.levels) add(area, { color: LOUD[db], weight: 1.2, fillColor: LOUD[db], fillOpacity: 0.38 });
  }
  if (name === "people") {
    for (const { geometry, people } of found.cells ?? []) {
      add(geometry, { color: "#ffffff", weight: 0.8, fillColor: classOf(people)[1], fillOpacity: 0.62 });
    }
  }
  if (found.unknown) add(found.unknown, UNKNOWN);
}

export class LayerSwitches {
  /** `toggle(name, on)` is called for each change. */
  constructor(root, on, toggle) {
    Object.assign(this, { root, on, toggle, found: null });
    onLanguage(() => this.write());
  }

  /** Write the switches with legends for a check's layers; null: nothing is judged yet. */
  show(found) {
    this.found = found;
    this.write();
  }

  write() {
    this.root.hidden = !this.found;
    if (!this.found) return;
    const focused = document.activeElement?.id;
    this.root.replaceChildren(element("legend", "", word("layers")), ...LAYERS.map((name) => this.row(name)));
    if (focused?.startsWith("layer-")) document.getElementById(focused)?.focus();
  }

  row(name) {
    const made = element("div", "layer");
    made.dataset.on = String(this.on.has(name));
    const label = element("label", "switch");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", id: `layer-${name}`, checked: this.on.has(name) });
    box.addEventListener("change", () => {
      this.toggle(name, box.checked);
      this.write();
    });
    label.append(box, element("span", "", word(`layer_${name}`)));
    made.append(label);
    const { reason } = this.found[name];
    if (reason) made.append(element("p", "reason", named(reason)));
    if (box.checked) made.append(this.legend(name, this.found[name]));
    return made;
  }

  legend(name, found) {
    const list = element("ul", "swatches");
    const add = (colour, text, kind = "") => {
      const mark = element("i", `swatch ${kind}`);
      mark.style.backgroundColor = colour;
      const item = element("li");
      item.append(mark, element("span", "", text));
      list.append(item);
    };
    if (name === "loudness") this.loudness(found, add);
    if (name === "fall" && found.area) add(FALL.fillColor, word("fallNote"));
    if (name === "people" && found.cells) for (const [, colour, key] of [...PEOPLE].reverse()) add(colour, word(key));
    if (found.unknown) add(UNKNOWN.color, word("unknownStretch"), "dotted");
    return list;
  }

  loudness(found, add) {
    for (const { db } of found.levels) add(LOUD[db], word(`db${db}`));
    if (found.levels.length === 0 && !found.reason) add("transparent", word("quiet"));
    if (found.example) add("transparent", word("loudnessNote", found.example, found.doubt_db));
  }
}
