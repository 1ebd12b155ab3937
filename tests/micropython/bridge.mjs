// MicroPython for JavaScript and the engine in WebAssembly, side by side: node bridge.mjs WASM FOLDER SCRIPT
// FOLDER holds the Python files; dualbank.py in it is the module, over `_dualbank` here. Bytes go through a file: every
// buffer can be written to one, and this side reads it at once.
import { readFileSync, readdirSync } from 'node:fs';
import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';

const [wasm, folder, script] = process.argv.slice(2);
const file = '/.dualbank';
const io = 10; // flash_read_failed; 11 and 12 are those of programming and erasing
let mp, core, device;

const bytes = (address, size) => new Uint8Array(core.memory.buffer, address >>> 0, size >>> 0);
const get = (address, size) => mp.FS.writeFile(file, bytes(address, size));
const put = (address, size) => bytes(address, size).set(mp.FS.readFile(file).subarray(0, size));

const flash = {
  read(address, into, size) {
    const good = device.read(address, size);
    if (good) put(into, size);
    return good ? 0 : io;
  },
  program(address, from, size) {
    get(from, size);
    return device.program(address) ? 0 : io + 1;
  },
  erase: (address) => (device.erase(address) ? 0 : io + 2),
};

core = (await WebAssembly.instantiate(readFileSync(wasm), { flash })).instance.exports;
core._initialize();
mp = await loadMicroPython({ heapsize: 4 << 20, stdout: (line) => console.log(line), linebuffer: true });
mp.registerJsModule('_dualbank', {
  call: (name, ...integers) => core[name](...integers) | 0,
  address: (name) => core[name].value,
  device: (read, program, erase) => { device = { read, program, erase }; },
  get,
  put,
  text(address) {
    const all = new Uint8Array(core.memory.buffer, address >>> 0);
    return address === 0 ? null : new TextDecoder().decode(all.subarray(0, all.indexOf(0)));
  },
});
mp.FS.mkdir('/lib');
for (const name of readdirSync(folder)) {
  if (name.endsWith('.py')) mp.FS.writeFile(`/lib/${name}`, readFileSync(`${folder}/${name}`));
}
try {
  mp.runPython(`import ${script}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
