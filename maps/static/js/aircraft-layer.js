// Every aircraft on one canvas, moved each frame; trails and place names on a second one below,
// drawn anew only when the view or the data changed.

import { DELAY_S } from "soramichi/feed.js";
import { height } from "soramichi/format.js";
import { overlap, plate } from "soramichi/lettering.js";
import { Sheet, View } from "soramichi/overlay.js";
import { HALO, INK, WARNING, heightClass, heightColour } from "soramichi/palette.js";
import { shapeOf } from "soramichi/shapes.js";
import { named, onLanguage, word } from "soramichi/words.js";

const ICON_PX = 34;
const SMALL_PX = 24;
const CROWD = 150; // With more aircraft than this on the screen they are drawn small.
const TURN_DEG = 7.5;
const TOUCH_PX = 26;
const LABELS_AT_MOST = 40;
const TRAILS_AT_MOST = 60;
const STEP_PX = 2.5; // Trail points closer than this on the screen are one.
const FADED = { now: 1, late: 0.6, lost: 0.35 };
const QUIET = matchMedia("(prefers-reduced-motion: reduce)");

export class AircraftLayer {
  constructor(map, feed, places) {
    Object.assign(this, { map, feed, places, selected: null, dirty: true, sprites: new Map() });
    this.view = new View(map);
    this.ground = new Sheet(map, "ground");
    this.air = new Sheet(map, "air");
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

  /** Where each aircraft is drawn, for touch and for tests: [{id, x, y, lon-lat world pixels}]. */
  drawAir(view) {
    const context = this.air.clear();
    const now_s = this.feed.now_s() - DELAY_S;
    const all = this.feed.visible();
    this.drawn.length = 0;
    for (const one of all) {
      const place = one.track.at(now_s);
      const x = place.x * view.scale + view.x;
      const y = place.y * view.scale + view.y;
      one.passed = place.index;
      if (x < -40 || y < -40 || x > this.air.width + 40 || y > this.air.height + 40) continue;
      const presence = this.feed.presence(one);
      this.drawn.push({ one, presence, x, y, worldX: place.x, worldY: place.y, heading_deg: place.heading_deg,
        altitude_m: place.altitude_m });
    }
    for (const drawn of this.drawn) this.drawTail(context, view, drawn);
    for (const drawn of this.drawn) this.drawOne(context, drawn);
    context.globalAlpha = 1;
    context.setTransform(this.air.ratio, 0, 0, this.air.ratio, 0, 0);
    this.drawLabels(context);
  }

  // The sprite is already turned and is put on whole pixels: turning it here, for a thousand
  // aircraft, is what a machine without a graphics card cannot do sixty times a second.
  drawOne(context, { one, presence, x, y, heading_deg, altitude_m }) {
    const { ratio } = this.air;
    context.globalAlpha = FADED[presence];
    if (one.id === this.selected || one.state.status === "Emergency") this.drawRing(context, one, x, y);
    const size = this.drawn.length > CROWD ? SMALL_PX : ICON_PX;
    const sprite = this.sprite(one.aircraft_class, heightClass(altitude_m), heading_deg ?? 0, size * ratio);
    const half = sprite.width / 2;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(sprite, Math.round(x * ratio - half), Math.round(y * ratio - half));
  }

  drawRing(context, one, x, y) {
    context.setTransform(this.air.ratio, 0, 0, this.air.ratio, 0, 0);
    context.beginPath();
    context.arc(x, y, ICON_PX * 0.68, 0, 2 * Math.PI);
    context.lineWidth = 5;
    context.strokeStyle = INK;
    context.stroke();
    context.lineWidth = 2.5;
    context.strokeStyle = one.state.status === "Emergency" ? WARNING : HALO;
    context.stroke();
  }

  // From the last point of the trail to the aircraft itself, so that no gap opens between them.
  drawTail(context, view, { one, x, y, presence, altitude_m }) {
    const last = one.track.samples[one.passed];
    if (!last || this.drawn.length > TRAILS_AT_MOST) return;
    context.globalAlpha = FADED[presence];
    context.beginPath();
    context.moveTo(last.x * view.scale + view.x, last.y * view.scale + view.y);
    context.lineTo(x, y);
    context.lineCap = "round";
    context.lineWidth = 4.6;
    context.strokeStyle = HALO;
    context.stroke();
    context.lineWidth = 2.8;
    context.strokeStyle = heightColour(heightClass(altitude_m));
    context.stroke();
  }

  drawLabels(context) {
    const shown = this.drawn.length <= LABELS_AT_MOST
      ? this.drawn
      : this.drawn.filter(({ one }) => one.id === this.selected);
    const taken = this.drawn.length <= LABELS_AT_MOST
      ? this.drawn.map(({ x, y }) => ({ left: x - 11, top: y - 11, width: 22, height: 22 }))
      : [];
    for (const { one, x, y, presence } of shown) {
      const label = this.label(one, presence);
      const box = this.labelPlace(one, label, x, y, taken);
      if (!box) continue;
      taken.push(box);
      context.globalAlpha = presence === "now" ? 1 : 0.8;
      context.drawImage(label.image, box.left, box.top, box.width, box.height);
    }
    context.globalAlpha = 1;
  }

  // The side it had is tried first, so that a label does not jump about.
  labelPlace(one, label, x, y, taken) {
    const reach = ICON_PX / 2 + 3;
    const sides = {
      right: [x + reach, y - label.height / 2],
      left: [x - reach - label.width, y - label.height / 2],
      above: [x - label.width / 2, y - reach - label.height],
      below: [x - label.width / 2, y + reach],
    };
    for (const side of [one.side ?? "right", ...Object.keys(sides)]) {
      const box = { left: Math.round(sides[side][0]), top: Math.round(sides[side][1]), width: label.width, height: label.height };
      const inside = box.left > 0 && box.left + box.width < this.air.width;
      if (!inside || taken.some((other) => overlap(box, other))) continue;
      one.side = side;
      return box;
    }
    return null;
  }

  label(one, presence) {
    const recorded = one.track.recorded ? `${word("recorded")} · ` : "";
    const [name, second] = [named(one.name), recorded + height(one.state)];
    const key = `${name} ${second} ${presence} ${this.air.ratio}`;
    if (one.label?.key !== key) one.label = { key, ...plate(name, second, this.air.ratio) };
    return one.label;
  }

  /** The class's shape in its height's colour, turned to its heading, white rim and dark edge. */
  sprite(aircraftClass, index, heading_deg, size) {
    const step = Math.round(heading_deg / TURN_DEG) % (360 / TURN_DEG);
    const key = `${aircraftClass} ${index} ${step} ${size}`;
    let image = this.sprites.get(key);
    if (!image) {
      image = turned(new Path2D(shapeOf(aircraftClass)), heightColour(index), step * TURN_DEG, size);
      this.sprites.set(key, image);
    }
    return image;
  }

  drawGround(view) {
    const context = this.ground.clear();
    this.places?.draw(context, view, this.ground);
    const all = this.feed.visible();
    const trailed = all.length <= TRAILS_AT_MOST ? all : all.filter((one) => one.id === this.selected);
    for (const one of trailed) this.drawTrail(context, view, one);
    context.globalAlpha = 1;
  }

  drawTrail(context, view, one) {
    const samples = one.track.samples;
    const end = Math.min(one.passed ?? samples.length - 1, samples.length - 1);
    const runs = [];
    let run = null;
    let [lastX, lastY] = [Infinity, Infinity];
    for (let i = 0; i <= end; i += 1) {
      const x = samples[i].x * view.scale + view.x;
      const y = samples[i].y * view.scale + view.y;
      if (i < end && Math.abs(x - lastX) + Math.abs(y - lastY) < STEP_PX) continue;
      const index = heightClass(samples[i].altitude_m);
      if (!run || run.index !== index) {
        run = { index, points: run ? [lastX, lastY] : [] };
        runs.push(run);
      }
      run.points.push(x, y);
      [lastX, lastY] = [x, y];
    }
    context.globalAlpha = 0.9 * FADED[this.feed.presence(one)];
    context.lineCap = "round";
    context.lineJoin = "round";
    stroke(context, runs, 6, () => "rgba(12,34,50,.45)");
    stroke(context, runs, 4.6, () => HALO);
    stroke(context, runs, 2.8, ({ index }) => heightColour(index));
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

function turned(path, colour, angle_deg, size) {
  const image = document.createElement("canvas");
  image.width = Math.ceil(size * 1.3);
  image.height = image.width;
  const context = image.getContext("2d");
  context.translate(image.width / 2, image.height / 2);
  context.rotate((angle_deg * Math.PI) / 180);
  context.scale(size / 44, size / 44);
  context.lineJoin = "round";
  for (const [edge, width] of [[INK, 6.4], [HALO, 4.4]]) {
    context.strokeStyle = edge;
    context.lineWidth = width;
    context.stroke(path);
  }
  context.fillStyle = colour;
  context.fill(path);
  return image;
}

function stroke(context, runs, width, colour) {
  context.lineWidth = width;
  for (const run of runs) {
    context.beginPath();
    for (let i = 0; i < run.points.length; i += 2) context.lineTo(run.points[i], run.points[i + 1]);
    context.strokeStyle = colour(run);
    context.stroke();
  }
}
