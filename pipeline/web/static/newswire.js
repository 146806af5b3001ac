// What the page adds to its HTML: suggestions, a counter of new stories, and the end of a killed one.
"use strict";

const TYPING_MILLISECONDS = 150;
const AGAIN_MILLISECONDS = 15000;

async function json(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return { status: answer.status, body: answer.ok ? await answer.json() : null };
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

// Told of what comes and what goes; the browser comes again by itself, and says where it was.
function listen(address, told) {
  const source = new EventSource(address);
  source.addEventListener("error", () => {
    // After a refusal (the index is away, too many listen) it does not: try anew.
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen(address, told), AGAIN_MILLISECONDS);
    }
  });
  for (const name of ["stories", "gone"]) {
    source.addEventListener(name, (event) => told(name, JSON.parse(event.data)));
  }
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // what was kept may have been withdrawn
  });
}

function counter(line) {
  const fresh = new Set();
  const shown = new Set(
    [...document.querySelectorAll("[data-story]")].map((each) => each.dataset.story),
  );
  listen(line.dataset.live, (name, ids) => {
    if (name === "gone") {
      if (ids.some((id) => shown.has(id))) location.reload();
      ids.forEach((id) => fresh.delete(id));
    } else {
      ids.filter((id) => !shown.has(id)).forEach((id) => fresh.add(id));
    }
    const link = document.createElement("a");
    link.href = line.dataset.here;
    link.textContent = `${fresh.size} new: show`;
    line.replaceChildren(...(fresh.size ? [link] : []));
  });
}

function watch(story) {
  listen(story.dataset.live, (name, ids) => {
    if (name === "gone" && ids.includes(story.dataset.story)) location.reload();
  });
}

const box = document.getElementById("q");
if (box) suggestions(box, document.getElementById("suggestions"));
const live = document.getElementById("live");
if (live) counter(live);
const story = document.getElementById("story");
if (story) watch(story);
