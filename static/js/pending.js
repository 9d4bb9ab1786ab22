// Refreshes pictures that are still being prepared, until none is left. Without it a reload does the same.
const FIRST_PAUSE = 1000; // milliseconds
const LONGEST_PAUSE = 15000;

async function fetchFragment(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// One pass over a grid: every pending card is asked for together and replaced where it has changed.
async function refreshGrid(grid) {
  const pending = [...grid.querySelectorAll("[data-pending]")];
  if (pending.length === 0) return false;
  const url = new URL(grid.dataset.tilesUrl, location.href);
  for (const card of pending) url.searchParams.append("picture", card.dataset.pending);
  const fragment = await fetchFragment(url);
  if (!fragment) return true;
  for (const card of pending) {
    const fresh = fragment.getElementById(card.id);
    if (!fresh || fresh.innerHTML === card.innerHTML) continue;
    const box = fresh.querySelector("input[type=checkbox]");
    if (box) box.checked = card.querySelector("input[type=checkbox]")?.checked ?? false;
    card.replaceWith(document.adoptNode(fresh));
  }
  return grid.querySelector("[data-pending]") !== null;
}

// The page of one picture: when it is ready, what stands beside it (labels, similar pictures) comes with a reload.
async function refreshView(page) {
  const view = page.querySelector("#view[data-pending]");
  if (!view) return false;
  const fragment = await fetchFragment(page.dataset.viewUrl);
  const fresh = fragment?.getElementById("view");
  if (!fresh) return true;
  if (!fresh.dataset.pending) {
    location.reload();
    return false;
  }
  if (fresh.innerHTML !== view.innerHTML) view.replaceWith(document.adoptNode(fresh));
  return true;
}

async function watch(refresh) {
  let pause = FIRST_PAUSE;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (document.hidden) continue;
    try {
      if (!(await refresh())) return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch: the network is away, the next pass may find it
    }
    pause = Math.min(pause * 1.3, LONGEST_PAUSE);
  }
}

for (const grid of document.querySelectorAll("[data-tiles-url]")) watch(() => refreshGrid(grid));
for (const page of document.querySelectorAll("[data-view-url]")) watch(() => refreshView(page));
