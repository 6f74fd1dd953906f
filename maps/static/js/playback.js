// One stored flight as if it flew now: it stands in for the feed, so that the same layer draws it.

import { flown } from "soramichi/motion.js";

export class Playback {
  /**
   * `feature` is a flight's track; `known` its aircraft's {id, name, aircraft_class}. Told of it is what
   * is drawn; with `steady` only each time that it is settled.
   */
  constructor(feature, known, { steady = false } = {}) {
    this.steady = steady;
    this.datum = feature.properties.altitude_datum;
    const track = flown(feature);
    track.recorded = true;
    this.one = { ...known, track, state: { altitude_datum: this.datum } };
    this.start_s = track.samples[0].time_s;
    this.end_s = track.samples.at(-1).time_s;
    this.at_s = this.start_s;
    this.rate = 10;
    this.playing = false;
    this.smooth = true; // The trail grows with every frame, not once a second.
    this.listeners = new Set();
    this.settle();
  }

  on(what, listener) {
    if (what === "states") this.listeners.add(listener);
  }

  visible() {
    return [this.one];
  }

  presence() {
    return "now";
  }

  play(on) {
    if (on && this.at_s >= this.end_s) this.at_s = this.start_s;
    this.playing = on;
    this.since = performance.now();
    this.tell();
  }

  seek(at_s) {
    this.at_s = Math.min(this.end_s, Math.max(this.start_s, at_s));
    this.since = performance.now();
    this.tell();
  }

  tell() {
    for (const listener of this.listeners) listener(this);
  }

  /** As a feed does: from here on texts tell of this instant. */
  settle() {
    this.shown_s();
    this.one.shown = this.one.state;
  }

  /** The layer asks for this once a frame: here the flight goes on. */
  shown_s() {
    const now = performance.now();
    if (this.playing) {
      this.at_s = Math.min(this.end_s, this.at_s + ((now - this.since) / 1000) * this.rate);
      if (this.at_s >= this.end_s) this.play(false);
    }
    this.since = now;
    const at = this.one.track.at(this.at_s);
    const sample = this.one.track.samples[at.index];
    const { altitude_m } = at;
    const { ground_speed_mps, track_deg } = sample;
    this.one.state = { altitude_m, altitude_datum: this.datum, ground_speed_mps, track_deg };
    if (!this.steady) this.one.shown = this.one.state;
    return this.at_s;
  }
}
