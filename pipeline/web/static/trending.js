// The page of trends: it is loaded again when another list comes.
"use strict";
const trends = document.getElementById("trends");
if (trends && window.EventSource) {
  const stream = new EventSource(trends.dataset.live);
  stream.addEventListener("trending", async (event) => {
    if (event.lastEventId === trends.dataset.seen) return;
    trends.dataset.seen = event.lastEventId;
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    trends.replaceChildren(...page.getElementById("trends").childNodes);
  });
}
