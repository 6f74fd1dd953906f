// The names of places on the map, and of what else is given: each where it fits, the others not.

import { around, beside, fits, written } from "soramichi/lettering.js";
import { worldX, worldY } from "soramichi/motion.js";
import { PLANNED } from "soramichi/palette.js";
import { language } from "soramichi/words.js";

const LOOK = {
  capital: { size: 15, weight: 600, ink: "#3a342b", halo: "#f6f1e6", dot: 3.6, rank: 1 },
  city: { size: 12.5, weight: 500, ink: "#4b443a", halo: "#f6f1e6", dot: 2.6, rank: 2 },
  sea: { size: 15, weight: 400, ink: "#b9d6e4", halo: "#1d475f", spacing: "0.3em", rank: 3 },
  prefecture: { size: 19, weight: 400, ink: "#a3978680", halo: null, spacing: "0.5em", rank: 5 },
  island: { size: 11.5, weight: 500, ink: "#4b443a", halo: "#f6f1e6", rank: 4 },
  vertiport: { size: 12.5, weight: 700, ink: "#0c2232", halo: "#ffffff", pad: 8, rank: 0 },
  corridor: { size: 12, weight: 700, ink: "#0c2232", halo: PLANNED, rank: 0 },
  place: { size: 11.5, weight: 500, ink: "#7a3b2e", halo: "#f6f1e6", dot: 2.2, rank: 3 },
  zone: { size: 11, weight: 600, ink: "#6a4300", halo: "#f6f1e6", rank: 6 },
};
// No letter is narrower, so what has less room needs no picture to be left out.
const LETTER_PX = 3;

const placed = (place) => ({ ...place, x: worldX(place.lon), y: worldY(place.lat), look: LOOK[place.kind] });
const near = ({ x, y }, sheet) => x > -80 && y > -30 && x < sheet.width + 80 && y < sheet.height + 30;

const BESIDE = ["right", "left", "above", "below"];

/** Where in a view a name may stand: [{x, y, wide}], the best one first. */
const anchors = ({ x, y, spots }, view) => (spots ?? [{ x, y, wide: Infinity }])
  .map((spot) => ({ x: spot.x * view.scale + view.x, y: spot.y * view.scale + view.y, wide: spot.wide * view.scale }));

/** The boxes in which a name may stand, the best one first. */
function boxes({ look }, sprite, found, scale) {
  const mark = look.dot ?? look.pad;
  if (mark) return BESIDE.map((side) => beside(side, found[0].x, found[0].y, mark * scale + 3, sprite));
  return found.filter(({ wide }) => sprite.width <= wide).map(({ x, y }) => beside("middle", x, y, 0, sprite));
}

export class Places {
  constructor(places) {
    this.fixed = places.map(placed);
    this.vertiports = this.fixed.filter(({ kind }) => kind === "vertiport");
    this.sprites = new Map();
    this.name([]);
  }

  /**
   * Name these, too, instead of those named before: [{kind, ja, en, lon, lat, zoom}]; or, where a name
   * has to fit into something, with `spots` [{x, y, wide}] in world pixels instead of lon and lat.
   */
  name(more) {
    this.places = [...this.fixed, ...more.map(placed)]
      .sort((a, b) => a.look.rank - b.look.rank || a.zoom - b.zoom);
  }

  /** What the marks of places to land take in a view, [{left, top, width, height}]. */
  marks(view, scale = 1) {
    return this.vertiports.map(({ x, y, look }) => around(x * view.scale + view.x, y * view.scale + view.y, look.pad * scale));
  }

  /** Draw the names that fit; one that would lie on another, or on what is `taken`, is left out. */
  draw(context, view, sheet, { scale = 1, taken: before = [] } = {}) {
    const zoom = Math.log2(view.scale / scale);
    const taken = [...before];
    this.written = []; // For tests: [{text, left, top, width, height}]
    for (const place of this.places) {
      if (zoom < place.zoom || zoom > (place.until ?? 99)) continue;
      const text = place[language()];
      const room = anchors(place, view).filter((spot) => near(spot, sheet) && spot.wide > text.length * LETTER_PX);
      if (room.length === 0) continue;
      const [{ x, y }] = room;
      const sprite = this.sprite(place, sheet.ratio, scale);
      // A dot that something lies on tells no place, and a name without its dot neither.
      if (place.look.dot && !fits({ left: x, top: y, width: 1, height: 1 }, sheet, taken)) continue;
      const box = boxes(place, sprite, room, scale).find((spot) => fits(spot, sheet, taken));
      // Where one can land is marked even where its name finds no room.
      if (place.look.pad) {
        pad(context, x, y, place.look.pad * scale);
        taken.push(around(x, y, place.look.pad * scale));
      }
      if (!box) continue;
      taken.push(box);
      this.written.push({ text, ...box });
      if (place.look.dot) dot(context, x, y, place.look, scale);
      context.drawImage(sprite.image, box.left, box.top, box.width, box.height);
    }
  }

  sprite(place, ratio, scale) {
    const text = place[language()];
    const key = `${place.kind} ${text} ${ratio}`;
    if (!this.sprites.has(key)) this.sprites.set(key, written(text, place.look, ratio, scale));
    return this.sprites.get(key);
  }
}

function dot(context, x, y, look, scale) {
  context.beginPath();
  context.arc(x, y, look.dot * scale, 0, 2 * Math.PI);
  context.fillStyle = look.halo;
  context.fill();
  context.lineWidth = 1.6 * scale;
  context.strokeStyle = look.ink;
  context.stroke();
}

/** A place to take off and land: the V of a vertiport in a ring. */
function pad(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = "#fffdf8";
  context.fill();
  context.lineWidth = radius / 4;
  context.strokeStyle = "#0c2232";
  context.stroke();
  context.beginPath();
  context.moveTo(x - radius * 0.42, y - radius * 0.4);
  context.lineTo(x, y + radius * 0.45);
  context.lineTo(x + radius * 0.42, y - radius * 0.4);
  context.lineJoin = "round";
  context.stroke();
}
