// Thumbnails for the painter: only those that are asked for in a frame are loaded, a few at once, and only so
// many are kept, those that were in sight last.
const AT_ONCE = 6;
const KEPT = 450;

export class Thumbnails {
  constructor(urlOf, changed) {
    this.urlOf = urlOf;
    this.changed = changed; // called when one has come
    this.kept = new Map(); // id → picture, the one that was asked for last at the end
    this.loading = new Set();
    this.wanted = [];
  }

  // Before the frame is painted.
  begin() {
    this.wanted = [];
  }

  // The picture, or null until it is there.
  get(id) {
    const picture = this.kept.get(id);
    if (picture === undefined) {
      if (!this.loading.has(id)) this.wanted.push(id);
      return null;
    }
    this.kept.delete(id);
    this.kept.set(id, picture);
    return picture;
  }

  // After the frame: what it lacked.
  load() {
    while (this.loading.size < AT_ONCE && this.wanted.length > 0) this.#fetch(this.wanted.shift());
  }

  async #fetch(id) {
    this.loading.add(id);
    const image = new Image();
    image.src = this.urlOf(id);
    try {
      await image.decode();
      this.kept.set(id, image);
    } catch {
      this.kept.set(id, null); // there is none (any more): the colour stays
    }
    this.loading.delete(id);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(oldest);
    }
    this.changed();
    this.load();
  }
}
