// The grid of a page: [data-pictures] holds groups, each with a list of cards and a heading or none. Pages of the
// same list are put together here; a group may go on over their border.

// Where the server shows this page. The address in the bar changes with what is in view: endless.js, lightbox.js.
export const address = new URL(location.href);

export const grid = () => document.querySelector("[data-pictures]");
export const cards = () => [...document.querySelectorAll("[data-pictures] .picture-card")];
export const cardOf = (element) => element?.closest?.("[data-pictures] .picture-card") ?? null;
export const linkOf = (card) => card.querySelector(".picture-card__link");

const listOf = (group) => group.querySelector(".picture-rows");
const isNew = (card) => document.getElementById(card.id) === null;

// The same list from the server, as it was at another page. Null when there is nothing.
export async function fetchPage(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// Each page stays a part of its own, so that the browser can pass over parts that are far away: laying out and
// painting thousands of pictures takes longer than a frame.
export function append(fresh) {
  const groups = newGroups(fresh);
  const last = grid().lastElementChild;
  if (last?.dataset.group === groups[0]?.dataset.group) {
    goOn(groups[0]);
    listOf(groups[0]).prepend(...lastRow(last));
  }
  grid().append(...groups);
  settle(groups);
}

// Above what is in view, which stays where it is.
export function prepend(fresh) {
  const groups = newGroups(fresh);
  const first = grid().firstElementChild;
  const seen = firstInView();
  const top = seen?.getBoundingClientRect().top;
  const isOneGroup = first?.dataset.group === groups.at(-1)?.dataset.group;
  if (isOneGroup) goOn(first);
  grid().prepend(...groups);
  if (isOneGroup) listOf(first).prepend(...lastRow(groups.at(-1)));
  if (seen) scrollBy(0, seen.getBoundingClientRect().top - top);
  settle(groups);
}

// A part that continues the group of the part before it has no name of its own.
function goOn(group) {
  group.replaceChildren(listOf(group));
  group.removeAttribute("id");
  group.classList.add("picture-group--on");
}

// The row at the border of two parts, which has room for more, is filled from the second one.
function lastRow(group) {
  const all = [...listOf(group).children];
  const top = all.at(-1)?.getBoundingClientRect().top;
  const row = all.filter((card) => card.getBoundingClientRect().top === top);
  return row.length < all.length ? row : [];
}

// From now on the browser may pass over these parts, whose heights it has to know for that.
function settle(groups) {
  const heights = groups.map((group) => group.clientHeight - 2 * parseFloat(getComputedStyle(group).paddingBlockStart));
  for (const [place, group] of groups.entries()) {
    group.style.containIntrinsicBlockSize = `auto ${heights[place]}px`;
    group.classList.add("picture-group--settled");
  }
}

// Pictures may have moved on to this page since the last one was fetched.
function newGroups(fresh) {
  for (const card of fresh.querySelectorAll(".picture-card")) if (!isNew(card)) card.remove();
  return [...fresh.children].filter((group) => listOf(group).childElementCount > 0).map((group) => document.adoptNode(group));
}

// The first page anew: what came, changed, moved or went in it. Cards that are as they were stay, with what is
// chosen in them, and so does what further pages have brought. Returns whether there was anything to go on from:
// when more came than fit on a page, the grid begins anew.
export function refresh(fresh) {
  const groups = [...fresh.children];
  const isHere = new Set([...fresh.querySelectorAll(".picture-card")].map((card) => card.id));
  const lastHere = cards().findLast((card) => isHere.has(card.id));
  for (const card of cards()) {
    if (lastHere && card.compareDocumentPosition(lastHere) & Node.DOCUMENT_POSITION_PRECEDING) break;
    if (!isHere.has(card.id)) card.remove();
  }
  let before = null;
  for (const group of groups) {
    const old = [...grid().children].find((other) => other.dataset.group === group.dataset.group);
    const shown = [...listOf(group).children].map(keepOrExchange);
    const kept = old ?? document.adoptNode(group);
    listOf(kept).prepend(...shown);
    if (!old) before ? before.after(kept) : grid().prepend(kept);
    before = kept;
  }
  for (const group of [...grid().children]) {
    if (listOf(group).childElementCount === 0) group.remove();
  }
  return lastHere !== undefined;
}

function keepOrExchange(card) {
  const old = document.getElementById(card.id);
  if (!old) return document.adoptNode(card);
  if (old.innerHTML === card.innerHTML) return old;
  return exchange(old, card);
}

// A card by its newer self.
export function exchange(old, fresh) {
  const [was, is] = [old, fresh].map((card) => card.querySelector("input[type=checkbox]"));
  if (was && is) is.checked = was.checked;
  if (old.dataset.page) fresh.dataset.page = old.dataset.page;
  old.replaceWith(document.adoptNode(fresh));
  return fresh;
}

// The first card that is not above the window. Within its part alone are the places of cards asked for.
export function firstInView() {
  const edge = document.querySelector(".site-header").getBoundingClientRect().bottom;
  const isReached = (element) => element.getBoundingClientRect().bottom > edge;
  const group = [...(grid()?.children ?? [])].find(isReached);
  return group ? ([...listOf(group).children].find(isReached) ?? null) : null;
}

// The card that an arrow key leads to: beside it, or the nearest in the row above or below.
export function neighbour(card, key) {
  const all = cards();
  const place = all.indexOf(card);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[key];
  if (!step || place < 0) return null;
  if (key === "ArrowLeft" || key === "ArrowRight") return all[place + step] ?? null;
  const [top, centre] = [card.getBoundingClientRect().top, middleOf(card)];
  let next = place;
  while (all[next] && all[next].getBoundingClientRect().top === top) next += step;
  const row = all[next]?.getBoundingClientRect().top;
  let best = all[next] ?? null;
  for (; all[next] && all[next].getBoundingClientRect().top === row; next += step) {
    if (Math.abs(middleOf(all[next]) - centre) < Math.abs(middleOf(best) - centre)) best = all[next];
  }
  return best;
}

function middleOf(card) {
  const { left, width } = card.getBoundingClientRect();
  return left + width / 2;
}
