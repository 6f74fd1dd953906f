// The list on a phone: a sheet that one thumb pulls up and down. The handle is a button, too.

const STOPS = ["low", "half", "high"];
const TAP_PX = 6;

/** Make `sheet` follow its `handle`; `settled` is called when it stands at another height. */
export function sheet(sheet, handle, settled) {
  let pull = null;
  const stand = (stop) => {
    sheet.dataset.stop = stop;
    sheet.style.height = "";
    handle.setAttribute("aria-expanded", String(stop !== "low"));
    setTimeout(settled, 260);
  };
  const next = () => stand(STOPS[(STOPS.indexOf(sheet.dataset.stop) + 1) % STOPS.length]);
  // A key press is a click without a pointer before it.
  handle.addEventListener("click", (event) => event.detail === 0 && next());
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    pull = { y: event.clientY, height: sheet.offsetHeight, moved: 0, from: STOPS.indexOf(sheet.dataset.stop) };
  });
  handle.addEventListener("pointermove", (event) => {
    if (!pull) return;
    pull.moved = pull.y - event.clientY;
    sheet.style.height = `${pull.height + pull.moved}px`;
  });
  handle.addEventListener("pointerup", () => {
    if (!pull) return;
    const { moved, from } = pull;
    pull = null;
    if (Math.abs(moved) < TAP_PX) next();
    else stand(STOPS[Math.min(2, Math.max(0, from + Math.sign(moved) * (Math.abs(moved) > innerHeight * 0.35 ? 2 : 1)))]);
  });
  handle.addEventListener("pointercancel", () => {
    pull = null;
    stand(sheet.dataset.stop);
  });
  stand(sheet.dataset.stop);
}
