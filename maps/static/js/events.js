// What happened, as it happens: a note on the map for a moment, and a list that stays.
// The words come from the server and are only ever set as text.

import { clock, date } from "soramichi/format.js";
import { fetched } from "soramichi/resources.js";
import { inOtherLanguage, named, onLanguage, word } from "soramichi/words.js";

const KEPT = 40;
const NOTE_MS = 9000;
const NOTES_AT_MOST = 3;
const AGAIN_MS = 3000;
const SEVERITIES = ["info", "caution", "warning"];
const MARKS = { info: "●", caution: "▲", warning: "◆" };

export class Events {
  constructor(feed, path) {
    Object.assign(this, { feed, path, all: [], listeners: new Set(), asked: false, early: [] });
    feed.on("event", (event) => this.take([{ ...event, heard_ms: Date.now() }], true));
    feed.on("states", () => feed.ready && this.early.splice(0).forEach((taken) => this.take(...taken)));
    // What happened while the line was cut no stream tells again, least of all another server's.
    feed.on("link", () => feed.link === "live" && this.renew());
    feed.on("gone", (ids) => {
      this.keep(({ aircraft }) => !ids.includes(aircraft));
      this.renew(false); // What may still be told of them.
    });
  }

  /** Forget the others. */
  keep(may) {
    const kept = this.all.filter(may);
    if (kept.length === this.all.length) return;
    this.all = kept;
    for (const listener of this.listeners) listener([], false);
  }

  on(listener) {
    this.listeners.add(listener);
  }

  /**
   * Fetch those of late, until the server answers; what is new to a page that had some is news. What is
   * not among them any more, and was not heard of since, is not public any longer.
   */
  async renew(fresh = this.asked) {
    clearTimeout(this.again);
    const asked_ms = Date.now();
    const answer = await fetched(this.path).catch(() => null);
    if (answer) {
      const events = (answer.events ?? []).slice(0, KEPT);
      const listed = new Set(events.map(({ id }) => id));
      this.keep(({ id, heard_ms }) => listed.has(id) || heard_ms >= asked_ms);
      this.take(events, fresh);
      this.asked = true;
    } else {
      this.again = setTimeout(() => this.feed.link === "live" && this.renew(fresh), AGAIN_MS);
    }
  }

  take(events, fresh) {
    // Before the aircraft are known they could only be told by their marks.
    if (!this.feed.ready) {
      this.early.push([events, fresh]);
      return;
    }
    const known = new Set(this.all.map(({ id }) => id));
    const unseen = events.filter(({ id }) => !known.has(id));
    if (unseen.length === 0) return;
    const newestFirst = (a, b) => Date.parse(b.time) - Date.parse(a.time);
    this.all = [...unseen, ...this.all].sort(newestFirst).slice(0, KEPT);
    for (const listener of this.listeners) listener(unseen, fresh);
  }
}

const severityOf = ({ severity }) => (SEVERITIES.includes(severity) ? severity : "info");

/** What to say of an event: the server's words, or what kind it is. */
export const told = (event) => named(event.message) || word(`event_${event.kind}`) || event.kind;

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// The list may reach back to days before.
const whenOf = (at) => (date(at) === date(new Date()) ? clock(at) : `${date(at)} ${clock(at)}`);

function row(event, name) {
  const severity = severityOf(event);
  const mark = element("i", "mark", MARKS[severity]);
  mark.setAttribute("aria-hidden", "true");
  const words = element("span", "told", told(event));
  const when = element("span", "when", [word(`severity_${severity}_event`), name, whenOf(new Date(event.time))].filter(Boolean).join(" · "));
  return { severity, parts: [mark, words, when] };
}

/**
 * Show events in `list` (a ul, where there is one) and, as they come, in `notes`, so many at a
 * time, `translated` in both languages; `choose(event)` when one is pressed.
 */
export function showEvents(events, { list, notes, choose, nameOf, atMost = 8, notesAtMost = NOTES_AT_MOST, translated = false }) {
  const write = () => {
    if (!list) return;
    list.closest("section, div").hidden = events.all.length === 0;
    list.replaceChildren(...events.all.slice(0, atMost).map((event) => {
      const { severity, parts } = row(event, nameOf(event.aircraft));
      const button = element("button", "event", "");
      button.type = "button";
      button.dataset.severity = severity;
      button.append(...parts);
      button.addEventListener("click", () => choose(event));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }));
  };
  events.on((unseen, fresh) => {
    write();
    if (fresh) for (const event of unseen) note(event, notes, nameOf(event.aircraft), notesAtMost, translated);
  });
  onLanguage(write);
}

const leaving = new WeakMap(); // note -> the timer that removes it

function note(event, notes, name, atMost, translated) {
  const { severity, parts } = row(event, name);
  if (translated) parts.splice(2, 0, element("span", "translated", inOtherLanguage(() => told(event))));
  const made = element("p", "note", "");
  made.dataset.severity = severity;
  made.append(...parts);
  notes.prepend(made);
  leaving.set(made, setTimeout(() => leave(made), NOTE_MS));
  while (notes.children.length > atMost) leave(leastOf(notes));
}

// A timer left behind would keep what it was to remove.
function leave(note) {
  clearTimeout(leaving.get(note));
  note.remove();
}

// The oldest of the least severe: no take-off may push an emergency away.
function leastOf(notes) {
  const severity = ({ dataset }) => SEVERITIES.indexOf(dataset.severity);
  return [...notes.children].reduce((least, one) => (severity(one) <= severity(least) ? one : least));
}
