// Keeps what the pages need when the hall's network drops: their files by the digest in each
// address, and the newest answer of what changes. The stream is never touched.

const SHELL = "soramichi-shell";
const STATE = "soramichi-state"; // As in offline.js
const PAGES = ["/", "/live", "/kiosk"];
const STATES = ["/api/v1/aircraft", "/api/v1/geozones", "/api/v1/corridors", "/api/v1/flights", "/api/v1/events"];
const FILE = /\/static\/[\w./-]+\?v=[0-9a-f]{12}/g;

addEventListener("install", (event) => {
  event.waitUntil(Promise.all(PAGES.map(renewed)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

/** Fetch a page and all its files anew; files that no kept page names are dropped. */
async function renewed(path) {
  const response = await fetch(path, { cache: "no-cache" });
  if (response.ok) await keepPage(path, response.clone());
  return response;
}

// One after the other: what one page drops must not be what the next is about to name.
let keeping = Promise.resolve();
const keepPage = (path, response) => {
  keeping = keeping.catch(() => {}).then(() => keepOne(path, response));
  return keeping;
};

// The import map names every module there is; what a page needs stands beside it.
const filesOf = (html) => new Set(html.replace(/<script type="importmap">.*?<\/script>/s, "").match(FILE));

async function keepOne(path, response) {
  const shell = await caches.open(SHELL);
  const html = await response.clone().text();
  const missing = [];
  for (const url of filesOf(html)) if (!(await shell.match(url))) missing.push(url);
  // All of them before any is put: what is kept under an address is never asked for again.
  const files = await Promise.all(missing.map(asNamed));
  await Promise.all(missing.map((url, i) => shell.put(url, files[i])));
  await shell.put(path, response);
  await dropUnnamed(shell);
}

/** The file with the digest in its address; a server of another release answers with its own. */
async function asNamed(url) {
  const response = await fetch(url);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer()));
  const hex = [...digest.subarray(0, 6)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (!response.ok || !url.endsWith(`?v=${hex}`)) throw new Error(`${url} is not what its page names`);
  return response;
}

async function dropUnnamed(shell) {
  const named = new Set();
  for (const path of PAGES) {
    const html = (await (await shell.match(path))?.text()) ?? "";
    for (const url of filesOf(html)) named.add(url);
  }
  for (const { url } of await shell.keys()) {
    const { pathname, search } = new URL(url);
    if (!PAGES.includes(pathname) && !named.has(pathname + search)) await shell.delete(url);
  }
}

async function page(event, path) {
  const shell = await caches.open(SHELL);
  try {
    const response = await fetch(event.request);
    // A proxy without its server answers with a page that no script would ever mend.
    if (response.status >= 500) return (await shell.match(path)) ?? response;
    if (response.ok) event.waitUntil(keepPage(path, response.clone()).catch(() => {}));
    return response;
  } catch {
    return (await shell.match(path)) ?? (await shell.match("/")) ?? Response.error();
  }
}

async function file(request) {
  const shell = await caches.open(SHELL);
  return (await shell.match(request)) ?? fetch(request);
}

async function newest(event, path) {
  const { request } = event;
  if (new URL(request.url).search) return fetch(request); // Kept is the whole list, which answers no question.
  const shelf = await caches.open(STATE);
  try {
    const response = await fetch(request);
    // As of a page: a proxy without its server.
    if (response.status >= 500) return (await shelf.match(path)) ?? response;
    // The page itself keeps the aircraft, with the moment they were seen (offline.js).
    if (response.ok && path !== STATES[0]) event.waitUntil(shelf.put(path, response.clone()).catch(() => {}));
    return response;
  } catch {
    return (await shelf.match(path)) ?? Response.error();
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  // What somebody must show a token for is kept nowhere.
  if (request.headers.has("authorization")) return;
  if (request.mode === "navigate" && PAGES.includes(pathname)) event.respondWith(page(event, pathname));
  else if (pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (STATES.includes(pathname)) event.respondWith(newest(event, pathname));
});
