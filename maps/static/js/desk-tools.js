// The tools of the desk that a saved page does not have: drawing, files, search, conditions, keeping.

import { blank, called, collection, inserted, moved, raised, stated, whole, withMember, without } from "soramichi/draft.js";
import { Refused, Unreached } from "soramichi/desk.js";
import { Finder } from "soramichi/finder.js";
import { Handles } from "soramichi/handles.js";
import { download, insidePage, keep, kept, linkOf, linked } from "soramichi/keep.js";
import { Message, fits } from "soramichi/message.js";
import { config } from "soramichi/resources.js";
import { titleOf } from "soramichi/verdicts.js";
import { Waypoints, action } from "soramichi/waypoints.js";
import { inLanguage, named, onLanguage, word } from "soramichi/words.js";

const find = (id) => document.getElementById(id);
const NUMBERS = ["speed_mps", "width_m"];

const unreached = () => {
  throw new Unreached();
};

// A proxy, or the server before it looks at the question, says no more than a number.
const unexplained = (status) => {
  const write = () => (status === 413 ? word("tooLarge") : word("refused", status));
  return { ja: inLanguage("ja", write), en: inLanguage("en", write) };
};

async function asked(what, question) {
  const response = await fetch(config.paths.check.replace(/check$/, what), {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question),
  }).catch(unreached);
  if (response.status >= 500) unreached();
  if (!response.ok) {
    const { message, detail } = await response.json().catch(() => ({}));
    throw new Refused(message ?? (detail ? { en: detail } : unexplained(response.status)));
  }
  return (what === "html" ? response.text() : response.json()).catch(unreached);
}

export class DeskTools {
  constructor(map, desk, drawn, places) {
    Object.assign(this, { map, desk, drawn, editing: false, message: new Message(find("message")) });
    desk.ask = asked;
    desk.whenChanged = () => {
      this.message.say(); // What was said before is over with what comes after it.
      keep({ candidates: desk.features.filter(whole), conditions: desk.conditions });
    };
    this.handles = new Handles(map, {
      add: (place) => !this.finder.picking && this.put(this.chosen.geometry.coordinates.length, place),
      insert: (index, place) => this.put(index, place, "drag"),
      move: (index, place, done) => this.move(index, place, done),
      remove: (index) => this.remove(index),
    });
    this.form = new Waypoints(find("editor"), {
      member: (key, value) => desk.alter(withMember(this.chosen, key, value)),
      place: (index, place) => desk.alter(moved(this.chosen, index, place)),
      height: (index, metres) => desk.alter(raised(this.chosen, index, metres)),
      insert: (index) => this.put(index, this.between(index)),
      remove: (index) => this.remove(index),
      beyond: (control) => this.message.beyond(control),
    });
    this.finder = new Finder(find("finder"), map, places, (from, to) => this.search(from, to));
    this.wire();
    onLanguage(() => {
      this.form.members = null;
      this.message.again();
      this.show();
    });
  }

  get chosen() {
    return this.desk.features[this.desk.chosen];
  }

  /** What the address or this browser has from before. */
  async begin() {
    const work = (await linked()) ?? kept();
    if (!work) return;
    this.desk.conditions = work.conditions ?? {};
    for (const [key, value] of Object.entries(this.desk.conditions)) {
      const control = find("question").elements[key];
      if (control?.type === "checkbox") control.checked = value === true;
      else if (control) control.value = key === "depart" ? String(value).slice(0, 16) : String(value);
    }
    find("conditions").open = Object.keys(this.desk.conditions).length > 0;
    this.desk.change(work.candidates);
    this.message.remind(() => word("restored"), () => action(word("fresh"), () => this.fresh()));
  }

  fresh() {
    this.edit(false);
    this.desk.notes = [];
    this.desk.change([]);
    history.replaceState(null, "", location.pathname + location.search);
  }

  show() {
    const open = this.editing && this.chosen;
    this.handles.show(open ? this.chosen.geometry.coordinates : null);
    this.form.show(open ? this.chosen : null);
    find("draw-help").hidden = !open || whole(open); // Who drew a line knows how.
    find("draw").setAttribute("aria-pressed", String(Boolean(open)));
  }

  /** The buttons on the chosen candidate's card. */
  actions(index) {
    const { desk } = this;
    const edit = action(word(this.editing ? "done" : "edit"), () => this.edit(!this.editing));
    edit.classList.toggle("gold", this.editing);
    edit.id = "edit";
    const undo = action(word("undo"), () => desk.back("undo"));
    undo.disabled = desk.history.past.length === 0;
    const redo = action(word("redo"), () => desk.back("redo"));
    redo.disabled = desk.history.future.length === 0;
    undo.id = "undo";
    redo.id = "redo";
    const copy = action(word("copy"), () => desk.add([structuredClone(desk.features[index])]));
    const remove = action(word("remove"), () => this.discard(index));
    return [edit, undo, redo, copy, remove];
  }

  discard(index) {
    const gone = this.desk.features[index];
    this.edit(false);
    if (!this.desk.features.includes(gone)) return; // It had no point, and went with the drawing.
    this.desk.change(this.desk.features.filter((feature) => feature !== gone));
    this.message.say(() => word("removed", titleOf(gone)), () => action(word("undo"), () => this.desk.back("undo")));
  }

  edit(on) {
    this.editing = on;
    if (on) this.desk.show();
    else this.desk.tidy();
  }

  draw() {
    if (this.editing && this.chosen) return this.edit(false);
    this.editing = true;
    this.desk.add([inBoth(blank(), () => word("nameless", this.desk.features.length + 1))]);
    return this.map.getContainer().focus({ preventScroll: true });
  }

  put(index, place, what = null) {
    this.desk.alter(inserted(this.chosen, index, place), what);
  }

  move(index, place, done) {
    this.desk.alter(moved(this.chosen, index, place), "drag");
    if (done) this.desk.history.what = null;
  }

  remove(index) {
    this.desk.alter(without(this.chosen, index));
    const last = this.chosen.geometry.coordinates.length - 1;
    document.getElementById(`point-${Math.min(index, last)}-remove`)?.focus();
  }

  // A new point without a press of the map: in the middle of its neighbours, or of the map.
  between(index) {
    const { coordinates } = this.chosen.geometry;
    const [a, b] = [coordinates[index - 1], coordinates[index]];
    if (a && b) return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const { lng, lat } = this.map.getCenter();
    return a && coordinates.length > 1 ? beyond(coordinates.at(-2), a) : [lng, lat];
  }

  wire() {
    find("draw").addEventListener("click", () => this.draw());
    find("find").addEventListener("click", (event) => {
      find("finder").hidden = !find("finder").hidden;
      event.currentTarget.setAttribute("aria-expanded", String(!find("finder").hidden));
    });
    find("files").addEventListener("change", (event) => this.open(event.target));
    for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => this.over(event, true));
    addEventListener("dragleave", (event) => this.over(event, false));
    addEventListener("drop", (event) => {
      this.over(event, false);
      this.receive([...event.dataTransfer.files]);
    });
    find("question").addEventListener("change", (event) => this.setConditions(event.target));
    find("question").addEventListener("submit", (event) => event.preventDefault());
    find("save-html").addEventListener("click", () => this.saveHtml());
    find("save-geojson").addEventListener("click", () => this.saveGeojson());
    find("save-link").addEventListener("click", () => this.saveLink());
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("online", () => this.desk.askAgain());
  }

  over(event, on) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    find("drop").classList.toggle("over", on);
  }

  key(event) {
    if (event.target.matches?.("input, select, textarea")) return;
    if (event.key === "Escape" && this.editing) this.edit(false);
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.desk.back(event.shiftKey ? "redo" : "undo");
  }

  setConditions(changed) {
    const beyond = [...find("question").elements].filter((control) => !fits(control));
    const form = new FormData(find("question"));
    const conditions = {};
    for (const [key, value] of form) if (value !== "") conditions[key] = NUMBERS.includes(key) ? Number(value) : value;
    if (conditions.together) conditions.together = true;
    // The field has Japan's time, the server wants it with its zone.
    if (conditions.depart) conditions.depart = `${conditions.depart}:00+09:00`;
    // What cannot be taken stays as it was; the others count.
    for (const { name } of beyond) {
      delete conditions[name];
      if (name in this.desk.conditions) conditions[name] = this.desk.conditions[name];
    }
    this.desk.conditions = conditions;
    this.desk.changed();
    if (beyond.length > 0) this.message.beyond(beyond.includes(changed) ? changed : beyond[0]);
  }

  open(input) {
    this.receive([...input.files]);
    input.value = ""; // The same file again is a question again.
  }

  /** Take files in: each is read by the server, or is a page that was saved here before. */
  async receive(files) {
    if (files.length === 0) return;
    this.message.say(() => word("checking"));
    try {
      const texts = await Promise.all(files.map(async (file) => ({ name: file.name, text: await file.text() })));
      const candidates = texts.filter(({ text }) => !insidePage(text));
      for (const { text } of texts) {
        const inside = insidePage(text);
        if (inside) this.desk.add(inside.map(({ feature, assumed }) => stated(feature, assumed)));
      }
      const { height_datum } = this.desk.conditions;
      if (candidates.length > 0) this.desk.take(await asked("check", { candidates, ...(height_datum && { height_datum }) }));
      this.edit(false);
      this.message.say();
      this.drawn.fitAll(false);
      this.bring();
    } catch (error) {
      this.message.failed(error);
    }
  }

  async search(from, to) {
    const { aircraft_class = this.chosen?.properties.aircraft_class ?? "evtol", height_datum, together: _, ...conditions } = this.desk.conditions;
    const datum = ["AGL", "AMSL", "ELLIPSOID"].includes(height_datum) ? { height_datum } : {};
    this.message.say(() => word("searching"));
    try {
      const { proposals, none } = await asked("search", { from, to, aircraft_class, ...datum, ...conditions });
      const found = proposals.map(({ objective, corridor, verdict }) =>
        inBoth(stated(corridor, verdict.assumed), () => word("proposal", word(`objective_${objective}`) ?? objective)));
      if (found.length > 0) {
        this.edit(false); // Of what was drawn before: what is found is looked at first.
        this.desk.add(found);
      }
      if (none) this.message.say(() => `${word("none")} ${named(none.reason)}`);
      else this.message.say();
      this.drawn.fitAll(false);
      if (found.length > 0) this.bring();
    } catch (error) {
      this.message.failed(error, "notSearched");
    }
  }

  /** The card of what was just found or opened into sight: it is far below where that was asked. */
  bring() {
    find("verdicts").querySelector('[data-chosen="true"]')?.scrollIntoView({ block: "nearest" });
  }

  work() {
    return { candidates: this.desk.features.filter(whole), conditions: this.desk.conditions };
  }

  async saveHtml() {
    this.message.say(() => word("saving"));
    try {
      const text = JSON.stringify(collection(this.work().candidates));
      const page = await asked("html", { ...this.desk.conditions, candidates: [{ name: "desk.geojson", text }] });
      download("soramichi-routes.html", "text/html", page);
      this.message.say(() => word("saved_"));
    } catch (error) {
      this.message.failed(error, "notSaved");
    }
  }

  saveGeojson() {
    download("soramichi-routes.geojson", "application/geo+json", JSON.stringify(collection(this.work().candidates), null, 1));
    this.message.say(() => word("saved_"));
  }

  async saveLink() {
    const link = await linkOf(this.work());
    if (!link) return this.message.say(() => word("linkLong"));
    history.replaceState(null, "", link);
    const field = Object.assign(document.createElement("input"), { readOnly: true, value: link });
    // Only a secure page may write the clipboard: elsewhere the field is there to be copied from.
    const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
    this.message.say(() => word(copied ? "linkCopied" : "linkHere"), () => {
      field.setAttribute("aria-label", word("link"));
      return field;
    });
    return field.select();
  }
}

// Called so in both languages.
const inBoth = (feature, write) => called(feature, write(), inLanguage("ja", write), inLanguage("en", write));

// A point as far behind the last as the last is behind the one before it.
const beyond = ([lon, lat], [lon2, lat2]) => [2 * lon2 - lon, 2 * lat2 - lat];
