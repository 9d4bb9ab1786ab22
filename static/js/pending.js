// Refreshes pictures that are still being prepared, until none is left, and shows new ones in the reader's own
// gallery as they come. Without it a reload does the same.
import { Live } from "./live.js";

const FIRST_PAUSE = 1000; // milliseconds
const LONGEST_PAUSE = 15000;
const GROW_EVERY = 2000;

async function fetchFragment(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// One pass over a grid: every pending card is asked for together and replaced where it has changed.
async function refreshGrid(grid) {
  const pending = [...grid.querySelectorAll("[data-pending]")];
  if (pending.length === 0) return false;
  const url = new URL(grid.dataset.tilesUrl, location.href);
  for (const card of pending) url.searchParams.append("picture", card.dataset.pending);
  const fragment = await fetchFragment(url);
  if (!fragment) return true;
  for (const card of pending) {
    const fresh = fragment.getElementById(card.id);
    if (!fresh || fresh.innerHTML === card.innerHTML) continue;
    const box = fresh.querySelector("input[type=checkbox]");
    if (box) box.checked = card.querySelector("input[type=checkbox]")?.checked ?? false;
    card.replaceWith(document.adoptNode(fresh));
  }
  return grid.querySelector("[data-pending]") !== null;
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

async function watch(refresh) {
  let pause = FIRST_PAUSE;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (document.hidden) continue;
    try {
      if (!(await refresh())) return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch: the network is away, the next pass may find it
    }
    pause = Math.min(pause * 1.3, LONGEST_PAUSE);
  }
}

// The gallery with pictures that are new in it: cards that have not changed stay, with what is chosen in them.
async function refreshGallery(gallery) {
  const fresh = (await fetchFragment(location.href))?.querySelector("[data-gallery]");
  if (!fresh) return;
  const [grid, freshGrid] = [gallery, fresh].map((part) => part.querySelector("[data-tiles-url]"));
  if (!grid || !freshGrid) {
    gallery.replaceChildren(...fresh.children);
    gallery.dispatchEvent(new CustomEvent("gallery-filled", { bubbles: true }));
    return;
  }
  const cards = [...freshGrid.children].map((card) => {
    const old = document.getElementById(card.id);
    return old?.innerHTML === card.innerHTML ? old : document.adoptNode(card);
  });
  grid.replaceChildren(...cards);
  for (const part of [".page-head__lead", ".pagination"]) {
    const [old, next] = [gallery, fresh].map((whole) => whole.querySelector(part));
    if (old && next) old.replaceWith(next);
    else if (next) grid.after(next);
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
        if (!(error instanceof TypeError)) throw error; // the network is away
      }
      timer = 0;
      if (isOld) refreshSoon();
    }, GROW_EVERY);
  };
  new Live(gallery.dataset.socket, (pictures) => {
    const isHere = ({ id }) => document.getElementById(`picture-${id}`) !== null;
    if (pictures.some((picture) => isHere(picture) || ("grows" in gallery.dataset && picture.shown))) refreshSoon();
  });
}

for (const gallery of document.querySelectorAll("[data-gallery]")) follow(gallery);
for (const grid of document.querySelectorAll("[data-tiles-url]")) watch(() => refreshGrid(grid));
for (const page of document.querySelectorAll("[data-view-url]")) watch(() => refreshView(page));
