// The page's engine without a page: one JSON line for each question on standard input, one for each answer. With
// "then", words of a second question, about the bytes that the first one left.
//   node ask.mjs MODULE.wasm ENGINE.js <<<'{"file": "dump.bin", "words": ["inspect", "dump.bin"]}'
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [module, script] = process.argv.slice(2);
const { loadEngine } = await import(pathToFileURL(script).href);
const run = await loadEngine(readFileSync(module));
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const { file, words, cut = null, then } = JSON.parse(line);
  const { code, answer, bytes, wasCut, operations } = await run(readFileSync(file), words, cut);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const after = then ? (await run(bytes, then)).answer : null;
  console.log(JSON.stringify({ code, answer, digest, wasCut, operations, after }));
}
