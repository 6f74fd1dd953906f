// The list of aircraft beside the map: one card each, its text renewed once a second.
// Names come from operators: they are only ever set as text.

import { age, clock, date, direction, height, speed } from "soramichi/format.js";
import { heightClass, heightColour } from "soramichi/palette.js";
import { picture } from "soramichi/shapes.js";
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
    const facts = element("span", "facts", this.button);
    [this.heightLabel, this.height] = fact(facts, "height");
    [this.speedLabel, this.speed] = fact(facts, "speed");
    this.route = element("span", "route", this.button);
    this.observed = element("span", "observed", this.button);
    this.again = element("a", "again", this.item);
  }

  show(one, feed, selected) {
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
    write(this.heightLabel, word("height"));
    write(this.height, height(state));
    write(this.speedLabel, word("speed"));
    write(this.speed, [speed(state), direction(state), word(climb(state))].filter(Boolean).join(" · "));
    write(this.route, route(one));
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

function fact(parent, name) {
  const box = element("span", `fact ${name}`, parent);
  return [element("span", "label", box), element("span", "value", box)];
}

function climb({ vertical_speed_mps }) {
  if (vertical_speed_mps > CLIMB_MPS) return "climbing";
  return vertical_speed_mps < -CLIMB_MPS ? "descending" : "";
}

function route({ origin, destination }) {
  if (!origin && !destination) return "";
  return `${named(origin) || "–"} → ${named(destination) || "–"}`;
}

export class Cards {
  /** `list` is the ul; `choose(id)` is called when a card is pressed. */
  constructor(list, feed, choose) {
    Object.assign(this, { list, feed, choose, cards: new Map(), selected: null });
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
      card.show(one, this.feed, one.id === this.selected);
      if (this.list.children[index] !== card.item) this.list.insertBefore(card.item, this.list.children[index] ?? null);
    });
    return all;
  }

  /** The chosen one, emergencies, what flies, recordings, what was lost; each in a steady order. */
  rank(one) {
    if (one.id === this.selected) return 0;
    const presence = this.feed.presence(one);
    if (presence !== "now") return presence === "late" ? 4 : 5;
    if (one.state.status === "Emergency") return 1;
    return one.track.recorded ? 3 : 2;
  }

  add(one) {
    const card = new Card(one, this.choose, this.feed.link === "saved");
    this.cards.set(one.id, card);
    return card;
  }
}

