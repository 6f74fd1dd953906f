// The tools of the desk that a saved page does not have: drawing, files, search, conditions, keeping.

import * as Conditions from "soramichi/conditions.js";
import { Files, asked } from "soramichi/desk-files.js";
import { blank, called, collection, inserted, moved, raised, stated, whole, withMember, without } from "soramichi/draft.js";
import { Finder } from "soramichi/finder.js";
import { Handles } from "soramichi/handles.js";
import { download, isLink, keep, kept, linkOf, linked } from "soramichi/keep.js";
import { Message } from "soramichi/message.js";
import { titleOf } from "soramichi/verdicts.js";
import { Waypoints, action } from "soramichi/waypoints.js";
import { inBoth, named, onLanguage, word } from "soramichi/words.js";

const find = (id) => document.getElementById(id);
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
    this.files = new Files(desk, this.message, () => {
      this.edit(false);
      this.drawn.fitAll(false);
      this.bring();
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
    const found = isLink() ? await linked() : null;
    const own = kept();
    const work = found ?? own;
    const broken = isLink() && !found ? [() => word("linkBroken")] : [];
    if (!work) return this.message.remind(...broken);
    this.desk.conditions = Conditions.write(find("question"), work.conditions);
    find("conditions").open = Object.keys(this.desk.conditions).length > 0;
    this.desk.restore(work.candidates);
    const back = own ? [() => action(word("toOwn"), () => this.toOwn())] : [];
    const begun = found ? [() => word("linkOpened"), ...back] : [() => word("restored"), () => action(word("fresh"), () => this.fresh())];
    return this.message.remind(...broken, ...begun);
  }

  /** From the candidates of a link to the planner's own, which were kept beside them. */
  toOwn() {
    history.replaceState(null, "", location.pathname + location.search);
    location.reload();
  }

  /** Put all of it away; one step leads back. */
  fresh() {
    const { conditions } = this.desk;
    this.edit(false);
    this.desk.notes = [];
    this.desk.conditions = Conditions.write(find("question"));
    this.desk.change([]);
    history.replaceState(null, "", location.pathname + location.search);
    this.message.say(() => word("cleared"), () => action(word("undo"), () => {
      this.desk.conditions = Conditions.write(find("question"), conditions);
      this.desk.back("undo");
    }));
  }

  show() {
    const open = this.editing && this.chosen;
    this.handles.show(open ? this.chosen.geometry.coordinates : null);
    this.form.show(open ? this.chosen : null);
    find("draw-help").hidden = !open || whole(open); // Who drew a line knows how.
    find("draw").setAttribute("aria-pressed", String(Boolean(open)));
    // Without a card there would be no way back.
    find("back").replaceChildren(...(this.desk.features.length > 0 ? [] : this.steps().filter(({ disabled }) => !disabled)));
    find("back").hidden = find("back").children.length === 0;
  }

  /** The buttons that go back and forth. */
  steps() {
    const { past, future } = this.desk.history;
    return [["undo", past], ["redo", future]].map(([step, { length }]) => {
      const button = action(word(step), () => this.desk.back(step));
      return Object.assign(button, { id: step, disabled: length === 0 });
    });
  }

  /** The buttons on the chosen candidate's card. */
  actions(index) {
    const { desk } = this;
    const edit = action(word(this.editing ? "done" : "edit"), () => this.edit(!this.editing));
    edit.classList.toggle("gold", this.editing);
    edit.id = "edit";
    const copy = action(word("copy"), () => desk.add([structuredClone(desk.features[index])]));
    const remove = action(word("remove"), () => this.discard(index));
    return [edit, ...this.steps(), copy, remove];
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
    if (!on) return this.desk.tidy();
    this.desk.show();
    return find("editor").scrollIntoView({ block: "nearest" });
  }

  draw() {
    if (this.editing && this.chosen) return this.edit(false);
    this.editing = true;
    this.desk.add([calledInBoth(blank(), () => word("nameless", this.desk.features.length + 1))]);
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
    if (!a) return [lng, lat];
    const before = coordinates[index - 2] ?? a;
    if (before[0] !== a[0] || before[1] !== a[1]) return beyond(before, a);
    const bounds = this.map.getBounds();
    return [a[0] + (bounds.getEast() - bounds.getWest()) / 8, a[1]];
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
      this.files.receive([...event.dataTransfer.files]);
    });
    find("question").addEventListener("change", (event) => this.setConditions(event.target));
    find("question").addEventListener("submit", (event) => event.preventDefault());
    find("save-html").addEventListener("click", () => this.saveHtml());
    find("save-geojson").addEventListener("click", () => this.saveGeojson());
    find("save-link").addEventListener("click", () => this.saveLink());
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("online", () => this.desk.askAgain());
    addEventListener("hashchange", () => isLink() && location.reload()); // A link, put in this page's address.
  }

  over(event, on) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    find("drop").classList.toggle("over", on);
  }

  key(event) {
    if (event.target.matches?.("input, select, textarea")) return;
    if (event.key === "Escape" && this.editing) this.edit(false);
    if (["Enter", " "].includes(event.key) && event.target === this.map.getContainer()) this.putInTheMiddle(event);
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.desk.back(event.shiftKey ? "redo" : "undo");
  }

  // The arrow keys have moved the map to where the point is wanted.
  putInTheMiddle(event) {
    if (!this.editing || !this.chosen || this.finder.picking) return;
    event.preventDefault();
    const { lng, lat } = this.map.getCenter();
    this.put(this.chosen.geometry.coordinates.length, [lng, lat]);
  }

  setConditions(changed) {
    const [conditions, beyond] = Conditions.read(find("question"), this.desk.conditions);
    this.desk.conditions = conditions;
    this.desk.changed();
    if (beyond.length > 0) this.message.beyond(beyond.includes(changed) ? changed : beyond[0]);
  }

  open(input) {
    this.files.receive([...input.files]);
    input.value = ""; // The same file again is a question again.
  }

  async search(from, to) {
    const { aircraft_class = this.chosen?.properties.aircraft_class ?? "evtol", height_datum, together: _, ...conditions } = this.desk.conditions;
    const datum = ["AGL", "AMSL", "ELLIPSOID"].includes(height_datum) ? { height_datum } : {};
    this.message.say(() => word("searching"));
    try {
      const { proposals, none } = await asked("search", { from, to, aircraft_class, ...datum, ...conditions });
      const found = proposals.map(({ objective, corridor, verdict }) =>
        calledInBoth(stated(corridor, verdict.assumed), () => word("proposal", word(`objective_${objective}`) ?? objective)));
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
const calledInBoth = (feature, write) => {
  const { ja, en } = inBoth(write);
  return called(feature, write(), ja, en);
};

// A point as far behind the last as the last is behind the one before it.
const beyond = ([lon, lat], [lon2, lat2]) => [2 * lon2 - lon, 2 * lat2 - lat];
