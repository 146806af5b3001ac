// Returns what is wrong with a page's layout, a line each: see `test_layout`.
(longest) => {
  const faults = [];
  const say = (what, element, text) => {
    const place = element.closest("[class]")?.className?.toString().slice(0, 40) ?? "";
    faults.push(`${what}: <${element.tagName.toLowerCase()} .${place}> ${text.trim().slice(0, 60)}`);
  };
  const page = document.documentElement;
  if (page.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll("body *")].filter((one) => !one.closest("svg") && one.getBoundingClientRect().right > innerWidth + 1);
    faults.push(`the page is ${page.scrollWidth} px wide`);
    wide.slice(-3).forEach((one) => say("too wide", one, one.textContent));
  }

  // What of a rectangle is seen: ancestors that scroll or hide cut it off.
  const seen = (rect, element) => {
    let { left, top, right, bottom } = rect;
    for (let up = element; up && up !== document.body; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const box = up.getBoundingClientRect();
      [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
      [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
      if (style.position === "fixed") break;
    }
    return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null;
  };
  // What is under a dialog or an open sheet is not read.
  const sheet = [...document.querySelectorAll(":target")].find((one) => getComputedStyle(one).position === "fixed");
  const top = document.querySelector("dialog:modal") ?? sheet ?? document.body;
  const shown = (element) =>
    top.contains(element) &&
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    !element.closest(".unseen, .skip, svg, option, dialog:not([open])");

  const lines = [];
  const range = document.createRange();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !shown(element)) continue;
    // A word, and a number with its unit, stand on one line.
    for (const match of node.data.matchAll(/\d[\d.,]*[ \u00a0]%|[^\s\u2010-\u2015/-]+/gu)) {
      if (match[0].length > longest || /\p{Script=Han}|\p{Script=Hiragana}/u.test(match[0])) continue;
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const tops = [...range.getClientRects()].filter((rect) => rect.width > 0.5).map((rect) => rect.top);
      if (Math.max(...tops) - Math.min(...tops) > 4) say("broken", element, match[0]);
    }
    range.selectNodeContents(node);
    for (const { left, right, top, bottom, height } of range.getClientRects()) {
      // Letters are less high than their line.
      const part = seen({ left, right, top: top + height / 5, bottom: bottom - height / 5 }, element);
      if (part) lines.push({ ...part, element, text: node.data });
    }
  }
  // No line of text lies on another.
  lines.sort((one, other) => one.top - other.top);
  lines.forEach((one, at) => {
    for (const other of lines.slice(at + 1)) {
      if (other.top >= one.bottom - 3) break;
      if (other.element === one.element) continue; // what an ellipsis cuts off has a place too
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (wide > 2 && high > 3) say(`over "${other.text.trim().slice(0, 30)}"`, one.element, one.text);
    }
  });
  // What is short is whole: a count, a time, a button.
  for (const element of document.querySelectorAll("button, time, .count, .number, .badge, label, th")) {
    if (!shown(element) || element.closest(".hits.compact .about")) continue;
    if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline")
      say("cut off", element, element.textContent);
  }
  return [...new Set(faults)];
};
