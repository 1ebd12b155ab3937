// What inspect, map and status answer, as a page.

import { element, hex, sizeText, table } from "./dom.js";
import { HOLDS, WORDS, colorOf, contentText, drawMap } from "./map.js";

const badge = (text, kind) => element("span", { class: `badge ${kind}` }, text);

const imageName = (image) => [image?.project, image?.version].filter(Boolean).join(" ") || (image ? "no name" : "");

function stateOf(slot) {
  if (slot.image?.valid) return badge("valid", "good");
  if (!slot.known) return badge("not in the file", "faint");
  if (slot.fault === null) return badge("empty", "faint");
  return badge(slot.fault.code === "image_for_other_slot" ? "for another slot" : "damaged", "bad");
}

const recordText = (record) => (record === null ? "" : `seq ${record.seq}, ${record.state}`);

export function verdict(inspect) {
  const { boot_slot: slot, boot_reason_text: why } = inspect;
  if (slot) return [`${slot} boots next`, why, inspect.sound ? "good" : "warning"];
  return why ? ["Nothing boots", why, "bad"] : ["What boots is not known", "the findings say what is missing", "faint"];
}

function slotsTable(inspect, status, running) {
  const rows = inspect.slots.map((slot) => {
    const marks = [["boots next", inspect.boot_slot, "note"], ["runs", running, "note"],
      ["on trial", status?.trial, "warning"], ["being updated", inspect.update?.slot, "note"]];
    const name = element("span", {}, slot.name,
      ...marks.filter(([, marked]) => marked === slot.name).map(([words, , kind]) => badge(words, kind)));
    const used = slot.image?.length ? `${sizeText(slot.image.length)} of ${sizeText(slot.size)}` : sizeText(slot.size);
    return [name, imageName(slot.image), stateOf(slot), slot.platform, used, recordText(slot.record)];
  });
  return table("Slots", ["Slot", "Image", "State", "Platform", "Size", "Boot record"], rows);
}

function recordsTable(inspect) {
  const rows = inspect.records.map((record, i) => {
    if (record === null) return [`record ${i}`, "blank", "", "", ""];
    return [`record ${i}`, String(record.seq), record.state, record.slot ?? "", record.crc_good
      ? badge("right", "good") : badge("damaged", "bad")];
  });
  return table("Boot records", ["Record", "Sequence", "State", "Names", "Checksum"], rows);
}

function regionsTable(map) {
  const rows = map.regions.map((region, i) => {
    const swatch = element("span", { class: `swatch ${colorOf(i)}`, "aria-hidden": "true" });
    return [element("span", {}, swatch, region.name), hex(region.offset), sizeText(region.size),
      contentText(region, map.cell)];
  });
  return table("Places on the flash", ["Place", "Address", "Size", "Holds"], rows);
}

export function findingsList(findings) {
  if (findings.length === 0) return element("p", {}, badge("✓", "good"), " Nothing wrong was found.");
  const items = findings.map((finding) => element("li", {}, badge(finding.severity, finding.severity),
    element("strong", {}, ` ${finding.where}: `), finding.message,
    finding.cure ? element("p", { class: "cure" }, finding.cure) : null));
  return element("ul", { class: "findings" }, ...items);
}

function imageTable(inspect) {
  const { image } = inspect;
  const facts = [
    ["Image", imageName(image)],
    ["Verifies", image.valid ? badge("valid", "good") : badge("damaged", "bad")],
    ["Platform", inspect.platform],
    ["Chip", image.chip],
    ["Length", image.length === null ? null : `${image.length} bytes`],
    ["Built", image.built?.trim()],
    ["ESP-IDF", image.idf],
    ["Signature", inspect.signature?.kind],
    ["SHA-256", image.sha256],
  ];
  return table("The image", ["What", "Value"], facts.filter(([, value]) => value));
}

const section = (title, ...children) => element("section", {}, element("h2", {}, title), ...children);

/** The whole answer, as sections. `look`: {inspect, map, status, running}; map and status are null where there is none. */
export function sections({ inspect, map, status, running }) {
  const made = [section("Findings", findingsList(inspect.findings))];
  if (inspect.image) made.unshift(section("Image", imageTable(inspect)));
  if (map) made.push(section("Map", drawMap(map), legend(map), regionsTable(map)));
  if (inspect.slots) made.splice(1, 0, section("Slots", slotsTable(inspect, status, running),
    ...(inspect.records?.length ? [recordsTable(inspect)] : [])));
  return made;
}

function legend(map) {
  const seen = new Set([...map.grid.holds].map((sign) => HOLDS[sign]));
  const sizes = `one cell is ${sizeText(map.cell)}, one row ${sizeText(map.cell * map.grid.columns)}`;
  const items = Object.entries(WORDS).filter(([kind]) => seen.has(kind)).map(([kind, words]) =>
    element("li", {}, element("span", { class: `swatch color0 ${kind}`, "aria-hidden": "true" }), words));
  return element("ul", { class: "legend" }, ...items, element("li", {}, sizes));
}
