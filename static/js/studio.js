// The studio: the list of pictures in the making follows what happens, its buttons change it without leaving the
// page, so that what stands in the form stays; the form is sent once.
import { isDragging, makeDraggable } from "./arrange.js";

const REFRESH_EVERY = 4000; // milliseconds
const UNFINISHED = ["queued", "running", "stopping", "paused"].map((state) => `[data-state="${state}"]`).join();

const list = document.querySelector("[data-jobs]");
const announcement = document.querySelector("[data-announcement]");
// Each rendering has another token against forgery, which is no news.
const withoutTokens = (html) => html.replaceAll(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
let shown = withoutTokens(list.innerHTML);

function show(html) {
  if (withoutTokens(html) === shown) return;
  list.innerHTML = html;
  shown = withoutTokens(html);
  makeDraggable();
}

async function refresh() {
  if (document.hidden || !list.querySelector(UNFINISHED)) return;
  let response;
  try {
    response = await fetch(list.dataset.url, { headers: { Accept: "text/html" } });
  } catch {
    return; // the server is away; the next round asks again
  }
  if (!response.ok || response.redirected || list.querySelector(":focus-visible") || isDragging()) return;
  show(await response.text());
}

// The answer is the studio's page with the list as it is now. What stands in the other form here is kept.
async function send(form, button) {
  const data = new FormData(form, button);
  const target = new URL(form.getAttribute("action"), location.href);
  let page;
  try {
    const response = await fetch(target, { method: "POST", body: data });
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return; // the server is away; the button is still there
  }
  const fresh = page.querySelector("[data-jobs]");
  if (!fresh) {
    location.reload(); // signed out, or refused: let the server say so
    return;
  }
  const focused = button && { item: button.closest("[id]")?.id, label: button.getAttribute("aria-label") };
  show(fresh.innerHTML);
  announcement.textContent = [...page.querySelectorAll(".site-messages .alert")].map((alert) => alert.textContent.trim()).join(" ");
  if (focused) focusAgain(focused);
}

function focusAgain({ item, label }) {
  const same = [...list.querySelectorAll("button")].find((button) => label && button.getAttribute("aria-label") === label && button.closest("[id]").id === item);
  (same ?? document.getElementById(item) ?? list.querySelector("button, a"))?.focus();
}

list.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target, event.submitter);
});

setInterval(refresh, REFRESH_EVERY);

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
  });
  // Back from the next page, the form may be sent again.
  window.addEventListener("pageshow", () => {
    form.querySelector("button").disabled = false;
  });
}
