// Files out of what was dropped, pasted or picked; folders with all that is in them.

const OF_THE_SYSTEM = new Set(["thumbs.db", "desktop.ini"]);

// Call it in the event itself: afterwards the browser hands nothing out any more.
export function dropped(transfer) {
  const things = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => {
      const entry = item.webkitGetAsEntry?.();
      return entry?.isDirectory ? entry : item.getAsFile();
    });
  return Promise.all(things.map((thing) => (thing instanceof File ? [thing] : inFolder(thing)))).then((lists) =>
    lists.flat(),
  );
}

export function picked(field) {
  return [...field.files].filter((file) => !file.webkitRelativePath || isMeant(file.name));
}

async function inFolder(folder) {
  const reader = folder.createReader();
  const files = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // some at a time
    if (entries.length === 0) return files;
    for (const entry of entries) {
      if (entry.isDirectory) files.push(...(await inFolder(entry)));
      else if (isMeant(entry.name)) files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    }
  }
}

// In a folder nobody means what the system keeps there for itself.
function isMeant(name) {
  return !name.startsWith(".") && !OF_THE_SYSTEM.has(name.toLowerCase());
}
