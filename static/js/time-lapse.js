// Looks again for the time-lapses that are being made until they are done. Without this script the page
// loads itself anew.

const EVERY = 2000; // milliseconds

const films = () => document.querySelector("[data-films]");
const announcement = document.querySelector("[data-announcement]");

async function look() {
  let response;
  try {
    response = await fetch(location.href, { headers: { Accept: "text/html" } });
  } catch {
    return; // the server is away; the next round asks again
  }
  if (!response.ok || response.redirected) {
    location.reload(); // signed out, or the picture is gone: let the server say so
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-films]");
  if (!fresh || fresh.innerHTML === films().innerHTML || films().contains(document.activeElement)) return;
  films().replaceWith(fresh);
  announcement.textContent = fresh.querySelector("[data-film-state]").dataset.label;
}

setInterval(() => films()?.matches("[data-waits]") && !document.hidden && look(), EVERY);
