// What the page adds to its HTML: suggestions, a counter of new stories, and the end of a killed one.
"use strict";

const POLL_MILLISECONDS = 5000;
const TYPING_MILLISECONDS = 150;

async function json(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return { status: answer.status, body: answer.ok ? await answer.json() : null };
}

function every(work) {
  setInterval(() => {
    // The server may be away for a while: the next look tells.
    if (!document.hidden) work().catch(() => {});
  }, POLL_MILLISECONDS);
}

function suggestions(box, list) {
  const fields = { people: "person", places: "place", slugs: "slug" };
  let waiting;
  let asked = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const mine = ++asked;
      const { body } = await json(`/api/suggest?q=${encodeURIComponent(box.value.slice(0, 200))}`);
      if (!body || mine !== asked) return;
      const options = [];
      for (const [kind, field] of Object.entries(fields)) {
        for (const { value, count } of body[kind]) {
          const option = document.createElement("option");
          option.value = `${field}:"${value.replaceAll('"', "")}"`;
          option.label = `${value} (${count})`;
          options.push(option);
        }
      }
      list.replaceChildren(...options);
    }, TYPING_MILLISECONDS);
  });
}

function counter(line) {
  const shown = Number(line.dataset.total);
  every(async () => {
    const { body } = await json(line.dataset.api);
    if (!body) return;
    if (body.total < shown) {
      location.reload(); // something here may have been withdrawn
    } else if (body.total > shown) {
      const link = document.createElement("a");
      link.href = line.dataset.here;
      link.textContent = `${body.total - shown} new: show`;
      if (line.textContent !== link.textContent) line.replaceChildren(link);
    }
  });
}

function watch(story) {
  every(async () => {
    if ((await json(story.dataset.api)).status === 404) location.reload();
  });
}

const box = document.getElementById("q");
if (box) suggestions(box, document.getElementById("suggestions"));
const live = document.getElementById("live");
if (live) counter(live);
const story = document.getElementById("story");
if (story) watch(story);
