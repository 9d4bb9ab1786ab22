// The months beside the gallery follow what is in view; one whose pictures are loaded already is scrolled to.
import { firstInView } from "./grid.js";

const months = () => document.querySelector("[data-months]");

let waiting = false;

function follow() {
  if (waiting || !months()) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    if (months()) mark(firstInView()?.closest("[data-group]").dataset.group);
  });
}

function mark(name) {
  const list = months();
  const [old, now] = [list.querySelector("[aria-current]"), list.querySelector(`[data-month="${name}"]`)];
  if (old === now) return;
  old?.removeAttribute("aria-current");
  if (!now) return;
  now.setAttribute("aria-current", "true");
  // Within its own list alone: scrollIntoView() would move the page too.
  list.scrollTo({
    top: now.offsetTop - list.clientHeight / 2,
    left: now.offsetLeft - list.clientWidth / 2,
    behavior: "instant",
  });
}

function clicked(event) {
  const link = event.target.closest?.("[data-month]");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const group = document.getElementById(`month-${link.dataset.month}`);
  if (!group || !startsHere(group)) return;
  event.preventDefault();
  group.scrollIntoView({ block: "start" });
  group.querySelector(".picture-card__link").focus({ preventScroll: true });
}

// The page that was opened may begin in the middle of a month.
function startsHere(group) {
  return group.previousElementSibling !== null || document.querySelector(".earlier a") === null;
}

addEventListener("scroll", follow, { passive: true });
document.addEventListener("click", clicked);
follow();
