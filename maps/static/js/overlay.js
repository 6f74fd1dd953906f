// A canvas over the map that redraws itself instead of being moved: it stays sharp and exact
// during pan, pinch and zoom. Points are world pixels (see motion.js); a view maps them to the screen.

const ZOOM_MS = 250; // Leaflet's zoom animation, in leaflet.css
const eased = (t) => 1 - (1 - t) ** 3;

/** screen = world * scale + (x, y) */
export class View {
  constructor(map) {
    this.map = map;
    this.zooming = null;
    map.on("zoomanim", (event) => {
      this.zooming = { from: this.still(), to: this.aimed(event), start: performance.now() };
    });
    map.on("zoomend", () => {
      this.zooming = null;
    });
  }

  still() {
    const moved = L.DomUtil.getPosition(this.map.getPane("mapPane")) ?? { x: 0, y: 0 };
    const origin = this.map.getPixelOrigin();
    return { scale: 2 ** this.map.getZoom(), x: moved.x - origin.x, y: moved.y - origin.y };
  }

  aimed({ center, zoom }) {
    const middle = this.map.project(center, zoom);
    const half = this.map.getSize().divideBy(2);
    return { scale: 2 ** zoom, x: half.x - middle.x, y: half.y - middle.y };
  }

  /** The view of this very frame; the CSS animation of a zoom moves every point on a line. */
  now() {
    if (!this.zooming) return this.still();
    const { from, to, start } = this.zooming;
    const u = eased(Math.min(1, (performance.now() - start) / ZOOM_MS));
    return {
      scale: from.scale + (to.scale - from.scale) * u,
      x: from.x + (to.x - from.x) * u,
      y: from.y + (to.y - from.y) * u,
    };
  }
}

/** A canvas as large as the map, sharp on any screen, that lets every touch through. */
export class Sheet {
  constructor(map, className) {
    this.map = map;
    this.canvas = document.createElement("canvas");
    this.canvas.className = `sheet ${className}`;
    this.canvas.setAttribute("aria-hidden", "true");
    this.context = this.canvas.getContext("2d");
    map.getContainer().append(this.canvas);
    this.fit();
    map.on("resize", () => this.fit());
  }

  fit() {
    const { x, y } = this.map.getSize();
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    this.width = x;
    this.height = y;
    this.canvas.width = Math.round(x * this.ratio);
    this.canvas.height = Math.round(y * this.ratio);
  }

  clear() {
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    return this.context;
  }
}
