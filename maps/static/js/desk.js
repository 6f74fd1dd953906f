// What lies on the planner's desk: candidates, how each was judged, and the conditions for all.
// A verdict belongs to one line under one set of conditions; when either changes it is gone, and what
// is undone has it back.

import { History, collection, numbered, stated, whole } from "soramichi/draft.js";
import { named, word } from "soramichi/words.js";

const SOON_MS = 350; // A drag or a number being typed is one question, not twenty.
const AGAIN_MS = 5000;

/** No answer, or one that is not the judge's: it says nothing about a line, and the server is asked again. */
export class Unreached extends Error {
  get message() {
    return word("unreached");
  }
}

/** What the judge refuses, and why: {ja, en}, said in the language of whoever reads it. */
export class Refused extends Error {
  constructor(reason) {
    super();
    this.reason = reason;
  }

  get message() {
    return named(this.reason);
  }
}

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
      const error = this.problems.get(key);
      const result = error ? null : this.results.get(key) ?? null;
      const state = !whole(feature) ? "draft" : this.refused(feature) ? "unknown" : "pending";
      return { feature, result, state: result ? "" : state, problem: error && said(error) };
    });
  }

  key(feature) {
    return JSON.stringify([feature, this.conditions]);
  }

  choose(index) {
    this.chosen = Math.min(Math.max(0, index), Math.max(0, this.features.length - 1));
    this.show();
  }

  /** Begin with these: no step leads back behind them. */
  restore(features) {
    this.history = new History(features);
    this.chosen = 0;
    this.changed();
  }

  /** Replace the candidates; several changes of the same `what` are one step back. */
  change(features, what = null) {
    this.history.take(features, what);
    this.chosen = Math.min(this.chosen, Math.max(0, features.length - 1));
    this.changed();
  }

  /** Replace the chosen candidate. */
  alter(feature, what = null) {
    const others = this.features.toSpliced(this.chosen, 1);
    this.change(this.features.with(this.chosen, toldApart(feature, others)), what);
  }

  add(features) {
    this.history.take(features.reduce((all, feature) => [...all, toldApart(feature, all)], this.features));
    this.chosen = this.features.length - features.length;
    this.changed();
  }

  /**
   * Take away what was begun and has no point. A draft that was only begun leaves no step to go back
   * to, and points that were undone can still be had again.
   */
  tidy() {
    const { history, features } = this;
    const kept = features.filter(({ geometry }) => geometry.coordinates.length > 0);
    if (kept.length === features.length) return this.show();
    const place = kept.indexOf(features[this.chosen]);
    if (same(history.past.at(-1), kept)) Object.assign(history, { now: history.past.pop(), what: null });
    else history.take(kept);
    this.chosen = place < 0 ? Math.max(0, kept.length - 1) : place;
    return this.changed();
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
    this.waiting = setTimeout(() => this.askAgain(), SOON_MS);
  }

  /** Ask now what could not be asked before. */
  askAgain() {
    clearTimeout(this.lost);
    this.lost = null;
    this.judge();
  }

  /**
   * Ask the server, one question at a time, when a line has no verdict yet or the lines beside it
   * changed: how near candidates come to each other is known only of all of them at once.
   */
  async judge() {
    if (this.asking || this.lost || !this.ask) return;
    // As they are now: what is changed while the answer is under way is another question.
    const { conditions } = this;
    const lines = this.features.filter((feature) => whole(feature) && !this.refused(feature));
    const keys = lines.map((feature) => this.key(feature));
    const open = keys.filter((key) => !this.results.has(key) || this.problems.has(key));
    const together = keys.join();
    if (open.length === 0 && (lines.length === 0 || together === this.together)) return;
    this.asking = true;
    this.together = together;
    try {
      this.keep(keys, await this.check(lines, conditions));
    } catch (error) {
      const unsure = open.length > 0 ? open : keys;
      const asked = unsure.map((key) => [key, lines[keys.indexOf(key)]]);
      if (error instanceof Refused) await this.refuse(error, asked, conditions);
      else this.fail(error, unsure);
    }
    this.asking = false;
    this.show();
    this.judge();
  }

  refused(feature) {
    const error = this.problems.get(this.key(feature));
    return error && !(error instanceof Unreached);
  }

  // Said on the card, and asked again soon; verdicts on lines that were never seen side by side wait for it.
  fail(error, keys) {
    for (const key of keys) this.problems.set(key, error);
    if (!(error instanceof Unreached)) return;
    this.together = null;
    this.lost = setTimeout(() => this.askAgain(), AGAIN_MS);
  }

  // What is refused is asked again when the line or the conditions change. Which of several lines it is
  // shows when each is asked about alone; when none is refused so, they are all unjudged.
  async refuse(error, asked, conditions) {
    const own = new Map();
    for (const [key, line] of asked.length > 1 ? asked : []) {
      const refusal = await this.check([line], conditions).then(() => null, (reason) => reason);
      if (refusal instanceof Unreached) return this.fail(refusal, asked.map(([one]) => one));
      if (refusal) own.set(key, refusal);
    }
    for (const [key] of own.size > 0 ? own : asked) this.problems.set(key, own.get(key) ?? error);
  }

  check(lines, conditions) {
    const text = JSON.stringify(collection(lines));
    return this.ask("check", { ...conditions, candidates: [{ name: "desk.geojson", text }] });
  }

  keep(keys, { verdicts, candidates, profiles, layers, judged_at, separation }) {
    keys.forEach((key, i) => {
      this.problems.delete(key);
      this.results.set(key, {
        verdict: verdicts[i], line: candidates.features[i], profile: profiles[i], layers: layers[i], judged_at, separation,
      });
    });
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

const said = (error) => (error instanceof Unreached ? word("askedAgain") : error.message);

// Two lines under one name could not be told apart in a file or a table.
function toldApart(feature, others) {
  const names = ({ properties: { name, title_ja, title_en } }) => [name, title_ja, title_en].filter(Boolean);
  const taken = new Set(others.flatMap(names));
  let own = feature;
  for (let n = 2; names(own).some((name) => taken.has(name)); n += 1) own = numbered(feature, n);
  return own;
}

const same = (before, now) => before?.length === now.length && before.every((feature, i) => feature === now[i]);

// Where a name had to be told apart, the verdict bears the new one as well.
function renamed(answer, features) {
  const name = (i) => features[i].properties.name;
  const verdicts = answer.verdicts.map((verdict, i) => ({ ...verdict, candidate: name(i) }));
  return { ...answer, verdicts };
}
