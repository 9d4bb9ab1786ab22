// A search box that offers words and searches as one types: a combobox with a list, by the pattern of ARIA.
// Arrows choose, Enter takes what is chosen, Escape closes. Without this script the box is a plain one.
const PAUSE = 180; // milliseconds after the last key
const PATIENCE = 20_000; // after a server that was asked too often

class Suggestions {
  constructor(box) {
    this.box = box;
    this.chosen = -1;
    this.asked = null;
    this.silentUntil = 0;
    this.list = document.createElement("ul");
    this.list.id = `${box.id}-suggestions`;
    this.list.className = "suggestions";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", box.dataset.textList);
    this.count = document.createElement("p");
    this.count.className = "visually-hidden";
    this.count.setAttribute("role", "status");
    box.parentElement.append(this.list, this.count);
    const roles = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(roles)) box.setAttribute(name, value);
    box.addEventListener("input", () => this.askSoon());
    box.addEventListener("keydown", (event) => this.keyPressed(event));
    box.addEventListener("blur", () => this.close());
    // With the button down the box would lose its focus, and the list would close before the click.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("[role=option]");
      if (item) this.take([...this.list.children].indexOf(item));
    });
  }

  askSoon() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    if (performance.now() < this.silentUntil) return;
    this.asked = new AbortController();
    const url = new URL(this.box.dataset.suggestions, location.href);
    url.searchParams.set("q", this.box.value);
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" }, signal: this.asked.signal });
      if (response.status === 429) this.silentUntil = performance.now() + PATIENCE;
      const { suggestions } = response.ok ? await response.json() : { suggestions: [] };
      if (document.activeElement === this.box) this.show(suggestions);
    } catch (error) {
      // Aborted by the next key, or the network is away: words can still be typed.
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    }
  }

  show(suggestions) {
    this.suggestions = suggestions;
    this.list.replaceChildren(...suggestions.map((suggestion, place) => this.item(suggestion, place)));
    this.list.hidden = suggestions.length === 0;
    this.box.setAttribute("aria-expanded", String(suggestions.length > 0));
    this.choose(-1);
    const text = suggestions.length === 1 ? this.box.dataset.textOne : this.box.dataset.textMany;
    this.count.textContent = text.replace("{count}", suggestions.length);
  }

  item({ text, kind }, place) {
    const item = document.createElement("li");
    item.id = `${this.list.id}-${place}`;
    item.className = "suggestions__item";
    item.setAttribute("role", "option");
    for (const [name, words] of [["text", text], ["kind", kind]]) {
      const part = document.createElement("span");
      part.className = `suggestions__${name}`;
      part.textContent = words;
      item.append(part, " ");
    }
    return item;
  }

  choose(place) {
    this.chosen = place;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === place)));
    const item = this.list.children[place];
    if (item) this.box.setAttribute("aria-activedescendant", item.id);
    else this.box.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.choose(-1);
    this.count.textContent = "";
  }

  take(place) {
    const { query, address } = this.suggestions[place];
    this.close();
    if (address) {
      location.assign(address);
      return;
    }
    this.box.value = query;
    this.box.form.requestSubmit();
  }

  keyPressed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const isOpen = !this.list.hidden;
    if (event.key === "Escape" && isOpen) {
      event.preventDefault(); // which would empty the box
      event.stopPropagation();
      this.close();
    } else if (event.key === "Enter" && isOpen && this.chosen >= 0) {
      event.preventDefault();
      this.take(this.chosen);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) this.ask();
      else this.step(event.key === "ArrowDown" ? 1 : -1);
    }
  }

  // Beyond either end lies the box itself, where nothing is chosen.
  step(by) {
    const places = this.list.children.length + 1;
    this.choose(((this.chosen + 1 + by + places) % places) - 1);
  }
}

for (const box of document.querySelectorAll("[data-suggestions]")) new Suggestions(box);
