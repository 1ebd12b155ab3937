// Rules of accessible pages, each a function that runs in the page and lists what breaks it.

/** Text with less than 4.5 : 1 against what is behind it (WCAG 2, AA). Disabled controls are exempt. */
export function contrastFaults() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e !== null; e = e.parentElement) {
      const [, , , alpha = 1] = channels(getComputedStyle(e).backgroundColor);
      if (alpha === 1) return getComputedStyle(e).backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const faults = [];
  let looked = 0;
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
    if (!own || !element.checkVisibility() || element.matches("script, option, :disabled")) continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    ++looked;
    if (ratio < 4.5) faults.push(`${element.tagName} "${element.textContent.slice(0, 30)}": ${ratio.toFixed(2)}`);
  }
  return looked > 40 ? faults : [`only ${looked} texts were found`];
}

/** Controls and pictures without a name, headings that skip a level, sections without a title. */
export function namelessControls() {
  const faults = [];
  for (const control of document.querySelectorAll("input, select, button, svg, [role=region]")) {
    const name = control.getAttribute("aria-label") || control.labels?.[0]?.textContent || control.textContent;
    if (control.tagName === "svg" ? !control.getAttribute("aria-label") : !name.trim()) faults.push(control.outerHTML.slice(0, 80));
  }
  const levels = [...document.querySelectorAll("h1, h2, h3")].map((heading) => Number(heading.tagName[1]));
  if (levels[0] !== 1 || levels.some((level, i) => i > 0 && level > levels[i - 1] + 1)) faults.push(`headings: ${levels}`);
  for (const section of document.querySelectorAll("section")) if (!section.querySelector("h2")) faults.push("section without h2");
  if (document.documentElement.lang !== "en") faults.push("no language");
  return faults;
}

/** Tables whose cells have no header, or that have no caption. */
export function tableFaults() {
  const tables = [...document.querySelectorAll("table")];
  const faults = tables.length < 3 ? ["too few tables"] : [];
  for (const table of tables) {
    const columns = table.tHead.rows[0].cells.length;
    const rows = [...table.tBodies[0].rows];
    if (!table.caption?.textContent) faults.push("no caption");
    if (![...table.tHead.rows[0].cells].every((cell) => cell.scope === "col")) faults.push("a column without header");
    if (!rows.every((row) => row.cells.length === columns && row.cells[0].scope === "row")) faults.push("a row without header");
  }
  return faults;
}
