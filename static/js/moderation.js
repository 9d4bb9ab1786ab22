// The queue of moderators by keyboard: j and k, Space to show, a letter or number for each action, Enter to decide.
// A case that gets the focus is held for the reader; the page says if somebody else has it.
import { areOff } from "./pictures/wishes.js";

const all = [...document.querySelectorAll("[data-case]")];
const isWriting = (element) => element.closest?.("input:not([type=checkbox]), textarea, select");
const caseOf = (element) => element.closest?.("[data-case]");

function keyPressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (isWriting(event.target) || document.querySelector("dialog[open]") || areOff()) return;
  const current = caseOf(event.target);
  if (event.key === "j" || event.key === "k") {
    if (look(all[current ? all.indexOf(current) + (event.key === "j" ? 1 : -1) : 0])) event.preventDefault();
  } else if (current && act(current, event)) {
    event.preventDefault();
  }
}

function look(item) {
  item?.focus({ preventScroll: true });
  item?.scrollIntoView({ block: "nearest" });
  return Boolean(item);
}

function act(item, { key, target }) {
  if (target !== item && (key === "Enter" || key === " ")) return false; // a link's or a button's own
  const box = [...item.querySelectorAll("[data-keys]")].find((field) => field.dataset.keys.includes(key));
  if (key === " ") uncover(item);
  else if (key === "Enter") item.querySelector("[data-decide]").requestSubmit();
  else if (key === "x") item.querySelector("[data-choose]").click();
  else if (box) box.click();
  else return false;
  return true;
}

function uncover(item) {
  const cover = item.querySelector("[data-cover]");
  if (cover) cover.open = !cover.open;
}

async function take(item) {
  if ("taken" in item.dataset) return;
  item.dataset.taken = "";
  const token = item.querySelector("[name=csrfmiddlewaretoken]").value;
  const response = await fetch(item.dataset.take, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": token },
  });
  item.querySelector("[data-held]").textContent = response.ok ? "" : (await response.json()).error;
  if (!response.ok) delete item.dataset.taken;
}

document.addEventListener("keydown", keyPressed);
document.addEventListener("focusin", ({ target }) => {
  const item = caseOf(target);
  if (item) take(item).catch(() => delete item.dataset.taken); // the network is away: deciding says so
});
for (const hint of document.querySelectorAll("[data-scripted]")) hint.hidden = false;
look(document.querySelector("[data-case]:has([role=alert])") ?? (location.hash === "#cases" ? all[0] : null));
