// The desk: columns that stay new. New stories wait behind a count, or slide in.
"use strict";

const REFRESH_MILLISECONDS = 1000;
const BEEP_SECONDS = 0.25;

const board = document.getElementById("columns");
const pause = document.getElementById("pause");
const announced = new Set();
let paused = false;

function beep() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const loud = audio.createGain();
  loud.gain.value = 0.2;
  tone.frequency.value = 880;
  tone.connect(loud).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + BEEP_SECONDS);
  tone.onended = () => audio.close();
}

// A sound and a notice of the desktop, each from an urgency of the reader's choice.
function announce(row) {
  const id = row.dataset.story;
  if (announced.has(id)) return;
  announced.add(id);
  const urgency = Number(row.dataset.urgency) || 9;
  if (urgency <= Number(preferences.sound)) beep();
  const said = row.querySelector("h3").textContent.trim();
  document.getElementById("said").textContent = urgency <= 3 ? said : "";
  if (urgency <= Number(preferences.notice) && globalThis.Notification?.permission === "granted") {
    new Notification(said, { tag: id }).addEventListener("click", () => open(row.dataset.address));
  }
}

class Column {
  constructor(section) {
    this.section = section;
    this.fresh = section.querySelector(".fresh");
    this.rows = section.querySelector(".rows");
    this.waiting = null; // the newest list, until it is shown
    this.arrived = new Set(); // all that came since a list was shown, more than a list may hold
    this.asked = false;
  }

  get known() {
    return new Set([...this.rows.querySelectorAll("[data-story]")].map((row) => row.dataset.story));
  }

  // Ask for the list once in a while, however many stories come.
  refresh(ids) {
    const known = this.known;
    for (const id of ids) if (!known.has(id)) this.arrived.add(id);
    if (this.asked) return;
    this.asked = true;
    setTimeout(() => {
      this.asked = false;
      this.load().catch(() => {});
    }, REFRESH_MILLISECONDS);
  }

  async load() {
    const asked = new URLSearchParams({
      query: this.section.dataset.query,
      compact: "compact" in this.section.dataset,
    });
    const answer = await fetch(`/desk/column?${asked}`);
    if (!answer.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.waiting = made.querySelector("ol");
    const known = this.known;
    const fresh = [...this.waiting.children].filter((row) => !known.has(row.dataset.story));
    fresh.forEach(announce);
    for (const row of fresh) this.arrived.add(row.dataset.story);
    if (!fresh.length) {
      this.waiting = null;
      this.arrived.clear(); // older than all that the column lists
    } else if (preferences.arrival === "slide" && !paused) this.show();
    else this.say(this.arrived.size);
    total();
  }

  say(number) {
    this.number = number;
    if (!number) return this.fresh.replaceChildren();
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${number} new: show`;
    button.addEventListener("click", () => {
      this.show();
      this.rows.querySelector("a")?.focus();
      total();
    });
    this.fresh.replaceChildren(button);
  }

  show() {
    if (!this.waiting) return;
    const known = this.known;
    const focused = this.rows.contains(document.activeElement)
      ? document.activeElement.closest("[data-story]")?.dataset.story
      : null;
    for (const row of this.waiting.children) row.toggleAttribute("data-new", !known.has(row.dataset.story));
    this.rows.replaceChildren(document.adoptNode(this.waiting));
    this.waiting = null;
    this.number = 0;
    this.arrived.clear();
    this.fresh.replaceChildren();
    clockTimes(this.rows);
    markRows(this.rows);
    if (focused) this.rows.querySelector(`[data-story="${CSS.escape(focused)}"] a`)?.focus();
  }

  changed(change) {
    const row = this.rows.querySelector(`[data-story="${CSS.escape(change.id)}"]`);
    if (!row || !row.dataset.address || !isNewer(change, row)) return;
    row.querySelector(".change")?.remove();
    row.querySelector("article").append(bar(change, row));
    if (change.signal === "correction") row.classList.add("correction");
  }

  // Nothing of a withdrawn story stays, but that it was here.
  gone(id) {
    const row = this.rows.querySelector(`[data-story="${CSS.escape(id)}"]`);
    this.waiting?.querySelector(`[data-story="${CSS.escape(id)}"]`)?.remove();
    if (this.arrived.delete(id) && this.number) this.say(this.arrived.size);
    if (!row) return;
    const link = document.createElement("a");
    link.href = row.dataset.address;
    link.textContent = "A story that was here may no longer be used: why";
    const note = document.createElement("li");
    note.className = "row killed";
    note.append(link);
    row.replaceWith(note);
    document.getElementById("said").textContent = "A story of this desk may no longer be used.";
  }
}

const columns = [...board.querySelectorAll(".column")].map((section) => new Column(section));

function total() {
  count(columns.reduce((sum, column) => sum + (column.number ?? 0), 0));
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? "Paused: go on" : "Pause lists";
  if (!paused && preferences.arrival === "slide") columns.forEach((column) => column.show());
});

if (Number(preferences.notice) && globalThis.Notification?.permission === "default") {
  // Browsers ask only after a click.
  document.addEventListener("click", () => Notification.requestPermission(), { once: true });
}

// A column is dragged by its head to the place of another; by keyboard its arrows move it.
function dragging() {
  let dragged = null;
  const over = (event) => event.target.closest?.(".column");
  const clear = () => board.querySelectorAll(".target").forEach((one) => one.classList.remove("target"));
  for (const head of board.querySelectorAll(".column .head")) head.draggable = true;
  board.addEventListener("dragstart", (event) => {
    if (!event.target.matches?.(".head")) return;
    dragged = over(event);
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.querySelector("h2").textContent.trim());
  });
  board.addEventListener("dragover", (event) => {
    const column = dragged && over(event);
    if (!column) return;
    event.preventDefault();
    clear();
    column.classList.toggle("target", column !== dragged);
  });
  board.addEventListener("dragend", () => {
    dragged = null;
    clear();
  });
  board.addEventListener("drop", async (event) => {
    const column = over(event);
    if (!dragged || !column || column === dragged) return;
    event.preventDefault();
    const number = (section) => section.querySelector("[name=number]").value;
    const moved = { action: "move", number: number(dragged), to: number(column) };
    if (await post("/desk/columns", moved)) location.reload();
  });
}
dragging();

if (columns.length) {
  const shown = [...new Set(columns.flatMap((column) => [...column.known]))];
  listen(board.dataset.live, shown, true, (name, found) => {
    if (name === "found") found.forEach((ids, number) => ids.length && columns[number]?.refresh(ids));
    if (name === "changed") found.forEach((change) => columns.forEach((column) => column.changed(change)));
    if (name === "gone") found.forEach((id) => columns.forEach((column) => column.gone(id)));
  });
}
