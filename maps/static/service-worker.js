// Keeps the last good answer of every page and file, for when the hall's network drops.

const CACHE = "soramichi";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, url, headers } = event.request;
  const stream = headers.get("accept") === "text/event-stream";
  if (method !== "GET" || stream || new URL(url).origin !== self.location.origin) return;
  // What somebody must show a token for is kept nowhere.
  if (headers.has("authorization")) return;
  event.respondWith(answer(event.request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(request, fresh.clone());
    return fresh;
  } catch (unreachable) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw unreachable;
  }
}
