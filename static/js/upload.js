// Sends chosen or dropped files one a request, three at a time, each with its own progress and answer.
// Without this script the form sends all of them at once and the server lists what became of each.
const AT_ONCE = 3;

const form = document.querySelector("[data-upload]");
const zone = form.querySelector("[data-dropzone]");
const field = form.querySelector("input[type=file]");
const list = document.querySelector("[data-upload-list]");
const summary = document.querySelector("[data-upload-summary]"); // read aloud: changes with each file
const speed = document.querySelector("[data-upload-speed]"); // changes each second
const after = document.querySelector("[data-upload-after]");
const text = form.dataset;

const waiting = [];
const uploads = [];
let running = 0;
let startedAt = 0;
let settledBytes = 0; // of finished requests since startedAt

function formatSpeed(bytesPerSecond) {
  const kilo = bytesPerSecond / 1000;
  const language = document.documentElement.lang;
  const unit = kilo < 1000 ? "kilobyte-per-second" : "megabyte-per-second";
  const value = kilo < 1000 ? kilo : kilo / 1000;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}

function summarise() {
  const count = (state) => uploads.filter((upload) => upload.state === state).length;
  const values = {
    done: count("done"),
    total: uploads.length,
    refused: count("refused") + count("failed") + count("duplicate"),
  };
  const sentence = text.textSummary.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  if (summary.textContent !== sentence) summary.textContent = sentence;
  after.hidden = running > 0 || waiting.length > 0 || count("done") === 0;
  showSpeed();
}

function showSpeed() {
  const seconds = (performance.now() - startedAt) / 1000;
  const bytes = settledBytes + uploads.reduce((sum, upload) => sum + upload.sending, 0);
  speed.textContent = running > 0 && seconds > 0.5 ? formatSpeed(bytes / seconds) : "";
}

class Upload {
  constructor(file) {
    this.file = file;
    this.state = "waiting";
    this.sending = 0; // bytes of the running request
    this.item = document.createElement("li");
    this.item.className = "upload-list__item";
    this.name = document.createElement("span");
    this.name.className = "upload-list__name";
    this.name.textContent = file.name;
    this.badge = document.createElement("span");
    this.bar = document.createElement("progress");
    this.bar.className = "progress";
    this.bar.max = 100;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", file.name);
    this.item.append(this.name, this.badge, this.bar);
    list.append(this.item);
    this.show("waiting", text.textWaiting, "");
  }

  show(state, word, kind) {
    this.state = state;
    this.badge.className = kind ? `badge badge--${kind}` : "badge";
    this.badge.textContent = word;
    this.item.dataset.state = state;
  }

  start() {
    this.show("sending", text.textSending, "accent");
    const data = new FormData();
    data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.append("visibility", form.elements.visibility.value);
    data.append("files", this.file, this.file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action || location.href);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      this.sending = event.loaded;
      if (event.lengthComputable) this.bar.value = (100 * event.loaded) / event.total;
    });
    request.upload.addEventListener("load", () => {
      this.bar.removeAttribute("value"); // all is sent, the answer takes as long as it takes
      this.badge.textContent = text.textChecking;
    });
    request.addEventListener("load", () => this.answered(request.status, request.response));
    request.addEventListener("error", () => this.stop("failed", text.textFailed, text.textNetwork));
    request.addEventListener("abort", () => this.stop("failed", text.textFailed, text.textNetwork));
    request.send(data);
  }

  answered(status, answer) {
    if (answer?.url) this.linkTo(answer.url);
    if (status === 201) {
      this.settle();
      this.show("done", text.textDone, "success");
      this.bar.remove();
    } else if (status === 409) {
      this.stop("duplicate", text.textDuplicate, answer?.error);
    } else if (status === 401) {
      location.assign(text.signInUrl);
    } else if (status >= 400 && status < 500 && answer?.error) {
      this.stop("refused", text.textRefused, answer.error);
    } else if (status === 413) {
      this.stop("refused", text.textRefused, text.textTooLarge);
    } else {
      this.stop("failed", text.textFailed, text.textServer);
    }
    next();
  }

  stop(state, word, reason) {
    if (this.state === "sending") this.settle();
    this.show(state, word, state === "duplicate" ? "info" : "danger");
    this.bar.remove();
    this.item.classList.toggle("is-failed", state !== "duplicate");
    this.reasons = document.createElement("ul");
    this.reasons.className = "errorlist";
    const line = document.createElement("li");
    line.textContent = reason ?? text.textServer;
    this.reasons.append(line);
    this.item.append(this.reasons);
    if (state === "failed") this.offerRetry();
    next();
  }

  offerRetry() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--small";
    button.textContent = text.textRetry;
    button.addEventListener("click", () => {
      this.reasons.remove();
      this.item.classList.remove("is-failed");
      this.bar.value = 0;
      this.item.append(this.bar);
      this.show("waiting", text.textWaiting, "");
      waiting.push(this);
      next();
    });
    this.reasons.firstChild.append(" ", button);
  }

  settle() {
    running -= 1;
    settledBytes += this.sending;
    this.sending = 0;
  }

  linkTo(url) {
    const link = document.createElement("a");
    link.href = url;
    link.textContent = this.name.textContent;
    this.name.replaceChildren(link);
  }
}

function next() {
  while (running < AT_ONCE && waiting.length > 0) {
    if (running === 0) {
      startedAt = performance.now();
      settledBytes = 0;
    }
    running += 1;
    waiting.shift().start();
  }
  summarise();
}

function add(files) {
  for (const file of files) {
    const upload = new Upload(file);
    uploads.push(upload);
    if (file.size > Number(text.maxBytes)) upload.stop("refused", text.textRefused, text.textTooLarge);
    else waiting.push(upload);
  }
  next();
}

form.querySelector("[data-plain]").hidden = true; // choosing files is enough
field.addEventListener("change", () => {
  add([...field.files]);
  field.value = "";
});
form.addEventListener("submit", (event) => event.preventDefault());
zone.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("is-over");
});
zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("is-over");
  add([...event.dataTransfer.files]);
});
setInterval(showSpeed, 1000);
window.addEventListener("beforeunload", (event) => {
  if (running > 0 || waiting.length > 0) event.preventDefault();
});
