// Paints what is in sight: dots in the pictures' colours from afar, thumbnails from near, and where these would
// cover each other, some thumbnails among the dots.
const LARGEST = 112; // pixels, the longer side of a thumbnail
const SMALLEST = 18; // below, dots say more
const CLOSER = 0.65; // as t-SNE has groups, neighbours are nearer than the average
const FINE = 3; // pixels of a dot's radius: smaller ones are squares, which take a tenth of the time
const ALL = 80; // pictures in sight that are all shown, also where some cover others
const MOST = 400; // thumbnails in sight, fewer than are kept

export class Painter {
  constructor(canvas, view, points, thumbnails) {
    Object.assign(this, { canvas, view, points, thumbnails });
    this.context = canvas.getContext("2d");
    this.chosen = new Set();
    this.current = null; // the point that the keyboard is at, or the mouse over
    this.line = null; // of a lasso or rectangle: [[x, y], …] of the map
  }

  // How far pictures are apart on average, in pixels.
  get spacing() {
    return (2 * this.view.scale) / Math.sqrt(Math.max(this.points.length, 1));
  }

  get side() {
    return Math.min(LARGEST, this.spacing * CLOSER);
  }

  get dot() {
    return Math.min(8, Math.max(2, this.spacing * 0.35));
  }

  // What a pointer may be away from a picture's middle, in units of the map.
  get reach() {
    return Math.max(10, this.hasThumbnails ? this.side / 2 : this.dot) / this.view.scale;
  }

  fitWindow() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const dense = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * dense);
    this.canvas.height = Math.round(height * dense);
    this.view.resize(width, height);
  }

  paint() {
    const { context, canvas } = this;
    const dense = window.devicePixelRatio || 1;
    context.setTransform(dense, 0, 0, dense, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const style = getComputedStyle(canvas);
    [this.accent, this.ink] = [style.color, getComputedStyle(canvas.parentElement).color];
    const seen = this.#inSight();
    const pictured = new Set(this.side < SMALLEST ? [] : this.#thinned(seen));
    this.hasThumbnails = pictured.size > 0;
    this.thumbnails.begin();
    for (const point of seen) if (!pictured.has(point)) this.#dot(point);
    for (const point of pictured) this.#picture(point);
    if (this.current && this.hasThumbnails) this.#picture(this.current);
    else if (this.current) this.#dot(this.current);
    if (this.line) this.#outline(this.line);
    this.thumbnails.load();
    canvas.dataset.showing = this.hasThumbnails ? "thumbnails" : "dots";
    canvas.dataset.inSight = seen.length;
  }

  #inSight() {
    const edge = this.side / this.view.scale;
    const [left, top] = this.view.toMap(0, 0);
    const [right, bottom] = this.view.toMap(this.view.width, this.view.height);
    return this.points.all.filter(
      ({ x, y }) => x > left - edge && x < right + edge && y > top - edge && y < bottom + edge,
    );
  }

  // Of too many, the first in each square that a thumbnail takes: of the map, so that it stays when the map
  // is moved.
  #thinned(seen) {
    if (seen.length <= ALL) return seen;
    const size = this.side / this.view.scale;
    const first = new Map();
    for (const point of seen) {
      const square = `${Math.floor(point.x / size)} ${Math.floor(point.y / size)}`;
      if (!first.has(square)) first.set(square, point);
    }
    return [...first.values()].slice(0, MOST);
  }

  #dot(point) {
    const [left, top] = this.view.toScreen(point.x, point.y);
    const { context, dot } = this;
    const isMarked = this.chosen.has(point) || point === this.current;
    if (dot < FINE && !isMarked) {
      context.fillStyle = this.ink;
      context.fillRect(left - dot - 0.5, top - dot - 0.5, 2 * dot + 1, 2 * dot + 1);
      context.fillStyle = point.colour;
      context.fillRect(left - dot, top - dot, 2 * dot, 2 * dot);
      return;
    }
    context.beginPath();
    context.arc(left, top, dot + (isMarked ? 2 : 0), 0, 2 * Math.PI);
    context.fillStyle = point.colour;
    context.fill();
    // An edge of the text's colour, so that pictures of the ground's colour are seen too.
    context.strokeStyle = this.chosen.has(point) ? this.accent : this.ink;
    context.lineWidth = isMarked ? 3 : 0.5;
    context.stroke();
  }

  #picture(point) {
    const { context, side } = this;
    const [middle, centre] = this.view.toScreen(point.x, point.y);
    const [width, height] = point.aspect > 1 ? [side, side / point.aspect] : [side * point.aspect, side];
    const box = [middle - width / 2, centre - height / 2, width, height];
    const image = point.shown ? this.thumbnails.get(point.id) : null;
    if (image) context.drawImage(image, ...box);
    else {
      context.fillStyle = point.colour;
      context.fillRect(...box);
    }
    if (!this.chosen.has(point) && point !== this.current) return;
    context.lineWidth = 4;
    context.strokeStyle = this.chosen.has(point) ? this.accent : this.ink;
    context.strokeRect(...box);
    if (point !== this.current || !this.chosen.has(point)) return;
    context.lineWidth = 2;
    context.strokeStyle = this.ink;
    context.strokeRect(box[0] - 4, box[1] - 4, width + 8, height + 8);
  }

  #outline(line) {
    const { context } = this;
    context.beginPath();
    for (const [x, y] of line) context.lineTo(...this.view.toScreen(x, y));
    context.closePath();
    context.globalAlpha = 0.15;
    context.fillStyle = this.accent;
    context.fill("evenodd");
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.strokeStyle = this.accent;
    context.stroke();
  }
}
