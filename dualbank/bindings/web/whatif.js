// The what-if buttons.

import { at, element, hex, sizeText } from "./dom.js";

const DOES = { reset: "reset", switch: "switch", rollback: "roll back", confirm: "confirm", repair: "repair" };

export class WhatIf {
  #board = null;
  #map = null;
  #changed;
  #say;

  /** `changed`: called after the copy changed, with words for it; `say`: with words where it did not. */
  constructor(changed, say) {
    this.#changed = changed;
    this.#say = say;
    for (const button of document.querySelectorAll("[data-verb]"))
      button.addEventListener("click", () => this.#act(button.dataset.verb));
    at("cut").addEventListener("click", () => this.#cut());
    at("undo").addEventListener("click", () => this.#undo());
    at("download").addEventListener("click", () => this.#download());
    for (const id of ["cut-verb", "slot"]) at(id).addEventListener("change", () => this.#offerCuts());
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
    if (verb === "repair" && at("slot").value === "") {
      this.#say("repair: choose the slot that is to boot");
      return;
    }
    const { answer, notes, operations, wasCut } = await this.#board.act(verb, this.#slotFor(verb), cut);
    if (wasCut) {
      this.#changed(`The power went in ${DOES[verb]}, at operation ${operations.length}. This is what is there then.`);
    } else if (answer.error) {
      this.#say(`${DOES[verb]} is refused: ${answer.error.message}. ${answer.error.cure}`.replace(/\. $/, "."), "bad");
    } else {
      this.#changed([`After ${DOES[verb]}: ${outcome(verb, answer)}.`, ...notes.filter((note) => note.startsWith("after"))].join(" "));
    }
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
    at("cut-step").replaceChildren(...options, ...(options.length === 0 ? [element("option", {}, "it writes nothing")] : []));
    at("cut-step").disabled = at("cut").disabled = options.length === 0;
  }

  #words({ kind, address, size }) {
    const place = this.#map?.regions.find(({ offset, size: bytes }) => offset <= address && address < offset + bytes);
    const does = kind === "erase" ? `erases ${sizeText(size)}` : `writes ${sizeText(size)}`;
    return `${does} at ${hex(address)}${place ? ` (${place.name})` : ""}`;
  }

  #undo() {
    this.#board.undo();
    this.#changed("The last step is undone.");
  }

  #download() {
    const name = `changed-${this.#board.name}`;
    const link = element("a", { href: URL.createObjectURL(new Blob([this.#board.bytes])), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.#say(`${name} is saved`);
  }
}

function outcome(verb, answer) {
  if (verb === "reset") {
    const boot = answer.boots.at(-1);
    const writes = boot.writes.map((write) => `, and the bootloader wrote record ${write.record}: ${write.state}`);
    return `${boot.slot ?? "nothing"} ${boot.slot ? "runs" : "boots"}: ${boot.reason_text}${writes.join("")}`;
  }
  if (verb === "repair") {
    if (!answer.possible) return `it cannot be done: ${answer.why.message}`;
    return answer.changes.length === 0 ? "nothing has to change" : `${answer.boot_slot_after} boots next`;
  }
  return answer.event.message;
}
