// The copy that the what-if buttons change: its bytes, which slot runs on it, and the way back.

const SECTOR = 4096;

/** The sectors that operations touched, as they are in `bytes`. */
function sectorsOf(bytes, operations) {
  const sectors = new Map();
  for (const { address, size } of operations) {
    for (let at = address - (address % SECTOR); at < address + size; at += SECTOR)
      sectors.set(at, bytes.slice(at, at + SECTOR));
  }
  return sectors;
}

export class Board {
  #run;
  #before = [];

  constructor(run, name, bytes) {
    this.#run = run;
    this.name = name;
    this.bytes = bytes;
    this.policy = "stock";
    this.running = null;
  }

  get canUndo() {
    return this.#before.length > 0;
  }

  #words(verb, slot) {
    const words = [verb, this.name.startsWith("-") ? `./${this.name}` : this.name];
    if (slot) words.push(slot);
    words.push("--policy", this.policy);
    // A reset is what decides which slot runs.
    if (this.running && !["inspect", "reset", "repair"].includes(verb)) words.push("--running", this.running);
    if (verb === "repair") words.push("--write");
    return words;
  }

  /** What a verb answers that only looks; null where the command refuses. */
  async ask(verb) {
    const { answer } = await this.#run(this.bytes, this.#words(verb));
    return answer.error ? null : answer;
  }

  /** The operations on the flash that a verb would do. */
  async rehearse(verb, slot) {
    return (await this.#run(this.bytes, this.#words(verb, slot))).operations;
  }

  /** Does it, and says what came of it; with `changed`, whether there is something to undo. */
  async act(verb, slot, cut = null) {
    const done = await this.#run(this.bytes, this.#words(verb, slot), cut);
    const before = { sectors: sectorsOf(this.bytes, done.operations), running: this.running };
    this.bytes = done.bytes;
    if (done.wasCut) this.running = null;
    if (verb === "reset" && !done.wasCut && !done.answer.error) this.running = done.answer.running_slot;
    const changed = done.operations.length > 0 || this.running !== before.running;
    if (changed) this.#before.push(before);
    return { ...done, changed };
  }

  undo() {
    const { sectors, running } = this.#before.pop();
    this.bytes = this.bytes.slice();
    for (const [at, bytes] of sectors) this.bytes.set(bytes, at);
    this.running = running;
  }
}
