// What changes in the reader's own pictures, over a WebSocket. Messages are hints: who waits for a picture also
// asks now and then, more often while there is no socket.

const FIRST_PAUSE = 1000; // milliseconds
const LONGEST_PAUSE = 30000;
const NOT_FOUND = 4404; // signed out: coming again does not help

export class Live {
  // told: called with the pictures of each message, [{id, status, shown}]
  constructor(address, told) {
    this.address = address;
    this.told = told;
    this.isOpen = false;
    this.pause = FIRST_PAUSE;
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.address}`);
    socket.addEventListener("open", () => {
      this.isOpen = true;
      this.pause = FIRST_PAUSE;
    });
    socket.addEventListener("message", ({ data }) => this.told(JSON.parse(data).pictures));
    socket.addEventListener("close", ({ code }) => {
      this.isOpen = false;
      if (code === NOT_FOUND) return;
      setTimeout(() => this.connect(), this.pause * (0.75 + Math.random() / 2));
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    });
  }
}

// How some pictures are now; null while the server is away.
export async function askStates(address, ids) {
  const url = new URL(address, location.href);
  for (const id of ids) url.searchParams.append("picture", id);
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    return response.ok ? (await response.json()).pictures : null;
  } catch (error) {
    if (error instanceof TypeError) return null; // the network is away
    throw error;
  }
}
