// SPDX-License-Identifier: ISC
// A session as a ladder: client left, server right, and lines in the margin from where the trouble began
// to what was refused because of it.

const current = { session: null, findings: [] };
const LINES_OPEN = 3;

// ------------------------------------------------------------------------------------------- events

const seconds = (us) => (us < 0 ? "-" : "") + `${Math.floor(Math.abs(us) / 1e6)}.${String(Math.floor(Math.abs(us) % 1e6)).padStart(6, "0")}`;

function since(us) {
  if (us < 0) return "\u2212" + since(-us).slice(1); // of octets that were acknowledged before they were captured
  if (us < 1000) return `+${us} \u00b5s`;
  if (us < 1e6) return `+${(us / 1000).toFixed(us < 10000 ? 1 : 0)} ms`;
  return `+${(us / 1e6).toFixed(us < 1e7 ? 1 : 0)} s`;
}

// What is known of each event by the findings.
function rolesOf(session, all) {
  const roles = new Map();
  const role = (seq) => roles.get(seq) || roles.set(seq, { refusals: [], origins: [], related: [] }).get(seq);
  for (const finding of all) {
    for (const row of finding.rows) role(row[REPLY]).refusals.push(row);
    if (finding.first[ORIGIN]) role(finding.first[ORIGIN]).origins.push(finding);
  }
  for (const [reply, seq, part] of session[RELATED]) role(seq).related.push([reply, text(part)]);
  return roles;
}

const eventLink = (session, seq, words) => element("a", { href: `#s${session[ID]}e${seq}` }, words || `#${seq}`);

function marksOf(session, seq, role) {
  const marks = [];
  if (!role) return marks;
  for (const finding of role.origins) {
    const others = finding.rows.filter((row) => row[REPLY] !== seq);
    const mark = element("span", null, element("span", { class: "tag o" }, "Origin"));
    if (others.length) mark.append(" of ", ...others.slice(0, 8).flatMap((row, i) => [i ? ", " : "", eventLink(session, row[REPLY])]), others.length > 8 ? ` and ${others.length - 8} more` : "");
    marks.push(mark);
  }
  for (const row of role.refusals) {
    const mark = element("span", null, element("span", { class: "tag r" }, row[REFUSAL_CODE] ? String(row[REFUSAL_CODE]) : "close"), " ", wire(text(row[CAUSE]) || "unknown", "code"));
    if (row[ORIGIN] && row[ORIGIN] !== seq) mark.append(", origin ", eventLink(session, row[ORIGIN]));
    marks.push(mark);
  }
  const seen = new Set();
  for (const [reply, part] of role.related)
    if (!seen.has(part) && seen.add(part)) marks.push(element("span", null, wire(part), " of ", eventLink(session, reply)));
  return marks;
}

const FACTS = new Set(["open", "close", "gap", "tls"]);

// Of a long reply without a part in a finding, such as a list of capabilities, the rest can be opened.
function folded(said) {
  const lines = said.split("\n");
  if (lines.length <= LINES_OPEN + 1) return wire(said);
  return element("span", null, wire(lines.slice(0, LINES_OPEN).join("\n")),
    element("details", null, element("summary", null, `${lines.length - LINES_OPEN} more lines`), wire(lines.slice(LINES_OPEN).join("\n"))));
}

function saidBy(event, role) {
  const kind = text(event[KIND]), said = text(event[TEXT]);
  if (said) return role ? wire(said) : folded(said);
  const octets = event[BYTES] >= 0 ? `, ${counted(event[BYTES], "octet")}` : "";
  const words = { open: "the connection begins", close: "the connection ends", gap: "not captured", tls: "TLS from here on", data: "the message", chunk: "a chunk of the message", auth: "a SASL response" };
  return element("span", null, words[kind] || wire(kind), octets);
}

function drawEvent(session, event, before, roles, pipelined) {
  const kind = text(event[KIND]), note = text(event[NOTE]), role = roles.get(event[SEQ]);
  const classes = ["event", event[IS_CLIENT] ? "client" : "server"];
  if (/^[a-z]+$/.test(kind)) classes.push("kind-" + kind);
  if (FACTS.has(kind)) classes.push("fact");
  if (pipelined) classes.push("group");
  if (role && role.origins.length) classes.push("origin");
  if (role && role.refusals.length) classes.push("refusal");
  if (role && role.related.length) classes.push("related");
  const said = element("div", { class: "said" }, element("span", { class: "unseen" }, event[IS_CLIENT] ? "Client: " : "Server: "), element("div", { class: "text" }, saidBy(event, role)));
  const marks = marksOf(session, event[SEQ], role);
  if (note) marks.push(element("span", null, wire(note)));
  if (marks.length) said.append(element("div", { class: "marks" }, ...marks));
  return element("li", { class: classes.join(" "), id: `s${session[ID]}e${event[SEQ]}`, "data-seq": event[SEQ], tabindex: "-1" },
    element("div", { class: "seq" }, element("a", { href: `#s${session[ID]}e${event[SEQ]}`, title: `packet ${event[PACKET]}` }, `#${event[SEQ]}`)),
    element("div", { class: "when", title: `${day(session[START] + event[TIME])} ${clock(session[START] + event[TIME])} ${zoneName(session[START])}, packet ${event[PACKET]}` },
      element("span", null, seconds(event[TIME])), element("span", null, before ? since(event[TIME] - before[TIME]) : "")),
    element("div", { class: "lane" }, said, element("div", { class: "arrow" })));
}

// What was sent with what stands before it is bracketed with it.
function isPipelined(events, i) {
  const has = (event) => event && (text(event[NOTE]) || "").includes("pipelined");
  if (has(events[i])) return true;
  const next = events.slice(i + 1).find((event) => event[IS_CLIENT]);
  return Boolean(events[i][IS_CLIENT] && text(events[i][KIND]) === "command" && has(next) && next[PACKET] === events[i][PACKET]);
}

function drawEvents(session, roles) {
  const list = element("ol", { "aria-label": "Timeline" });
  let before = null;
  session[EVENTS].forEach((event, i) => {
    const missing = event[SEQ] - (before ? before[SEQ] : 0) - 1;
    if (missing > 0) list.append(element("li", { class: "left-out" }, `${counted(missing, "event")} without a part in a finding not shown`));
    list.append(drawEvent(session, event, before, roles, isPipelined(session[EVENTS], i)));
    before = event;
  });
  return list;
}

// --------------------------------------------------------------------------------------------- lines

// A line with round corners from one height to another, `x` from the edge.
function line(x, from, to, edge) {
  const r = Math.min(6, Math.abs(to - from) / 2, edge - x), turn = to > from ? r : -r;
  return `M${edge} ${from}H${x + r}Q${x} ${from} ${x} ${from + turn}V${to - turn}Q${x} ${to} ${x + r} ${to}H${edge}`;
}

function drawLines(ladder, svg) {
  const top = ladder.getBoundingClientRect().top;
  const rows = new Map([...ladder.querySelectorAll(".event")].map((row) => [Number(row.dataset.seq), row]));
  const height = (seq) => {
    const row = rows.get(seq);
    if (!row) return null;
    const box = row.querySelector(".said").getBoundingClientRect();
    return Math.round(box.top - top + box.height / 2);
  };
  const edge = svg.getBoundingClientRect().width - 6;
  svg.setAttribute("height", ladder.scrollHeight);
  svg.replaceChildren();
  current.findings.forEach((finding, i) => {
    const origin = height(finding.first[ORIGIN]);
    const x = 8 + (i % 4) * Math.max(4, (edge - 20) / 4);
    for (const [reply, seq] of current.session[RELATED]) {
      if (reply !== finding.first[REPLY] || seq === finding.first[ORIGIN] || finding.rows.some((row) => row[REPLY] === seq)) continue;
      const from = height(seq), to = height(reply);
      if (from !== null && to !== null) svg.append(drawn("path", { class: "related", d: line(x + 3, from, to, edge), "data-from": seq, "data-to": reply }));
    }
    if (origin === null) return;
    for (const row of finding.rows) {
      const to = height(row[REPLY]);
      if (to === null || row[REPLY] === finding.first[ORIGIN]) continue;
      svg.append(drawn("path", { class: "because", d: line(x, origin, to, edge), "data-from": finding.first[ORIGIN], "data-to": row[REPLY] }),
        drawn("path", { class: "head", d: `M${edge + 5} ${to}l-8 -4.5v9z` }));
    }
    svg.append(drawn("circle", { class: "start", cx: edge, cy: origin, r: 4.5 }));
  });
}

// --------------------------------------------------------------------------------------------- cards

// For a shell: what it would take for more than a name is between quotes.
const quoted = (name) => (/^[\w./:@%+=,-]+$/.test(name) && !name.startsWith("-") ? name : `'${name.replaceAll("'", "'\\''")}'`);

function term(list, name, ...content) {
  list.append(element("div", null, element("dt", null, name), element("dd", null, ...content)));
}

function drawCard(session, finding) {
  const row = finding.first, cause = data.causes[finding.cause], list = element("dl");
  const origin = eventOf(session, row[ORIGIN]);
  const jumps = element("div", { class: "jumps" });
  if (origin) jumps.append(element("span", null, "Origin ", eventLink(session, row[ORIGIN]), `, packet ${origin[PACKET]}`));
  jumps.append(element("span", null, finding.rows.length === 1 ? "Refused at " : `${finding.rows.length} refusals: `, ...finding.rows.slice(0, 12).flatMap((each, i) => [i ? ", " : "", eventLink(session, each[REPLY])]), finding.rows.length > 12 ? ` and ${finding.rows.length - 12} more` : ""));
  if (text(row[WHY])) term(list, "Why", wire(text(row[WHY])));
  if (text(row[SAYS])) term(list, "What the server says", wire(text(row[SAYS]), "code"), row[AGREES] === 1 ? ", and the session shows the same" : row[AGREES] === 0 ? ", but the session shows something else" : "");
  if (text(row[ADVICE])) term(list, "What to do", wire(text(row[ADVICE])));
  if (cause && cause[2]) term(list, "Rule", cause[2]);
  return element("section", { class: "card" }, element("h2", null, wire(finding.title)), element("div", { class: "badges" }, wire(finding.cause, "code"), faultBadge(finding.fault), element("span", { class: "certainty" }, wire(finding.certainty))), jumps, list);
}

function drawFurther(session) {
  const list = element("dl"), db = data.about.database === "heloscope.db" ? "" : ` --db ${quoted(plainly(data.about.database))}`;
  term(list, "The whole timeline", element("pre", null, `heloscope show${db} ${session[ID]}`));
  term(list, "Its packets, for Wireshark", element("pre", null, `heloscope cut${db} ${session[ID]} -w session-${session[ID]}.pcapng`));
  const origin = session[DIAGNOSES].length ? eventOf(session, session[DIAGNOSES][0][ORIGIN]) : null;
  if (origin) term(list, "In the capture", wire(text(session[SOURCE])), element("pre", null, `frame.number == ${origin[PACKET]}`));
  return element("section", { class: "card" }, element("h2", null, "Look further"), list);
}

// ------------------------------------------------------------------------------------------- session

function fact(list, name, value) {
  if (value) list.append(element("div", null, element("dt", null, name), element("dd", null, value)));
}

function drawFacts(session) {
  const list = element("dl", { class: "facts" });
  fact(list, "began", `${day(session[START])}, ${clock(session[START])} ${zoneName(session[START])}`);
  fact(list, "lasted", `${seconds(session[END] - session[START])} s`);
  fact(list, "capture", text(session[SOURCE]) && wire(text(session[SOURCE])));
  fact(list, "said", `${counted(session[COMMANDS], "command")}, ${counted(session[MESSAGES], "message")}`);
  fact(list, "encrypted", text(session[TLS]) && wire([text(session[TLS]), text(session[TLS_NAME])].filter(Boolean).join(", ")));
  fact(list, "missing", session[MISSING] && counted(session[MISSING], "octet"));
  fact(list, "outcome", text(session[OUTCOME]) && wire(text(session[OUTCOME])));
  fact(list, "uid", text(session[UID]) && wire(text(session[UID]), "code"));
  return list;
}

function drawEnds(session) {
  const side = (title, address, more) => element("div", null, element("strong", null, title, " ", wire(address)), element("span", null, wire(more.filter(Boolean).join(" \u00b7 "))));
  const proxied = text(session[PROXIED]);
  return element("div", { class: "ends" },
    side("Client", endpoint(text(session[CLIENT]), session[CLIENT_PORT]), [proxied && `for ${proxied}`, text(session[HELO]), text(session[CLIENT_SOFTWARE])]),
    side("Server", endpoint(text(session[SERVER]), session[SERVER_PORT]), [text(session[SERVER_SOFTWARE])]));
}

function drawPath(session) {
  const at = data.sessions.indexOf(session), before = data.sessions[at - 1], after = data.sessions[at + 1];
  return element("div", { class: "path" }, element("a", { href: "#" }, "\u2190 All findings"),
    element("nav", { "aria-label": "Sessions in trouble" }, before ? element("a", { href: `#s${before[ID]}`, rel: "prev" }, `Session ${before[ID]}`) : null, after ? element("a", { href: `#s${after[ID]}`, rel: "next" }, `Session ${after[ID]} \u2192`) : null));
}

let watcher = null;

function drawSession(session) {
  current.session = session;
  current.findings = findings.filter((finding) => finding.session === session);
  const svg = drawn("svg", { class: "causes", "aria-hidden": "true" });
  const ladder = element("div", { class: "ladder" }, drawEnds(session), drawEvents(session, rolesOf(session, current.findings)), svg);
  byId("session").replaceChildren(drawPath(session), element("h1", { tabindex: "-1" }, `Session ${session[ID]}`), drawFacts(session),
    element("div", { class: "split" }, ladder, element("aside", { class: "cards", "aria-label": "Findings of this session" }, ...current.findings.slice(0, 50).map((finding) => drawCard(session, finding)), drawFurther(session))));
  if (watcher) watcher.disconnect();
  watcher = new ResizeObserver(() => drawLines(ladder, svg));
  watcher.observe(ladder);
}

// "#s5" is session 5, "#s5e9" its event 9; everything else the overview.
function showPlace() {
  const place = /^#s(\d+)(?:e(\d+))?$/.exec(location.hash);
  const session = place && data.sessions.find((each) => each[ID] === Number(place[1]));
  const was = byId("session").hidden ? null : current.session;
  byId("overview").hidden = Boolean(session);
  byId("session").hidden = !session;
  document.title = session ? `heloscope: session ${session[ID]}` : "heloscope: what went wrong";
  if (!session) {
    if (was) scrollTo(0, current.scrolled || 0);
    return;
  }
  if (!was) current.scrolled = scrollY;
  drawSession(session);
  const event = place[2] && byId(`s${session[ID]}e${place[2]}`);
  if (event) {
    event.classList.add("here");
    event.scrollIntoView({ block: "center", behavior: "instant" });
    event.focus({ preventScroll: true });
  } else {
    scrollTo(0, 0);
    byId("session").querySelector("h1").focus({ preventScroll: true });
  }
}

function keyPressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const follow = (query) => { const link = byId("session").querySelector(query); if (link) location.hash = link.getAttribute("href"); };
  if (event.key === "/" && byId("session").hidden) { event.preventDefault(); byId("words").focus(); }
  if (byId("session").hidden) return;
  if (event.key === "Escape") location.hash = "";
  if (event.key === "n") follow("[rel=next]");
  if (event.key === "p") follow("[rel=prev]");
}

begin();
