// Keeping the work: in this browser, in a link, in a file. Nothing of it is stored on the server: the
// part of a link behind "#" never leaves the browser, and a file is the planner's own.

const KEPT = "soramichi.desk";
const LINK = "#routes=";
const LONGEST_LINK = 30_000;

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

/** The work that the page's address carries; null when it carries none, or none that can be read. */
export async function linked() {
  if (!location.hash.startsWith(LINK)) return null;
  try {
    const text = atob(location.hash.slice(LINK.length).replaceAll("-", "+").replaceAll("_", "/"));
    return sound(JSON.parse(await unpacked(Uint8Array.from(text, (letter) => letter.charCodeAt(0)))));
  } catch {
    return null;
  }
}

// Storage is refused in private windows: then only this browser's memory of it is missing.
export function keep(work) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(work));
  } catch {
    // See above.
  }
}

export function kept() {
  try {
    return sound(JSON.parse(localStorage.getItem(KEPT)));
  } catch {
    return null;
  }
}

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
