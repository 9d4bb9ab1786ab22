// What stands beside a picture that is shown large, from the server; and its star.

const PAUSE = 150; // milliseconds: who leafs on does not ask for each picture

export class Details {
  constructor(dialog) {
    this.dialog = dialog;
    this.panel = dialog.querySelector("[data-details]");
    this.star = dialog.querySelector("[data-do=keep]");
    this.button = dialog.querySelector("[data-do=inform]");
    this.known = new Map(); // address → the server's rendering
  }

  show(link) {
    this.address = link.dataset.details;
    this.button.hidden = !this.address;
    this.star.hidden = true;
    this.panel.replaceChildren();
    clearTimeout(this.timer);
    if (!this.address) return;
    if (this.known.has(this.address)) this.render();
    else this.timer = setTimeout(() => this.fetch(this.address), PAUSE);
  }

  async fetch(address) {
    const response = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!response?.ok) return; // the picture is there without its details
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    this.known.set(address, page.querySelector("[data-details-of]"));
    if (address === this.address) this.render();
  }

  render() {
    this.panel.replaceChildren(this.known.get(this.address));
    const form = this.panel.querySelector("form[data-favourite]");
    this.star.hidden = !form;
    this.star.setAttribute("aria-pressed", form?.dataset.favourite ?? "false");
  }

  // The address of the best file that browsers show, once it is known.
  get zoomed() {
    return this.panel.firstElementChild?.dataset.zoomed ?? "";
  }

  toggle() {
    this.panel.hidden = !this.panel.hidden;
    this.button.setAttribute("aria-expanded", !this.panel.hidden);
  }

  async keep() {
    const form = this.panel.querySelector("form[data-favourite]");
    const address = this.address;
    const request = { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } };
    const response = await fetch(form.action, request).catch(() => null);
    if (!response?.ok) return;
    const { textKept, textUnkept } = this.dialog.dataset;
    const said = form.dataset.favourite === "true" ? textUnkept : textKept;
    this.dialog.querySelector("[data-said]").textContent = said;
    await this.fetch(address);
  }
}
