// SPDX-License-Identifier: ISC
// The engine of a modern ClickHouse, as npm's chdb brings it, behind the part of its HTTP interface that
// heloscope uses:  NODE_PATH=.../node_modules node modern.js PORT
"use strict";

const http = require("http");
const zlib = require("zlib");
const { Session } = require("chdb");

const session = new Session();

function answer(request, body, reply) {
    const url = new URL(request.url, "http://127.0.0.1");
    if (url.pathname === "/ping") {
        reply.end("Ok.\n");
        return;
    }
    let sql = url.searchParams.get("query");
    let status = 200;
    let text;
    try {
        const said = (request.headers["content-encoding"] === "gzip" ? zlib.gunzipSync(body) : body).toString();
        sql = sql === null ? said : `${sql}\n${said}`;
        text = session.query(sql, "TabSeparated");
    } catch (error) {
        text = String(error.message || error);
        status = 500;
        text = /Code: \d+/.test(text) ? text : `Code: 354. DB::Exception: ${text}`;
    }
    reply.writeHead(status);
    reply.end(text);
}

http.createServer((request, reply) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => answer(request, Buffer.concat(pieces), reply));
}).listen(Number(process.argv[2]), "127.0.0.1");
