// How much of the map lies under panels, so that what matters is put where it can be seen.

const MEASURED_MS = 250; // Often enough for a note that comes, and no layout is asked for each frame.

/** [[element, its rectangle]] of what says that it lies on the map (data-covers), and is shown. */
const shown = () => [...document.querySelectorAll("[data-covers]")]
  .map((panel) => [panel, panel.getBoundingClientRect()])
  .filter(([, { width, height }]) => width > 0 && height > 0);

/** Pixels covered from each side by the panels that name theirs (--covers). */
export function uncovered(map) {
  const whole = map.getContainer().getBoundingClientRect();
  const room = { left: 0, right: 0, top: 0, bottom: 0 };
  for (const [panel, box] of shown()) {
    const side = getComputedStyle(panel).getPropertyValue("--covers").trim();
    if (side === "left") room.left = Math.max(room.left, box.right - whole.left);
    if (side === "right") room.right = Math.max(room.right, whole.right - box.left);
    if (side === "bottom") room.bottom = Math.max(room.bottom, whole.bottom - box.top);
    if (side === "top") room.top = Math.max(room.top, box.bottom - whole.top);
  }
  return room;
}

/** What lies on a map, for those who write on it. */
export class Panels {
  constructor(map) {
    Object.assign(this, { map, measured: -Infinity, found: [] });
  }

  /** Every panel's {left, top, width, height} in pixels of the map. */
  boxes() {
    const now = performance.now();
    if (now - this.measured < MEASURED_MS) return this.found;
    const whole = this.map.getContainer().getBoundingClientRect();
    this.measured = now;
    this.found = shown().map(([, { left, top, width, height }]) =>
      ({ left: left - whole.left, top: top - whole.top, width, height }));
    return this.found;
  }
}
