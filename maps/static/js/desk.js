// What lies on the planner's desk: candidates, how each was judged, and the conditions for all.
// A verdict belongs to one line under one set of conditions; when either changes it is gone, and what
// is undone has it back.

import { History, collection, stated, whole } from "soramichi/draft.js";

const SOON_MS = 350; // A drag or a number being typed is one question, not twenty.

export class Desk {
  /** `show` is called after each change. */
  constructor(show) {
    Object.assign(this, { show, chosen: 0, conditions: {}, notes: [], results: new Map(), problems: new Map() });
    this.history = new History([]);
  }

  get features() {
    return this.history.now;
  }

  get entries() {
    return this.features.map((feature) => {
      const key = this.key(feature);
      const result = this.results.get(key) ?? null;
      const problem = this.problems.get(key);
      const state = !whole(feature) ? "draft" : problem ? "unknown" : "pending";
      return { feature, result, state: result ? "" : state, problem };
    });
  }

  key(feature) {
    return JSON.stringify([feature, this.conditions]);
  }

  choose(index) {
    this.chosen = Math.min(Math.max(0, index), Math.max(0, this.features.length - 1));
    this.show();
  }

  /** Replace the candidates; several changes of the same `what` are one step back. */
  change(features, what = null) {
    this.history.take(features, what);
    this.chosen = Math.min(this.chosen, Math.max(0, features.length - 1));
    this.changed();
  }

  /** Replace the chosen candidate. */
  alter(feature, what = null) {
    this.change(this.features.with(this.chosen, feature), what);
  }

  add(features) {
    this.history.take([...this.features, ...features.map((feature) => this.toldApart(feature))]);
    this.chosen = this.features.length - features.length;
    this.changed();
  }

  // Two lines under one name could not be told apart in a file or a table.
  toldApart(feature) {
    const taken = new Set(this.features.map(({ properties }) => properties.name));
    const { name } = feature.properties;
    let own = name;
    for (let n = 2; taken.has(own); n += 1) own = `${name} ${n}`;
    return own === name ? feature : { ...feature, properties: { ...feature.properties, name: own } };
  }

  back(step) {
    this.history[step]();
    this.choose(this.chosen);
    this.changed();
  }

  changed() {
    this.show();
    this.whenChanged?.();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.judge(), SOON_MS);
  }

  /**
   * Ask the server, one question at a time, when a line has no verdict yet or the lines beside it
   * changed: how near candidates come to each other is known only of all of them at once.
   */
  async judge() {
    if (this.asking || !this.ask) return;
    const lines = this.features.filter((feature) => whole(feature) && !this.problems.has(this.key(feature)));
    const keys = lines.map((feature) => this.key(feature));
    const open = keys.filter((key) => !this.results.has(key));
    const together = keys.join();
    if (open.length === 0 && (lines.length === 0 || together === this.together)) return;
    this.asking = true;
    try {
      const text = JSON.stringify(collection(lines));
      this.keep(keys, await this.ask("check", { ...this.conditions, candidates: [{ name: "desk.geojson", text }] }));
    } catch (error) {
      // Said on the card; a change of the line, or of the conditions, asks again.
      for (const key of open) this.problems.set(key, error.message);
    }
    this.together = together;
    this.asking = false;
    this.show();
    this.judge();
  }

  keep(keys, { verdicts, candidates, profiles, layers, judged_at, separation }) {
    keys.forEach((key, i) => this.results.set(key, {
      verdict: verdicts[i], line: candidates.features[i], profile: profiles[i], layers: layers[i], judged_at, separation,
    }));
  }

  /** Lay an answer on the desk as it is: a saved page, or files that were just judged. */
  take(answer) {
    const features = answer.candidates.features.map((feature, i) => stated(feature, answer.verdicts[i].assumed));
    this.notes = [...this.notes, ...(answer.notes ?? [])];
    const before = this.features.length;
    this.add(features);
    const added = this.features.slice(before);
    // A verdict on the line as its file has it, under no conditions but its own.
    if (Object.keys(this.conditions).length === 0) this.keep(added.map((feature) => this.key(feature)), renamed(answer, added));
    this.show();
  }
}

// Where a name had to be told apart, the verdict bears the new one as well.
function renamed(answer, features) {
  const name = (i) => features[i].properties.name;
  const verdicts = answer.verdicts.map((verdict, i) => ({ ...verdict, candidate: name(i) }));
  return { ...answer, verdicts };
}
