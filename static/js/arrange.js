// Dragging a picture of an album to another's place. The buttons beside each picture do the same without it.
const list = document.querySelector("[data-arrange]");
const form = document.querySelector("[data-arrange-form]");

if (list) {
  let dragged = null;

  const itemOf = (event) => event.target.closest?.("[data-picture]") ?? null;
  const mark = (item) => {
    for (const other of list.children) other.classList.toggle("is-target", other === item && item !== dragged);
  };

  for (const item of list.children) item.draggable = true;

  list.addEventListener("dragstart", (event) => {
    dragged = itemOf(event);
    event.dataTransfer.effectAllowed = "move";
    dragged.classList.add("is-dragged");
  });
  list.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    mark(itemOf(event));
  });
  list.addEventListener("drop", (event) => {
    const place = itemOf(event);
    if (!dragged || !place || place === dragged) return;
    event.preventDefault();
    form.elements.picture.value = dragged.dataset.picture;
    form.elements.to.value = place.dataset.picture;
    form.submit();
  });
  list.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    dragged = null;
    mark(null);
  });
}
