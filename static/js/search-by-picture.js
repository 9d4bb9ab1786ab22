// A picture that is pasted on the search page, or dropped anywhere on it, is what to search by.
const form = document.querySelector("[data-search-by-picture]");
const field = form.querySelector("input[type=file]");
const isPicture = (file) => file.type.startsWith("image/");

function searchBy(file) {
  if (!file) return false;
  const chosen = new DataTransfer();
  chosen.items.add(file);
  field.files = chosen.files;
  form.closest("details").open = true;
  form.requestSubmit();
  return true;
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("paste", (event) => {
  if (searchBy([...(event.clipboardData?.files ?? [])].find(isPicture))) event.preventDefault(); // words are pasted as ever
});
document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form.classList.add("is-over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("is-over");
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event) || event.target === field) return;
  event.preventDefault(); // else the browser leaves the page for the file
  form.classList.remove("is-over");
  const files = [...event.dataTransfer.files];
  searchBy(files.find(isPicture) ?? files[0]); // of a file that is no picture the server says so
});
form.querySelector("[data-scripted]").hidden = false;
