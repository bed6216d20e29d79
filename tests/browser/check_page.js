// SPDX-License-Identifier: ISC
// Opens the page of report --html in Chromium and does what its readers do. Prints TAP.
//
//     node check_page.js FOLDER       with samples.html, hostile.html, many.html, expected.json
//
// PLAYWRIGHT names the folder in which playwright-core is installed, CHROMIUM the browser.
"use strict";

const fs = require("fs");
const path = require("path");
const { chromium } = require(path.join(process.env.PLAYWRIGHT, "node_modules", "playwright-core"));

const folder = process.argv[2];
const expected = JSON.parse(fs.readFileSync(path.join(folder, "expected.json"), "utf8"));
const tests = [];
const test = (title, run) => tests.push({ title, run });

function equal(got, wanted, what) {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${what}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

function check(condition, what) {
  if (!condition) throw new Error(what);
}

let browser;

// A page from disk. Whatever it asks for, complains of or throws fails the test.
async function withPage(name, options, run) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => { if (!request.url().startsWith("file:") || !request.url().includes(name)) complaints.push("asked for " + request.url()); });
  page.on("dialog", (dialog) => { complaints.push("a dialog"); dialog.dismiss(); });
  await page.goto(`file://${path.resolve(folder, name + ".html")}${options.hash || ""}`);
  try {
    await run(page);
    equal(complaints, [], "complaints of the browser");
  } finally {
    await context.close();
  }
}

// Asks until it is so; the page's policy forbids the driver to wait by itself.
async function until(page, ask, argument) {
  for (let i = 0; i < 100; i++) {
    if (await page.evaluate(ask, argument)) return;
    await new Promise((done) => setTimeout(done, 30));
  }
  throw new Error(`waited in vain for ${ask}`);
}

const countShown = (page) => page.locator("#rows tr[data-finding]").count();
const column = (page, i) => page.locator(`#rows tr td:nth-child(${i})`).allInnerTexts();

test("all findings are in the table, and filters leave those that fit", () => withPage("samples", {}, async (page) => {
  equal(await countShown(page), expected.findings, "rows");
  await page.selectOption("#fault", "server");
  equal(await countShown(page), expected.of_server, "rows with the server's fault");
  check((await column(page, 7)).every((words) => words === "the server"), "another fault is shown");
  await page.click("button[type=reset]");
  await until(page, (n) => document.querySelectorAll("#rows tr[data-finding]").length === n, expected.findings);
  await page.fill("#words", "NESTED_mail");
  check(await countShown(page) > 0 && (await column(page, 6)).every((words) => words.includes("nested_mail")), "the search finds something else");
  check((await page.innerText("#count")).includes(`of ${expected.findings} findings`), "the count is not told");
  await page.fill("#words", "no such thing");
  check((await page.innerText("#rows")).includes("No finding fits"), "nothing is said of no row");
  await page.fill("#words", "");
  await page.click(".ranks button >> nth=0");
  check((await page.inputValue("#cause")) !== "", "a row of a chart does not choose");
}));

test("each column sorts, both ways", () => withPage("samples", {}, async (page) => {
  for (let i = 1; i <= 9; i++) {
    const sorted = [];
    for (let turn = 0; turn < 2; turn++) {
      await page.click(`#heads th:nth-child(${i}) button`);
      sorted.push(await page.locator(`#heads th:nth-child(${i})`).getAttribute("aria-sort"));
      const words = await column(page, i);
      const numeric = i === 2 || i === 9;
      const key = (cell) => (numeric ? Number(cell.replace(/,/g, "")) : cell);
      if (numeric || i === 6) for (let n = 1; n < words.length; n++) {
        const [a, b] = sorted[turn] === "ascending" ? [words[n - 1], words[n]] : [words[n], words[n - 1]];
        check(key(a) <= key(b), `column ${i} ${sorted[turn]}: ${a} before ${b}`);
      }
    }
    equal(sorted.sort(), ["ascending", "descending"], `directions of column ${i}`);
  }
}));

test("a link leads to the refusal in its session, and back; a deep link leads there at once", () => withPage("samples", {}, async (page) => {
  const link = page.locator("#rows a.open").first();
  const place = await link.getAttribute("href");
  await link.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#session:not([hidden]) " + place);
  equal(await page.evaluate(() => "#" + document.activeElement.id), place, "what has the focus");
  check(await page.locator(place).isVisible() && !(await page.locator("#overview").isVisible()), "the session is not shown");
  const box = await page.locator(place).boundingBox();
  check(box.y >= 0 && box.y + box.height <= 900, "the refusal is out of sight");
  await page.locator(`${place} .marks a`).first().click();
  check((await page.evaluate(() => location.hash)).startsWith(place.replace(/e\d+$/, "e")), "the origin's link");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#overview:not([hidden])");
  await page.keyboard.press("/");
  equal(await page.evaluate(() => document.activeElement.id), "words", "what / leads to");
  await page.goto(page.url().replace(/#.*/, "") + place);
  await page.reload();
  await page.waitForSelector("#session:not([hidden]) " + place);
}));

// Where the lines of the session that is shown end: [origin, refusal], and whether each end is at the
// height of its event.
function lineEnds() {
  const svg = document.querySelector(".causes");
  const top = svg.getBoundingClientRect().top;
  const at = (seq, y) => {
    const box = document.querySelector(`.event[data-seq="${seq}"] .said`).getBoundingClientRect();
    return top + y >= box.top && top + y <= box.bottom;
  };
  return [...svg.querySelectorAll(".because")].map((line) => {
    const { from, to } = line.dataset;
    return [Number(from), Number(to), at(from, line.getPointAtLength(0).y), at(to, line.getPointAtLength(line.getTotalLength()).y)];
  });
}

test("of every session the lines go from the origins to their refusals, at each width", async () => {
  for (const width of [1280, 700, 390])
    await withPage("samples", { viewport: { width, height: 800 } }, async (page) => {
      const found = [];
      const sessions = [...new Set(expected.lines.map(([session]) => session))];
      for (const session of sessions) {
        await page.evaluate((id) => { location.hash = "#s" + id; }, session);
        await until(page, (id) => document.title.endsWith(" " + id) && document.querySelector(".causes").childElementCount, session);
        for (const [from, to, begins, ends] of await page.evaluate(lineEnds)) {
          check(begins && ends, `session ${session}: the line from #${from} to #${to} ends beside its events`);
          found.push([session, from, to]);
        }
      }
      found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
      equal(found, expected.lines, "lines");
      check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `the page is wider than ${width}`);
    });
});

// The contrast of each text with what is behind it (WCAG 2.1): those below 4.5, or 3 where it is large.
function weakTexts() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || /^(SCRIPT|STYLE|OPTION)$/.test(element.tagName)) continue;
    const style = getComputedStyle(element), svg = element instanceof SVGElement;
    const [a, b] = [light(parse(svg ? style.fill : style.color)), light(behind(element))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) weak.push(`${element.tagName} "${element.textContent.trim().slice(0, 30)}" ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return weak;
}

test("light and dark: both can be read, and the button changes between them", async () => {
  const grounds = [];
  for (const colorScheme of ["light", "dark"])
    await withPage("samples", { colorScheme }, async (page) => {
      equal(await page.evaluate(weakTexts), [], `weak texts of the overview, ${colorScheme}`);
      grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      await page.evaluate(() => { location.hash = "#s" + document.querySelector("#rows a.open").getAttribute("href").slice(2); });
      await page.waitForSelector("#session:not([hidden])");
      equal(await page.evaluate(weakTexts), [], `weak texts of a session, ${colorScheme}`);
      const seen = new Set();
      for (let i = 0; i < 3; i++) {
        await page.click("#theme");
        seen.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      }
      equal(seen.size, 2, "grounds that the button leads to");
    });
  check(grounds[0] !== grounds[1], "both are the same");
});

test("names and roles: headings, labels, no field without a name", () => withPage("samples", {}, async (page) => {
  equal(await page.locator("h1:visible").count(), 1, "headings of the first level");
  equal(await page.evaluate(() => [...document.querySelectorAll("button, a, input, select")].filter((each) => each.checkVisibility() && !(each.textContent.trim() || each.ariaLabel || (each.labels && each.labels.length))).map((each) => each.outerHTML)), [], "without a name");
  equal(await page.evaluate(() => document.documentElement.lang), "en", "language");
  check(await page.locator("#count[role=status]").count() === 1, "the count is not told to screen readers");
  await page.keyboard.press("Tab");
  check((await page.evaluate(() => document.activeElement.className)) === "skip", "the first stop is not the skip link");
}));

test("markup, scripts, control and bidirectional characters in every field run nothing and are shown", () => withPage("hostile", {}, async (page) => {
  const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u;
  const look = async (where) => {
    equal(await page.evaluate(() => typeof window.owned), "undefined", `${where}: a script ran`);
    equal(await page.evaluate(() => document.querySelectorAll("img, iframe, object, embed, link, base, [onload], [onerror], a[href^='javascript']").length), 0, `${where}: elements made of texts`);
    equal(await page.evaluate(() => document.scripts.length), 2, `${where}: scripts`);
    const words = await page.innerText("body");
    check(words.includes("<img src=x onerror=owned=1>") && words.includes("</script><script>owned=1"), `${where}: the text is not shown`);
    equal(words.match(unseen), null, `${where}: characters that nobody sees`);
    check(words.includes("U+202E"), `${where}: it is not written out`);
  };
  await look("overview");
  await page.fill("#words", "<img src=x");
  check(await countShown(page) > 0, "a search for it");
  for (const option of await page.locator("#cause option").allInnerTexts()) check(!unseen.test(option), "in a list");
  await page.locator("#rows a.open").first().click();
  await page.waitForSelector("#session:not([hidden])");
  await look("session");
}));

test("10,000 findings: the page is there at once, and sorts and filters without waiting", () => withPage("many", {}, async (page) => {
  const size = fs.statSync(path.join(folder, "many.html")).size / 1e6;
  const load = await page.evaluate(() => performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd);
  check((await page.innerText("#count")).startsWith(expected.many.toLocaleString("en")), "findings: " + (await page.innerText("#count")));
  const rows = await countShown(page);
  check(rows >= 100 && rows <= 400, `rows that are drawn: ${rows}`);
  const took = {};
  for (const [name, act] of [["sort", () => page.click("#heads th:nth-child(6) button")], ["filter", () => page.fill("#words", "192.0.2.77")]]) {
    const begun = Date.now();
    await act();
    took[name] = Date.now() - begun;
  }
  check((await column(page, 3)).every((words) => words.startsWith("192.0.2.77")), "the filter");
  await page.fill("#words", "");
  await page.evaluate(() => { location.hash = "#s9000"; });
  await page.waitForSelector("#session:not([hidden]) .event");
  await page.evaluate(() => { location.hash = ""; });
  await page.evaluate(() => scrollTo({ top: document.body.scrollHeight, behavior: "instant" }));
  await until(page, (n) => document.querySelectorAll("#rows tr").length > n, rows);
  console.log(`# ${expected.many} findings: ${size.toFixed(1)} MB, ready after ${Math.round(load)} ms, sorted in ${took.sort} ms, filtered in ${took.filter} ms`);
  check(size < 12, `the page has ${size} MB`);
  check(load < 5000 && took.sort < 3000 && took.filter < 3000, "too slow");
}));

test("it prints: the overview and a session, without what only a screen needs", () => withPage("samples", {}, async (page) => {
  await page.emulateMedia({ media: "print" });
  check(!(await page.locator("#filters").isVisible()) && !(await page.locator(".tools").isVisible()), "tools are printed");
  check((await page.pdf({ format: "A4" })).length > 20000, "the overview");
  await page.evaluate(() => { location.hash = document.querySelector("#rows a.open").getAttribute("href"); });
  await page.waitForSelector("#session:not([hidden])");
  check((await page.pdf({ format: "A4" })).length > 20000, "the session");
}));

(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  console.log(`1..${tests.length}`);
  let failed = 0;
  for (const [i, { title, run }] of tests.entries()) {
    try {
      await run();
      console.log(`ok ${i + 1} - ${title}`);
    } catch (error) {
      failed++;
      console.log(`not ok ${i + 1} - ${title}\n# ${String(error.message).slice(0, 3000).replace(/\n/g, "\n# ")}`);
    }
  }
  await browser.close();
  console.log(`# PASS:  ${tests.length - failed}\n# FAIL:  ${failed}`);
  process.exit(failed ? 1 : 0);
})();
