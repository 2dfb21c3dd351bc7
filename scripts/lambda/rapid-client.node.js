// The runtime API's client in JavaScript, in place of aws-lambda-ric's native one, which needs a C++ tool chain and
// libcurl to build. `done` and `error` may be followed by process.exit, as in the native one they return when the
// server has taken the answer; here the answer is written to the socket before they return.
"use strict";
const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const base = "/2018-06-01/runtime/invocation/";
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let socket = null;
let pending = Promise.resolve();

function connect() {
  return new Promise((resolve) => {
    const made = net.connect(Number(port), host, () => {
      made.unref();
      resolve(made);
    });
    made.on("error", () => resolve(null));
    made.on("close", () => (socket === made ? (socket = null) : undefined));
  });
}

function writeAll(fd, data) {
  let offset = 0;
  while (offset < data.length) {
    try {
      offset += fs.writeSync(fd, data, offset);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function post(id, what, body, headers) {
  const bytes = Buffer.from(body, "utf8");
  const lines = [`POST ${base}${id}/${what} HTTP/1.1`, `Host: ${host}:${port}`, "Content-Type: application/json",
    `Content-Length: ${bytes.length}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  const sent = socket;
  let answered;
  pending = new Promise((resolve) => (answered = resolve));
  sent.ref();
  sent.once("data", () => {
    sent.unref();
    answered();
  });
  sent.once("close", answered);
  writeAll(sent._handle.fd, Buffer.concat([Buffer.from(lines.join("\r\n") + "\r\n\r\n", "latin1"), bytes]));
}

function get(path) {
  return new Promise((resolve, reject) => {
    http.get({ host, port, path, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ bodyJson: Buffer.concat(chunks).toString("utf8"), headers: response.headers }));
      response.on("error", reject);
    }).on("error", reject);
  });
}

module.exports = {
  initializeClient() {},
  async next() {
    await pending;
    if (socket === null) socket = await connect();
    return get(`${base}next`);
  },
  done(id, body) {
    post(id, "response", body, {});
  },
  error(id, body, cause) {
    let kind = "Unhandled";
    try {
      kind = JSON.parse(body).errorType || kind;
    } catch {}
    post(id, "error", body, { "Lambda-Runtime-Function-Error-Type": kind.replace(/[^\x21-\x7e]/g, "?") });
  },
};
