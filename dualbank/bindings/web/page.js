// The page: takes a file, asks the engine, shows the answer.

import { Board } from "./board.js";
import { at, element, sizeText } from "./dom.js";
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
  const facts = [inspect.kind, sizeText(inspect.size), inspect.chip, inspect.from ? `from 0x${inspect.from.toString(16)} on` : null];
  at("facts").textContent = facts.filter(Boolean).join(", ");
  at("verdict").className = kind;
  at("verdict").replaceChildren(...(isFlash ? [element("strong", {}, what), `: ${why}`] : []));
  at("sections").replaceChildren(...sections({ inspect, map, status, running: board.running }));
  const canChange = inspect.kind === "whole flash" && isFlash;
  if (canChange) await whatIf.show(board, inspect, map);
  at("what-if").hidden = !canChange;
  at("answer").hidden = false;
  say(words);
}

async function take(file) {
  if (file.size > MOST_BYTES) return say(`${file.name} has ${sizeText(file.size)}: no flash has more than 128 MiB`, "bad");
  say(`reading ${file.name} ...`);
  const run = await engine;
  board = new Board(run, file.name, new Uint8Array(await file.arrayBuffer()));
  board.policy = at("policy").value;
  return guarded(show)(`${file.name} is read`);
}

/** What nobody expects is said, not swallowed. */
const guarded = (does) => (...words) =>
  does(...words).catch((error) => say(`this page failed, please report it: ${error.message}`, "bad"));

const engine = code().then(loadEngine);
engine.catch((error) => say(`the engine does not start in this browser: ${error.message}`, "bad"));
const whatIf = new WhatIf(guarded(show), say);

at("file").addEventListener("change", () => at("file").files.length > 0 && guarded(take)(at("file").files[0]));
at("policy").addEventListener("change", () => {
  if (board === null) return;
  board.policy = at("policy").value;
  guarded(show)(`as a ${board.policy} bootloader sees it`);
});
at("ask").addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["dragover", "dragleave", "drop"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length > 0) guarded(take)(event.dataTransfer.files[0]);
  });
}
