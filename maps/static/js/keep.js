// Keeping the work: in this browser, in a link, in a file. Nothing of it is stored on the server: the
// part of a link behind "#" never leaves the browser, and a file is the planner's own.

const KEPT = "soramichi.desk"; // The planner's own work,
const LINKED = "soramichi.desk.linked"; // and what was made of the candidates of a link, with the link.
const LINK = "#routes=";
const LONGEST_LINK = 30_000;

let slot = KEPT;

const packed = async (text) => {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};
const unpacked = (bytes) =>
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();

/** The address that opens these candidates, or null when it would be too long for mail and browsers. */
export async function linkOf(work) {
  const bytes = await packed(JSON.stringify(work));
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const code = text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const link = `${location.origin}${location.pathname}${LINK}${code}`;
  return link.length > LONGEST_LINK ? null : link;
}

/** Whether the page's address says that it carries work. */
export const isLink = () => location.hash.startsWith(LINK);

/**
 * The work that the page's address carries, as it was left here; null when none can be read. From then
 * on this is what is kept, beside the planner's own.
 */
export async function linked() {
  try {
    const text = atob(location.hash.slice(LINK.length).replaceAll("-", "+").replaceAll("_", "/"));
    const work = sound(JSON.parse(await unpacked(Uint8Array.from(text, (letter) => letter.charCodeAt(0)))));
    if (work) slot = LINKED;
    const left = read(LINKED);
    return left?.link === location.hash ? sound(left) ?? work : work;
  } catch {
    return null;
  }
}

// Storage is refused in private windows: then only this browser's memory of it is missing.
export function keep(work) {
  try {
    localStorage.setItem(slot, JSON.stringify(slot === LINKED ? { ...work, link: location.hash } : work));
  } catch {
    // See above.
  }
}

function read(from) {
  try {
    return JSON.parse(localStorage.getItem(from));
  } catch {
    return null;
  }
}

/** The planner's own work, as it was left here; null when there is none. */
export const kept = () => sound(read(KEPT));

/** Work as it must be to be shown: a list of lines with a name and numbers; else null. */
export function sound(work) {
  const line = (feature) => feature?.geometry?.type === "LineString" && typeof feature.properties?.name === "string" &&
    feature.geometry.coordinates.every((point) => Array.isArray(point) && point.length >= 2 && point.every(Number.isFinite));
  return Array.isArray(work?.candidates) && work.candidates.length > 0 && work.candidates.every(line) ? work : null;
}

/** The judged candidates inside a page that was saved; null when the text is no such page. */
export function insidePage(text) {
  // Inside a page "<" of the data is written as \u003c, so its block ends at the first end tag.
  const [, block] = /<script type="application\/json" id="data-answer">(.*?)<\/script>/s.exec(text) ?? [];
  try {
    const { candidates, verdicts } = JSON.parse(block);
    return candidates.features.map((feature, i) => ({ feature, assumed: verdicts[i].assumed ?? [] }));
  } catch {
    return null;
  }
}

/** Let the browser save a text as a file. */
export function download(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
