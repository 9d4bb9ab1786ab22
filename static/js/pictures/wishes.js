// Shortcuts of a single letter can be turned off on the page that lists them; the server keeps the wish.
export const areOff = () => document.documentElement.dataset.shortcuts === "off";
