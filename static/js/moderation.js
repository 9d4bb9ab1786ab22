// The queue of moderators by keyboard: j and k, Space to show, a letter or number for each action, e for the reason,
// Enter to decide; x and v for several at once, z to take the last decision back. A case that gets the focus is held
// for the reader; the page says if somebody else has it.
import { areOff } from "./pictures/wishes.js";

const all = [...document.querySelectorAll("[data-case]")];
const several = document.querySelector("[data-several]");
const isField = (element) => element.closest?.("input:not([type=checkbox]), textarea, select");
const isTicked = (element) => element.matches?.("input[type=checkbox]");
const caseOf = (element) => element.closest?.("[data-case]");

function keyPressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (document.querySelector("dialog[open]") || areOff()) return;
  const { key, target } = event;
  const place = target.closest?.("[data-case], [data-several], [data-planned]");
  const hasActed = isField(target) ? key === "Escape" && look(place) : act(place, event) || go(key, caseOf(target));
  if (hasActed) event.preventDefault();
}

// From wherever one is.
function go(key, current) {
  if (key === "j" || key === "k") return look(all[current ? all.indexOf(current) + (key === "j" ? 1 : -1) : 0]);
  if (key === "v") return look(several);
  if (key !== "z") return false;
  location.assign(document.querySelector("[data-last-decision]").dataset.lastDecision);
  return true;
}

function look(item) {
  item?.focus({ preventScroll: true });
  item?.scrollIntoView({ block: "nearest" });
  return Boolean(item);
}

function act(place, { key, target }) {
  if (!place) return false;
  if (key === "Enter") return (target === place || isTicked(target)) && submit(place);
  if (key === " ") return target === place && place.matches("[data-case]") && uncover(place);
  if (key === "e") return choose(place.querySelector("[name=reason]:not([type=hidden])"));
  if (key === "x") return click(place.querySelector("[data-choose]"));
  return click([...place.querySelectorAll("[data-keys]")].find((field) => field.dataset.keys.includes(key)));
}

function submit(place) {
  const form = place.querySelector("[data-decide]") ?? place.closest("form");
  form.requestSubmit(form.querySelector("[data-submit]"));
  return true;
}

function click(box) {
  box?.click();
  const terms = box?.checked && box.hasAttribute("data-needs-terms") && box.form.querySelector("[data-terms]");
  if (terms) {
    terms.closest("details")?.setAttribute("open", "");
    terms.querySelector("input").focus(); // what is forbidden has to be said, so that is the next thing to do
  }
  return Boolean(box);
}

function choose(field) {
  field?.focus();
  field?.select();
  return Boolean(field);
}

function uncover(item) {
  const cover = item.querySelector("[data-cover]");
  if (cover) cover.open = !cover.open;
  return true;
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

// Where to go on: at the case after the one that was decided, else at the first.
function start() {
  const refused = document.querySelector("[data-case]:has([role=alert])");
  if (refused) return refused;
  if (location.hash === "#last") return document.querySelector("[data-take-back] [name=reason]");
  const next = all.find((item) => `#${item.id}` === location.hash);
  return next ?? (/^#cases?\b/.test(location.hash) ? all[0] : null) ?? document.querySelector("[data-planned]");
}

document.addEventListener("keydown", keyPressed);
document.addEventListener("focusin", ({ target }) => {
  const item = caseOf(target);
  if (item) take(item).catch(() => delete item.dataset.taken); // the network is away: deciding says so
});
for (const form of document.querySelectorAll("[data-decide]")) {
  form.addEventListener("formdata", ({ formData }) => {
    const next = all[all.indexOf(caseOf(form)) + 1];
    if (next) formData.set("next", next.id.slice("case-".length));
  });
}
for (const hint of document.querySelectorAll("[data-scripted]")) hint.hidden = false;
addEventListener("hashchange", () => look(start()));
look(start());
