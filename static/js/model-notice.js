// Keeps the word about a change of the model new, and says when the change is done. Works without this script.

const EVERY = 5000; // milliseconds

const notice = document.querySelector("[data-model-notice]");
const part = notice.querySelector("[data-notice-part]");
const news = notice.querySelector("[data-notice-news]");

async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch(notice.dataset.modelNotice, { headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return;
    part.innerHTML = await response.text();
  } catch {
    return; // the web process is away; the next try shows when it is back
  }
  const done = part.querySelector("[data-news]");
  if (!done && part.textContent.trim()) return;
  clearInterval(timer);
  if (done) news.append(done); // a change here is read out, the counting before is not
}

const timer = setInterval(refresh, EVERY);
