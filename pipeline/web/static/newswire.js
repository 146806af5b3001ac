// What the page adds to its HTML: suggestions, and news of the stories that it shows.
"use strict";

const TYPING_MILLISECONDS = 150;
const AGAIN_MILLISECONDS = 5000;
const SILENCE_MILLISECONDS = 25000; // the server sends an event every 10 seconds
const RESUME_MILLISECONDS = 14 * 60 * 1000; // for longer the server does not know what was missed

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

// Listen to the live stream, and reconnect with the id of the last event after any loss.
function listen(address, shown, search, heard) {
  const line = document.getElementById("connection");
  const url = new URL(address, location.href);
  shown.slice(0, 300).forEach((id) => url.searchParams.append("shown", id));
  if (!search) url.searchParams.set("search", "false");
  let source;
  let lastHeard = Date.now();
  let lostSince = null;

  const clock = (instant) => `${new Date(instant).toISOString().slice(11, 16)} UTC`;

  function lost() {
    lostSince ??= lastHeard;
    line.textContent = `No live updates since ${clock(lostSince)}: the connection is lost. Reconnecting.`;
  }

  function received(event) {
    lastHeard = Date.now();
    if (event.lastEventId) url.searchParams.set("seen", event.lastEventId);
    if (lostSince === null) return;
    if (lastHeard - lostSince > RESUME_MILLISECONDS) location.reload();
    lostSince = null;
    line.textContent = "";
  }

  function connect() {
    source = new EventSource(url);
    source.addEventListener("error", lost);
    source.addEventListener("open", received);
    source.addEventListener("ping", received);
    source.addEventListener("away", (event) => {
      received(event);
      const away = JSON.parse(event.data);
      line.textContent = away
        ? `No live updates since ${clock(event.lastEventId)}: the index does not answer. Trying again.`
        : "";
    });
    for (const name of ["stories", "found", "changed", "gone", "grown"]) {
      source.addEventListener(name, (event) => {
        received(event);
        heard(name, JSON.parse(event.data));
      });
    }
  }

  connect();
  const watching = setInterval(() => {
    // A refused connection is not tried again by the browser, a dead one not noticed by it.
    const silent = Date.now() - lastHeard > SILENCE_MILLISECONDS;
    if (source.readyState !== EventSource.CLOSED && !silent) return;
    lost();
    source.close();
    connect();
  }, AGAIN_MILLISECONDS);
  const stop = () => {
    clearInterval(watching);
    source.close();
  };
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // what was kept may have been withdrawn
  });
  return stop;
}

// "(3) newswire": how many stories are new or have changed.
const title = document.title;
function count(number) {
  document.title = number ? `(${number}) ${title}` : title;
}

// Whether it is another version than the one shown, and not the same one enriched again.
function isNewer(change, shown) {
  const same = (one, other) => (one ? Date.parse(one) : null) === (other ? Date.parse(other) : null);
  return (
    String(change.version ?? "") !== shown.dataset.version ||
    !same(change.published_at, shown.dataset.published)
  );
}

// "Correction, version 2, 11:33 UTC: show what changed"
function bar(change, shown) {
  const kind = change.signal === "correction" ? "Correction" : "Update";
  const parts = [kind];
  if (change.version) parts.push(`version ${change.version}`);
  if (change.published_at) parts.push(`${new Date(change.published_at).toISOString().slice(11, 16)} UTC`);
  const line = document.createElement("p");
  line.className = kind === "Correction" ? "change alarm" : "change";
  const link = document.createElement("a");
  const older = shown.dataset.key ? `older=${shown.dataset.key}&` : "";
  link.href = `${shown.dataset.address}?${older}newer=${change.key}#changes`;
  link.textContent = "show what changed";
  line.append(`${parts.join(", ")}: `, link);
  return line;
}

// Bars for the stories that left the list before it was loaded again.
function withdrawn(list) {
  const addresses = JSON.parse(sessionStorage.getItem("withdrawn") ?? "[]");
  sessionStorage.removeItem("withdrawn");
  for (const address of addresses) {
    const notice = document.createElement("p");
    notice.className = "kill";
    const link = document.createElement("a");
    link.href = address;
    link.textContent = "why";
    notice.append("A story of this list may no longer be used: ", link);
    list.before(notice);
  }
}

function watchList(line) {
  const rows = new Map([...document.querySelectorAll("[data-story]")].map((row) => [row.dataset.story, row]));
  const fresh = new Set();
  const changed = new Set();

  // What was withdrawn leaves the whole page: snippets, facets, map. The next one says so.
  function gone(id) {
    const row = rows.get(id);
    const known = JSON.parse(sessionStorage.getItem("withdrawn") ?? "[]");
    const address = row.dataset.address ?? row.querySelector("a").getAttribute("href");
    sessionStorage.setItem("withdrawn", JSON.stringify([...known, address]));
    location.reload();
  }

  function mark(change) {
    const row = rows.get(change.id);
    if (!row || !row.dataset.address || !isNewer(change, row)) return;
    row.querySelector(".change")?.remove();
    (row.querySelector("article") ?? row).append(bar(change, row));
    changed.add(change.id);
  }

  listen(line.dataset.live, [...rows.keys()], true, (name, found) => {
    if (name === "changed") found.forEach(mark);
    if (name === "stories") found.filter((id) => !rows.has(id)).forEach((id) => fresh.add(id));
    if (name === "gone") {
      for (const id of found) {
        fresh.delete(id);
        if (rows.has(id)) gone(id);
      }
    }
    const link = document.createElement("a");
    link.href = line.dataset.here;
    link.textContent = `${fresh.size} new: show`;
    line.replaceChildren(...(fresh.size ? [link] : []));
    count(fresh.size + changed.size);
  });
}

function watchStory(story) {
  listen(story.dataset.live, [story.dataset.story], false, (name, found) => {
    if (name === "gone" && found.includes(story.dataset.story)) location.reload();
    if (name !== "changed") return;
    const change = found.find((each) => each.id === story.dataset.story);
    if (!change || !isNewer(change, story)) return;
    document.getElementById("change").replaceChildren(bar(change, story));
    count(1);
  });
}

// "24 Nov 2026 06:00 UTC, in 1:04:59": until an embargo ends.
function countdowns() {
  for (const time of document.querySelectorAll("[data-countdown]")) {
    const at = Date.parse(time.dateTime);
    const said = time.textContent.split(", in ")[0];
    const ticking = setInterval(() => {
      const left = Math.ceil((at - Date.now()) / 1000);
      if (left <= 0) {
        clearInterval(ticking);
        time.textContent = said;
        return;
      }
      if (left >= 86400) return;
      const two = (number) => String(Math.floor(number) % 60).padStart(2, "0");
      time.textContent = `${said}, in ${Math.floor(left / 3600)}:${two(left / 60)}:${two(left)}`;
    }, 1000);
  }
}

// How this browser shows the pages: the cookie of the form at /preferences.
const preferences = Object.fromEntries(
  new URLSearchParams(document.cookie.match(/(?:^|; )newswire_view="?([^;"]*)/)?.[1] ?? "")
);
const zone = preferences.zone === "local" ? undefined : preferences.zone || "UTC";

// Times in the chosen zone, those of the last day as ages if that is chosen.
const format = new Intl.DateTimeFormat("en-GB", {
  day: "2-digit", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: zone,
});
const clockOnly = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
const dayOnly = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", timeZone: zone });
const monthOnly = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: zone });
const scales = { clock: clockOnly, day: dayOnly, month: monthOnly };
function shortTime(at, scale) {
  if (scale) return scales[scale].format(at);
  return dayOnly.format(at) === dayOnly.format(new Date()) ? clockOnly.format(at) : dayOnly.format(at);
}
function clockTimes(root = document) {
  const named = zone === "UTC" ? " UTC" : "";
  for (const time of root.querySelectorAll("time[datetime]:not([data-countdown])")) {
    const at = new Date(time.dateTime);
    if (!time.dateTime || Number.isNaN(at.getTime())) continue;
    const minutes = time.dataset.short ? NaN : Math.floor((Date.now() - at) / 60000);
    const said = format.format(at).replace(",", "") + named;
    if (preferences.ages === "on" && minutes >= 0 && minutes < 1440) {
      time.title = said;
      time.textContent = minutes < 60 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`;
    } else time.textContent = "short" in time.dataset ? shortTime(at, time.dataset.short) : said;
  }
}
function times() {
  if (zone !== "UTC" || preferences.ages === "on") clockTimes();
  if (preferences.ages === "on") setInterval(clockTimes, 30000, document);
  const line = document.getElementById("zone");
  if (line && zone !== "UTC") line.textContent = `Times are of ${zone ?? "this machine"}.`;
}

// What was opened in this browser; pins and notes are kept on the server.
const READ = "read";
const MOST_READ = 2000;
function readStories() {
  return JSON.parse(localStorage.getItem(READ) ?? "[]");
}
function markRead(id) {
  localStorage.setItem(READ, JSON.stringify([...readStories().filter((one) => one !== id), id].slice(-MOST_READ)));
}
function markRows(root = document) {
  const pinning = document.querySelector("#pinning button");
  if (pinning && kept) {
    const pinned = kept.pin.has(document.getElementById("story").dataset.story);
    pinning.value = pinned ? "remove" : "pin";
    pinning.textContent = pinned ? "Unpin" : "Pin";
  }
  const read = new Set(readStories());
  for (const row of root.querySelectorAll("li[data-story]")) {
    row.toggleAttribute("data-read", read.has(row.dataset.story));
    if (!kept) continue;
    row.toggleAttribute("data-pinned", kept.pin.has(row.dataset.story));
    row.toggleAttribute("data-noted", kept.note.has(row.dataset.story));
  }
  for (const row of root.querySelectorAll("li[data-story]")) sayMarks(row);
}
// The marks in words: a colour alone says nothing to some.
function sayMarks(row) {
  const words = ["read", "pinned", "noted"].filter((name) => row.hasAttribute(`data-${name}`));
  const about = row.querySelector(".about");
  if (!about) return;
  const line = about.querySelector(".marks") ?? about.appendChild(document.createElement("span"));
  line.className = "marks";
  line.textContent = words.join(", ");
}
let kept = null;
async function readMarks() {
  const { body } = await json("/desk/marks");
  if (!body) return;
  kept = { pin: new Set(body.pin), note: new Set(body.note) };
  markRows();
}

async function post(address, fields) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields),
  });
  return answer.ok;
}
async function pin(id) {
  const action = kept?.pin.has(id) ? "remove" : "pin";
  if (!(await post("/desk/pins", { id, action }))) return;
  if (action === "pin") kept?.pin.add(id);
  else kept?.pin.delete(id);
  markRows();
}

// Single keys: / j k h l o p n . ?  They can be switched off (WCAG 2.1.4).
function keys() {
  if (preferences.keys === "off") return;
  const help = document.getElementById("keys");
  const rowsOf = (root) => [...root.querySelectorAll("li[data-story]")].filter((row) => row.offsetParent);
  const row = () => document.activeElement?.closest("li[data-story]");

  function go(step) {
    const now = row();
    const rows = rowsOf(now?.closest(".column") ?? document.querySelector(".column") ?? document);
    const next = now ? rows[rows.indexOf(now) + step] : rows[0];
    next?.querySelector("a").focus();
  }
  function column(step) {
    const columns = [...document.querySelectorAll(".column")];
    const at = columns.indexOf(document.activeElement?.closest(".column"));
    const next = columns[Math.max(0, Math.min(columns.length - 1, at + step))];
    (next?.querySelector("li[data-story] a") ?? next?.querySelector("h2 a"))?.focus();
  }
  const does = {
    "/": () => document.getElementById("q")?.focus(),
    j: () => go(1),
    k: () => go(-1),
    h: () => column(-1),
    l: () => column(1),
    o: () => row()?.querySelector("a").click(),
    p: () => {
      const id = row()?.dataset.story ?? document.getElementById("story")?.dataset.story;
      if (id) pin(id);
    },
    n: () => document.querySelector("#live a, .fresh:not(:empty) button")?.click(),
    ".": () => document.getElementById("pause")?.click(),
    "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in does)) return;
    event.preventDefault();
    does[event.key]();
  });
}

// The lists that stories are opened from: the story's page leads on to the next of them.
const LIST = "list";
function rememberList() {
  document.addEventListener("click", (event) => {
    const row = event.target.closest("li[data-story] a")?.closest("li[data-story]");
    if (!row) return;
    const rows = [...row.parentElement.children].filter((one) => one.dataset.story);
    const addresses = rows.map((one) => one.querySelector("h2 a, h3 a")?.getAttribute("href"));
    sessionStorage.setItem(LIST, JSON.stringify({ back: location.pathname + location.search, addresses }));
  });
}
function around(story) {
  const { back, addresses } = JSON.parse(sessionStorage.getItem(LIST) ?? "{}");
  const path = (address) => address && new URL(address, location.href).pathname;
  const at = (addresses ?? []).findIndex((address) => path(address) === location.pathname);
  if (at < 0) return;
  const links = [["Previous", addresses[at - 1], "prev"], ["Next", addresses[at + 1], "next"], ["Results", back, "up"]];
  const nav = document.getElementById("around");
  for (const [said, address, rel] of links) {
    if (!address) continue;
    const link = document.createElement("a");
    Object.assign(link, { href: address, rel, textContent: said });
    nav.append(link, " ");
  }
  nav.append(`${at + 1} of ${addresses.length}`);
  nav.hidden = false;
}

// What a story's page can do with it: buttons that only scripts need.
function tools(story) {
  const text = () =>
    [story.querySelector("h1"), story.querySelector(".byline"), story.querySelector(".body")]
      .filter(Boolean)
      .map((part) => part.textContent.trim())
      .join("\n\n");
  const link = new URL(story.dataset.address, location.href).href;
  const does = {
    copy: () => navigator.clipboard.writeText(text()),
    share: () => (navigator.share ? navigator.share({ title: document.title, url: link }) : navigator.clipboard.writeText(link)),
    print: () => print(),
  };
  for (const button of story.querySelectorAll("[data-does]")) {
    const what = button.dataset.does;
    if (what !== "print" && !navigator.clipboard) continue; // not over plain HTTP of another machine
    if (what === "share" && navigator.share) button.textContent = "Share";
    button.hidden = false;
    button.addEventListener("click", async () => {
      await does[what]();
      if (what === "print") return;
      const said = button.textContent;
      button.textContent = "Done";
      setTimeout(() => (button.textContent = said), 2000);
    });
  }
}

// The map that one can move in comes when it is asked for.
function largeMap() {
  const button = document.getElementById("open-map");
  if (!button) return;
  const box = document.getElementById("map");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const { openMap } = await import(box.dataset.module);
      await openMap(box);
      document.getElementById("map-drawing").hidden = true;
      button.remove();
    } catch (error) {
      console.error(error);
      box.hidden = true;
      button.disabled = false;
      button.textContent = "The map can't be loaded: try again";
    }
  });
}

// A span of the timeline is chosen by dragging over it, or by Shift and an arrow, then Enter.
function brush() {
  const line = document.querySelector(".timeline");
  if (!line) return;
  const bars = [...line.querySelectorAll("a")];
  let from = null;
  let dragged = false;
  const barAt = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".timeline a");
  const chosen = (to) => {
    const [first, last] = [bars.indexOf(from), bars.indexOf(to)].sort((one, other) => one - other);
    return bars.slice(first, last + 1);
  };
  function show(span) {
    for (const bar of bars) bar.classList.toggle("brushed", span.includes(bar));
  }
  function choose(span) {
    const reach = (bar) => bar.querySelector(".reach").dataset;
    const url = new URL(line.dataset.search, location.href);
    url.searchParams.set("since", reach(span[0]).start);
    url.searchParams.set("until", reach(span.at(-1)).end);
    location.assign(url);
  }
  line.addEventListener("dragstart", (event) => event.preventDefault());
  line.addEventListener("pointerdown", (event) => {
    from = barAt(event);
    dragged = Boolean(from);
  });
  line.addEventListener("pointermove", (event) => {
    const to = dragged && barAt(event);
    if (to) show(chosen(to));
  });
  addEventListener("pointerup", (event) => {
    const to = dragged && barAt(event);
    const span = to && to !== from ? chosen(to) : [];
    dragged = false;
    if (span.length < 2) return;
    line.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
    choose(span);
  });
  line.addEventListener("keydown", (event) => {
    const bar = event.target.closest("a");
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.shiftKey && step) {
      if (!line.querySelector(".brushed")) from = bar;
      const to = bars[bars.indexOf(bar) + step] ?? bar;
      to.focus();
      show(chosen(to));
    } else if (event.key === "Enter" && line.querySelector(".brushed")) choose(chosen(bar));
    else if (event.key === "Escape") show([]);
    else return;
    event.preventDefault();
  });
}

// The values of a facet in a dialog: the form of their page, found again as one types.
function choosing() {
  const dialog = document.createElement("dialog");
  dialog.className = "choosing";
  dialog.setAttribute("aria-labelledby", "values-title");
  let asked = 0;
  let waiting;

  async function load(address) {
    const mine = ++asked;
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = page.getElementById("values");
    if (mine === asked) return answer.ok ? form : null;
  }
  async function find() {
    const form = dialog.querySelector("form");
    const asking = new URLSearchParams(new FormData(form));
    asking.set("action", "find");
    const fresh = await load(`${form.getAttribute("action")}?${asking}`).catch(() => null);
    if (fresh) for (const part of [".listed", ".none"]) form.querySelector(part).replaceWith(fresh.querySelector(part));
  }
  document.addEventListener("click", async (event) => {
    const link = event.target.closest(".choose");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const form = await load(link.href).catch(() => null);
    if (!form) return location.assign(link.href);
    dialog.replaceChildren(form);
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector("[type=search]").focus();
    form.querySelector(".does a").addEventListener("click", (click) => (click.preventDefault(), dialog.close()));
    form.addEventListener("input", (input) => {
      if (input.target.type !== "search") return;
      clearTimeout(waiting);
      waiting = setTimeout(find, TYPING_MILLISECONDS);
    });
    form.addEventListener("keydown", (key) => {
      if (key.key !== "Enter" || key.target.type !== "search") return;
      key.preventDefault(); // the box finds; the buttons choose
      find();
    });
  });
}

// Order and filters act at once.
function atOnce() {
  const form = document.querySelector("form[data-at-once]");
  form?.querySelector(".options").addEventListener("change", () => form.requestSubmit());
}

// An event's page shows what becomes of it, and of each of its stories.
function watchEvent(event) {
  let asked = false;
  const stop = listen(event.dataset.live, JSON.parse(event.dataset.stories), false, async (name, found) => {
    const known = event.dataset.stories;
    if (name === "gone" && !found.some((id) => known.includes(JSON.stringify(id)))) return;
    if (asked) return;
    asked = true;
    const answer = await fetch(location.href).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page && page.getElementById("event");
    if (!fresh) return location.reload();
    stop();
    if (answer.redirected) history.replaceState(null, "", answer.url);
    event.replaceWith(fresh);
    if (zone !== "UTC" || preferences.ages === "on") clockTimes(fresh);
    watchEvent(fresh);
  });
}

countdowns();
times();
keys();
atOnce();
rememberList();
largeMap();
brush();
choosing();
markRows();
if (document.querySelector("li[data-story]")) readMarks();
addEventListener("storage", (event) => event.key === READ && markRows());
const box = document.getElementById("q");
if (box) suggestions(box, document.getElementById("suggestions"));
const live = document.getElementById("live");
if (live) {
  withdrawn(document.querySelector(".hits"));
  watchList(live);
}
const story = document.getElementById("story");
if (story) {
  watchStory(story);
  markRead(story.dataset.story);
  around(story);
  tools(story);
  readMarks();
}
const happened = document.getElementById("event");
if (happened) watchEvent(happened);
if (document.querySelector("[data-retry]")) {
  // Not while somebody edits the query.
  setInterval(() => box && box.value !== box.defaultValue || location.reload(), AGAIN_MILLISECONDS);
}
