// How much of the map lies under panels, so that what matters is put where it can be seen.

/** Pixels covered from each side by the elements that say so (data-covers and --covers). */
export function uncovered(map) {
  const whole = map.getContainer().getBoundingClientRect();
  const room = { left: 0, right: 0, top: 0, bottom: 0 };
  for (const panel of document.querySelectorAll("[data-covers]")) {
    const box = panel.getBoundingClientRect();
    const side = getComputedStyle(panel).getPropertyValue("--covers").trim();
    if (box.width === 0) continue;
    if (side === "left") room.left = box.right - whole.left;
    if (side === "right") room.right = whole.right - box.left;
    if (side === "bottom") room.bottom = whole.bottom - box.top;
    if (side === "top") room.top = box.bottom - whole.top;
  }
  return room;
}
