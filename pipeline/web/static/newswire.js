// What the page adds to its HTML: suggestions, a counter of new stories, and the end of a killed one.
"use strict";

const TYPING_MILLISECONDS = 150;
const AGAIN_MILLISECONDS = 15000;

async function json(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return { status: answer.status, body: answer.ok ? await answer.json() : null };
}

// Where the word at the cursor begins and ends; a quoted phrase is one, with its field before it.
function wordAt(text, cursor) {
  const before = text.slice(0, cursor);
  const inQuotes = before.split('"').length % 2 === 0;
  const from = inQuotes ? before.lastIndexOf('"') : cursor;
  const start = from - before.slice(0, from).match(/[^\s()"-]*$/)[0].length;
  const rest = text.slice(cursor).match(inQuotes ? /^[^"]*"?/ : /^[^\s()"]*/)[0];
  const [, field, typed] = text.slice(start, cursor).match(/^(?:([a-z]+):)?"?(.*)$/is);
  return { start, end: cursor + rest.length, field, typed };
}

// The text with a name in place of the word, and of what was typed of the name before that word.
function completed(text, cursor, word, field, name) {
  const lower = text.slice(0, cursor).toLowerCase();
  let start = word.start;
  for (let length = name.length; length > cursor - word.start; length--) {
    const at = cursor - length;
    if (lower.endsWith(name.slice(0, length).toLowerCase()) && !/[^\s()"-]/.test(text[at - 1] || " ")) {
      start = at;
      break;
    }
  }
  const head = `${text.slice(0, start)}${field}:"${name.replaceAll('"', "")}" `;
  return { text: head + text.slice(word.end).trimStart(), cursor: head.length };
}

// The box as a combobox with a listbox under it: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
function suggestions(box, list) {
  const fields = { people: "person", places: "place", slugs: "slug" };
  let waiting;
  let asked = 0;
  let chosen = -1;
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id };
  for (const [name, value] of Object.entries(attributes)) box.setAttribute(name, value);

  function close() {
    asked++;
    clearTimeout(waiting);
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  function choose(number) {
    const options = list.children;
    if (chosen >= 0) options[chosen].setAttribute("aria-selected", "false");
    chosen = (number + options.length + 1) % (options.length + 1);
    if (chosen === options.length) chosen = -1; // the box itself, between the last and the first
    if (chosen < 0) return box.removeAttribute("aria-activedescendant");
    options[chosen].setAttribute("aria-selected", "true");
    options[chosen].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", options[chosen].id);
  }

  function option(number, word, field, { value, count }) {
    const item = document.createElement("li");
    item.id = `suggestion-${number}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const name = document.createElement("bdi");
    name.textContent = value;
    item.append(name, ` ${field}, ${count}`);
    item.addEventListener("click", () => {
      const made = completed(box.value, box.selectionStart, word, field, value);
      box.value = made.text;
      box.setSelectionRange(made.cursor, made.cursor);
      close();
    });
    return item;
  }

  async function ask() {
    const mine = ++asked;
    const word = wordAt(box.value, box.selectionStart);
    if (word.typed.length < 2) return close();
    const { body } = await json(`/api/suggest?q=${encodeURIComponent(word.typed.slice(0, 200))}`);
    if (!body || mine !== asked) return;
    const found = Object.entries(fields)
      .filter(([, field]) => !word.field || word.field.toLowerCase() === field)
      .flatMap(([kind, field]) => body[kind].map((one) => [field, one]));
    if (!found.length) return close();
    list.replaceChildren(...found.map(([field, one], n) => option(n, word, field, one)));
    list.hidden = false;
    chosen = -1;
    box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-expanded", "true");
  }

  close();
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => ask().catch(close), TYPING_MILLISECONDS);
  });
  box.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? list.children.length - 1 : chosen - 1);
    else if (event.key === "Enter" && chosen >= 0) list.children[chosen].click();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
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
