// Which part of the map is in sight: the point in the middle, and pixels per unit. x and y go from -1 to 1.
const EDGE = 44; // pixels around the whole map, for half a picture
const DEEPEST = 400; // times the whole map

export class View {
  constructor() {
    this.x = this.y = 0;
    this.scale = 0; // pixels a unit; 0: the whole map, as soon as the size is known
    this.width = this.height = 1;
  }

  get whole() {
    return Math.max(Math.min(this.width, this.height) / 2 - EDGE, 20);
  }

  get isWhole() {
    return this.scale <= this.whole * 1.001;
  }

  resize(width, height) {
    const wasWhole = this.scale === 0 || this.isWhole;
    [this.width, this.height] = [width, height];
    if (wasWhole) this.showAll();
    else this.clamp();
  }

  showAll() {
    [this.x, this.y, this.scale] = [0, 0, this.whole];
  }

  // By so many pixels, as a dragging finger moves the map.
  drag(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.clamp();
  }

  // The place under (left, top) stays there.
  zoom(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.toMap(left, top);
    this.scale *= factor;
    this.clamp();
    this.x = x - (left - this.width / 2) / this.scale;
    this.y = y - (top - this.height / 2) / this.scale;
    this.clamp();
  }

  clamp() {
    this.scale = Math.min(Math.max(this.scale, this.whole), this.whole * DEEPEST);
    this.x = Math.min(Math.max(this.x, -1), 1);
    this.y = Math.min(Math.max(this.y, -1), 1);
  }

  // So that a place is well inside.
  follow(x, y) {
    const [left, top] = this.toScreen(x, y);
    const edge = Math.min(60, this.width / 4, this.height / 4);
    if (left < edge || left > this.width - edge || top < edge || top > this.height - edge) [this.x, this.y] = [x, y];
  }

  toScreen(x, y) {
    return [this.width / 2 + (x - this.x) * this.scale, this.height / 2 + (y - this.y) * this.scale];
  }

  toMap(left, top) {
    return [this.x + (left - this.width / 2) / this.scale, this.y + (top - this.height / 2) / this.scale];
  }

  // For the address: times the whole map, so that it fits another window too.
  toString() {
    return this.isWhole ? "" : [this.x, this.y, this.scale / this.whole].map((number) => number.toFixed(4)).join(",");
  }

  restore(text) {
    const numbers = text.split(",").map(Number);
    if (numbers.length !== 3 || !numbers.every(Number.isFinite)) return;
    [this.x, this.y] = numbers;
    this.scale = numbers[2] * this.whole;
    this.clamp();
  }
}
