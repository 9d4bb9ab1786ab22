// A picture in the making. The page works without this script; with it, frames arrive over a WebSocket.
// While there is no socket, the changing part of the page is fetched every few seconds instead.

const HEADER_BYTES = 16; // magic "CWF", version uint8, step uint32, total uint32, loss float32, big-endian
const FRAME_VERSION = 1;
const FIRST_PAUSE = 1000; // milliseconds
const LONGEST_PAUSE = 30000;
const POLL_EVERY = 3000;
const LOOK_AGAIN_EVERY = 10000; // beside an open socket: the place in the queue and the times that are expected
const ENDED_STATES = new Set(["done", "failed", "cancelled"]);
const SOCKET_ENDED = 1000;

const root = document.querySelector("[data-job]");
const announcement = document.querySelector("[data-announcement]");
const lossFormat = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 3, maximumFractionDigits: 3 });

let pause = FIRST_PAUSE;
let poll = 0;
let newest = null; // the newest frame that is not drawn yet
let drawing = false;
let announcedQuarter = 0;

const section = () => root.querySelector("[data-state]");
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const hasEnded = () => ENDED_STATES.has(section().dataset.state);

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}${root.dataset.socket}`);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    pause = FIRST_PAUSE;
    stopPolling();
    if (typeof data === "string") showState(JSON.parse(data));
    else showFrame(data);
  });
  socket.addEventListener("close", async ({ code }) => {
    if (code === SOCKET_ENDED) await refresh();
    if (hasEnded()) return;
    startPolling();
    setTimeout(() => hasEnded() || connect(), pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  });
}

function showState(message) {
  if (message.state !== section().dataset.state) refresh();
  else showNumbers(message);
}

function showFrame(buffer) {
  const view = new DataView(buffer);
  const magic = String.fromCharCode(view.getUint8(0), view.getUint8(1), view.getUint8(2));
  if (magic !== "CWF" || view.getUint8(3) !== FRAME_VERSION) return;
  showNumbers({ step: view.getUint32(4), total: view.getUint32(8), loss: view.getFloat32(12) });
  newest = new Blob([new Uint8Array(buffer, HEADER_BYTES)]);
  draw();
}

async function draw() {
  if (drawing) return;
  drawing = true;
  try {
    while (newest) {
      const blob = newest;
      newest = null;
      const bitmap = await createImageBitmap(blob);
      if (!hasEnded()) paint(bitmap);
      bitmap.close();
    }
  } finally {
    drawing = false;
  }
}

function paint(bitmap) {
  let canvas = part("frame").querySelector("canvas");
  if (!canvas) {
    canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", root.dataset.frameLabel);
    part("frame").replaceChildren(canvas);
  }
  if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
  if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
}

function showNumbers({ step, total, loss }) {
  const text = root.dataset.stepText.replace("{step}", step).replace("{total}", total);
  const words = root.querySelector("[data-step]");
  if (!words) return;
  words.textContent = text;
  words.previousElementSibling?.remove(); // that the models are being loaded
  root.querySelector("progress").value = step;
  if (loss !== null) root.querySelector("[data-loss]").textContent = lossFormat.format(loss);
  announceQuarter(Math.floor((4 * step) / total), text);
}

function announceQuarter(quarter, text) {
  if (quarter > announcedQuarter && quarter < 4) announcement.textContent = text;
  announcedQuarter = quarter;
}

// The server's rendering of the part that changes. As long as the state is the same, only pictures and numbers
// are exchanged, so that nobody loses the button under their finger.
async function refresh() {
  let response;
  try {
    response = await fetch(root.dataset.status, { headers: { Accept: "text/html" } });
  } catch {
    return; // the server is away; the next round asks again
  }
  if (response.redirected || response.status === 404) {
    location.reload(); // signed out, or the job is gone: let the server say so
    return;
  }
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-state]");
  if (fresh.dataset.state === section().dataset.state) exchangeParts(fresh);
  else exchangeSection(fresh);
}

function exchangeParts(fresh) {
  for (const old of root.querySelectorAll("[data-part]")) {
    const next = fresh.querySelector(`[data-part="${old.dataset.part}"]`);
    if (old.contains(document.activeElement)) continue; // somebody is at it
    if (next && next.innerHTML !== old.innerHTML) old.replaceWith(next);
  }
}

function exchangeSection(fresh) {
  const hadFocus = root.contains(document.activeElement);
  root.replaceChildren(fresh);
  announcement.textContent = fresh.dataset.stateLabel;
  if (hadFocus) (root.querySelector("a[href], button") ?? root).focus();
}

function startPolling() {
  poll ||= setInterval(() => (hasEnded() ? stopPolling() : refresh()), POLL_EVERY);
}

function stopPolling() {
  clearInterval(poll);
  poll = 0;
}

setInterval(() => hasEnded() || document.hidden || refresh(), LOOK_AGAIN_EVERY);
if (!hasEnded()) connect();
