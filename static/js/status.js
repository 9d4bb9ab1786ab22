// Keeps the status page new while it is in front. The page works without this script.

const EVERY = 5000; // milliseconds

const part = document.querySelector("[data-status-part]");

async function refresh() {
  if (document.hidden || part.contains(document.activeElement)) return;
  try {
    const response = await fetch(part.dataset.statusPart, { headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) part.innerHTML = await response.text();
  } catch {
    // The web process is away; the next try shows when it is back.
  }
}

setInterval(refresh, EVERY);
