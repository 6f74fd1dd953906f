// Aircraft seen from above, nose up, drawn as paths in a box of 40 by 40 around the origin.

const ring = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

export const SHAPES = {
  drone:
    ring(-9, -9, 5) + ring(9, -9, 5) + ring(-9, 9, 5) + ring(9, 9, 5) +
    "M-9.9-8.1L-8.1-9.9L0-1.8L8.1-9.9L9.9-8.1L1.8 0L9.9 8.1L8.1 9.9L0 1.8L-8.1 9.9L-9.9 8.1L-1.8 0z" +
    "M0-6.5L3.6-1V4.5H-3.6V-1z",
  evtol:
    "M0-15C2.6-15 3.4-11 3.4-7V-4.6H15.5V-1.2H3.4L2.2 9L7.5 11.4V14H-7.5V11.4L-2.2 9L-3.4-1.2H-15.5V-4.6" +
    "H-3.4V-7C-3.4-11-2.6-15 0-15z" +
    ring(-14.5, -7.2, 3.4) + ring(-8, -7.2, 3.2) + ring(8, -7.2, 3.2) + ring(14.5, -7.2, 3.4) +
    ring(-14.5, 1.4, 3.4) + ring(14.5, 1.4, 3.4),
  helicopter:
    "M0-10.5C3.6-10.5 4.8-7 4.8-3.4C4.8 1 3 4 1.5 5.2V13H5V15.4H-5V13H-1.5V5.2C-3 4-4.8 1-4.8-3.4C-4.8-7-3.6-10.5 0-10.5z" +
    "M-13-15.8L-10.8-18L14 6.8L11.8 9zM10.8-18L13-15.8L-11.8 9L-14 6.8z",
  unknown: "M0-13L9 11L0 6.2L-9 11z",
};

export const shapeOf = (aircraftClass) => SHAPES[aircraftClass] ?? SHAPES.unknown;

/** An inline SVG of the class in one colour, hidden from screen readers: words stand beside it. */
export function picture(aircraftClass, colour) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "-20 -20 40 40");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", shapeOf(aircraftClass));
  path.setAttribute("fill", colour);
  svg.append(path);
  return svg;
}
