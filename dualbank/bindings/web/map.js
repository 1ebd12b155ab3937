// The flash as a picture: what `map` draws with signs, as SVG.

import { element, sizeText, hex } from "./dom.js";

const CELL = { width: 10, height: 15 };
export const HOLDS = { e: "empty", d: "data", i: "image", m: "missing", "?": "unknown" };
const COLORS = 8;

/** Which colour a region has, of the style sheet's. */
export const colorOf = (region) => (region < 0 ? "none" : `color${region % COLORS}`);

/** Cells of one kind that stand side by side in a row, as one. */
function* stretches(grid) {
  const kind = (i) => `${grid.regions[i]} ${grid.holds[i]}`;
  for (let from = 0; from < grid.holds.length; ) {
    const rowEnd = Math.min((Math.floor(from / grid.columns) + 1) * grid.columns, grid.holds.length);
    let to = from + 1;
    while (to < rowEnd && kind(to) === kind(from)) ++to;
    yield { from, to, region: grid.regions[from], holds: HOLDS[grid.holds[from]] };
    from = to;
  }
}

export function drawMap(map) {
  const { grid, regions } = map;
  const rows = Math.ceil(grid.holds.length / grid.columns);
  const svg = element("svg", {
    viewBox: `0 0 ${grid.columns * CELL.width} ${rows * CELL.height}`,
    role: "img",
    "aria-label": `Map of ${sizeText(map.size)}, as the table below says it in words`,
    class: "map",
  });
  for (const { from, to, region, holds } of stretches(grid)) {
    const name = region < 0 ? "in no partition" : regions[region].name;
    const column = from % grid.columns;
    const cell = element("rect", {
      x: column * CELL.width,
      y: Math.floor(from / grid.columns) * CELL.height + 1,
      width: (to - from) * CELL.width - 1,
      height: CELL.height - 2,
      class: `${colorOf(region)} ${holds}`,
    });
    cell.append(element("title", {}, `${name}, ${hex(from * map.cell)} to ${hex(to * map.cell)}: ${holds}`));
    svg.append(cell);
  }
  return svg;
}

/** What a cell holds, in words. */
export const WORDS = {
  image: "good image",
  data: "data",
  empty: "erased",
  missing: "still to be sent",
  unknown: "not in the file",
};

/** "good image 1.2 MiB, erased 0.8 MiB": from the cells, so as exact as they are. */
export function contentText(region, cellBytes) {
  const parts = Object.entries(WORDS).filter(([kind]) => region.cells[kind] > 0);
  if (parts.length === 1) return parts[0][1];
  const size = (kind) => sizeText(Math.min(region.cells[kind] * cellBytes, region.size));
  return parts.map(([kind, word]) => `${word} ${size(kind)}`).join(", ");
}
