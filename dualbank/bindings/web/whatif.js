// The what-if buttons.

import { at, element, hex, sizeText } from "./dom.js";

const DOES = { reset: "reset", switch: "switch", rollback: "roll back", confirm: "confirm", repair: "repair" };

export class WhatIf {
  #board = null;
  #map = null;
  #changed;
  #say;

  /** `changed`: called after the copy changed, with words for it; `say`: with words where it did not; `inTurn`: makes of
   *  a function one that waits for its turn. */
  constructor(changed, say, inTurn) {
    this.#changed = changed;
    this.#say = say;
    for (const button of document.querySelectorAll("[data-verb]"))
      button.addEventListener("click", inTurn(() => this.#act(button.dataset.verb)));
    at("cut").addEventListener("click", inTurn(() => this.#cut()));
    at("undo").addEventListener("click", inTurn(() => this.#undo()));
    at("download").addEventListener("click", inTurn(() => this.#download()));
    for (const id of ["cut-verb", "slot"]) at(id).addEventListener("change", inTurn(() => this.#offerCuts()));
  }

  /** A board, and what is on it now. */
  async show(board, inspect, map) {
    this.#board = board;
    this.#map = map;
    const wanted = at("slot").value;
    const names = inspect.slots.map((slot) => slot.name);
    at("slot").replaceChildren(element("option", { value: "" }, "the other one"),
      ...names.map((slot) => element("option", { value: slot }, slot)));
    at("slot").value = names.includes(wanted) ? wanted : "";
    at("undo").disabled = !board.canUndo;
    await this.#offerCuts();
  }

  #slotFor(verb) {
    return verb === "reset" || verb === "confirm" ? "" : at("slot").value;
  }

  async #act(verb, cut = null) {
    if (verb === "repair" && this.#slotFor(verb) === "")
      return this.#say("Repair: choose the slot that is to boot.", "bad");
    const { answer, operations, wasCut, changed } = await this.#board.act(verb, this.#slotFor(verb), cut);
    if (wasCut) return this.#changed(`The power went in ${DOES[verb]}, at operation ${operations.length}.`);
    const refused = answer.error ?? answer.why;
    if (refused && !changed)
      return this.#say(sentences(`${DOES[verb]} is refused: ${refused.message}`, refused.cure), "bad");
    return this.#changed(sentences(refused ? refused.message : `After ${DOES[verb]}: ${outcome(verb, answer)}`));
  }

  #cut() {
    const [step, share] = at("cut-step").value.split(" ").map(Number);
    return this.#act(at("cut-verb").value, { step, share });
  }

  async #offerCuts() {
    const verb = at("cut-verb").value;
    const operations = await this.#board.rehearse(verb, this.#slotFor(verb));
    const options = operations.flatMap((operation, i) => {
      const words = this.#words(operation);
      return [element("option", { value: `${i} 0` }, `${i + 1} of ${operations.length}, before it ${words}`),
        element("option", { value: `${i} 0.5` }, `${i + 1} of ${operations.length}, half way: it ${words}`)];
    });
    at("cut-step").disabled = at("cut").disabled = options.length === 0;
    if (options.length === 0) options.push(element("option", {}, "it writes nothing"));
    at("cut-step").replaceChildren(...options);
  }

  #words({ kind, address, size }) {
    const place = this.#map?.regions.find(({ offset, size: bytes }) => offset <= address && address < offset + bytes);
    const does = kind === "erase" ? `erases ${sizeText(size)}` : `writes ${sizeText(size)}`;
    return `${does} at ${hex(address)}${place ? ` (${place.name})` : ""}`;
  }

  #undo() {
    this.#board.undo();
    return this.#changed("The last step is undone.");
  }

  #download() {
    const name = `changed-${this.#board.name}`;
    const link = element("a", { href: URL.createObjectURL(new Blob([this.#board.bytes])), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.#say(`${name} is saved`);
  }
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
const sentences = (...texts) => texts.filter(Boolean).map(sentence).join(" ");

function outcome(verb, answer) {
  if (verb === "reset") {
    const boot = answer.boots.at(-1);
    const writes = boot.writes.map((write) => `, and the bootloader wrote record ${write.record}: ${write.state}`);
    return `${boot.slot ?? "nothing"} ${boot.slot ? "runs" : "boots"}: ${boot.reason_text}${writes.join("")}`;
  }
  if (verb === "repair") {
    return answer.changes.length === 0 ? "nothing has to change" : `${answer.boot_slot_after} boots next`;
  }
  return answer.event.message;
}
