// The points of the candidate that is being changed, on the map: to drag, to insert, to delete.
// Each is a button of its own, so that it can be reached and moved by keyboard.

import { word } from "soramichi/words.js";

const SHOWN_AT_MOST = 200; // Of a long recorded line only what is in view, and no more than this.
const NUDGE_PX = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] };
const TOUCH = 40;

export class Handles {
  /** `on` has add(latlng), insert(index, lonlat), move(index, lonlat, done), remove(index). */
  constructor(map, on) {
    Object.assign(this, { map, on, points: [], open: false });
    map.createPane("handles").style.zIndex = 620;
    this.group = L.layerGroup().addTo(map);
    map.on("click", ({ latlng }) => this.open && on.add([latlng.lng, latlng.lat]));
    map.on("moveend", () => this.open && !this.dragging && this.draw());
  }

  /** Show the handles of these points; null puts them away. */
  show(points) {
    this.open = points !== null;
    this.map.getContainer().classList.toggle("drawing", this.open);
    if (this.dragging) return;
    this.points = points ?? [];
    this.draw();
  }

  draw() {
    const focused = this.focused;
    this.group.clearLayers();
    if (!this.open) return;
    const bounds = this.map.getBounds().pad(0.2);
    const seen = this.points.map((point, index) => ({ point, index })).filter(({ point: [lon, lat] }) => bounds.contains([lat, lon]));
    for (const { point, index } of seen.slice(0, SHOWN_AT_MOST)) {
      this.group.addLayer(this.handle(point, index));
      const next = this.points[index + 1];
      if (next && seen.length <= SHOWN_AT_MOST / 2) this.group.addLayer(this.ghost(point, next, index + 1));
    }
    if (focused !== undefined) this.focus(focused);
  }

  /** Move the focus to the handle of a point, where it is shown. */
  focus(index) {
    this.group.eachLayer((marker) => marker.index === index && marker.getElement()?.focus({ preventScroll: true }));
  }

  marker(lonlat, className, label) {
    const icon = L.divIcon({ className: `handle ${className}`, html: "", iconSize: [TOUCH, TOUCH] });
    const marker = L.marker([lonlat[1], lonlat[0]], { icon, draggable: true, pane: "handles", keyboard: true, title: label, alt: label });
    marker.on("add", () => marker.getElement().setAttribute("aria-label", label));
    // What is dropped or pressed on a handle is not a press of the map.
    marker.on("click dblclick", L.DomEvent.stopPropagation);
    return marker;
  }

  handle(lonlat, index) {
    const end = index === 0 || index === this.points.length - 1;
    const marker = this.marker(lonlat, end ? "end" : "", word("point", index + 1));
    marker.index = index;
    const place = () => [marker.getLatLng().lng, marker.getLatLng().lat];
    marker.on("dragstart", () => { this.dragging = true; });
    marker.on("drag", () => this.on.move(index, place(), false));
    marker.on("dragend", () => {
      this.dragging = false;
      this.on.move(index, place(), true);
    });
    marker.on("add", () => {
      const element = marker.getElement();
      element.dataset.number = String(index + 1);
      element.addEventListener("keydown", (event) => this.key(event, marker, index));
      element.addEventListener("focus", () => { this.focused = index; });
      element.addEventListener("blur", () => { this.focused = undefined; });
    });
    return marker;
  }

  key(event, marker, index) {
    const nudge = NUDGE_PX[event.key];
    if (nudge) {
      const at = this.map.latLngToContainerPoint(marker.getLatLng()).add(nudge);
      const { lng, lat } = this.map.containerPointToLatLng(at);
      this.on.move(index, [lng, lat], true);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.on.remove(index);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Between two points: taken hold of, it becomes a point of the line.
  ghost([lon, lat], [lon2, lat2], index) {
    const middle = [(lon + lon2) / 2, (lat + lat2) / 2];
    const marker = this.marker(middle, "ghost", word("insertAfter", index));
    const place = () => [marker.getLatLng().lng, marker.getLatLng().lat];
    marker.on("dragstart", () => {
      this.dragging = true;
      this.on.insert(index, place());
    });
    marker.on("drag", () => this.on.move(index, place(), false));
    marker.on("dragend", () => {
      this.dragging = false;
      this.on.move(index, place(), true);
    });
    marker.on("click", () => this.on.insert(index, middle));
    return marker;
  }
}
