// The upload page: chosen, dropped and pasted files go out a few at a time, each with its own progress and end,
// and go on where they were after a broken connection or a refresh. Without this script the form sends them all
// at once and the server lists what became of each.
import { Live, askStates } from "./live.js";
import { dropped, picked } from "./upload/files.js";
import { Item, RUNNING, SETTLED, STORED, UNFINISHED } from "./upload/item.js";
import * as kept from "./upload/kept.js";
import { formatSpeed } from "./upload/row.js";

const AT_ONCE = 3;
const SUMMARY_EVERY = 1500; // milliseconds: it is read aloud
const ASK_EVERY = 4000;
const ASK_WITH_SOCKET_EVERY = 20_000;
const ASKED_AT_ONCE = 48;

const form = document.querySelector("[data-upload]");
const zone = form.querySelector("[data-dropzone]");
const field = form.querySelector("input[name=files]");
const folder = form.querySelector("[data-folder]");
const summary = document.querySelector("[data-upload-summary]");
const speed = document.querySelector("[data-upload-speed]");
const after = document.querySelector("[data-upload-after]");
const buttons = Object.fromEntries(
  [...document.querySelectorAll("[data-all]")].map((button) => [button.dataset.all, button]),
);
const texts = Object.fromEntries(
  Object.entries(form.dataset)
    .filter(([name]) => name.startsWith("text"))
    .map(([name, text]) => [name[4].toLowerCase() + name.slice(5), text]),
);

const items = new Set();
const page = {
  list: document.querySelector("[data-upload-list]"),
  texts,
  endpoint: form.dataset.endpoint,
  token: form.elements.csrfmiddlewaretoken.value,
  changed: () => next(),
  removed: (item) => {
    items.delete(item);
    next();
  },
  signedOut: () => location.assign(form.dataset.signInUrl),
};
let placed = 0;

function next() {
  let free = AT_ONCE - count(RUNNING);
  for (const item of items) {
    if (free <= 0) break;
    if (item.state !== "waiting") continue;
    free -= 1;
    item.start();
  }
  summariseSoon();
}

const count = (states) => [...items].filter((item) => states.has(item.state)).length;
const inState = (...states) => [...items].filter((item) => states.includes(item.state));

let summaryTimer = 0;
function summariseSoon() {
  summaryTimer ||= setTimeout(() => {
    summaryTimer = 0;
    summarise();
  }, summary.textContent ? SUMMARY_EVERY : 0);
}

function summarise() {
  const parts = [
    [texts.countUploaded, count(STORED)],
    [texts.countReady, count(new Set(["ready"]))],
    [texts.countDuplicate, count(new Set(["duplicate"]))],
    [texts.countRefused, count(new Set(["refused"]))],
    [texts.countFailed, count(new Set(["failed"]))],
    [texts.countInterrupted, count(new Set(["interrupted"]))],
  ].filter(([text, number]) => number > 0 || text === texts.countUploaded);
  const sentence = parts.map(([text, number]) => text.replace("{n}", number).replace("{total}", items.size));
  summary.textContent = items.size ? `${sentence.join(", ")}.` : "";
  buttons.retry.hidden = inState("failed").length < 2;
  buttons.cancel.hidden = inState("waiting", "sending", "interrupted", "failed").length < 2;
  buttons.clear.hidden = count(SETTLED) === 0;
  after.hidden = count(UNFINISHED) > 0 || count(STORED) === 0;
}

// ── Files come in ───────────────────────────────────────────────────────────────────────────────────
async function add(files) {
  const more = { person: form.dataset.person, visibility: form.elements.visibility.value };
  const added = [];
  for (const file of files) {
    const waiting = inState("interrupted").find((item) => item.isTheSameAs(file));
    if (waiting) {
      waiting.resume(file);
      continue;
    }
    const item = Item.fresh(page, file, { ...more, place: (placed += 1) });
    items.add(item);
    added.push(item);
    if (file.size > Number(form.dataset.maxBytes)) item.show("refused", { reason: texts.tooLarge });
  }
  next();
  for (const item of added) if (items.has(item)) await item.keep();
}

for (const source of [field, folder]) {
  source.addEventListener("change", () => {
    add(picked(source));
    source.value = "";
  });
}
form.addEventListener("submit", (event) => event.preventDefault());
zone.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("is-over");
});
zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
zone.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("is-over");
  add(await dropped(event.dataTransfer));
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length > 0) add([...event.clipboardData.files]);
});

// ── All of them at once ─────────────────────────────────────────────────────────────────────────────
function retryAll() {
  for (const item of inState("failed")) item.retry();
}
buttons.retry.addEventListener("click", retryAll);
buttons.cancel.addEventListener("click", () => {
  for (const item of inState("waiting", "sending", "interrupted", "failed")) item.cancel();
});
buttons.clear.addEventListener("click", () => {
  for (const item of [...items]) if (SETTLED.has(item.state)) item.forget();
});
window.addEventListener("offline", () => {
  for (const item of inState(...RUNNING)) item.pausing();
});
window.addEventListener("online", () => {
  for (const item of items) item.transfer?.restart();
  retryAll();
});
window.addEventListener("beforeunload", (event) => {
  if ([...items].some((item) => ["waiting", "sending"].includes(item.state) && !item.isKept)) event.preventDefault();
});

// ── What becomes of them ────────────────────────────────────────────────────────────────────────────
function hear(pictures) {
  const states = new Map(pictures.map((picture) => [picture.id, picture]));
  for (const item of inState("embedding")) {
    const state = states.get(item.record.picture);
    if (state) item.heard(state);
  }
}

const live = new Live(form.dataset.socket, hear);
let askedAt = 0;
setInterval(async () => {
  showSpeed();
  const waiting = inState("embedding").slice(0, ASKED_AT_ONCE);
  const pause = live.isOpen ? ASK_WITH_SOCKET_EVERY : ASK_EVERY;
  if (waiting.length === 0 || performance.now() - askedAt < pause) return;
  askedAt = performance.now();
  const pictures = await askStates(form.dataset.statesUrl, waiting.map((item) => item.record.picture));
  if (!pictures) return;
  hear(pictures);
  const there = new Set(pictures.map(({ id }) => id));
  for (const item of waiting) if (!there.has(item.record.picture)) item.forget(); // deleted meanwhile
}, 1000);

let measured = { at: performance.now(), bytes: 0 };
function showSpeed() {
  const bytes = [...items].reduce((sum, item) => sum + item.bytes, 0);
  const now = performance.now();
  const perSecond = (1000 * (bytes - measured.bytes)) / (now - measured.at);
  speed.textContent = count(RUNNING) > 0 && perSecond > 0 ? formatSpeed(perSecond) : "";
  measured = { at: now, bytes };
}

// ── What was under way before ───────────────────────────────────────────────────────────────────────
// Files may be chosen before all of this is read back: what they are kept as is not under way twice.
const isHere = (key) => [...items].some((item) => item.record.key === key);

async function goOn() {
  for (const record of await kept.open(form.dataset.person)) {
    if (isHere(record.key)) continue;
    placed = Math.max(placed, record.place);
    items.add(await Item.again(page, record));
  }
  await addFromElsewhere();
  next();
}

// Files that another browser began to send: choosing them here goes on with them.
async function addFromElsewhere() {
  const headers = { Accept: "application/json", "Tus-Resumable": "1.0.0" };
  const response = await fetch(page.endpoint, { headers }).catch(() => null);
  if (!response?.ok) return;
  const known = await kept.keys();
  for (const upload of (await response.json()).uploads) {
    if (known.has(upload.key) || isHere(upload.key)) continue;
    const { key, url, name, modified, length: size, offset } = upload;
    const item = await Item.again(page, {
      key, url, name, modified, size, person: form.dataset.person, place: (placed += 1), added: Date.now(),
      visibility: upload.visibility, state: "interrupted", reason: "", link: "", picture: "",
      sent: offset === size,
    });
    item.bytes = offset;
    item.show(item.state);
    items.add(item);
  }
}

for (const part of form.querySelectorAll("[data-plain]")) part.hidden = true; // choosing files is enough
for (const part of form.querySelectorAll("[data-scripted]")) part.hidden = false;
goOn();
