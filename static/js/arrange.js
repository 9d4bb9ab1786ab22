// Dragging an item of a list to another's place: a picture of an album, a job of the queue. data-arrange of the
// list is the name of the item, as the attribute that has its id and as the field of the form that tells the
// server. The buttons beside each item do the same without it.

let dragged = null;

const listOf = (element) => element.closest?.("[data-arrange]") ?? null;
const idOf = (item) => item.dataset[listOf(item).dataset.arrange];

function itemOf(event) {
  const list = listOf(event.target);
  return list && event.target.closest(`[data-${list.dataset.arrange}]`);
}

function mark(list, item) {
  for (const other of list.children) other.classList.toggle("is-target", other === item && item !== dragged);
}

// What can be dragged; again after the list was rendered anew.
export function makeDraggable() {
  for (const list of document.querySelectorAll("[data-arrange]")) {
    for (const item of list.querySelectorAll(`[data-${list.dataset.arrange}]`)) item.draggable = true;
  }
}

export const isDragging = () => dragged !== null;

document.addEventListener("dragstart", (event) => {
  dragged = itemOf(event);
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  dragged.classList.add("is-dragged");
});
document.addEventListener("dragover", (event) => {
  if (!dragged || listOf(event.target) !== listOf(dragged)) return;
  event.preventDefault();
  mark(listOf(dragged), itemOf(event));
});
document.addEventListener("drop", (event) => {
  const place = dragged && itemOf(event);
  if (!place || place === dragged || listOf(place) !== listOf(dragged)) return;
  event.preventDefault();
  const form = document.querySelector("[data-arrange-form]");
  form.elements[listOf(place).dataset.arrange].value = idOf(dragged);
  form.elements.to.value = idOf(place);
  form.requestSubmit();
});
document.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.classList.remove("is-dragged");
  mark(listOf(dragged), null);
  dragged = null;
});

makeDraggable();
