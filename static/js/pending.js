// Refreshes pictures that are still being prepared, until none is left, and shows new ones in the reader's own
// gallery as they come. Without it a reload does the same.
import { Live } from "./live.js";
import { address, exchange, grid, refresh } from "./pictures/grid.js";

const FIRST_PAUSE = 1000; // milliseconds
const LONGEST_PAUSE = 15000;
const GROW_EVERY = 2000;
const ASKED_AT_ONCE = 48;

async function fetchFragment(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// One pass over the grid: pending cards are asked for together and replaced where they have changed.
async function refreshPending() {
  const pending = [...(grid()?.querySelectorAll("[data-pending]") ?? [])].slice(0, ASKED_AT_ONCE);
  if (pending.length === 0) return false;
  await refreshCards(pending);
  return grid().querySelector("[data-pending]") !== null;
}

async function refreshCards(cards) {
  const url = new URL(grid().dataset.tilesUrl, address);
  for (const card of cards) url.searchParams.append("picture", card.id.replace("picture-", ""));
  const fragment = await fetchFragment(url);
  for (const card of fragment ? cards : []) {
    const fresh = fragment.getElementById(card.id);
    if (fresh && fresh.innerHTML !== card.innerHTML) exchange(card, fresh);
  }
}

// The page of one picture: when it is ready, what stands beside it (labels, similar pictures) comes with a reload.
async function refreshView(page) {
  const view = page.querySelector("#view[data-pending]");
  if (!view) return false;
  const fragment = await fetchFragment(page.dataset.viewUrl);
  const fresh = fragment?.getElementById("view");
  if (!fresh) return true;
  if (!fresh.dataset.pending) {
    location.reload();
    return false;
  }
  if (fresh.innerHTML !== view.innerHTML) view.replaceWith(document.adoptNode(fresh));
  return true;
}

// A search that finds nothing yet, because its pictures are being prepared: once some are ready, it shows them.
async function refreshSearch(waiting) {
  const fragment = await fetchFragment(address);
  const fresh = fragment?.querySelector("[data-being-prepared]");
  if (fragment && !fresh) {
    location.reload();
    return false;
  }
  if (fresh && fresh.textContent !== waiting.textContent) waiting.textContent = fresh.textContent;
  return true;
}

async function watch(refresh) {
  let pause = FIRST_PAUSE;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (document.hidden) continue;
    try {
      if (!(await refresh())) return;
    } catch (error) {
      passOver(error);
    }
    pause = Math.min(pause * 1.3, LONGEST_PAUSE);
  }
}

// The gallery with pictures that are new in it: where it begins, or all of it while it is empty.
async function refreshGallery(gallery) {
  const start = new URL(address);
  for (const name of ["page", "upto"]) start.searchParams.delete(name);
  const fresh = (await fetchFragment(start))?.querySelector("[data-gallery]");
  if (!fresh) return;
  const freshGrid = fresh.querySelector("[data-pictures]");
  if (!grid() || !freshGrid) {
    gallery.replaceChildren(...fresh.children);
    gallery.dispatchEvent(new CustomEvent("gallery-filled", { bubbles: true }));
    return;
  }
  const goesOn = refresh(freshGrid);
  const parts = [".page-head__lead", "[data-months]"];
  if (!goesOn || !gallery.querySelector(".pagination")) parts.push(".pagination");
  for (const part of parts) {
    const [old, next] = [gallery, fresh].map((whole) => whole.querySelector(part));
    if (old && next) old.replaceWith(next);
    else if (next) gallery.querySelector("[data-further]")?.before(next);
  }
}

function follow(gallery) {
  let timer = 0;
  let isOld = false;
  const refreshSoon = () => {
    isOld = true;
    timer ||= setTimeout(async () => {
      isOld = false;
      try {
        await refreshGallery(gallery);
      } catch (error) {
        passOver(error);
      }
      timer = 0;
      if (isOld) refreshSoon();
    }, GROW_EVERY);
  };
  new Live(gallery.dataset.socket, (pictures) => {
    const here = pictures.map(({ id }) => document.getElementById(`picture-${id}`));
    const isAtStart = !grid() || grid().dataset.pictures === "1";
    if (isAtStart && pictures.some((picture, place) => here[place] || picture.shown)) refreshSoon();
    else if (grid() && here.some(Boolean)) refreshCards(here.filter(Boolean)).catch(passOver);
  });
}

// fetch: the network is away, the next message or pass may find it
function passOver(error) {
  if (!(error instanceof TypeError)) throw error;
}

let isWatching = false;
async function watchGrid() {
  if (isWatching || !grid()?.dataset.tilesUrl) return;
  isWatching = true;
  await watch(refreshPending);
  isWatching = false;
}

for (const gallery of document.querySelectorAll("[data-gallery]")) follow(gallery);
for (const page of document.querySelectorAll("[data-view-url]")) watch(() => refreshView(page));
for (const waiting of document.querySelectorAll("[data-being-prepared]")) watch(() => refreshSearch(waiting));
watchGrid();
for (const news of ["pictures-came", "gallery-filled"]) document.addEventListener(news, watchGrid);
