// The map's page: shows the map where there is one, and waits for the one that is being laid out.
import { Choice } from "./choice.js";
import { Keys } from "./keys.js";
import { Painter } from "./painter.js";
import { Pointer } from "./pointer.js";
import { Points } from "./points.js";
import { Thumbnails } from "./thumbnails.js";
import { View } from "./view.js";
import { wait } from "./waiting.js";

const NO_ID = "00000000-0000-0000-0000-000000000000";

class PictureMap {
  constructor(root) {
    this.root = root;
    this.texts = root.dataset;
    this.canvas = root.querySelector("canvas");
    this.caption = root.querySelector("[data-caption]");
    this.current = null;
    this.view = new View();
    this.points = new Points();
    const thumbnails = new Thumbnails((id) => this.#url("thumbnailUrl", id), () => this.paint());
    this.painter = new Painter(this.canvas, this.view, this.points, thumbnails);
    this.choice = new Choice(root.querySelector("[data-selection]"), this.points, {
      changed: () => this.paint(),
      limited: (count) => this.say(this.texts.textLimit.replace("{count}", count), true),
    });
    this.painter.chosen = this.choice.chosen;
    this.pointer = new Pointer(this.canvas, this);
    this.keys = new Keys(this.canvas, this);
    this.#attendButtons();
  }

  async show() {
    this.root.hidden = false;
    this.painter.fitWindow();
    this.view.restore(location.hash.slice(1));
    new ResizeObserver(() => {
      this.painter.fitWindow();
      this.paint();
    }).observe(this.canvas);
    const repaint = () => this.paint();
    new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    try {
      await this.points.load(this.texts.pointsUrl, repaint);
      this.canvas.dataset.loaded = this.points.length;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.say(this.texts.textLost, true);
    }
  }

  // However often it is asked for, once a frame.
  paint() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.painter.paint();
    });
  }

  moved() {
    this.#caption(null);
    this.paint();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#noteView(), 200);
  }

  #noteView() {
    clearTimeout(this.timer);
    history.replaceState(history.state, "", `#${this.view}`);
  }

  zoom(factor) {
    if (factor === 0) this.view.showAll();
    else if (this.current) this.view.zoom(factor, ...this.view.toScreen(this.current.x, this.current.y));
    else this.view.zoom(factor);
    this.moved();
  }

  draw(line) {
    this.painter.line = line;
    this.paint();
  }

  at(place) {
    return this.points.nearest(...this.view.toMap(...place), this.painter.reach);
  }

  hover(place) {
    const found = place && this.at(place);
    this.canvas.classList.toggle("is-over", Boolean(found));
    if (found === this.current && found) return this.#caption(found);
    this.current = this.painter.current = found ?? null;
    this.#caption(found);
    this.paint();
  }

  // By keyboard.
  goTo(point) {
    if (!point) return;
    this.current = this.painter.current = point;
    this.view.follow(point.x, point.y);
    this.moved();
    this.#caption(point);
    this.#sayCurrent();
  }

  click(place, event) {
    const point = this.at(place);
    if (!point) return;
    if (event.button === 1 || event.ctrlKey || event.metaKey) window.open(this.#url("pictureUrl", point.id));
    else if (event.shiftKey || this.choice.chosen.size > 0 || this.pointer.tool !== "move") this.toggle(point);
    else this.open(point);
  }

  open(point) {
    this.#noteView(); // the way back leads here
    location.assign(this.#url("pictureUrl", point.id));
  }

  toggle(point) {
    this.choice.toggle(point);
    if (point === this.current) this.#sayCurrent();
  }

  enclose(line, isTaken) {
    const found = this.points.inside(line);
    if (isTaken) this.choice.remove(found);
    else this.choice.add(found);
  }

  say(text, isShown = false) {
    this.root.querySelector("[data-said]").textContent = text;
    this.root.querySelector("[data-said]").classList.toggle("visually-hidden", !isShown);
  }

  #sayCurrent() {
    const title = this.current.title || this.texts.textUntitled;
    this.say(this.choice.chosen.has(this.current) ? this.texts.textChosen.replace("{title}", title) : title);
  }

  #caption(point) {
    this.caption.hidden = !point;
    if (!point) return;
    const image = this.caption.querySelector("img");
    const url = this.#url("thumbnailUrl", point.id);
    image.hidden = !point.shown;
    if (point.shown && image.getAttribute("src") !== url) image.src = url;
    this.caption.querySelector("[data-title]").textContent = point.title || this.texts.textUntitled;
    const [left, top] = this.view.toScreen(point.x, point.y);
    const away = 16 + (this.painter.hasThumbnails ? this.painter.side / 2 : 0);
    const { offsetWidth: width, offsetHeight: height } = this.caption;
    const beside = left + away + width < this.view.width ? left + away : Math.max(0, left - away - width);
    const level = Math.max(0, Math.min(top - height / 2, this.view.height - height));
    this.caption.style.translate = `${Math.round(beside)}px ${Math.round(level)}px`;
  }

  #url(name, id) {
    return this.texts[name].replace(NO_ID, id);
  }

  #attendButtons() {
    const tools = [...this.root.querySelectorAll("[data-tool]:not(canvas)")];
    for (const button of tools) {
      button.addEventListener("click", () => {
        this.pointer.use(button.dataset.tool);
        for (const other of tools) other.setAttribute("aria-pressed", String(other === button));
      });
    }
    for (const button of this.root.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => this.zoom(Number(button.dataset.zoom)));
    }
  }
}

for (const root of document.querySelectorAll("[data-map]")) new PictureMap(root).show();
for (const part of document.querySelectorAll("[data-map-waits]")) wait(part);
