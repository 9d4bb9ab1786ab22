// One file in the page's list: its name, state, progress and speed, why it was refused, and what can be done.

const KINDS = {
  sending: "accent", checking: "accent", embedding: "info", ready: "success", duplicate: "info",
  refused: "danger", failed: "danger", interrupted: "warning", unread: "warning",
};
const WITH_BAR = new Set(["waiting", "sending", "checking", "interrupted"]);
const SPEED_EVERY = 500; // milliseconds

export class Row {
  constructor(list, name, texts, actions) {
    this.texts = texts;
    this.item = element("li", "upload-list__item");
    this.name = element("span", "upload-list__name", name);
    this.speed = element("span", "soft small upload-list__speed");
    this.badge = element("span", "badge");
    this.end = element("span", "upload-list__end");
    this.bar = element("progress", "progress");
    this.bar.max = 100;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", name);
    this.reasons = element("ul", "errorlist");
    this.buttons = Object.fromEntries(
      Object.entries(actions).map(([action, act]) => [action, this.button(texts[action], name, act)]),
    );
    this.end.append(this.speed, this.badge, ...Object.values(this.buttons));
    this.item.append(this.name, this.end);
    list.append(this.item);
    this.measured = { at: 0, bytes: 0 };
  }

  // reason: a sentence, or nothing; can: the names of the actions that are offered
  show(state, { reason = "", link = "", can = [] } = {}) {
    this.item.dataset.state = state;
    this.item.classList.toggle("is-failed", state === "refused" || state === "failed");
    this.badge.className = KINDS[state] ? `badge badge--${KINDS[state]}` : "badge";
    this.badge.textContent = this.texts[state];
    for (const [action, button] of Object.entries(this.buttons)) button.hidden = !can.includes(action);
    this.speed.textContent = "";
    this.toggle(this.bar, WITH_BAR.has(state));
    if (state === "checking") this.bar.removeAttribute("value"); // it takes as long as it takes
    this.explain(reason);
    if (link) this.linkTo(link);
  }

  explain(reason) {
    this.reasons.replaceChildren(...(reason ? [element("li", "", reason)] : []));
    this.toggle(this.reasons, Boolean(reason));
  }

  progress(bytes, total) {
    this.bar.value = total ? (100 * bytes) / total : 0;
    const now = performance.now();
    const passed = now - this.measured.at;
    if (passed < SPEED_EVERY) return;
    if (this.measured.at && bytes > this.measured.bytes) {
      this.speed.textContent = formatSpeed((1000 * (bytes - this.measured.bytes)) / passed);
    }
    this.measured = { at: now, bytes };
  }

  remove() {
    const hadFocus = this.item.contains(document.activeElement);
    const near = this.item.nextElementSibling ?? this.item.previousElementSibling;
    this.item.remove();
    if (hadFocus) (near?.querySelector("button:not([hidden]), a") ?? document.querySelector("main"))?.focus();
  }

  linkTo(url) {
    const link = element("a", "", this.name.textContent);
    link.href = url;
    this.name.replaceChildren(link);
  }

  button(text, name, act) {
    const button = element("button", "button button--small", text);
    button.type = "button";
    button.append(element("span", "visually-hidden", `: ${name}`));
    button.addEventListener("click", act);
    return button;
  }

  toggle(part, isShown) {
    if (!isShown) part.remove();
    else if (!part.isConnected) this.item.append(part);
  }
}

export function formatSpeed(bytesPerSecond) {
  const kilo = bytesPerSecond / 1000;
  const unit = kilo < 1000 ? "kilobyte-per-second" : "megabyte-per-second";
  const value = kilo < 1000 ? kilo : kilo / 1000;
  const language = document.documentElement.lang;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
