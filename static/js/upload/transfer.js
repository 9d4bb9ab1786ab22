// One file on its way: by the tus protocol, piece by piece, going on where the server says that it was; then
// one request that makes a picture of it, and may be repeated too.
import "../../vendor/tus-js-client/tus.min.js";

const { Upload } = window.tus;
// Bytes that may come along with the first request; they go in vain if its answer is lost on the way back.
const SMALL = 256 * 1024;
const PIECE = 8 * 1024 * 1024; // bytes a request
// Milliseconds between attempts without any progress: about two and a half minutes, then somebody has to ask.
const PAUSES = [300, 700, 1500, 3000, 5000, ...Array(18).fill(8000)];
const PATIENCE = 90_000; // milliseconds for the server to look at a file
const TEMPORARY = new Set([0, 404, 409, 410, 423, 429, 500, 502, 503, 504, 507]);

export class Transfer {
  // record: {key, name, modified, visibility, url, sent}
  // events: progress(bytes), pausing(), located(url), sent() → Promise, ended(status, answer)
  constructor(file, record, { endpoint, token, events }) {
    this.record = record;
    this.events = events;
    this.file = file;
    this.headers = { "X-CSRFToken": token, Accept: "application/json" };
    this.isCancelled = false;
    this.tus = file && new Upload(file, {
      endpoint,
      uploadUrl: record.url || null,
      chunkSize: PIECE,
      uploadDataDuringCreation: file.size <= SMALL,
      storeFingerprintForResuming: false,
      retryDelays: PAUSES,
      headers: this.headers,
      metadata: { key: record.key, name: record.name, modified: record.modified, visibility: record.visibility },
      onProgress: (bytes) => events.progress(bytes),
      onUploadUrlAvailable: () => events.located(this.tus.url),
      onShouldRetry: (error) => this.shouldRetry(error),
      onError: (error) => this.broken(error),
      onSuccess: () => this.sent(),
    });
  }

  async start() {
    if (this.record.sent) {
      await this.store();
      return;
    }
    try {
      await this.file.slice(0, 1).arrayBuffer();
    } catch {
      this.events.ended("unreadable", null);
      return;
    }
    if (this.isCancelled) return;
    this.isStarted = true;
    this.tus.start();
  }

  // The network has come back: what was on its way when it went may never end, and no pause is needed any more.
  restart() {
    this.goOn?.();
    this.asking?.abort();
    if (this.isStarted && !this.record.sent) {
      this.tus.abort();
      this.tus.start();
    }
  }

  async cancel() {
    this.isCancelled = true;
    this.tus?.abort();
    if (this.record.url) await discard(this.record.url, this.headers);
  }

  shouldRetry(error) {
    const status = statusOf(error);
    const comesAgain = TEMPORARY.has(status) && !this.isCancelled;
    if (comesAgain) this.events.pausing();
    return comesAgain;
  }

  broken(error) {
    if (!this.isCancelled) this.events.ended(statusOf(error), answerOf(error));
  }

  async sent() {
    if (this.isCancelled) return;
    this.record.url = this.tus.url;
    await this.events.sent();
    await this.store();
  }

  async store() {
    for (const pause of [...PAUSES, null]) {
      const [status, answer] = await this.askToStore();
      if (this.isCancelled) return;
      const comesAgain = (status === 0 || status === 423 || status >= 500) && pause !== null;
      if (!comesAgain) {
        this.events.ended(status, answer);
        return;
      }
      this.events.pausing();
      await new Promise((resolve) => {
        this.goOn = resolve;
        setTimeout(resolve, pause);
      });
    }
  }

  async askToStore() {
    this.asking = new AbortController();
    const { signal } = this.asking;
    const patience = setTimeout(() => this.asking.abort(), PATIENCE);
    try {
      const headers = { ...this.headers, "Tus-Resumable": "1.0.0" };
      const response = await fetch(`${this.record.url}/store`, { method: "POST", headers, signal });
      const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
      return [response.status, isJson ? await response.json() : null];
    } catch (error) {
      if (error instanceof TypeError || signal.aborted) return [0, null]; // the network is away
      throw error;
    } finally {
      clearTimeout(patience);
    }
  }
}

export async function discard(url, headers) {
  try {
    await fetch(url, { method: "DELETE", headers: { ...headers, "Tus-Resumable": "1.0.0" } });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // the network is away: the server removes it in its time
  }
}

function statusOf(error) {
  return error.originalResponse?.getStatus() ?? 0;
}

function answerOf(error) {
  try {
    return JSON.parse(error.originalResponse.getBody());
  } catch {
    return null; // no answer, or one that is not from the app
  }
}
