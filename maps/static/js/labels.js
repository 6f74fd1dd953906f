// The plates beside aircraft: a name with a height. They are placed before everything else that has
// words, which then keeps off what they take.

import { height } from "soramichi/format.js";
import { ALL_SIDES, beside, fits, plate } from "soramichi/lettering.js";
import { named, word } from "soramichi/words.js";

const ICON_PX = 11; // Half of what an aircraft keeps free of words
const REACH_PX = 20;

export class Labels {
  /** `scale` enlarges them, as all that is drawn. */
  constructor(scale) {
    Object.assign(this, { scale, taken: [], moved: false });
  }

  /**
   * Draw the plates of `labelled` on a sheet, the first one first, each off the panels, the edges, all
   * aircraft `drawn` and each other; one that finds no room is left out. What is taken then is
   * `taken`, and `moved` tells that one changed its side.
   */
  draw(context, sheet, labelled, drawn, panels) {
    const half = ICON_PX * this.scale;
    this.taken = [...panels, ...drawn.map(({ x, y }) => ({ left: x - half, top: y - half, width: 2 * half, height: 2 * half }))];
    this.moved = false;
    for (const { one, x, y, presence } of labelled) {
      const label = this.label(one, presence, sheet.ratio);
      const box = this.place(one, label, x, y, sheet);
      if (!box) continue;
      this.taken.push(box);
      context.drawImage(label.image, box.left, box.top, box.width, box.height);
    }
  }

  // The side it had is tried first, so that a label does not jump about.
  place(one, label, x, y, sheet) {
    for (const side of [one.side ?? "right", ...ALL_SIDES]) {
      const box = beside(side, x, y, REACH_PX * this.scale, label);
      if (!fits(box, sheet, this.taken)) continue;
      this.moved ||= one.side !== side;
      one.side = side;
      return box;
    }
    return null;
  }

  label(one, presence, ratio) {
    const recorded = one.track.recorded ? `${word("recorded")} · ` : "";
    const [name, second] = [named(one.name), recorded + height(one.shown)];
    const key = `${name} ${second} ${presence} ${ratio}`;
    if (one.label?.key !== key) one.label = { key, ...plate(name, second, ratio, this.scale, presence !== "now") };
    return one.label;
  }
}
