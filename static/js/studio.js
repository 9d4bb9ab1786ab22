// The studio: the list of pictures in the making follows what happens; a form is sent once.

const REFRESH_EVERY = 4000; // milliseconds

const list = document.querySelector("[data-jobs]");
let shown = list.innerHTML;

async function refresh() {
  if (document.hidden || !list.querySelector(':is([data-state="queued"], [data-state="running"], [data-state="stopping"])')) return;
  let response;
  try {
    response = await fetch(list.dataset.url, { headers: { Accept: "text/html" } });
  } catch {
    return; // the server is away; the next round asks again
  }
  if (!response.ok || response.redirected || list.contains(document.activeElement)) return;
  const fresh = await response.text();
  if (fresh !== shown) list.innerHTML = shown = fresh;
}

setInterval(refresh, REFRESH_EVERY);

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
  });
  // Back from the next page, the form may be sent again.
  window.addEventListener("pageshow", () => {
    form.querySelector("button").disabled = false;
  });
}
