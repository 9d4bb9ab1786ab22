// Further pages of a grid come when one scrolls near its end, or back near its beginning. The address follows what
// is in view, so that a reload, a bookmark and the way back lead to the same place. The links to the pages stay.
import { address, append, cards, fetchPage, firstInView, grid, prepend } from "./grid.js";

const NEAR = 1200; // pixels
const SETTLED = 200; // milliseconds
const FURTHEST = 4; // pages that are fetched to get back to a place

let loading = null; // one page at a time
let lastY = 0;
let timer = 0;

const pages = () => document.querySelector("[data-further]")?.previousElementSibling;
const linksTo = (rel, root = document) => [...root.querySelectorAll(`:is(.pagination, .earlier) a[rel=${rel}]`)];

// rel: "next" or "prev". Whether there was such a page.
export function more(rel) {
  loading ??= load(rel).finally(() => {
    loading = null;
  });
  return loading;
}

async function load(rel) {
  const link = grid() ? linksTo(rel)[0] : null;
  if (!link) return false;
  // Against the address of the grid: in the bar may stand that of a picture.
  const page = await fetchPage(new URL(link.getAttribute("href"), address)).catch(() => null); // the network is away: the link stays
  const fresh = page?.querySelector("[data-pictures]");
  if (!fresh) return false;
  const number = fresh.dataset.pictures;
  for (const card of fresh.querySelectorAll(".picture-card")) card.dataset.page = number;
  if (rel === "next") {
    append(fresh);
  } else {
    prepend(fresh);
    grid().dataset.pictures = number;
  }
  const [further] = linksTo(rel, page);
  for (const old of linksTo(rel)) further ? old.setAttribute("href", further.getAttribute("href")) : old.remove();
  say(number);
  grid().dispatchEvent(new CustomEvent("pictures-came", { bubbles: true }));
  return true;
}

function say(number) {
  const status = document.querySelector("[data-further]");
  status.textContent = status.dataset.text.replace("{number}", number).replace("{total}", status.dataset.total);
  document.querySelector(".pagination__place").textContent = "";
}

async function fill() {
  const end = pages()?.getBoundingClientRect().top ?? Infinity;
  if (end < innerHeight + NEAR && (await more("next"))) await fill();
}

function scrolled() {
  const up = scrollY < lastY;
  lastY = scrollY;
  if (up && grid().getBoundingClientRect().top > -NEAR) more("prev");
  fill();
  clearTimeout(timer);
  timer = setTimeout(notePlace, SETTLED);
}

function notePlace() {
  const card = firstInView();
  if (!card || history.state?.large) return; // the address is that of the picture which is shown large
  const url = new URL(address);
  url.hash = "";
  url.searchParams.delete("page");
  const page = card.dataset.page ?? "1"; // what came while the page was open stands at its beginning
  if (page !== "1") url.searchParams.set("page", page);
  const place = { card: card.id, top: card.getBoundingClientRect().top };
  history.replaceState({ ...history.state, place }, "", url);
  const back = document.querySelector("[data-selection] [name=next]");
  if (back) back.value = url.pathname + url.search;
}

// Back from another page, or after a reload.
async function findPlace() {
  const place = history.state?.place;
  for (let fetched = 0; place && fetched < FURTHEST; fetched += 1) {
    const card = document.getElementById(place.card);
    if (!card) return;
    scrollBy({ top: card.getBoundingClientRect().top - place.top, behavior: "instant" });
    if (Math.abs(card.getBoundingClientRect().top - place.top) < 2 || !(await more("next"))) return;
  }
}

async function attend() {
  if (!grid() || !document.querySelector("[data-further]")) return;
  for (const card of cards()) card.dataset.page ??= grid().dataset.pictures;
  history.scrollRestoration = "manual";
  await findPlace();
  lastY = scrollY;
  addEventListener("scroll", scrolled, { passive: true });
  addEventListener("resize", fill);
  fill();
}

attend();
document.addEventListener("gallery-filled", attend); // by pending.js: the first pictures of an empty page
