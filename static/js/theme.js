// Loaded in <head> without defer, so that the chosen theme is there before the first paint.
(function () {
  "use strict";
  const root = document.documentElement;
  const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
  root.dataset.js = "";

  function stored() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is switched off: the system's theme stands
    }
  }

  function store(theme) {
    try {
      if (theme === null) localStorage.removeItem("theme");
      else localStorage.setItem("theme", theme);
    } catch {
      // storage is switched off: the choice lasts for this page
    }
  }

  function current() {
    return root.dataset.theme || (systemDark.matches ? "dark" : "light");
  }

  function label() {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      const words = current() === "dark" ? button.dataset.toLight : button.dataset.toDark;
      button.setAttribute("aria-label", words);
      button.title = words;
    }
  }

  function toggle() {
    const next = current() === "dark" ? "light" : "dark";
    const system = systemDark.matches ? "dark" : "light";
    root.dataset.theme = next;
    store(next === system ? null : next); // back at the system's theme: follow it again
    if (next === system) delete root.dataset.theme;
    label();
  }

  const choice = stored();
  if (choice === "light" || choice === "dark") root.dataset.theme = choice;

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) button.addEventListener("click", toggle);
    systemDark.addEventListener("change", label);
    label();
  });
})();
