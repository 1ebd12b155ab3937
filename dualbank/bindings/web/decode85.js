// Five characters for four bytes, as Python's base64.b85encode writes them.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/** The first `size` bytes. `text` has a multiple of five characters. */
export function decode85(text, size) {
  const values = new Uint8Array(128);
  [...ALPHABET].forEach((character, value) => {
    values[character.charCodeAt(0)] = value;
  });
  const bytes = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let i = 0; i < text.length / 5; ++i) {
    let word = 0;
    for (let j = 0; j < 5; ++j) word = word * 85 + values[text.charCodeAt(i * 5 + j)];
    bytes.setUint32(i * 4, word);
  }
  return bytes.buffer.slice(0, size);
}
