// Looks how far the map is until it is there; then the page is loaded again. Without it a reload does the same.
const FIRST_PAUSE = 1500; // milliseconds
const LONGEST_PAUSE = 10000;
const UNDER_WAY = new Set(["waiting", "running"]);

const stateOf = (part) => part.querySelector("[data-map-state]")?.dataset.mapState;

export async function wait(part) {
  let pause = FIRST_PAUSE;
  while (UNDER_WAY.has(stateOf(part))) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 1.2, LONGEST_PAUSE);
    if (document.hidden) continue;
    try {
      const response = await fetch(part.dataset.mapWaits, { headers: { Accept: "text/html" } });
      if (!response.ok || response.redirected) continue;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      if (!UNDER_WAY.has(stateOf(fresh))) return location.reload();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // the network is away, the next look may find it
    }
  }
}
