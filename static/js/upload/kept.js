// What is under way, kept by the browser, so that a list goes on after a refresh or a crash. Every file has a
// record; its content is kept too while there is room, and removed as soon as the server has it.
// Where the browser keeps nothing, all of this does nothing.

const DATABASE = "clipweb-uploads";
const MOST_BYTES = 512 * 1024 * 1024;
const MOST_OF_QUOTA = 0.3;
const OLDEST = 7 * 24 * 3600 * 1000; // milliseconds
const TAB = "clipweb-upload-tab";
const LOCK_TRIES = 10; // of the refreshed page, whose old self may be still about to let go
const LOCK_PAUSE = 200; // milliseconds

let database = null;
let room = 0; // bytes
let tab = "";

export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Opens what is kept, removes what is not this person's, and returns the records that this tab goes on with:
// its own from before a refresh, and those of tabs that are closed.
export async function open(person) {
  try {
    tab = await claimTab();
    database = await opened();
  } catch (error) {
    console.warn("Uploads are not kept over a refresh:", error);
    return [];
  }
  await removeOld(person);
  room = await roomLeft();
  return adopt();
}

export async function put(record) {
  if (!database) return;
  try {
    const writing = database.transaction("records", "readwrite");
    writing.objectStore("records").put({ ...record, tab });
    await committed(writing); // the request alone may succeed, and a refresh undo it
  } catch (error) {
    console.warn("An upload is not kept over a refresh:", error); // no room
  }
}

// Whether the file's content is kept now.
export async function putContent(key, file) {
  if (!database || file.size > room) return false;
  room -= file.size;
  try {
    await done(database.transaction("contents", "readwrite").objectStore("contents").put(file, key));
    return true;
  } catch (error) {
    console.warn("A file is not kept over a refresh:", error);
    room = 0;
    return false;
  }
}

export async function content(key) {
  if (!database) return null;
  return (await done(database.transaction("contents").objectStore("contents").get(key))) ?? null;
}

export async function removeContent(key) {
  if (database) await done(database.transaction("contents", "readwrite").objectStore("contents").delete(key));
}

export async function remove(key) {
  if (!database) return;
  const both = database.transaction(["records", "contents"], "readwrite");
  both.objectStore("records").delete(key);
  await done(both.objectStore("contents").delete(key));
}

export async function keys() {
  return new Set(database ? await done(database.transaction("records").objectStore("records").getAllKeys()) : []);
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function opened() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("records", { keyPath: "key" });
    request.result.createObjectStore("contents");
  };
  return done(request);
}

async function all() {
  return done(database.transaction("records").objectStore("records").getAll());
}

async function removeOld(person) {
  for (const record of await all()) {
    if (record.person !== person || record.added < Date.now() - OLDEST) await remove(record.key);
  }
}

async function roomLeft() {
  const { quota = MOST_BYTES, usage = 0 } = (await navigator.storage?.estimate()) ?? {};
  return Math.max(0, Math.min(MOST_BYTES, quota * MOST_OF_QUOTA) - usage);
}

// A tab has its name for as long as it lives, over refreshes, and a lock by which others see that it lives.
// A duplicated tab starts with the other's name, finds it locked, and takes a new one.
async function claimTab() {
  const before = sessionStorage.getItem(TAB);
  if (before && (await lock(before, LOCK_TRIES))) return before;
  const name = `clipweb-upload-${newKey()}`;
  await lock(name, 1);
  sessionStorage.setItem(TAB, name);
  return name;
}

async function lock(name, tries) {
  if (!navigator.locks) return true; // not over plain HTTP; then the server's lock has to do
  for (let left = tries; left > 0; left -= 1) {
    const got = await new Promise((resolve) => {
      navigator.locks.request(name, { ifAvailable: true }, (held) => {
        resolve(held !== null);
        return held && new Promise(() => {}); // until the page is gone
      });
    });
    if (got) return true;
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE));
  }
  return false;
}

async function adopt() {
  if (!navigator.locks) return (await all()).filter((record) => record.tab === tab);
  return navigator.locks.request("clipweb-upload-adopt", async () => {
    const alive = new Set((await navigator.locks.query()).held.map(({ name }) => name));
    const ours = (await all()).filter((record) => record.tab === tab || !alive.has(record.tab));
    for (const record of ours) await put(record);
    return ours.sort((one, other) => one.place - other.place);
  });
}
