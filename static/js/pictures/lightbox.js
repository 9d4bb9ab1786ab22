// A picture of a grid shown large. The address becomes that of the picture's own page, which a reload opens; the
// back button closes. Further pages of the grid come as one goes on past its end.
import { more } from "./endless.js";
import { address, cardOf, cards, grid, linkOf } from "./grid.js";
import { Details } from "./details.js";
import { areOff } from "./wishes.js";
import { Stage } from "./zoom.js";

const SLIDE = 5000; // milliseconds

let dialog = null;
let stage = null;
let details = null;
let id = ""; // of the card that is shown: pending.js may exchange the card itself
let slides = 0;

const part = (name) => dialog.querySelector(`[data-${name}]`);
const button = (name) => dialog.querySelector(`[data-do=${name}]`);
const shown = () => cards().filter((card) => linkOf(card).dataset.large);
const placeIn = (all) => all.findIndex((card) => card.id === id);

function attend() {
  const found = document.querySelector("[data-lightbox]");
  if (!found || found === dialog) return;
  dialog = found;
  stage = new Stage(part("stage"), {
    swiped: (where) => (where === "down" ? close() : step(where === "left" ? 1 : -1)),
    zoomed: (isZoomed) => {
      button("zoom").setAttribute("aria-pressed", isZoomed);
      if (isZoomed) sharpen();
    },
  });
  details = new Details(dialog);
  dialog.addEventListener("keydown", keyPressed);
  dialog.addEventListener("click", ({ target }) => doing[target.closest("[data-do]")?.dataset.do]?.());
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
}

const doing = {
  keep: () => details.keep(),
  zoom: () => stage.toggle(),
  play: () => (slides ? pause() : play()),
  inform: () => details.toggle(),
  close: () => close(),
  back: () => step(-1),
  next: () => step(1),
};

function keyPressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.key.startsWith("Arrow") && stage.isZoomed) {
    event.preventDefault();
    stage.moveBy(event.key);
    return;
  }
  const always = { ArrowLeft: "back", ArrowRight: "next" };
  const letters = { i: "inform", f: "keep", z: "zoom", s: "play" };
  const name = always[event.key] ?? (areOff() ? null : letters[event.key]);
  if (event.key === "Home" || event.key === "End") show(shown().at(event.key === "Home" ? 0 : -1));
  else if (!name || button(name).hidden) return;
  else doing[name]();
  event.preventDefault();
}

export function open(opened) {
  history.pushState({ large: opened.id }, "", linkOf(opened).href);
  appear(opened);
}

function appear(opened) {
  if (!dialog.open) dialog.showModal();
  show(opened);
}

// Through the back button, so that going forward again does not lead to what has been closed.
function close() {
  history.back();
}

function disappear() {
  pause();
  dialog.close();
  part("stage").replaceChildren();
  const card = document.getElementById(id);
  const link = card ? linkOf(card) : null;
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: "nearest", behavior: "instant" });
}

function show(card) {
  if (!card) return;
  id = card.id;
  const link = linkOf(card);
  history.replaceState({ large: card.id }, "", link.href);
  const picture = imageOf(link);
  part("stage").replaceChildren(picture);
  stage.show(picture);
  const title = link.querySelector(".picture-card__title").textContent;
  part("lightbox-title").textContent = title;
  picture.alt = title;
  details.show(link);
  const all = shown();
  const place = placeIn(all);
  part("said").textContent =
    `${title}, ` + dialog.dataset.textPlace.replace("{number}", place + 1).replace("{total}", all.length);
  for (const [name, beside] of [["back", all[place - 1]], ["next", all[place + 1]]]) {
    if (beside) imageOf(linkOf(beside)); // fetched before it is asked for
    button(name).disabled = !beside;
  }
  loadMore(place, all.length);
}

function imageOf(link) {
  const picture = new Image();
  picture.decoding = "async";
  picture.draggable = false;
  picture.src = link.dataset.large;
  picture.addEventListener("error", () => {
    const words = document.createElement("p");
    words.className = "lightbox__missing";
    words.textContent = dialog.dataset.textMissing;
    if (picture.isConnected) picture.replaceWith(words);
  });
  return picture;
}

// At either end of what is loaded, what comes before or after it.
async function loadMore(place, total) {
  const here = id;
  const came = (place >= total - 2 && (await more("next"))) || (place < 2 && (await more("prev")));
  if (!came || id !== here || !dialog.open) return;
  const all = shown();
  button("back").disabled = placeIn(all) === 0;
  button("next").disabled = placeIn(all) === all.length - 1;
}

function step(by) {
  const all = shown();
  const next = all[placeIn(all) + by];
  if (next) show(next);
  else pause();
}

function play() {
  slides = setInterval(() => step(1), SLIDE);
  button("play").setAttribute("aria-pressed", "true");
}

function pause() {
  clearInterval(slides);
  slides = 0;
  button("play").setAttribute("aria-pressed", "false");
}

// The largest file there is, where the thumbnail would be seen to be one.
function sharpen() {
  const picture = part("stage").querySelector("img");
  const best = details.zoomed;
  if (!picture || !best || picture.src.endsWith(best)) return;
  const large = new Image();
  large.src = best;
  large.decode().then(
    () => {
      if (picture.isConnected) picture.src = best;
    },
    () => {}, // it is no file that this browser shows: the thumbnail stays
  );
}

function clicked(event) {
  const link = event.target.closest?.(".picture-card__link");
  const opened = cardOf(link);
  const elsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
  if (!opened || !dialog || !link.dataset.large || event.defaultPrevented || elsewhere) return;
  if (event.target.closest(".picture-card__title")) return; // the title leads to the page
  event.preventDefault();
  open(opened);
}

// Back closes, forward opens again. After a reload on the way the browser shows the address of another page and
// does not load it: to it, both are still one document.
function moved() {
  const opened = history.state?.large ? document.getElementById(history.state.large) : null;
  if (opened && grid()?.contains(opened)) appear(opened);
  else if (location.pathname !== address.pathname) location.reload();
  else if (dialog?.open) disappear();
}

attend();
document.addEventListener("gallery-filled", attend);
document.addEventListener("click", clicked);
addEventListener("popstate", moved);
