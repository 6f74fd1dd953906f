// Colours of the map. Height runs from dark violet to gold: lightness rises with every step, so
// the order survives every kind of colour blindness and a grey print.

/** Upper end of each class in metres (the last has none); the class holds its lower end. */
export const HEIGHTS = [
  { from: 0, to: 50, colour: "#46208f" },
  { from: 50, to: 150, colour: "#7c1fa0" },
  { from: 150, to: 300, colour: "#b42f8a" },
  { from: 300, to: 500, colour: "#dc5464" },
  { from: 500, to: 1000, colour: "#f0873c" },
  { from: 1000, to: null, colour: "#f5c32c" },
];

export const UNKNOWN_HEIGHT = "#8a97a0";

export const INK = "#0c2232";
export const HALO = "#ffffff";
export const WARNING = "#d7263d";
/** Corridors that are planned, on every map and in every profile */
export const PLANNED = "#f5c32c";

/** The class number of a height in metres; -1 when unknown. Below zero counts as the lowest. */
export function heightClass(metres) {
  if (!Number.isFinite(metres)) return -1;
  for (let i = HEIGHTS.length - 1; i > 0; i -= 1) if (metres >= HEIGHTS[i].from) return i;
  return 0;
}

export const heightColour = (index) => (index < 0 ? UNKNOWN_HEIGHT : HEIGHTS[index].colour);
