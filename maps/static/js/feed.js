// What the page knows of every aircraft: first the whole picture, then the changes once a second.

import { Track } from "soramichi/motion.js";
import { fetched } from "soramichi/resources.js";

/** How far behind the newest data the map is drawn, so that there is always a next sample (s). */
export const DELAY_S = 2;

const LATE_S = 10;
const LOST_S = 60; // ASTM F3411: the last position stays, with its time, for a minute.
const GONE_S = 600;
const FORGOTTEN_S = 3600;
const SILENCE_MS = 25_000; // A line that died without a word: open a new one.
const RETRY_MS = [1000, 2000, 5000, 10_000, 20_000];
const OFFSETS_KEPT = 60;
const PICTURE_MS = 2000;
const OLDER_MS = 5000; // Between two servers; what is older is shown later, or more coarsely, than it was.

/** An aircraft as it is told of, once a second: with the state that is shown, not the newest one. */
export const asShown = (one) => ({ ...one, state: one.shown });

const MOVING_MEMBERS = [
  "flight", "time", "received_at", "lon", "lat", "altitude_m", "altitude_datum",
  "ground_speed_mps", "track_deg", "vertical_speed_mps", "heading_deg", "status",
];

export class Feed {
  /** `paths` are the addresses of the aircraft, the stream and (with {id}) one flight's track. */
  constructor(paths) {
    this.paths = paths;
    this.aircraft = new Map();
    this.link = "connecting";
    this.ready = false;
    this.withdrawn = new Map(); // Each id and when, for answers that were under way.
    this.listeners = { link: new Set(), states: new Set(), shown: new Set(), event: new Set(), gone: new Set() };
    this.offsets = [];
    this.offset_s = 0;
    this.heard_s = null; // The server's clock when it was last heard
    this.begun_s = Date.now() / 1000;
    this.settled_s = this.begun_s - DELAY_S;
    this.failures = 0;
    this.asked = 0;
  }

  on(what, listener) {
    this.listeners[what].add(listener);
  }

  tell(what, news = this) {
    for (const listener of this.listeners[what]) listener(news);
  }

  start() {
    this.refresh();
    this.open();
    this.beat();
    setInterval(() => {
      if (Date.now() - this.opened > SILENCE_MS) this.reopen();
    }, 5000);
    addEventListener("online", () => this.reopen());
  }

  /** The server's clock in seconds, as well as the stream lets us know it. */
  now_s() {
    return Date.now() / 1000 - this.offset_s;
  }

  /** The instant that is drawn, on the server's clock. */
  shown_s() {
    return this.now_s() - DELAY_S;
  }

  /**
   * From here on every text tells of this instant, `settled_s`: the clock, and of an aircraft `shown`,
   * what it had said by then. What it said since is drawn and told when its time has come.
   */
  settle() {
    this.settled_s = this.shown_s();
    for (const one of this.aircraft.values()) one.shown = one.track.stateAt(this.settled_s) ?? one.state;
    this.tell("shown");
  }

  // A breath after the shown second has turned, so that the clock leaves none out.
  beat() {
    this.settle();
    setTimeout(() => this.beat(), 1010 - ((this.shown_s() * 1000) % 1000));
  }

  /** Fetch the whole picture; at most one request every two seconds, then later rather than never. */
  async refresh() {
    const wait_ms = this.asked + PICTURE_MS - Date.now();
    if (wait_ms > 0) {
      this.refreshIn(wait_ms);
      return;
    }
    let since = Date.now();
    this.asked = since;
    try {
      const collection = await fetched(this.paths.aircraft, (headers) => {
        // From the service worker's shelf: a picture of that moment, not of now.
        if (!headers.has("X-Kept-At")) return;
        this.heard_s = Date.parse(headers.get("X-Kept-At")) / 1000;
        since = 0;
      });
      this.take(collection, since);
    } catch (error) {
      console.info("the aircraft could not be fetched, asking again", error.message);
      this.refreshIn(3000);
    }
  }

  refreshIn(wait_ms) {
    this.putOff ??= setTimeout(() => {
      this.putOff = undefined;
      this.refresh();
    }, wait_ms);
  }

  /** A whole picture that was asked for at `since`: what was withdrawn after that is not in it. */
  take(collection, since = Date.now()) {
    for (const feature of collection.features) {
      if (this.withdrawn.get(feature.id) >= since) continue;
      const [lon, lat] = feature.geometry?.coordinates ?? [];
      this.update(feature.id, { ...feature.properties, lon, lat }, feature.properties);
    }
    this.ready = true;
    this.tell("states");
  }

  open() {
    this.opened = Date.now();
    this.source = new EventSource(this.paths.stream);
    this.source.addEventListener("open", () => this.setLink("live"));
    this.source.addEventListener("states", (event) => this.tick(JSON.parse(event.data)));
    this.source.addEventListener("flight-event", (event) => this.tell("event", JSON.parse(event.data)));
    this.source.addEventListener("error", () => {
      this.setLink("reconnecting");
      // The browser retries by itself unless the answer was final; then it is up to us.
      if (this.source.readyState === EventSource.CLOSED) this.retryLater();
    });
  }

  retryLater() {
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.reopen(), wait);
  }

  reopen() {
    this.source.close();
    this.setLink("reconnecting");
    this.open();
  }

  setLink(link) {
    if (link === "live") this.failures = 0;
    if (link === this.link) return;
    this.link = link;
    this.tell("link");
  }

  tick(message) {
    this.opened = Date.now();
    this.setLink("live");
    this.heard_s = Date.parse(message.time) / 1000;
    this.setClock(this.heard_s);
    let stranger = false;
    this.withdraw(message.gone ?? []);
    if (message.gone?.length > 0) this.tell("gone", message.gone);
    if (message.whole) this.withdraw(this.missing(message.aircraft));
    for (const state of message.aircraft) {
      stranger ||= !this.aircraft.has(state.id);
      this.update(state.id, state);
    }
    if (stranger) this.refresh();
    this.forget();
    this.tell("states");
  }

  withdraw(ids) {
    for (const id of ids) {
      this.aircraft.delete(id);
      this.withdrawn.set(id, Date.now());
    }
  }

  // What was withdrawn while the line was cut, or is shown later since, is in no list of what is gone.
  missing(states) {
    const times = new Map(states.map(({ id, time }) => [id, Date.parse(time)]));
    return [...this.aircraft.values()]
      .filter(({ id, state }) => !(Date.parse(state.time) - times.get(id) <= OLDER_MS))
      .map(({ id }) => id);
  }

  // A page may stay open for days: it keeps the last hour, not everything it ever saw.
  forget() {
    for (const [id, one] of this.aircraft) if (this.silence_s(one) > FORGOTTEN_S) this.aircraft.delete(id);
    for (const [id, at] of this.withdrawn) if (Date.now() - at > FORGOTTEN_S * 1000) this.withdrawn.delete(id);
  }

  // The smallest difference seen lately is the one with the least time on the way.
  setClock(server_s) {
    this.offsets.push(Date.now() / 1000 - server_s);
    if (this.offsets.length > OFFSETS_KEPT) this.offsets.shift();
    this.offset_s = Math.min(...this.offsets);
  }

  update(id, state, known) {
    let one = this.aircraft.get(id);
    if (!one) {
      one = { id, name: { ja: id, en: id }, aircraft_class: "unknown", state: {}, track: new Track() };
      this.aircraft.set(id, one);
    }
    if (known) {
      one.name = known.name ?? one.name;
      one.aircraft_class = known.aircraft_class ?? "unknown";
      one.origin = known.origin;
      one.destination = known.destination;
    }
    if (!Number.isFinite(state.lon) || Date.parse(state.time) < Date.parse(one.state.time)) return;
    one.state = Object.fromEntries(MOVING_MEMBERS.map((member) => [member, state[member]]));
    one.heard_s = Date.parse(state.received_at ?? state.time) / 1000;
    one.shown ??= one.state;
    one.track.push(one.state);
    if (one.whole !== one.state.flight) one.whole = undefined;
  }

  /** Seconds since the server was last heard; since the page began where it never was. */
  unheard_s() {
    return Math.max(0, this.now_s() - (this.heard_s ?? this.begun_s));
  }

  /**
   * Seconds that this aircraft had been silent when the server was last heard: a cut line says
   * nothing about an aircraft, and its last picture stays as it was.
   */
  silence_s(one) {
    return (this.link === "live" || this.heard_s === null ? this.now_s() : this.heard_s) - one.heard_s;
  }

  /** Everything known, as the server would answer it. */
  picture() {
    const features = [...this.aircraft.values()].filter(({ state }) => state.time).map((one) => {
      const { id, name, aircraft_class, origin, destination, state: { lon, lat, ...moving } } = one;
      const properties = { ...moving, received_at: moving.received_at ?? moving.time, name, aircraft_class, origin, destination };
      return { type: "Feature", id, geometry: { type: "Point", coordinates: [lon, lat] }, properties };
    });
    return { type: "FeatureCollection", features, next: null };
  }

  /** "now", "late", "lost" or "gone" by the silence; "never" without any position. */
  presence(one) {
    if (one.track.samples.length === 0) return "never";
    const silence = this.silence_s(one);
    if (silence < LATE_S) return "now";
    if (silence < LOST_S) return "late";
    return silence < GONE_S ? "lost" : "gone";
  }

  /** Everything to be drawn or listed, in a steady order. */
  visible() {
    return [...this.aircraft.values()]
      .filter((one) => !["never", "gone"].includes(this.presence(one)))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Fetch what this flight flew before the page was opened; once per flight. */
  async history(one, points = 400) {
    const { flight } = one.state;
    if (!flight || one.fetched === flight) return;
    one.fetched = flight;
    const { geometry, properties } = await this.flownBefore(flight, points);
    if (!geometry) return;
    const older = geometry.coordinates.map(([lon, lat, altitude_m], i) => ({
      lon, lat, altitude_m, altitude_datum: properties.altitude_datum, time_s: Date.parse(properties.times[i]) / 1000,
    }));
    if (one.state.flight === flight) {
      one.track.prepend(older);
      one.whole = flight; // From its first sample on: where it took off can be seen.
    }
    this.tell("states");
  }
  // Without it the trail begins where the page began: nothing that a person must be told.
  async flownBefore(flight, points) {
    const url = this.paths.track.replace("{id}", encodeURIComponent(flight));
    return fetched(`${url}?points=${points}`).catch(() => ({}));
  }
}
