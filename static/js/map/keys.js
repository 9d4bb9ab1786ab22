// The keyboard on the map: from picture to picture, moving and zooming, choosing one or a rectangle.
import { corners } from "./pointer.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.2; // of the window, with Shift
const ZOOM = 1.5;

export class Keys {
  constructor(canvas, map) {
    this.map = map;
    this.corner = null; // the picture at which a rectangle begins
    canvas.addEventListener("keydown", (event) => this.#pressed(event));
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.#arrive());
  }

  #arrive() {
    const { map } = this;
    map.goTo(map.current ?? map.points.nearest(map.view.x, map.view.y));
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = ARROWS[event.key] ? () => this.#arrow(event) : this.#action(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #arrow({ key, shiftKey }) {
    const { map } = this;
    const [dx, dy] = ARROWS[key];
    if (shiftKey) {
      map.view.drag(-dx * STEP * map.view.width, -dy * STEP * map.view.height);
      map.moved();
    } else if (!map.current) this.#arrive();
    else {
      map.goTo(map.points.next(map.current, dx, dy) ?? map.current);
      if (this.corner) map.draw(corners([this.corner.x, this.corner.y], [map.current.x, map.current.y]));
    }
  }

  #action(key) {
    const { map } = this;
    const zoom = (factor) => () => map.zoom(factor);
    const actions = {
      "+": zoom(ZOOM),
      "=": zoom(ZOOM),
      "-": zoom(1 / ZOOM),
      0: zoom(0),
      Enter: map.current && (() => map.open(map.current)),
      " ": map.current && (() => map.toggle(map.current)),
      r: map.current && (() => this.#rectangle()),
      Escape: (this.corner || map.choice.chosen.size > 0) && (() => this.#escape()),
    };
    return actions[key.length === 1 ? key.toLowerCase() : key];
  }

  #rectangle() {
    const { map, corner } = this;
    if (corner) {
      map.choice.add(map.points.between([corner.x, corner.y], [map.current.x, map.current.y]));
      this.corner = null;
      map.draw(null);
    } else {
      this.corner = map.current;
      map.say(map.texts.textCorner);
    }
  }

  #escape() {
    if (this.corner) this.map.draw(null);
    else this.map.choice.clear();
    this.corner = null;
  }
}
