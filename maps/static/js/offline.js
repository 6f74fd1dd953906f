// When the line to the server is cut: say so with the age of what is shown, and leave the last
// picture where the service worker finds it when the page is opened again without a network.

import { age, clock } from "soramichi/format.js";
import { inOtherLanguage, word } from "soramichi/words.js";

const PATIENCE_S = 5; // A stream that is back by then was never missed.
const KEEP_EVERY_MS = 10_000;
const SHELF = "soramichi-state"; // As in service-worker.js

/** Write into `notice` what is shown when the server is not heard, or else hide it; `translated` in both languages. */
export function tellSilence(feed, notice, { translated = false } = {}) {
  const own = document.createElement("span");
  const other = document.createElement("span");
  other.className = "translated";
  notice.replaceChildren(own, other);
  const write = () => {
    const silent_s = feed.unheard_s();
    notice.hidden = feed.link === "saved" || silent_s < PATIENCE_S;
    document.body.classList.toggle("cut", !notice.hidden);
    if (notice.hidden) return;
    const text = () => (feed.heard_s ? word("cutOff", clock(new Date(feed.heard_s * 1000)), age(silent_s)) : word("neverHeard"));
    if (own.textContent === text()) return;
    own.textContent = text();
    if (translated) other.textContent = inOtherLanguage(text);
  };
  setInterval(write, 1000);
  feed.on("link", write);
  write();
}

/** Install the service worker, and keep the last picture for it. */
export function keepForLater(feed) {
  if (!navigator.serviceWorker) return; // Only over https or on this machine, so says the browser.
  navigator.serviceWorker.register("/service-worker.js").catch((error) => console.info("nothing is kept for later:", error.message));
  const keep = async () => {
    if (feed.link !== "live" || !feed.ready) return;
    const headers = { "Content-Type": "application/json", "X-Kept-At": new Date(feed.now_s() * 1000).toISOString() };
    const shelf = await caches.open(SHELF);
    await shelf.put(feed.paths.aircraft, new Response(JSON.stringify(feed.picture()), { headers }));
  };
  const keepQuietly = () => keep().catch((error) => console.info("the picture was not kept:", error.message));
  setInterval(keepQuietly, KEEP_EVERY_MS);
  feed.on("states", function first() {
    if (feed.link !== "live" || !feed.ready) return;
    feed.listeners.states.delete(first);
    keepQuietly();
  });
  document.addEventListener("visibilitychange", () => document.hidden && keepQuietly());
}
