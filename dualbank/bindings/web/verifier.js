// What the engine asks of the browser's cryptography. Numbers come as in a signature block: little-endian.

const reversed = (bytes) => bytes.slice().reverse();
const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

export const sha384 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));

/** False too for a key that is none. */
export async function verify(bits, key, signature, message) {
  try {
    return await (bits === 3072 ? verifyRsa(key, signature, message) : verifyCurve(bits, key, signature, message));
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

async function verifyRsa(key, signature, message) {
  const e = reversed(key.slice(384, 388));
  const numbers = { n: base64url(reversed(key.slice(0, 384))), e: base64url(e.slice(e.findIndex((b) => b !== 0))) };
  const algorithm = { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 };
  const imported = await crypto.subtle.importKey("jwk", { kty: "RSA", ...numbers }, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, imported, reversed(signature), message);
}

async function verifyCurve(bits, key, signature, message) {
  const size = bits / 8;
  const halves = (bytes) => [...reversed(bytes.slice(0, size)), ...reversed(bytes.slice(size, 2 * size))];
  const algorithm = { name: "ECDSA", namedCurve: `P-${bits}`, hash: `SHA-${bits}` };
  const point = new Uint8Array([4, ...halves(key.slice(1))]);
  const imported = await crypto.subtle.importKey("raw", point, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, imported, new Uint8Array(halves(signature)), message);
}
