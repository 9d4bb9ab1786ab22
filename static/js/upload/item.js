// One file from being chosen to being ready: its record, its row, and the transfer while there is one.
import * as kept from "./kept.js";
import { Row } from "./row.js";
import { Transfer, discard } from "./transfer.js";

// waiting → sending → checking → embedding → ready; and where it can end or pause instead
export const RUNNING = new Set(["sending", "checking"]);
export const UNFINISHED = new Set(["waiting", "sending", "checking", "interrupted"]);
export const SETTLED = new Set(["ready", "unread", "duplicate", "refused"]);
export const STORED = new Set(["embedding", "ready", "unread"]);
const SIGNED_OUT = 401;
const FORBIDDEN = 403;

export class Item {
  // page: {list, texts, endpoint, token, changed(item), removed(item), signedOut()}
  constructor(page, record, file = null) {
    this.page = page;
    this.record = record;
    this.file = file;
    this.isKept = false;
    this.bytes = 0; // sent so far
    const actions = { retry: () => this.retry(), cancel: () => this.cancel() };
    this.row = new Row(page.list, record.name, page.texts, actions);
    this.show(record.state);
  }

  static fresh(page, file, { person, visibility, place }) {
    const record = {
      key: kept.newKey(), person, visibility, place, added: Date.now(),
      name: file.name, size: file.size, modified: String(file.lastModified),
      state: "waiting", reason: "", link: "", picture: "", url: "", sent: false,
    };
    return new Item(page, record, file);
  }

  // From what was kept, or from what the server has of a file that was sent from elsewhere.
  static async again(page, record) {
    const goesOn = UNFINISHED.has(record.state) || record.state === "failed";
    const file = goesOn ? await kept.content(record.key) : null;
    const item = new Item(page, record, file);
    item.isKept = file !== null;
    if (goesOn) item.show(file || record.sent ? "waiting" : "interrupted");
    return item;
  }

  get state() {
    return this.record.state;
  }

  isTheSameAs(file) {
    const { name, size, modified } = this.record;
    return name === file.name && size === file.size && modified === String(file.lastModified);
  }

  // Writes the record, and the content while it has to be sent.
  async keep() {
    await kept.put(this.record);
    if (this.file && !this.record.sent && UNFINISHED.has(this.state)) {
      this.isKept = await kept.putContent(this.record.key, this.file);
    }
  }

  show(state, { reason = "", link = "" } = {}) {
    Object.assign(this.record, { state, reason: reason || (state === this.state ? this.record.reason : "") });
    if (link) this.record.link = link;
    const text = this.record.reason || (state === "interrupted" ? this.page.texts.again : "");
    this.row.show(state, { reason: text, link: this.record.link, can: this.can(state) });
    if (state === "interrupted" || state === "waiting") this.row.progress(this.bytes, this.record.size);
  }

  can(state) {
    if (state === "failed") return ["retry", "cancel"];
    return state === "waiting" || state === "sending" || state === "interrupted" ? ["cancel"] : [];
  }

  async start() {
    this.show("sending");
    this.transfer = new Transfer(this.file, this.record, {
      endpoint: this.page.endpoint,
      token: this.page.token,
      events: {
        progress: (bytes) => this.progressed(bytes),
        pausing: () => this.pausing(),
        located: (url) => this.located(url),
        sent: () => this.allSent(),
        ended: (status, answer) => this.ended(status, answer),
      },
    });
    if (this.record.sent) this.show("checking");
    await this.transfer.start();
  }

  pausing() {
    this.row.explain(this.page.texts.network);
  }

  progressed(bytes) {
    this.bytes = bytes;
    this.row.explain("");
    this.row.progress(bytes, this.record.size);
  }

  located(url) {
    this.record.url = url;
    kept.put(this.record);
  }

  async allSent() {
    this.record.sent = true;
    this.show("checking");
    await kept.put(this.record); // before the server is asked: then a refresh never sends it twice
    this.page.changed(this);
  }

  ended(status, answer) {
    const { texts } = this.page;
    if (status === SIGNED_OUT) this.page.signedOut();
    else if (status === 201) this.stored(answer);
    else if (answer?.code === "duplicate") this.settle("duplicate", { reason: answer.error, link: answer.url });
    else if (status === 404 && this.record.sent) this.sendAgain();
    else if (status === "unreadable") this.settle("refused", { reason: texts.unreadable });
    else if (status === FORBIDDEN) this.settle("failed", { reason: texts.reload });
    else if (status >= 400 && status < 500 && answer?.error) this.settle("refused", { reason: answer.error });
    else if (status === 413) this.settle("refused", { reason: texts.tooLarge });
    else this.settle("failed", { reason: status === 0 ? texts.gaveUp : texts.server });
  }

  stored({ id, url }) {
    this.record.picture = id;
    this.settle("embedding", { link: url });
  }

  // What was sent is gone from the server, and no picture was made of it.
  sendAgain() {
    Object.assign(this.record, { url: "", sent: false });
    this.bytes = 0;
    this.settle(this.file ? "waiting" : "interrupted");
  }

  settle(state, more = {}) {
    this.transfer = null;
    this.show(state, more);
    if (!UNFINISHED.has(state) && state !== "failed") kept.removeContent(this.record.key);
    kept.put(this.record);
    this.page.changed(this);
  }

  retry() {
    if (this.state !== "failed") return;
    this.settle(this.file || this.record.sent ? "waiting" : "interrupted");
  }

  // The person has chosen the file of an interrupted upload again.
  resume(file) {
    this.file = file;
    this.settle("waiting");
    this.keep();
  }

  // How the picture is now, from the server.
  heard({ status }) {
    if (status === "ready") this.settle("ready");
    else if (status === "failed") this.settle("unread", { reason: this.page.texts.unreadReason });
  }

  // Neither stopping nor forgetting can take back what was stored; then there is no such button.
  async cancel() {
    const { transfer, record, page } = this;
    this.transfer = null;
    const url = transfer ? "" : record.url;
    const stopped = transfer?.cancel(); // before anything is waited for: it must not start meanwhile
    this.row.remove();
    page.removed(this);
    await kept.remove(record.key);
    await stopped;
    if (url) await discard(url, { "X-CSRFToken": page.token });
  }

  async forget() {
    this.row.remove();
    this.page.removed(this);
    await kept.remove(this.record.key);
  }
}
