// Shortcuts of the keyboard, and the sheet that lists them. Never while somebody writes or holds another key; those
// of single characters can be turned off on the page that lists them.
import { cardOf, cards, firstInView, linkOf, neighbour } from "./pictures/grid.js";
import { areOff } from "./pictures/wishes.js";

const PAUSE = 1500; // milliseconds between "g" and where to

const links = document.querySelector("[data-shortcuts-url]").dataset;
const goTo = { g: links.goGallery, e: links.goExplore, s: links.goSearch, u: links.goUpload, m: links.goModeration };

let sheet = null;
let isGoing = false;
let timer = 0;

const isWriting = (element) => element.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

function keyPressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
  const hasActed = event.key.startsWith("Arrow") ? goBy(event) : !areOff() && character(event);
  if (hasActed) event.preventDefault();
}

function character({ key, target }) {
  if (isGoing) return go(key);
  const acting = {
    "?": openSheet,
    "/": search,
    g: startGoing,
    j: () => move(cardOf(target), 1),
    k: () => move(cardOf(target), -1),
    x: () => choose(cardOf(target)),
  };
  return Object.hasOwn(acting, key) && acting[key]();
}

function startGoing() {
  isGoing = true;
  clearTimeout(timer);
  timer = setTimeout(() => {
    isGoing = false;
  }, PAUSE);
  return true;
}

function go(key) {
  isGoing = false;
  if (!goTo[key]) return false;
  location.assign(goTo[key]);
  return true;
}

function search() {
  const box = [...document.querySelectorAll("input[name=q]")].find((field) => field.checkVisibility());
  box?.focus();
  box?.select();
  return Boolean(box);
}

// In the grid. From outside of it, to the first picture in view.
function move(card, by) {
  const all = cards();
  return look(card ? all[all.indexOf(card) + by] : firstInView());
}

function goBy(event) {
  const card = cardOf(event.target);
  if (!card || event.shiftKey || event.target.localName === "summary") return false;
  return look(neighbour(card, event.key));
}

function look(card) {
  if (!card) return false;
  linkOf(card).focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
  return true;
}

function choose(card) {
  const box = card?.querySelector("input[type=checkbox]");
  box?.click();
  return Boolean(box);
}

function openSheet() {
  showSheet().catch(() => location.assign(links.shortcutsUrl)); // the network is away, or the page is not what it was
  return true;
}

async function showSheet() {
  if (!sheet) {
    const response = await fetch(links.shortcutsUrl, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    sheet = document.querySelector("[data-sheet]");
    sheet.querySelector("[data-sheet-list]").append(page.querySelector("[data-shortcuts-sheet]"));
    sheet.addEventListener("click", ({ target }) => {
      if (target === sheet || target.closest("[data-sheet-close]")) sheet.close();
    });
  }
  sheet.showModal();
}

document.addEventListener("keydown", keyPressed);
