// Elements, and numbers as the command writes them. What a dump says only ever becomes text.

export const at = (id) => document.getElementById(id);

const SVG_SPACE = "http://www.w3.org/2000/svg";
const SVG = new Set(["svg", "rect", "title"]);

export function element(name, attributes = {}, ...children) {
  const made = SVG.has(name) ? document.createElementNS(SVG_SPACE, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const hex = (number) => `0x${number.toString(16)}`;

export function sizeText(bytes) {
  for (const [unit, name] of [[1 << 20, "MiB"], [1 << 10, "KiB"]]) {
    if (bytes >= unit) return `${bytes % unit === 0 ? bytes / unit : (bytes / unit).toFixed(1)} ${name}`;
  }
  return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
}

/** A table with a caption, a header for each column and, in each row's first cell, one for the row. Columns with nothing
 *  in them are left out. */
export function table(caption, names, allRows) {
  const used = names.map((_, i) => i === 0 || allRows.some((row) => row[i]));
  const [columns, ...rows] = [names, ...allRows].map((row) => row.filter((_, i) => used[i]));
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  const body = rows.map(([first, ...rest]) =>
    element("tr", {}, element("th", { scope: "row" }, first), ...rest.map((cell) => element("td", {}, cell ?? ""))));
  const made = element("table", {}, element("caption", {}, caption), element("thead", {}, head),
    element("tbody", {}, ...body));
  return element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, made);
}
