// Choosing several pictures of a grid: by click, with Shift for all between, by keyboard, by a long press.
// Without this script the checkboxes and the form over them do the same, one picture at a time.
import { cardOf, linkOf, neighbour } from "./pictures/grid.js";

const LONG_PRESS = 500; // milliseconds
const STILL = 10; // pixels that a pressing finger may move

let grid = null; // what there is to choose from, and the bar of actions: both come with the first picture
let bar = null;

const boxes = () => [...grid.querySelectorAll("input[type=checkbox][name=picture]")];
const chosen = () => boxes().filter((box) => box.checked);
const boxOf = (element) => element?.closest?.(".picture-card")?.querySelector("input[type=checkbox]") ?? null;

// By their values, as a card may be exchanged for its newer self meanwhile.
let anchor = null; // the box that was changed last: Shift chooses from here
let head = null; // to here, where the last Shift ended

const boxWith = (value) => boxes().find((box) => box.value === value) ?? null;

function show() {
  const count = chosen().length;
  const text = count === 1 ? bar.dataset.textOne : bar.dataset.textMany;
  bar.classList.toggle("is-active", count > 0);
  bar.querySelector("[data-count]").textContent = text.replace("{count}", count);
}

function choose(box, checked) {
  box.checked = checked;
  anchor = head = box.value;
  show();
}

function between(one, other) {
  const all = boxes();
  const places = [all.indexOf(one), all.indexOf(other)];
  return all.slice(Math.min(...places), Math.max(...places) + 1);
}

// As in a file manager: the range from the anchor ends here now, and no longer where the last Shift ended.
function chooseThrough(box) {
  const from = boxWith(anchor);
  if (!from) return choose(box, true);
  for (const other of between(from, boxWith(head) ?? from)) other.checked = false;
  for (const other of between(from, box)) other.checked = true;
  head = box.value;
  show();
}

function chooseAll(checked) {
  for (const box of boxes()) box.checked = checked;
  anchor = head = null;
  show();
}

// With the mouse: the checkbox at any time, the picture itself as soon as one is chosen.
function clicked(event) {
  const box = boxOf(event.target);
  if (!box) return;
  if (event.target === box) {
    if (event.shiftKey) chooseThrough(box);
    else choose(box, box.checked);
    return;
  }
  const onPicture = event.target.closest(".picture-card__link");
  const opensElsewhere = event.ctrlKey || event.metaKey || event.altKey || event.detail === 0; // 0: Enter
  if (!onPicture || opensElsewhere) return;
  if (!event.shiftKey && chosen().length === 0) return;
  event.preventDefault();
  if (event.shiftKey) chooseThrough(box);
  else choose(box, !box.checked);
}

// By touch: a long press chooses the first picture, taps choose more.
let press = null;
let pressed = false; // the press that just ended was long; its click must not open the picture

function endPress() {
  clearTimeout(press?.timer);
  press = null;
}

function pressStarts(event) {
  pressed = false;
  const box = event.pointerType === "mouse" ? null : boxOf(event.target);
  if (!box || event.target === box) return;
  const timer = setTimeout(() => {
    pressed = true;
    choose(box, !box.checked);
    endPress();
  }, LONG_PRESS);
  press = { timer, x: event.clientX, y: event.clientY };
}

function pressMoves(event) {
  if (press && Math.hypot(event.clientX - press.x, event.clientY - press.y) > STILL) endPress();
}

function contextMenuOpens(event) {
  if (press || pressed) event.preventDefault(); // the browser's own answer to a long press
}

function clickedAfterPress(event) {
  if (!pressed) return;
  pressed = false;
  event.preventDefault();
  event.stopPropagation();
}

// By keyboard: Space chooses; arrows go from picture to picture (shortcuts.js), with Shift they choose on the way.
function keyPressed(event) {
  const box = boxOf(event.target);
  if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && event.target !== box) {
    event.preventDefault();
    if (event.shiftKey) chooseThrough(box);
    else choose(box, !box.checked);
    return;
  }
  const next = event.shiftKey ? boxOf(neighbour(cardOf(event.target), event.key)) : null;
  if (!next) return;
  event.preventDefault();
  linkOf(cardOf(next)).focus();
  if (head !== box.value) choose(box, true);
  chooseThrough(next);
}

const isWriting = (element) => element.closest?.("input:not([type=checkbox]), textarea, select") !== null;

function keyPressedAnywhere(event) {
  if (isWriting(event.target) || document.querySelector("details.menu[open], dialog[open]")) return;
  if (event.key === "Escape" && chosen().length > 0) {
    chooseAll(false);
  } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
    event.preventDefault();
    chooseAll(true);
  }
}

// Enter in a field means the button beside it, not the first one of the form.
function keyPressedInBar(event) {
  if (event.key !== "Enter" || event.target.localName !== "input") return;
  event.preventDefault();
  event.target.closest(".menu__panel").querySelector("button").click();
}

function attend() {
  grid = document.querySelector("[data-selectable]");
  bar = document.querySelector("[data-selection]");
  if (!grid || !bar) return;
  grid.addEventListener("click", clickedAfterPress, true);
  grid.addEventListener("click", clicked);
  grid.addEventListener("pointerdown", pressStarts);
  grid.addEventListener("pointermove", pressMoves);
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) grid.addEventListener(end, endPress);
  grid.addEventListener("contextmenu", contextMenuOpens);
  grid.addEventListener("keydown", keyPressed);
  // In the capture phase: before menu.js closes the menu that Escape was meant for.
  document.addEventListener("keydown", keyPressedAnywhere, true);
  bar.querySelector("[data-scripted]").hidden = false;
  bar.querySelector("[data-all]").addEventListener("click", () => chooseAll(true));
  bar.querySelector("[data-none]").addEventListener("click", () => chooseAll(false));
  bar.addEventListener("keydown", keyPressedInBar);
  window.addEventListener("pageshow", show); // back from another page, boxes may be ticked already
  show();
}

attend();
document.addEventListener("gallery-filled", attend); // by pending.js: the first pictures of an empty page
