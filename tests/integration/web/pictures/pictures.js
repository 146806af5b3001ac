// What pictures of pages need in the browser: see `tests.integration.web.pictures`.
(() => {
  const images = (addresses) =>
    Promise.all(
      addresses.map(async (address) => {
        const image = new Image();
        image.src = address;
        await image.decode();
        return image;
      })
    );

  // Returns a canvas with pictures side by side, each in its own size or in the canvas's.
  function drawn(pictures, width, height, own = false, step = 0) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: Math.round(width), height: Math.round(height) });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    for (const [at, one] of pictures.entries()) {
      if (own) context.drawImage(one, at * step, 0);
      else context.drawImage(one, 0, 0, canvas.width, canvas.height);
    }
    return context;
  }

  // Shows a page in the pinned font, and always the same.
  async function pin(fonts) {
    for (const [weight, data] of Object.entries(fonts)) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      document.fonts.add(await new FontFace("Pinned", bytes, { weight }).load());
    }
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
      *, *::before, *::after { font-family: Pinned !important; caret-color: transparent !important; }
      .timeline a, .timeline .earlier, .attention .lines, .attention tbody tr:nth-child(n + 4) { display: none !important; }
      ::-webkit-scrollbar { display: none; }`);
    document.adoptedStyleSheets.push(sheet);
    for (const time of document.querySelectorAll("time[data-short]")) time.textContent = "00:00";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      node.data = node.data
        .replace(/\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/g, "Jan")
        .replace(/\d/g, "0")
        .replace(/[^\u0000-\u024f\u2000-\u2bff]/g, "n");
    }
    for (const field of document.querySelectorAll("input")) if (/\d{4}-/.test(field.value)) field.value = "";
    await document.fonts.ready;
  }

  // Returns a picture at a part of its size, as WebP.
  async function smaller({ picture, part }) {
    const [image] = await images([picture]);
    return drawn([image], image.width * part, image.height * part).canvas.toDataURL("image/webp", 0.75);
  }

  // Returns the share of points in which two pictures differ, and both beside what differs.
  async function compared({ kept, seen, apart }) {
    const both = await images([kept, seen]);
    const [width, height] = ["width", "height"].map((side) => Math.max(...both.map((one) => one[side])));
    const [before, now] = both.map((one) => drawn([one], width, height, true).getImageData(0, 0, width, height).data);
    const sheet = drawn(both, width * 3, height, true, width);
    const marks = sheet.createImageData(width, height);
    let differ = 0;
    for (let at = 0; at < before.length; at += 4) {
      const most = Math.max(...[0, 1, 2].map((n) => Math.abs(before[at + n] - now[at + n])));
      if (most > apart) differ++;
      marks.data.set(most > apart ? [220, 0, 0, 255] : [255, 255, 255, 255], at);
    }
    sheet.putImageData(marks, width * 2, 0);
    return { share: differ / (width * height), sheet: sheet.canvas.toDataURL("image/png") };
  }

  return { pin, smaller, compared };
})()
