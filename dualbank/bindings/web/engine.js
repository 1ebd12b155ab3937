// The command's verbs, compiled to WebAssembly: bytes of a file and words in, JSON out. Each run has a memory of its own.

import { sha384, verify } from "./verifier.js";

const STOP = Symbol("the run ends here");

/** Takes the module's bytes. Answers run(). */
export async function loadEngine(code) {
  const module = await WebAssembly.compile(code);
  return (bytes, words, cut = null) => run(module, bytes, words, cut);
}

/**
 * A run cannot wait for the browser's cryptography: it ends with its first question, and is done again from the start
 * with the answer at hand.
 */
async function run(module, bytes, words, cut) {
  const answers = [];
  for (;;) {
    const done = await runOnce(module, bytes, words, cut, answers);
    if (done.question === null) return done;
    answers.push(await done.question());
  }
}

/**
 * One verb on a file: words as after "dualbank". `cut`: {step, share}, the power goes in that operation on the flash
 * once that share of its bytes is done. Answers the command's exit code and JSON, what it said beside it, the file
 * afterwards, and the operations on the flash; or the question that is open.
 */
async function runOnce(module, bytes, words, cut, answers) {
  const operations = [];
  let exports = null;
  const stop = () => {
    throw STOP;
  };
  let asked = 0;
  let question = null;
  const ask = (what) => {
    if (asked < answers.length) return answers[asked++];
    question = what;
    return stop();
  };
  const page = {
    sha384(at, size, digest) {
      room(digest, 48).set(ask(() => sha384(room(at, size))));
    },
    verify(bits, key, keySize, signature, signatureSize, message, messageSize) {
      const places = [[key, keySize], [signature, signatureSize], [message, messageSize]];
      return ask(() => verify(bits, ...places.map((place) => room(...place))));
    },
    unwind: stop,
    cut: stop,
    attempt(what) {
      const stack = exports.__stack_pointer.value;
      try {
        exports.dualbank_call(what);
        return 0;
      } catch (error) {
        if (error !== STOP || question !== null || powerIsGone(operations)) throw error;
        exports.__stack_pointer.value = stack;
        return 1;
      }
    },
    operation(kind, address, size) {
      const isLast = cut !== null && operations.length === cut.step;
      const done = isLast ? Math.floor(size * cut.share) : size;
      operations.push({ kind: kind === 0 ? "program" : "erase", address: address >>> 0, size, done });
      return done;
    },
  };
  const wasi = { fd_close: () => 8, fd_seek: () => 8, fd_write: () => 8 };  // no file is open: EBADF
  const instance = await WebAssembly.instantiate(module, { page, wasi_snapshot_preview1: wasi });
  exports = instance.exports;
  exports._initialize();
  const room = (at, size) => new Uint8Array(exports.memory.buffer, at >>> 0, size);
  const text = (at, size) => new TextDecoder().decode(room(at, size));
  const line = new TextEncoder().encode(words.map((word) => `${word}\0`).join(""));
  room(exports.dualbank_words(line.length), line.length).set(line);
  const file = exports.dualbank_file(bytes.length);
  room(file, bytes.length).set(bytes);
  try {
    exports.dualbank_run();
  } catch (error) {
    if (error !== STOP) throw error;
  }
  if (question !== null) return { question };
  const wasCut = powerIsGone(operations);
  return {
    question,
    wasCut,
    operations,
    code: wasCut ? null : exports.dualbank_code(),
    answer: wasCut ? null : JSON.parse(text(exports.dualbank_answer(), exports.dualbank_answer_size())),
    notes: text(exports.dualbank_notes(), exports.dualbank_notes_size()).split("\n").filter(Boolean),
    bytes: operations.length === 0 ? bytes : room(file, bytes.length).slice(),
  };
}

function powerIsGone(operations) {
  const last = operations.at(-1);
  return last !== undefined && last.done !== last.size;
}
