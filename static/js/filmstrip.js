// The steps of a picture on a slider. Without this script the same frames are links. The part of the page that
// changes brings a new strip now and then, so the page is watched for those.

const loaded = new Map(); // address → picture, so that a frame that was seen comes at once

function show(film) {
  const slider = film.querySelector("input");
  const link = film.querySelectorAll("ol a")[slider.value];
  if (!link) return;
  if (!loaded.has(link.href)) {
    loaded.set(link.href, new Image());
    loaded.get(link.href).src = link.href;
  }
  film.querySelector("img").src = link.href;
  film.querySelector("output").textContent = link.textContent;
  slider.setAttribute("aria-valuetext", link.textContent);
}

function dress() {
  for (const control of document.querySelectorAll("[data-film] [data-scripted][hidden]")) {
    control.hidden = false;
    show(control.closest("[data-film]"));
  }
}

document.addEventListener("input", ({ target }) => {
  const film = target.closest("[data-film]");
  if (film) show(film);
});

const job = document.querySelector("[data-job]");
new MutationObserver(dress).observe(job, { childList: true, subtree: true });
dress();
