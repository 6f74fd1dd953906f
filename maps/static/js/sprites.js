// Aircraft as small pictures, already coloured by height and turned to their heading: to turn them
// on the canvas, a thousand a frame, is what a machine without a graphics card cannot do.

import { HALO, INK, heightClass, heightColour } from "soramichi/palette.js";
import { shapeOf } from "soramichi/shapes.js";

const TURN_DEG = 7.5;
const caches = new Map(); // For each class at most heights x turns x two sizes, a few kilobytes each.

/** The picture of a class at this height and heading, `size` pixels of the canvas wide. */
export function sprite(aircraftClass, altitude_m, heading_deg, size) {
  const index = heightClass(altitude_m);
  const step = Math.round((heading_deg ?? 0) / TURN_DEG) % (360 / TURN_DEG);
  let cache = caches.get(aircraftClass);
  if (!cache) caches.set(aircraftClass, (cache = new Map()));
  // A number, not a text: thousands of these are asked for in every frame.
  const key = (Math.round(size * 16) * 64 + step) * 16 + index + 1;
  let image = cache.get(key);
  if (!image) {
    image = turned(new Path2D(shapeOf(aircraftClass)), heightColour(index), step * TURN_DEG, size);
    cache.set(key, image);
  }
  return image;
}

/** Put a picture on whole pixels, its middle at x, y of the screen. */
export function place(context, image, x, y, ratio) {
  const half = image.width / 2;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(image, Math.round(x * ratio - half), Math.round(y * ratio - half));
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
