// The page's settings and data: beside it on the server, or inside it in a self-contained file.

const inside = (id) => {
  const block = document.getElementById(id);
  return block ? JSON.parse(block.textContent) : null;
};

export const config = inside("config");

/** The named data, from the page itself where it carries it, from its address otherwise. */
export async function resource(name) {
  const carried = inside(`data-${name}`);
  if (carried) return carried;
  const response = await fetch(config.resources[name]);
  if (!response.ok) throw new Error(`${config.resources[name]} answered ${response.status}`);
  return response.json();
}
