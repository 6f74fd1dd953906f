// The list of aircraft beside the map: one card each, its text renewed once a second.
// Names come from operators: they are only ever set as text.

import { asShown } from "soramichi/feed.js";
import { age, clock, date, direction, heightAndDatum, speed } from "soramichi/format.js";
import { heightClass, heightColour } from "soramichi/palette.js";
import { picture } from "soramichi/shapes.js";
import { loudness } from "soramichi/surface.js";
import { named, word } from "soramichi/words.js";

const CARDS_AT_MOST = 60;
const CLIMB_MPS = 0.5;

function element(tag, className, parent) {
  const made = document.createElement(tag);
  made.className = className;
  parent?.append(made);
  return made;
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = text === "";
}

/** How it is, in words: recorded with its date, lost with its age, or what the aircraft says. */
export function condition(one, presence, silence_s) {
  if (presence === "late") return { kind: "late", text: word("late", age(silence_s)) };
  if (presence !== "now") return { kind: "lost", text: word("lost", age(silence_s)) };
  if (one.state.status === "Emergency") return { kind: "emergency", text: word("Emergency") };
  if (one.track.recorded) {
    return { kind: "recorded", text: word("recordedOn", date(new Date(one.state.time))) };
  }
  if (one.state.status === "Ground") return { kind: "ground", text: word("Ground") };
  if (one.state.status === "RemoteIDSystemFailure") return { kind: "late", text: word("RemoteIDSystemFailure") };
  return { kind: "airborne", text: word("Airborne") };
}

class Card {
  constructor(one, choose, saved) {
    this.saved = saved;
    this.item = element("li", "");
    this.button = element("button", "card", this.item);
    this.button.type = "button";
    this.button.dataset.aircraft = one.id;
    this.button.addEventListener("click", () => choose(one.id));
    this.icon = element("span", "icon", this.button);
    const head = element("span", "head", this.button);
    this.name = element("strong", "name", head);
    const second = element("span", "second", head);
    this.kind = element("span", "kind", second);
    this.badge = element("span", "badge", second);
    this.way = new Way(this.button);
    const facts = element("span", "facts", this.button);
    this.height = fact(facts, "height");
    this.speed = fact(facts, "speed");
    this.sound = fact(facts, "sound");
    this.observed = element("span", "observed", this.button);
    this.again = element("a", "again", this.item);
  }

  show(newest, { feed, surface, journeys }, selected) {
    const one = asShown(newest);
    const presence = feed.presence(one);
    const { kind, text } = condition(one, presence, feed.silence_s(one));
    const { state } = one;
    this.paint(one);
    this.offerReplay(one, feed.paths, selected);
    this.button.setAttribute("aria-pressed", String(selected));
    this.button.dataset.presence = presence;
    write(this.name, named(one.name));
    write(this.kind, word(one.aircraft_class) ?? word("unknown"));
    write(this.badge, text);
    this.badge.dataset.kind = kind;
    this.way.show(journeys.of(one));
    const above = surface.heightAbove(state);
    this.height.show("height", ...heightAndDatum(state), aboveGround(state, above));
    this.speed.show("speed", speed(state), [direction(state), word(climb(state))].filter(Boolean).join(" · "));
    this.sound.show("sound", ...sound(one, above));
    const at = new Date(state.time);
    const day = one.track.recorded ? `${date(at)} ` : "";
    write(this.observed, `${word("observed")} ${day}${clock(at)} ${word("jst")}`);
  }

  // Only on the chosen card: the others stay calm.
  offerReplay({ state }, paths, selected) {
    this.again.hidden = !selected || !state.flight || this.saved;
    if (this.again.hidden) return;
    this.again.href = paths.replay.replace("{id}", encodeURIComponent(state.flight));
    write(this.again, word("replay"));
  }

  paint(one) {
    const colour = heightColour(heightClass(one.state.altitude_m));
    const key = colour + one.aircraft_class;
    if (this.painted !== key) {
      this.icon.replaceChildren(picture(one.aircraft_class, "currentColor"));
      this.icon.style.setProperty("--height", colour);
    }
    this.painted = key;
  }
}

/** From, to, and how much of the way is behind it. */
class Way {
  constructor(parent) {
    this.box = element("span", "way", parent);
    const ends = element("span", "ends", this.box);
    this.from = element("span", "from", ends);
    this.arrow = element("span", "arrow", ends);
    this.arrow.textContent = "→";
    this.to = element("span", "to", ends);
    this.line = element("span", "line", this.box);
    this.done = element("i", "", this.line);
    this.left = element("span", "left", this.box);
  }

  show({ from, to, expected, left_s, share }) {
    this.box.hidden = !from && !to;
    write(this.from, named(from) || word("fromUnknown"));
    write(this.to, to ? named(to) + (expected ? ` (${word("expected")})` : "") : word("toUnknown"));
    this.to.classList.toggle("unsaid", !to);
    this.line.hidden = share === null;
    if (share !== null) this.done.style.setProperty("--share", share.toFixed(3));
    write(this.left, left_s === null ? "" : word("minutesLeft", Math.round(left_s / 60)));
  }
}

/** What is known of its height above what lies below; where that is what is told already, "". */
export function aboveGround({ altitude_datum }, above) {
  if (!above) return word("overUnknown");
  if (altitude_datum === "AGL") return "";
  return word(above.over === "sea" ? "overSea" : "overGround", Math.round(above.metres));
}

/** [range, what that is like] of the sound right below an aircraft in the air. */
export function sound(one, above) {
  if (one.state.status === "Ground") return [word("Ground"), ""];
  const level = loudness(one, above);
  if (!level) return [word("soundUnknown"), ""];
  if (level.high === null) return [word("soundAtLeast", level.low), word("groundUnknown")];
  return [word("soundOf", level.low, level.high), word("soundLike", (level.low + level.high) / 2)];
}

class Fact {
  constructor(parent, name) {
    const box = element("span", `fact ${name}`, parent);
    this.label = element("span", "label", box);
    this.value = element("span", "value", box);
    this.more = [0, 1].map(() => element("span", "more", box));
  }

  /** A figure, and below it in small what belongs to it, a line each. */
  show(label, value, ...more) {
    write(this.label, word(label));
    write(this.value, value);
    this.more.forEach((line, i) => write(line, more[i] ?? ""));
  }
}

const fact = (parent, name) => new Fact(parent, name);

function climb({ vertical_speed_mps }) {
  if (vertical_speed_mps > CLIMB_MPS) return "climbing";
  return vertical_speed_mps < -CLIMB_MPS ? "descending" : "";
}

export class Cards {
  /**
   * `list` is the ul; `choose(id)` is called when a card is pressed; `knowledge` has the feed,
   * the surface and the journeys.
   */
  constructor(list, knowledge, choose) {
    Object.assign(this, { list, knowledge, feed: knowledge.feed, choose, cards: new Map(), selected: null });
  }

  show() {
    const all = this.feed.visible();
    const shown = all.map((one) => [this.rank(one), one]).sort((a, b) => a[0] - b[0]).slice(0, CARDS_AT_MOST);
    const wanted = new Set(shown.map(([, one]) => one.id));
    for (const [id, card] of this.cards) {
      if (!wanted.has(id)) {
        card.item.remove();
        this.cards.delete(id);
      }
    }
    shown.forEach(([, one], index) => {
      const card = this.cards.get(one.id) ?? this.add(one);
      card.show(one, this.knowledge, one.id === this.selected);
      if (this.list.children[index] !== card.item) this.list.insertBefore(card.item, this.list.children[index] ?? null);
    });
    return all;
  }

  /** The chosen one, emergencies, what flies, recordings, what was lost; each in a steady order. */
  rank(one) {
    if (one.id === this.selected) return 0;
    const presence = this.feed.presence(one);
    if (presence !== "now") return presence === "late" ? 4 : 5;
    if (one.shown.status === "Emergency") return 1;
    return one.track.recorded ? 3 : 2;
  }

  add(one) {
    const card = new Card(one, this.choose, this.feed.link === "saved");
    this.cards.set(one.id, card);
    return card;
  }
}

