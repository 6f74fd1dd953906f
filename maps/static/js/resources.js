// The page's settings and data: beside it on the server, or inside it in a self-contained file.

const inside = (id) => {
  const block = document.getElementById(id);
  return block ? JSON.parse(block.textContent) : null;
};

export const config = inside("config");

/** The named data that a self-contained file has inside; null on the server's pages. */
export const carried = (name) => inside(`data-${name}`);

/**
 * JSON from an address of the server; an answer that is not 2xx is an error with its `status`.
 * `look` is given the answer's headers first.
 */
export async function fetched(url, look) {
  const response = await fetch(url);
  if (!response.ok) throw Object.assign(new Error(`${url} answered ${response.status}`), { status: response.status });
  look?.(response.headers);
  return response.json();
}

/** The named data, from the page itself where it carries it, from its address otherwise. */
export async function resource(name) {
  return carried(name) ?? fetched(config.resources[name]);
}
