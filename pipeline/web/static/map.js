// The map that one can pan, zoom and select on, by Leaflet: loaded when it is asked for.
"use strict";

const CELL_PIXELS = 64; // places closer than this share one circle
const MOST_CORNERS = 60;

async function json(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

function load(tag, attributes) {
  return new Promise((done, failed) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.addEventListener("load", done);
    element.addEventListener("error", () => failed(new Error(attributes.src ?? attributes.href)));
    document.head.append(element);
  });
}

// TopoJSON's arcs as lines of latitude and longitude.
function decoded({ transform: { scale, translate }, arcs }) {
  return arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([dx, dy]) => {
      x += dx;
      y += dy;
      return [y * scale[1] + translate[1], x * scale[0] + translate[0]];
    });
  });
}
// A ring may cross the date line: it goes on beyond 180 degrees. One around a pole is closed there.
function ring(numbers, lines) {
  let shift = 0;
  let before = null;
  const points = numbers
    .flatMap((number) => (number < 0 ? [...lines[~number]].reverse() : lines[number]))
    .map(([latitude, longitude]) => {
      if (before !== null && Math.abs(longitude - before) > 180) shift += longitude < before ? 360 : -360;
      before = longitude;
      return [latitude, longitude + shift];
    });
  if (shift) points.push([-90, points.at(-1)[1]], [-90, points[0][1]]);
  return points;
}
// Each polygon, and again where it shows at the other edge of the world.
function shape({ type, arcs }, lines) {
  return (type === "Polygon" ? [arcs] : arcs).flatMap((rings) => {
    const drawn = rings.map((one) => ring(one, lines));
    const longitudes = drawn[0].map(([, longitude]) => longitude);
    const over = Math.max(...longitudes) > 180 ? -360 : Math.min(...longitudes) < -180 ? 360 : 0;
    const again = drawn.map((one) => one.map(([latitude, longitude]) => [latitude, longitude + over]));
    return over ? [drawn, again] : [drawn];
  });
}

function address(search, changes) {
  const url = new URL(search, location.href);
  for (const name of ["bbox", "polygon"]) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(changes)) url.searchParams.append(name, value);
  return url;
}
const short = (number) => Number(number.toFixed(3));

export async function openMap(box) {
  const { search, script, style, land, tiles, credit } = box.dataset;
  const query = new URL(search, location.href).searchParams;
  const [found, countries, world] = await Promise.all([
    json(`/api/search?${query}&size=1`),
    json(`/api/facets/country?${query}`),
    tiles ? null : json(land),
    load("link", { rel: "stylesheet", href: style }),
    load("script", { src: script }),
  ]);
  const L = globalThis.L;
  box.hidden = false;
  const map = L.map(box, { minZoom: 1, maxZoom: tiles ? 18 : 8, worldCopyJump: true, zoomSnap: 0.5 });
  map.attributionControl.setPrefix(false);
  const places = found.places.filter((place) => !place.is_country);
  const spots = places.map((place) => [place.latitude, place.longitude]);
  if (spots.length) map.fitBounds(spots, { padding: [30, 30], maxZoom: 5 });
  else map.setView([20, 0], 1);
  if (tiles) L.tileLayer(tiles, { attribution: plain(credit).innerHTML }).addTo(map);
  else drawLand(L, map, world, countries, search);
  const circles = L.layerGroup().addTo(map);
  const draw = () => drawPlaces(L, map, circles, places, search);
  map.on("zoomend", draw);
  draw();
  box.after(tools(L, map, box, search));
  box.focus({ preventScroll: true });
  return map;
}

function drawLand(L, map, world, countries, search) {
  const lines = decoded(world);
  const counts = new Map(countries.map((one) => [one.value, one.count]));
  const most = Math.max(1, ...counts.values());
  const canvas = L.canvas({ padding: 0.5 });
  for (const country of world.countries) {
    const count = counts.get(country.id) ?? 0;
    const area = L.polygon(shape(country, lines), {
      renderer: canvas,
      className: "country",
      weight: 0.6,
      color: colour("--line"),
      fillColor: colour(count ? "--dot" : "--land"),
      fillOpacity: count ? 0.15 + 0.45 * Math.sqrt(count / most) : 1,
    }).addTo(map);
    area.bindTooltip(plain(count ? `${country.name}: ${count}` : country.name), { sticky: true });
    if (count) area.on("click", () => map.selecting || location.assign(address(search, { country: country.id })));
  }
}
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Leaflet takes strings for HTML.
function plain(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span;
}

function drawPlaces(L, map, circles, places, search) {
  const cells = new Map();
  for (const place of places) {
    const at = map.project([place.latitude, place.longitude], map.getZoom());
    const cell = `${Math.floor(at.x / CELL_PIXELS)}:${Math.floor(at.y / CELL_PIXELS)}`;
    cells.set(cell, [...(cells.get(cell) ?? []), place]);
  }
  const keyboard = Boolean(document.activeElement?.closest(".spot"));
  circles.clearLayers();
  for (const near of cells.values()) {
    near.sort((one, other) => other.count - one.count);
    const count = near.reduce((sum, place) => sum + place.count, 0);
    const focus = near.some((place) => place.focus);
    const [first] = near;
    const size = Math.round(22 + 8 * Math.log2(1 + count));
    const said =
      near.length === 1
        ? `${first.name}: ${count}${focus ? `, ${first.focus} about it` : ", named only"}`
        : `${near.length} places near ${first.name}: ${count}`;
    const icon = L.divIcon({
      className: focus ? "spot focus" : "spot",
      html: plain(String(count)),
      iconSize: [Math.min(size, 60), Math.min(size, 60)],
    });
    const marker = L.marker([first.latitude, first.longitude], { icon, alt: said, keyboard: true });
    marker.bindTooltip(plain(said));
    const choose = () => {
      if (map.selecting) return;
      if (near.length === 1) return location.assign(address(search, { place: first.geonames_id }));
      const bounds = L.latLngBounds(near.map((place) => [place.latitude, place.longitude]));
      if (map.getZoom() >= map.getMaxZoom() || bounds.getNorthEast().equals(bounds.getSouthWest())) {
        return location.assign(address(search, { bbox: rectangle(bounds.pad(0.1)) }));
      }
      map.fitBounds(bounds, { padding: [40, 40] });
    };
    marker.on("click", choose);
    marker.addTo(circles);
    const element = marker.getElement();
    element.setAttribute("role", "button");
    element.setAttribute("aria-label", said);
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
    });
  }
  if (keyboard) circles.getLayers()[0]?.getElement().focus({ preventScroll: true });
}

function rectangle(bounds) {
  const clamp = (number, limit) => short(Math.max(-limit, Math.min(limit, number)));
  const [west, south, east, north] = bounds.toBBoxString().split(",").map(Number);
  return [clamp(west, 180), clamp(south, 90), clamp(east, 180), clamp(north, 90)].join(",");
}

function tools(L, map, box, search) {
  const line = document.createElement("p");
  line.className = "map-tools";
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  const button = (label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", () => act(made));
    line.append(made, " ");
  };
  button("Only what this view shows", () => location.assign(address(search, { bbox: rectangle(map.getBounds()) })));
  button("Rectangle", () => drawRectangle(L, map, search, said));
  button("Polygon", () => drawPolygon(L, map, search, said));
  button("Full width", (made) => {
    const wide = box.closest(".desk").classList.toggle("wide-map");
    made.setAttribute("aria-pressed", String(wide));
    map.invalidateSize();
    // One world is as wide as the map, or wider.
    const least = Math.ceil(2 * Math.log2(box.clientWidth / 256)) / 2;
    if (map.getZoom() < least) map.setZoom(least, { animate: false });
  });
  line.append(said);
  return line;
}

function drawRectangle(L, map, search, said) {
  said.textContent = "Drag from one corner to the other. Escape ends it.";
  map.selecting = true;
  map.dragging.disable();
  const container = map.getContainer();
  let from = null;
  let drawn = null;
  const down = ({ latlng }) => {
    from = latlng;
    drawn = L.rectangle([from, from], { color: colour("--alarm"), weight: 2 }).addTo(map);
  };
  const move = ({ latlng }) => drawn?.setBounds([from, latlng]);
  const up = ({ latlng }) => {
    if (!from) return;
    const bounds = L.latLngBounds(from, latlng);
    end();
    location.assign(address(search, { bbox: rectangle(bounds) }));
  };
  const key = (event) => event.key === "Escape" && end();
  function end() {
    map.off({ mousedown: down, mousemove: move, mouseup: up });
    container.removeEventListener("keydown", key);
    map.dragging.enable();
    drawn?.remove();
    map.selecting = false;
    said.textContent = "";
  }
  map.on({ mousedown: down, mousemove: move, mouseup: up });
  container.addEventListener("keydown", key);
  container.focus();
}

function drawPolygon(L, map, search, said) {
  said.textContent = "Click corner after corner, then Enter. Escape ends it.";
  map.selecting = true;
  map.doubleClickZoom.disable();
  const container = map.getContainer();
  const drawn = L.polygon([], { color: colour("--alarm"), weight: 2 }).addTo(map);
  const corners = [];
  const click = ({ latlng }) => {
    if (corners.length >= MOST_CORNERS) return;
    corners.push(latlng.wrap());
    drawn.setLatLngs(corners);
  };
  const key = (event) => {
    if (event.key === "Escape") end();
    if (event.key !== "Enter" || corners.length < 3) return;
    const text = corners.map(({ lat, lng }) => `${short(lng)},${short(Math.max(-90, Math.min(90, lat)))}`).join(",");
    end();
    location.assign(address(search, { polygon: text }));
  };
  function end() {
    map.off("click", click);
    container.removeEventListener("keydown", key);
    map.doubleClickZoom.enable();
    drawn.remove();
    map.selecting = false;
    said.textContent = "";
  }
  map.on("click", click);
  container.addEventListener("keydown", key);
  container.focus();
}
