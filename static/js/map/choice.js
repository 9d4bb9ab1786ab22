// The chosen pictures of the map, in the form that the grids have too.
const MOST = 900; // fields of one form: the server takes a thousand

export class Choice {
  constructor(bar, points, { changed, limited }) {
    Object.assign(this, { bar, points, changed, limited });
    this.chosen = new Set();
    bar.addEventListener("formdata", ({ formData }) => {
      for (const point of this.chosen) formData.append("picture", point.id);
    });
    bar.addEventListener("keydown", (event) => this.#keyPressed(event));
    bar.querySelector("[data-scripted]").hidden = false;
    bar.querySelector("[data-all]").hidden = true; // that is what the lasso is for
    bar.querySelector("[data-none]").addEventListener("click", () => this.clear());
  }

  add(found) {
    const room = MOST - this.chosen.size;
    const fresh = found.filter((point) => !this.chosen.has(point));
    for (const point of fresh.slice(0, room)) this.chosen.add(point);
    this.#show();
    if (fresh.length > room) this.limited(MOST);
  }

  remove(found) {
    for (const point of found) this.chosen.delete(point);
    this.#show();
  }

  toggle(point) {
    if (this.chosen.has(point)) this.remove([point]);
    else this.add([point]);
  }

  clear() {
    this.chosen.clear();
    this.#show();
  }

  #show() {
    const count = this.chosen.size;
    const text = count === 1 ? this.bar.dataset.textOne : this.bar.dataset.textMany;
    this.bar.classList.toggle("is-active", count > 0);
    this.bar.querySelector("[data-count]").textContent = text.replace("{count}", count);
    this.changed();
  }

  // Enter in a field means the button beside it, not the first one of the form.
  #keyPressed(event) {
    if (event.key !== "Enter" || event.target.localName !== "input") return;
    event.preventDefault();
    event.target.closest(".menu__panel").querySelector("button").click();
  }
}
