// Every aircraft on one canvas, moved each frame; trails and place names on a second one below,
// drawn anew only when the view or the data changed.

import { Labels } from "soramichi/labels.js";
import { Sheet, View } from "soramichi/overlay.js";
import { HALO, INK, WARNING } from "soramichi/palette.js";
import { Panels } from "soramichi/room.js";
import { place, sprite } from "soramichi/sprites.js";
import { drawTail, drawTrail } from "soramichi/trails.js";
import { onLanguage } from "soramichi/words.js";

const ICON_PX = 34;
const SMALL_PX = 24;
const CROWD = 150; // With more aircraft than this on the screen they are drawn small.
const TOUCH_PX = 26;
const LABELS_AT_MOST = 40;
const TRAILS_AT_MOST = 60;
const LISTED_FRAMES = 30;
const FADED = { now: 1, late: 0.6, lost: 0.35 };
const QUIET = matchMedia("(prefers-reduced-motion: reduce)");

export class AircraftLayer {
  /** `scale` enlarges everything drawn, for a screen that is looked at from far away. */
  constructor(map, feed, places, scale = 1) {
    Object.assign(this, { map, feed, places, scale, selected: null, dirty: true });
    this.view = new View(map);
    this.ground = new Sheet(map, "ground");
    this.air = new Sheet(map, "air");
    this.labels = new Labels(scale);
    this.panels = new Panels(map);
    this.drawn = [];
    this.frames = 0;
    feed.on("states", () => {
      this.dirty = true;
    });
    onLanguage(() => {
      this.dirty = true;
    });
    map.on("move zoom resize", () => {
      this.dirty = true;
    });
    this.loop = this.loop.bind(this);
    requestAnimationFrame(this.loop);
  }

  select(id) {
    this.selected = id;
    this.dirty = true;
  }

  loop() {
    const view = this.view.now();
    // Without motion the map changes with the data, once a second, not sixty times.
    if (this.dirty || this.view.zooming || !QUIET.matches) this.drawAir(view);
    if (this.dirty || this.view.zooming) {
      this.drawGround(view);
      this.dirty = false;
    }
    this.frames += 1;
    requestAnimationFrame(this.loop);
  }

  // Who is there changes with the data and, slowly, with time: not sixty times a second.
  visible() {
    if (this.dirty || this.listed?.feed !== this.feed || this.frames - this.listed.frame > LISTED_FRAMES) {
      this.listed = { feed: this.feed, frame: this.frames, all: this.feed.visible() };
    }
    return this.listed.all;
  }

  /** Where each aircraft is drawn, for touch and for tests: [{id, x, y, lon-lat world pixels}]. */
  drawAir(view) {
    const context = this.air.clear();
    const now_s = this.feed.shown_s();
    this.drawn.length = 0;
    for (const one of this.visible()) {
      const at = one.track.at(now_s);
      const x = at.x * view.scale + view.x;
      const y = at.y * view.scale + view.y;
      if (this.feed.smooth && one.passed !== at.index) this.dirty = true;
      one.passed = at.index;
      if (x < -40 || y < -40 || x > this.air.width + 40 || y > this.air.height + 40) continue;
      const presence = this.feed.presence(one);
      const { heading_deg, altitude_m } = at;
      this.drawn.push({ one, presence, x, y, worldX: at.x, worldY: at.y, heading_deg, altitude_m });
    }
    if (this.drawn.length <= TRAILS_AT_MOST) this.drawTails(context, view);
    for (const drawn of this.drawn) this.drawOne(context, drawn);
    context.globalAlpha = 1;
    context.setTransform(this.air.ratio, 0, 0, this.air.ratio, 0, 0);
    this.drawLabels(context, view);
  }

  drawOne(context, { one, presence, x, y, heading_deg, altitude_m }) {
    const { ratio } = this.air;
    context.globalAlpha = FADED[presence];
    if (one.id === this.selected || one.shown.status === "Emergency") this.drawRing(context, one, x, y);
    if (presence !== "now" && this.drawn.length <= CROWD) this.drawLost(context, x, y);
    const size = (this.drawn.length > CROWD ? SMALL_PX : ICON_PX) * this.scale * ratio;
    place(context, sprite(one.aircraft_class, altitude_m, heading_deg, size), x, y, ratio);
  }

  drawTails(context, view) {
    for (const drawn of this.drawn) {
      const last = drawn.one.track.samples[drawn.one.passed];
      context.globalAlpha = FADED[drawn.presence];
      if (last) drawTail(context, view, last, drawn, this.scale);
    }
  }

  // Dotted, so that a lost one is told from all others without colours.
  drawLost(context, x, y) {
    context.setTransform(this.air.ratio, 0, 0, this.air.ratio, 0, 0);
    context.beginPath();
    context.arc(x, y, ICON_PX * 0.62 * this.scale, 0, 2 * Math.PI);
    context.setLineDash([2 * this.scale, 5 * this.scale]);
    context.lineCap = "round";
    for (const [width, colour] of [[4.5, INK], [2.5, HALO]]) {
      context.lineWidth = width * this.scale;
      context.strokeStyle = colour;
      context.stroke();
    }
    context.setLineDash([]);
  }

  drawRing(context, one, x, y) {
    context.setTransform(this.air.ratio, 0, 0, this.air.ratio, 0, 0);
    context.beginPath();
    context.arc(x, y, ICON_PX * 0.68 * this.scale, 0, 2 * Math.PI);
    context.lineWidth = 5;
    context.strokeStyle = INK;
    context.stroke();
    context.lineWidth = 2.5;
    context.strokeStyle = one.shown.status === "Emergency" ? WARNING : HALO;
    context.stroke();
  }

  // Of a crowd only the chosen one is named, and it keeps off nobody. Else the chosen one comes first.
  drawLabels(context, view) {
    const chosen = this.drawn.filter(({ one }) => one.id === this.selected);
    const few = this.drawn.length <= LABELS_AT_MOST;
    const labelled = few ? [...chosen, ...this.drawn.filter(({ one }) => one.id !== this.selected)] : chosen;
    this.labels.draw(context, this.air, labelled, {
      drawn: few ? this.drawn : [], chosen: this.selected,
      kept: this.panels.boxes(), spared: this.places.marks(view, this.scale),
    });
    // The names of places keep off the plates.
    if (this.labels.moved) this.dirty = true;
  }

  drawGround(view) {
    const context = this.ground.clear();
    this.under?.(context, view);
    const all = this.feed.visible();
    const trailed = all.length <= TRAILS_AT_MOST ? all : all.filter((one) => one.id === this.selected);
    for (const one of trailed) {
      const { samples } = one.track;
      context.globalAlpha = 0.9 * FADED[this.feed.presence(one)];
      drawTrail(context, view, samples, Math.min(one.passed ?? Infinity, samples.length - 1), this.scale);
    }
    context.globalAlpha = 1;
    // Last, so that no line cuts a name.
    this.places.draw(context, view, this.ground, { scale: this.scale, taken: this.labels.taken });
  }

  /** The aircraft drawn nearest to this point of the map's container, or null. */
  nearest(point) {
    let found = null;
    let best = TOUCH_PX ** 2;
    for (const { one, x, y } of this.drawn) {
      const far = (x - point.x) ** 2 + (y - point.y) ** 2;
      if (far < best) [found, best] = [one, far];
    }
    return found;
  }
}
