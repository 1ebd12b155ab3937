// The page: takes a file, asks the engine, shows the answer.

import { Board } from "./board.js";
import { at, element, hex, sizeText } from "./dom.js";
import { loadEngine } from "./engine.js";
import { decode85 } from "./decode85.js";
import { sections, verdict } from "./view.js";
import { WhatIf } from "./whatif.js";

const MOST_BYTES = 128 * 2 ** 20;
let board = null;

function say(words, kind = "") {
  at("say").className = kind;
  at("say").textContent = words;
}

async function code() {
  const packed = decode85(at("engine").textContent, Number(at("engine").dataset.size));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function show(words) {
  const inspect = await board.ask("inspect");
  const isFlash = inspect.slots !== undefined;
  const map = isFlash ? await board.ask("map") : null;
  const status = isFlash ? await board.ask("status") : null;
  const [what, why, kind] = verdict(inspect);
  at("name").textContent = board.name;
  const from = inspect.from ? `from ${hex(inspect.from)} on` : null;
  const facts = [inspect.kind, sizeText(inspect.size), inspect.chip, from];
  at("facts").textContent = facts.filter(Boolean).join(", ");
  at("verdict").className = kind;
  at("verdict").replaceChildren(...(isFlash ? [element("strong", {}, what), `: ${why}`] : []));
  at("sections").replaceChildren(...sections({ inspect, map, status, running: board.running }));
  const canChange = inspect.kind === "whole flash" && isFlash;
  if (canChange) await whatIf.show(board, inspect, map);
  at("what-if").hidden = !canChange;
  at("answer").hidden = false;
  say(isFlash && !words.includes("boots next") ? `${words} ${what}.` : words);
}

async function take(file) {
  if (file.size > MOST_BYTES) return say(`${file.name} has ${sizeText(file.size)}: no flash has more than 128 MiB`, "bad");
  say(`reading ${file.name} ...`);
  const run = await engine;
  board = new Board(run, file.name, new Uint8Array(await file.arrayBuffer()));
  board.policy = at("policy").value;
  return show(`${file.name} is read.`);
}

let turn = Promise.resolve();

/** One after the other; and what nobody expects is said, not swallowed. */
const inTurn = (does) => (...words) => {
  turn = turn.then(() => does(...words)).catch((error) => say(`this page failed, please report it: ${error.message}`, "bad"));
};

const engine = code().then(loadEngine);
engine.catch((error) => say(`the engine does not start in this browser: ${error.message}`, "bad"));
const whatIf = new WhatIf(show, say, inTurn);

at("file").addEventListener("change", () => {
  const [file] = at("file").files;
  at("file").value = "";  // so that the same file, read from the board anew, is a change
  if (file) inTurn(take)(file);
});
at("policy").addEventListener("change", () => {
  if (board === null) return;
  board.policy = at("policy").value;
  inTurn(show)(`As a ${board.policy} bootloader sees it.`);
});
at("ask").addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["dragover", "dragleave", "drop"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length > 0) inTurn(take)(event.dataTransfer.files[0]);
  });
}
