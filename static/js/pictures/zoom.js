// A picture on its stage: zoomed by wheel, double click, double tap or pinch, moved by dragging; what is left over,
// a swipe, is told. It is moved by its style object, which a strict content security policy allows.

const LARGEST = 8; // times its size on the stage
const DOUBLE = 2.5; // where a double click leads
const SWIPE = 50; // pixels
const STEP = 80; // pixels that an arrow key moves
const LINE = 16; // pixels, of wheels that count in lines
const TAP = 8; // pixels that a tapping finger may move
const TWICE = 300; // milliseconds between two taps

export class Stage {
  // swiped: called with "left", "right" or "down"; zoomed: with whether it is zoomed now
  constructor(element, { swiped, zoomed }) {
    Object.assign(this, { element, swiped, zoomed, fingers: new Map(), tapped: 0 });
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, (event) => this.up(event));
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  show(picture) {
    this.picture = picture;
    this.reset();
  }

  get isZoomed() {
    return this.scale > 1.01;
  }

  reset() {
    this.place({ scale: 1, x: 0, y: 0 });
  }

  toggle(point = this.centre()) {
    this.picture?.classList.add("is-settling");
    if (this.isZoomed) this.reset();
    else this.zoomAt(point, DOUBLE);
  }

  zoomAt({ x, y }, scale) {
    const next = Math.min(LARGEST, Math.max(1, scale));
    const by = next / this.scale;
    this.place({ scale: next, x: x - (x - this.x) * by, y: y - (y - this.y) * by });
  }

  // No edge of the picture comes further in than the edge of the stage.
  place({ scale, x, y }) {
    const { clientWidth: width, clientHeight: height } = this.element;
    this.scale = scale;
    this.x = Math.min(0, Math.max(width * (1 - scale), x));
    this.y = Math.min(0, Math.max(height * (1 - scale), y));
    if (this.picture) {
      this.picture.style.transform = this.isZoomed ? `translate(${this.x}px, ${this.y}px) scale(${scale})` : "";
    }
    this.element.classList.toggle("is-zoomed", this.isZoomed);
    this.zoomed(this.isZoomed);
  }

  // An arrow key looks at what lies there.
  moveBy(key) {
    const [across, down] = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
    this.place({ scale: this.scale, x: this.x + STEP * across, y: this.y + STEP * down });
  }

  centre() {
    return { x: this.element.clientWidth / 2, y: this.element.clientHeight / 2 };
  }

  pointOf(event) {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  wheel(event) {
    event.preventDefault();
    this.picture?.classList.remove("is-settling");
    this.zoomAt(this.pointOf(event), this.scale * Math.exp((event.deltaMode === 1 ? -LINE : -1) * event.deltaY / 400));
  }

  down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.picture?.classList.remove("is-settling");
    this.fingers.set(event.pointerId, this.pointOf(event));
    if (this.fingers.size === 1) this.start = { ...this.pointOf(event), at: event.timeStamp };
    else this.start = null; // two fingers do not swipe
  }

  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = this.pointOf(event);
    if (this.fingers.size === 2) this.pinch(event.pointerId, before, now);
    else if (this.isZoomed) this.place({ scale: this.scale, x: this.x + now.x - before.x, y: this.y + now.y - before.y });
    this.fingers.set(event.pointerId, now);
  }

  pinch(id, before, now) {
    const [, other] = [...this.fingers].find(([finger]) => finger !== id);
    const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y);
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.zoomAt(middle, (this.scale * apart(now)) / Math.max(1, apart(before)));
  }

  up(event) {
    if (!this.fingers.delete(event.pointerId) || !this.start || event.type === "pointercancel") return;
    const point = this.pointOf(event);
    const [across, down] = [point.x - this.start.x, point.y - this.start.y];
    this.start = null;
    if (Math.hypot(across, down) < TAP) this.tap(point, event.timeStamp);
    else if (this.isZoomed) return;
    else if (Math.abs(across) > SWIPE && Math.abs(across) > Math.abs(down)) this.swiped(across < 0 ? "left" : "right");
    else if (down > 2 * SWIPE) this.swiped("down");
  }

  tap(point, at) {
    const isSecond = at - this.tapped < TWICE;
    this.tapped = isSecond ? 0 : at;
    if (isSecond) this.toggle(point);
  }
}
