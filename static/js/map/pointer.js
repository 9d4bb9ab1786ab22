// Mouse, pen and fingers on the map: dragging moves it or draws a lasso or rectangle, a wheel or two fingers
// zoom, a click opens. `map`: what page.js gives.
const STILL = 5; // pixels that a click may move
const WHEEL = 0.0016; // of a zoom's logarithm, a pixel of the wheel
const TRACKPAD = 0.01; // the same for two fingers on a trackpad, which browsers tell by Ctrl

export class Pointer {
  constructor(canvas, map) {
    Object.assign(this, { canvas, map });
    this.tool = "move";
    this.held = new Map(); // pointers that are down: id → [left, top]
    this.start = null; // of the drag under way: where, and the line that it draws
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    canvas.addEventListener("pointerleave", () => this.held.size || this.map.hover(null));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  use(tool) {
    this.tool = this.canvas.dataset.tool = tool;
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event) {
    if (event.button > 1) return;
    this.canvas.setPointerCapture(event.pointerId);
    const place = this.#place(event);
    this.held.set(event.pointerId, place);
    this.start = this.held.size === 1 ? { place, isDrag: false, line: [this.map.view.toMap(...place)] } : null;
    if (this.held.size === 2) this.map.draw(null);
  }

  #move(event) {
    const place = this.#place(event);
    if (this.held.size === 0) return this.map.hover(place);
    if (!this.held.has(event.pointerId)) return;
    if (this.held.size === 2) this.#pinch(event.pointerId, place);
    else if (this.start) this.#drag(this.held.get(event.pointerId), place);
    this.held.set(event.pointerId, place);
  }

  #drag(before, place) {
    const { start, map } = this;
    const [dx, dy] = [place[0] - start.place[0], place[1] - start.place[1]];
    if (!start.isDrag && Math.hypot(dx, dy) < STILL) return;
    start.isDrag = true;
    map.hover(null);
    if (this.tool === "move") {
      this.canvas.classList.add("is-dragged");
      map.view.drag(place[0] - before[0], place[1] - before[1]);
      map.moved();
      return;
    }
    const here = map.view.toMap(...place);
    if (this.tool === "lasso") start.line.push(here);
    else start.line = corners(start.line[0], here);
    map.draw(start.line);
  }

  #pinch(id, place) {
    const [, other] = [...this.held].find(([key]) => key !== id);
    const before = this.held.get(id);
    const distance = (one) => Math.max(Math.hypot(one[0] - other[0], one[1] - other[1]), 1);
    const middle = (one) => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
    const [from, to] = [middle(before), middle(place)];
    this.map.view.drag(to[0] - from[0], to[1] - from[1]);
    this.map.view.zoom(distance(place) / distance(before), ...to);
    this.map.moved();
  }

  #up(event) {
    const { start, map } = this;
    const wasHeld = this.held.delete(event.pointerId);
    this.canvas.classList.remove("is-dragged");
    this.start = null;
    if (!wasHeld || !start) return;
    if (!start.isDrag) map.click(start.place, event);
    else if (this.tool !== "move") map.enclose(start.line, event.altKey);
    map.draw(null);
  }

  #cancel(event) {
    this.held.delete(event.pointerId);
    this.canvas.classList.remove("is-dragged");
    this.start = null;
    this.map.draw(null);
  }

  #wheel(event) {
    const { view } = this.map;
    if (event.deltaY > 0 && view.isWhole) return; // nothing farther: the page scrolls
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? event.deltaY * 33 : event.deltaY;
    view.zoom(Math.exp(-pixels * (event.ctrlKey ? TRACKPAD : WHEEL)), ...this.#place(event));
    this.map.moved();
    this.map.hover(this.#place(event));
  }
}

export function corners([x1, y1], [x2, y2]) {
  return [
    [x1, y1],
    [x2, y1],
    [x2, y2],
    [x1, y2],
  ];
}
