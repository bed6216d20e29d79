// SPDX-License-Identifier: ISC
// The report: figures, charts, and the table of findings. ladder.js draws a session. Every text that
// came from the wire reaches the page as text: through textContent, never as markup.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const text = (n) => (n ? data.texts[n - 1] : null);

// ---------------------------------------------------------------------------------- what is in rows

const [ID, UID, START, END, SOURCE, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, PROXIED, HELO, CLIENT_SOFTWARE,
  SERVER_SOFTWARE, PROTOCOL, TLS, TLS_NAME, OUTCOME, COMMANDS, MESSAGES, MISSING, MIDSTREAM, EVENTS, DIAGNOSES,
  RELATED] = Array(24).keys();
const [SEQ, TIME, PACKET, IS_CLIENT, KIND, VERB, CODE, TEXT, NOTE, BYTES, ANSWERS, SAW] = Array(12).keys();
const [REPLY, COMMAND, ORIGIN, REFUSAL_CODE, CAUSE, FAULT, CERTAINTY, SAYS, AGREES, WHY, ADVICE] = Array(11).keys();

const PAGE = 100; // rows that are drawn at once

// Characters that a reader would not see, or that turn the direction of what follows.
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u;

// ------------------------------------------------------------------------------------------ elements

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

// What came from the wire, with what cannot be seen written out.
function wire(value, name = "span") {
  const out = element(name, { class: "wire" });
  let plain = "";
  for (const c of value || "") {
    if (!UNSEEN.test(c)) {
      plain += c;
      continue;
    }
    out.append(plain, element("span", { class: "odd" }, "U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")));
    plain = "";
  }
  out.append(plain);
  return out;
}

// The same where only a string is possible, as in the names of elements.
function plainly(value) {
  return [...(value || "")].map((c) => (UNSEEN.test(c) ? "U+" + c.codePointAt(0).toString(16).toUpperCase() : c)).join("");
}

const counted = (n, noun) => `${number(n)} ${noun}${n === 1 ? "" : "s"}`;
const numbers = new Intl.NumberFormat("en");
const number = (n) => numbers.format(n);
const endpoint = (address, port) => (address && address.includes(":") ? `[${address}]:${port}` : `${address || "?"}:${port}`);

// ------------------------------------------------------------------------------------------ settings

const settings = { utc: data.about.utc, theme: "auto" };

function remember(name, value) {
  settings[name] = value;
  try { localStorage.setItem("heloscope-" + name, value); } catch { /* not where pages may not */ }
}

function recall(name) {
  try { return localStorage.getItem("heloscope-" + name); } catch { return null; }
}

function format(us, options) {
  const zone = settings.utc ? { timeZone: "UTC" } : {};
  return new Intl.DateTimeFormat("en-GB", { ...options, ...zone }).format(new Date(us / 1000));
}

const day = (us) => format(us, { day: "numeric", month: "short", year: "numeric" });
const clock = (us) => format(us, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const zoneName = (us) => (settings.utc ? "UTC" : format(us, { timeZoneName: "short", hour: "2-digit" }).replace(/^\S+\s/, ""));

// ------------------------------------------------------------------------------------------ findings

function eventOf(session, seq) {
  const events = session[EVENTS];
  const guess = events[seq - 1];
  return guess && guess[SEQ] === seq ? guess : events.find((event) => event[SEQ] === seq);
}

// Refusals of one session with one origin and one cause are one finding.
function findingsOf(session) {
  const found = new Map();
  for (const row of session[DIAGNOSES]) {
    const key = row[ORIGIN] ? `${row[ORIGIN]} ${row[CAUSE]}` : `reply ${row[REPLY]}`;
    if (!found.has(key)) found.set(key, { session, rows: [], first: row });
    found.get(key).rows.push(row);
  }
  return [...found.values()];
}

function titleOf(cause) {
  const [title] = data.causes[cause] || [cause];
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function complete(finding, n) {
  const { session, first } = finding;
  const reply = eventOf(session, first[REPLY]), command = eventOf(session, first[COMMAND]);
  finding.n = n;
  finding.time = session[START] + (reply ? reply[TIME] : 0);
  finding.code = first[REFUSAL_CODE] ? String(first[REFUSAL_CODE]) : "close";
  finding.verb = (command && text(command[VERB])) || "";
  finding.cause = text(first[CAUSE]) || "unknown";
  finding.title = titleOf(finding.cause);
  finding.fault = text(first[FAULT]) || "unknown";
  finding.certainty = text(first[CERTAINTY]) || "unknown";
  finding.client = text(session[PROXIED]) || text(session[CLIENT]);
  return finding;
}

const findings = data.sessions.flatMap(findingsOf).map(complete);

function haystack(finding) {
  const s = finding.session, origin = eventOf(s, finding.first[ORIGIN]), reply = eventOf(s, finding.first[REPLY]);
  finding.hay = finding.hay || [s[ID], text(s[UID]), finding.client, endpoint(text(s[CLIENT]), s[CLIENT_PORT]),
    endpoint(text(s[SERVER]), s[SERVER_PORT]), text(s[HELO]), text(s[CLIENT_SOFTWARE]), text(s[SERVER_SOFTWARE]),
    text(s[SOURCE]), finding.cause, finding.title, finding.fault, finding.certainty, finding.code, finding.verb,
    text(finding.first[WHY]), origin && text(origin[TEXT]), reply && text(reply[TEXT]),
    ...s[EVENTS].filter((event) => event[IS_CLIENT]).map((event) => text(event[TEXT]))].join("\n").toLowerCase();
  return finding.hay;
}

// ------------------------------------------------------------------------------------- the overview

const limits = [];
const share = (part, whole) => (whole ? `${(100 * part / whole).toFixed(part && part * 20 < whole ? 1 : 0)}%` : "0%");

function drawFigures() {
  const t = data.totals;
  const rows = [
    ["Sessions", number(t.sessions), counted(t.messages, "message") + " accepted"],
    ["In trouble", number(t.troubled), share(t.troubled, t.sessions) + " of the sessions", t.troubled],
    ["503 replies", number(t.errors_503), "bad sequence of commands", t.errors_503],
    ["The like", number(t.errors_other), "under other codes"],
    ["Findings", number(findings.length), "what each error goes back to"],
  ];
  byId("figures").replaceChildren(...rows.map(([name, value, part, bad]) => element("div", { class: bad ? "bad" : null },
    element("dt", null, name), element("dd", { class: "value" }, value), element("dd", { class: "part" }, part))));
}

function drawPeriod() {
  const t = data.totals;
  const from = day(t.first_us), to = day(t.last_us);
  const when = !t.sessions ? "no sessions" : from === to
    ? `${from}, ${clock(t.first_us)} to ${clock(t.last_us)} ${zoneName(t.last_us)}`
    : `${from}, ${clock(t.first_us)} to ${to}, ${clock(t.last_us)} ${zoneName(t.last_us)}`;
  byId("period").textContent = when;
  byId("about").replaceChildren("Made by heloscope ", data.about.version, " with ", wire(data.about.command, "code"), ` on ${day(data.about.made_us)}, ${clock(data.about.made_us)} ${zoneName(data.about.made_us)}. This page fetches nothing.`);
  byId("zone").textContent = settings.utc ? "Times in UTC" : "Local times";
}

function drawLimits() {
  const t = data.totals;
  if (t.holes) limits.push(`${counted(t.holes, "session")} with holes (${counted(t.octets_missing, "octet")} that the capture does not hold)`);
  if (t.midstream) limits.push(`${counted(t.midstream, "session")} that began before the capture`);
  if (t.shown < t.errors_503 + t.errors_other) limits.push(`only ${number(t.shown)} of ${counted(t.errors_503 + t.errors_other, "error")} are shown here`);
  byId("limits").hidden = !limits.length;
  byId("limits").textContent = "What can be said is limited by: " + limits.join("; ") + ".";
}

// Buckets put together until there are at most `most` of them.
function bars(most) {
  const first = data.buckets[0][0], last = data.buckets[data.buckets.length - 1][0];
  const steps = data.about.bucket_us < 3.6e9 ? [1, 2, 5, 10, 15, 30, 60] : [1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760];
  const step = steps.find((s) => (last - first) / s < most) || Math.ceil((last - first) / most);
  const begin = Math.floor(first / step);
  const out = Array.from({ length: Math.floor(last / step) - begin + 1 }, (_, i) => ({ us: (begin + i) * step * data.about.bucket_us, sessions: 0, a: 0, b: 0 }));
  for (const [at, sessions, , a, b] of data.buckets) {
    const bar = out[Math.floor(at / step) - begin];
    bar.sessions += sessions; bar.a += a; bar.b += b;
  }
  return { bars: out, span: step * data.about.bucket_us };
}

function timeLabel(us, span) {
  return span < 8.64e10 ? format(us, { hour: "2-digit", minute: "2-digit" }) : format(us, { day: "numeric", month: "short" });
}

function drawTime() {
  const { bars: all, span } = bars(72);
  const width = 960, height = 132, left = 34, bottom = 20, top = 6;
  const high = Math.max(1, ...all.map((bar) => bar.a + bar.b));
  const y = (n) => top + (height - top - bottom) * (1 - n / high);
  const step = (width - left) / all.length, thick = Math.min(28, Math.max(2, step * 0.72));
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, class: "time", role: "img" });
  svg.setAttribute("aria-label", `Errors over time, at most ${high} in one bar`);
  for (const n of high > 1 ? [high, Math.round(high / 2), 0] : [1, 0])
    svg.append(drawn("line", { class: "grid", x1: left, x2: width, y1: y(n), y2: y(n) }), drawn("text", { x: left - 6, y: y(n) + 4, "text-anchor": "end" }, number(n)));
  all.forEach((bar, i) => {
    const x = left + i * step + (step - thick) / 2;
    const group = drawn("g", null, drawn("title", null, `${day(bar.us)} ${timeLabel(bar.us, span)}: ${counted(bar.sessions, "session")}, ${number(bar.a)} times 503, ${number(bar.b)} under other codes`));
    if (bar.sessions) group.append(drawn("rect", { class: "quiet", x, width: thick, y: height - bottom - 2, height: 2 }));
    if (bar.b) group.append(drawn("rect", { class: "b", x, width: thick, y: y(bar.a + bar.b), height: y(bar.a) - y(bar.a + bar.b), rx: 1.5 }));
    if (bar.a) group.append(drawn("rect", { class: "a", x, width: thick, y: y(bar.a), height: y(0) - y(bar.a), rx: 1.5 }));
    svg.append(group);
  });
  const every = Math.ceil(all.length / 10);
  for (let i = 0; i < all.length; i += every)
    svg.append(drawn("text", { x: left + i * step + step / 2, y: height - 5, "text-anchor": "middle" }, timeLabel(all[i].us, span)));
  return element("section", { class: "chart wide" }, element("h2", null, "Errors over time"),
    element("p", { class: "key", "aria-hidden": true }, element("span", { class: "a" }, "503"), element("span", { class: "b" }, "the like under other codes")), svg);
}

function ranked(key) {
  const sums = new Map();
  for (const finding of findings) {
    const name = key(finding);
    if (name) sums.set(name, (sums.get(name) || 0) + finding.rows.length);
  }
  return [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

// A row of a ranking chooses in the table what it stands for.
function drawRanks(title, key, choose, wording, fill) {
  const rows = ranked(key), most = rows.length ? rows[0][1] : 1;
  const list = element("ul", { class: "ranks" });
  for (const [name, sum] of rows.slice(0, 6)) {
    const bar = drawn("svg", { viewBox: "0 0 100 5", preserveAspectRatio: "none", "aria-hidden": "true" },
      drawn("rect", { class: "ground", width: 100, height: 5, rx: 1 }),
      drawn("rect", { width: Math.max(1, 100 * sum / most), height: 5, rx: 1, class: fill && name in faultWords ? "fill-" + name : "" }));
    const button = element("button", { type: "button", title: plainly(wording ? wording(name) : name) }, wire(wording ? wording(name) : name), element("span", { class: "number" }, number(sum)), bar);
    button.firstChild.classList.add("name");
    button.addEventListener("click", () => choose(name));
    list.append(element("li", null, button));
  }
  if (!rows.length) return "";
  return element("section", { class: "chart" }, element("h2", null, title), list);
}

const faultWords = { client: "the client", pipelining: "nobody: pipelined", server: "the server", middlebox: "a middlebox", policy: "policy", unknown: "not known" };

function choose(id, value) {
  const field = byId(id);
  field.value = field.value === value ? "" : value;
  refresh();
  byId("findings").focus();
}

function drawCharts() {
  const charts = byId("charts");
  charts.replaceChildren();
  if (data.buckets.length) charts.append(drawTime());
  charts.append(
    drawRanks("Causes", (f) => f.cause, (name) => choose("cause", name), titleOf),
    drawRanks("Whose fault", (f) => f.fault, (name) => choose("fault", name), (name) => faultWords[name] || name, true),
    drawRanks("Clients", (f) => f.client, (name) => choose("words", name)),
    drawRanks("Client software", (f) => text(f.session[CLIENT_SOFTWARE]), (name) => choose("words", name)),
    drawRanks("Servers", (f) => endpoint(text(f.session[SERVER]), f.session[SERVER_PORT]), (name) => choose("words", name)),
    drawRanks("Server software", (f) => text(f.session[SERVER_SOFTWARE]), (name) => choose("words", name)));
}

// -------------------------------------------------------------------------------------- the table

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const columns = [
  { name: "Time", key: (f) => f.time },
  { name: "Session", key: (f) => f.session[ID] },
  { name: "Client", key: (f) => f.client || "" },
  { name: "Server", key: (f) => text(f.session[SERVER]) || "" },
  { name: "Refused", key: (f) => f.code + f.verb },
  { name: "Cause", key: (f) => f.title },
  { name: "Fault", key: (f) => f.fault },
  { name: "Certainty", key: (f) => ["certain", "likely", "unknown"].indexOf(f.certainty) },
  { name: "Errors", key: (f) => f.rows.length },
];
const order = { column: 0, down: false };
let shown = [], rowsDrawn = 0;

function drawHeads() {
  byId("heads").replaceChildren(...columns.map((column, i) => {
    const button = element("button", { type: "button" }, column.name);
    button.addEventListener("click", () => {
      order.down = order.column === i ? !order.down : i === 8;
      order.column = i;
      drawHeads();
      refresh();
      byId("heads").children[i].firstChild.focus();
    });
    return element("th", { scope: "col", "aria-sort": order.column === i ? (order.down ? "descending" : "ascending") : null }, button);
  }));
}

function faultBadge(fault) {
  return element("span", { class: `badge fault-${fault in faultWords ? fault : "unknown"}` }, faultWords[fault] || wire(fault));
}

function drawRow(f) {
  const s = f.session;
  const link = element("a", { class: "open", href: `#s${s[ID]}e${f.first[REPLY]}` }, wire(f.title));
  const cell = (i, attributes, ...children) => element("td", { "data-head": columns[i].name, ...attributes }, ...children);
  return element("tr", { "data-finding": f.n },
    cell(0, { class: "time" }, clock(f.time), element("span", { class: "sub" }, day(f.time))),
    cell(1, { class: "n" }, element("a", { href: `#s${s[ID]}` }, String(s[ID]))),
    cell(2, null, wire(f.client), element("span", { class: "sub" }, wire(text(s[HELO]) || text(s[CLIENT_SOFTWARE]) || ""))),
    cell(3, null, wire(endpoint(text(s[SERVER]), s[SERVER_PORT])), element("span", { class: "sub" }, wire(text(s[SERVER_SOFTWARE]) || ""))),
    cell(4, null, element("span", { class: "mono" }, f.code), " ", wire(f.verb, "code")),
    cell(5, null, link, element("code", { class: "sub" }, wire(f.cause))),
    cell(6, null, faultBadge(f.fault)),
    cell(7, { class: "certainty" }, wire(f.certainty)),
    cell(8, { class: "n" }, number(f.rows.length)));
}

function drawMore() {
  const next = shown.slice(rowsDrawn, rowsDrawn + PAGE);
  byId("rows").append(...next.map(drawRow));
  rowsDrawn += next.length;
  const left = shown.length - rowsDrawn;
  byId("more").hidden = !left;
  byId("more").textContent = `Show more (${number(left)} left)`;
}

function refresh() {
  const words = byId("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = ["fault", "cause", "certainty", "code"].map((id) => [id, byId(id).value]).filter(([, value]) => value);
  const { key } = columns[order.column], sign = order.down ? -1 : 1;
  shown = findings.filter((f) => wanted.every(([id, value]) => f[id] === value) && words.every((word) => haystack(f).includes(word)));
  shown.sort((a, b) => sign * compare(key(a), key(b)) || a.n - b.n);
  byId("rows").replaceChildren();
  rowsDrawn = 0;
  drawMore();
  if (!shown.length) byId("rows").append(element("tr", null, element("td", { colspan: columns.length, class: "empty" }, findings.length ? "No finding fits. Clear the filters to see all." : "Nothing went wrong in these sessions.")));
  byId("count").textContent = shown.length === findings.length ? counted(shown.length, "finding") : `${number(shown.length)} of ${counted(findings.length, "finding")}`;
}

function fillSelect(id, wording) {
  const values = [...new Set(findings.map((f) => f[id]))].sort();
  byId(id).replaceChildren(element("option", { value: "" }, "all"), ...values.map((value) => element("option", { value }, plainly(wording ? wording(value) : value))));
}

// ------------------------------------------------------------------------------------------ the page

function applyTheme() {
  if (settings.theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", settings.theme);
  byId("theme").textContent = { auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark" }[settings.theme];
}

function drawOverview() {
  drawPeriod();
  drawCharts();
  refresh();
}

function begin() {
  const theme = recall("theme"), utc = recall("utc");
  if (theme === "light" || theme === "dark") settings.theme = theme;
  if (utc !== null) settings.utc = utc === "true";
  applyTheme();
  drawFigures();
  drawLimits();
  drawHeads();
  fillSelect("fault", (name) => faultWords[name] || name);
  fillSelect("cause");
  fillSelect("certainty");
  fillSelect("code");
  drawOverview();
  byId("theme").addEventListener("click", () => {
    const turn = ["auto", "light", "dark"];
    remember("theme", turn[(turn.indexOf(settings.theme) + 1) % 3]);
    applyTheme();
  });
  byId("zone").addEventListener("click", () => {
    remember("utc", !settings.utc);
    drawOverview();
    showPlace();
  });
  byId("filters").addEventListener("input", refresh);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(refresh));
  byId("more").addEventListener("click", drawMore);
  new IntersectionObserver((seen) => { if (seen.some((entry) => entry.isIntersecting)) drawMore(); }, { rootMargin: "400px" }).observe(byId("more"));
  addEventListener("hashchange", showPlace);
  addEventListener("keydown", keyPressed);
  showPlace();
}
