// The plates beside aircraft: a name with a height. They are placed before everything else that has
// words, which then keeps off what they take.

import { height } from "soramichi/format.js";
import { ALL_SIDES, around, beside, fits, plate } from "soramichi/lettering.js";
import { named, word } from "soramichi/words.js";

// Half of what an aircraft keeps free of words, and how far from it its plate begins; with its ring, if
// it is the chosen one.
const FREE = { half: 11, reach: 20 };
const RINGED = { half: 24, reach: 25 };

export class Labels {
  /** `scale` enlarges them, as all that is drawn. */
  constructor(scale) {
    Object.assign(this, { scale, taken: [], moved: false });
  }

  /**
   * Draw the plates of `labelled` on a sheet, the first one first, each off the edges, the boxes that
   * are `kept` free, all aircraft `drawn` and each other, and where it can be off those `spared`; one
   * that finds no room is left out. What is taken then is `taken`, and `moved` tells that one
   * changed its side.
   */
  draw(context, sheet, labelled, { drawn, chosen, kept, spared }) {
    const free = (one) => (one.id === chosen ? RINGED : FREE);
    this.taken = [...kept, ...drawn.map(({ one, x, y }) => around(x, y, free(one).half * this.scale))];
    this.moved = false;
    for (const { one, x, y, presence } of labelled) {
      const label = this.label(one, presence, sheet.ratio);
      const at = (side) => beside(side, x, y, free(one).reach * this.scale, label);
      const side = this.side(one, at, sheet, [...this.taken, ...spared]) ?? this.side(one, at, sheet, this.taken);
      if (!side) continue;
      this.moved ||= one.side !== side;
      one.side = side;
      const box = at(side);
      this.taken.push(box);
      context.drawImage(label.image, box.left, box.top, box.width, box.height);
    }
  }

  // The side it had is tried first, so that a label does not jump about.
  side(one, at, sheet, taken) {
    return [one.side ?? "right", ...ALL_SIDES].find((side) => fits(at(side), sheet, taken));
  }

  label(one, presence, ratio) {
    const recorded = one.track.recorded ? `${word("recorded")} · ` : "";
    const [name, second] = [named(one.name), recorded + height(one.shown)];
    const key = `${name} ${second} ${presence} ${ratio}`;
    if (one.label?.key !== key) one.label = { key, ...plate(name, second, ratio, this.scale, presence !== "now") };
    return one.label;
  }
}
