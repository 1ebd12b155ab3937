// The page in a headless browser, opened as a file: node browser.mjs PAGE.html FOLDER, with the dumps of page_test.py
// in FOLDER. Prints a line for each check that held; the first that does not ends it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { contrastFaults, namelessControls, tableFaults } from "./accessible.mjs";

const [html, folder] = process.argv.slice(2);
const { chromium } = createRequire(join(process.cwd(), "package.json"))("playwright-core");
const profile = mkdtempSync(join(tmpdir(), "dualbank-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium",
  headless: true,
  acceptDownloads: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = context.pages()[0];
page.setDefaultTimeout(10_000);
const requests = [];
const complaints = [];
page.on("request", (request) => requests.push(request.url()));
page.on("console", (message) => complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(error.message));
const url = pathToFileURL(html).href;

const dump = (name) => join(folder, name);
const text = (selector) => page.textContent(selector);
const said = (pattern) => page.waitForFunction((source) => new RegExp(source).test(document.getElementById("say").textContent),
  pattern.source);

async function open(name) {
  await page.evaluate(() => document.getElementById("say").replaceChildren());
  await page.setInputFiles("#file", dump(name));
  await said(/ is read|no flash has more/);
}

async function click(selector, pattern) {
  await page.click(selector);
  await said(pattern);
}

/** The bytes that the download button gives. */
async function download() {
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  return readFileSync(await file.path());
}

const checks = {
  async "a dump is shown"() {
    await open("whole.bin");
    assert.match(await text("#verdict"), /^ota_1 boots next: the newest boot record names it$/);
    assert.match(await text("#sections"), /Nothing wrong was found/);
    assert.equal(await page.locator("svg rect.image").count(), 2);
    assert.ok(await page.locator("svg rect.empty").count() >= 3);
  },
  async "all can be read: names, headers, contrast, light and dark"() {
    await open("damaged.bin");
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await page.evaluate(contrastFaults), []);
    }
    assert.deepEqual(await page.evaluate(namelessControls), []);
    assert.deepEqual(await page.evaluate(tableFaults), []);
    await page.emulateMedia({ colorScheme: "light" });
  },
  async "a narrow window is not scrolled sideways"() {
    await page.setViewportSize({ width: 340, height: 700 });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.setViewportSize({ width: 1100, height: 900 });
  },
  async "the keyboard reaches every control, and focus is seen"() {
    await open("whole.bin");
    const wanted = await page.locator("input:enabled, select:enabled, button:enabled, [tabindex]").count();
    await page.evaluate(() => document.activeElement.blur());
    const reached = new Set();
    for (let i = 0; i <= wanted; ++i) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => {
        const active = document.activeElement;
        const seen = active.id === "file" ? document.querySelector(".file") : active;
        if (active === document.body) return "";
        if (getComputedStyle(seen).outlineStyle === "none") throw new Error(`${active.id} has focus that is not seen`);
        return active.id || active.dataset.verb || active.getAttribute("aria-label");
      }));
    }
    reached.delete("");
    assert.equal(reached.size, wanted);
    await page.focus("[data-verb=rollback]");
    await page.keyboard.press("Enter");
    await said(/After roll back: ota_0 boots next/);
    await page.focus("#undo");
    await page.keyboard.press("Space");
    await said(/is undone\. ota_1 boots next/);
    assert.equal(await page.getAttribute("#say", "role"), "status");
  },
  async "what if, and back; the copy can be had"() {
    await open("whole.bin");
    const before = readFileSync(dump("whole.bin"));
    await click("[data-verb=rollback]", /ota_0 boots next/);
    assert.match(await text("#verdict"), /^ota_0 boots next/);
    assert.deepEqual(await download(), readFileSync(dump("whole-rolled-back.bin")));
    await click("[data-verb=reset]", /After reset: ota_0 runs/);
    await click("[data-verb=switch]", /After switch: ota_1/);
    const runs = page.locator("tbody tr", { hasText: "runs" }).locator("th");
    for (const [boots, running] of [["ota_0", ["ota_0boots nextruns"]], ["ota_0", []], ["ota_1", []]]) {
      await click("#undo", new RegExp(`is undone\\. ${boots} boots`));
      assert.deepEqual(await runs.allTextContents(), running);
    }
    assert.ok(await page.isDisabled("#undo"));
    assert.deepEqual(await download(), before);
  },
  async "refusals are told with their cure"() {
    await open("no-second.bin");
    await click("[data-verb=switch]", /^Switch is refused: .+\. .+\.$/);
    assert.ok(await page.isDisabled("#undo"));
  },
  async "the policy is asked for"() {
    await open("trial.bin");
    await page.selectOption("#policy", "stock-rollback");
    await said(/ota_1 boots next/);
    await click("[data-verb=reset]", /ota_1 runs: .*wrote record 1: pending_verify/);
    await click("[data-verb=confirm]", /After confirm/);
    assert.match(await text("#sections"), /seq 2, valid/);
    await click("#undo", /is undone/);
    await click("[data-verb=reset]", /ota_0 runs: .*wrote record 1: aborted/);
    await page.selectOption("#policy", "stock");
    await said(/As a stock/);
  },
  async "a power cut leaves a board that boots"() {
    await open("whole.bin");
    await page.selectOption("#cut-verb", "rollback");
    await page.waitForSelector("#cut-step option:nth-child(4)", { state: "attached" });
    const steps = await page.locator("#cut-step option").count();
    for (const i of [0, 1, steps - 1]) {
      await page.selectOption("#cut-step", { index: i });
      await click("#cut", new RegExp(`The power went in roll back, at operation ${Math.floor(i / 2) + 1}\\. ota_[01] boots next`));
      if (await page.isEnabled("#undo")) await click("#undo", /is undone/);
    }
  },
  async "what a dump says is text"() {
    await open("html.bin");
    assert.match(await text("#sections"), /<img src=x onerror=/);
    assert.equal(await page.locator("#sections img, #sections script").count(), 0);
  },
  async "a file can be dropped"() {
    const bytes = [...readFileSync(dump("image.bin"))];
    await page.evaluate((content) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(content)], "dropped <b>.bin"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }, bytes);
    await said(/dropped <b>.bin is read/);
    assert.match(await text("#sections"), /SHA-256/);
    assert.ok(await page.isHidden("#what-if"));
  },
  async "signatures are verified"() {
    await open("signed.bin");
    assert.match(await text("#sections"), /secure_boot_v2.*Nothing wrong/);
    await open("wrongly-signed.bin");
    assert.match(await text("#sections"), /block 0/);
    assert.doesNotMatch(await text("#sections"), /Nothing wrong/);
  },
  async "any bytes are answered, and soon"() {
    for (const name of ["empty.bin", "one-byte.bin", "random.bin", "cut-short.bin", "-64-mib.bin"]) {
      const start = Date.now();
      await open(name);
      assert.ok(Date.now() - start < 5_000, `${name} took ${Date.now() - start} ms`);
      assert.match(await text("#sections"), /error|warning|Nothing wrong/, name);
    }
  },
  async "nothing leaves the machine"() {
    assert.deepEqual(requests.filter((asked) => asked !== url && !/^(blob|data):/.test(asked)), []);
    let connections = 0;
    const listener = createServer((socket) => socket.destroy(++connections));
    await new Promise((listens) => listener.listen(0, "127.0.0.1", listens));
    const refused = await page.evaluate(async (address) => {
      const seen = [];
      addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
      await fetch(address).catch(() => null);
      const image = new Image();
      image.src = `${address}x.png`;
      await new Promise((done) => setTimeout(done, 100));
      return seen.sort();
    }, `http://127.0.0.1:${listener.address().port}/`);
    listener.close();
    assert.deepEqual(refused, ["connect-src", "img-src"]);
    assert.equal(connections, 0);
    assert.deepEqual(complaints.filter((words) => !words.includes("Content Security Policy")), []);
  },
};

try {
  await page.goto(url);
  for (const [name, check] of Object.entries(checks)) {
    const start = Date.now();
    await check();
    console.log(`held: ${name} (${Date.now() - start} ms)`);
  }
  console.log("all held");
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
