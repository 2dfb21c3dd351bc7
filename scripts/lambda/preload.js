// Loaded before a function's code. Two things that AWS's own runtime does otherwise:
"use strict";
const http = require("node:http");
const https = require("node:https");
const { registerHooks, syncBuiltinESMExports } = require("node:module");
const { URL, pathToFileURL } = require("node:url");

// ES modules find packages of layers and of the runtime by NODE_PATH, which Node.js itself reads for CommonJS only.
if (registerHooks) {
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (error.code !== "ERR_MODULE_NOT_FOUND" || /^(\.|\/|[a-z]+:)/.test(specifier)) throw error;
        let found;
        try {
          found = require.resolve(specifier);
        } catch {
          throw error;
        }
        return next(pathToFileURL(found).href, context);
      }
    },
  });
}

// Callers of presigned URLs, CloudFormation's ResponseURL above all, often take only its host and path and insist on
// TLS at port 443. Such a request to the host of AWS_ENDPOINT_URL is sent to that endpoint, as its URL says.
const given = process.env.AWS_ENDPOINT_URL;
if (given && given.startsWith("http:")) {
  const endpoint = new URL(given);
  const original = https.request;
  const redirected = (args) => {
    const first = args[0];
    const isUrl = typeof first === "string" || first instanceof URL;
    const url = isUrl ? new URL(first) : null;
    const options = { ...(isUrl ? (typeof args[1] === "object" ? args[1] : {}) : first) };
    const hostname = options.hostname || (options.host || "").split(":")[0] || (url ? url.hostname : "");
    if (hostname !== endpoint.hostname) return null;
    delete options.agent;
    delete options.host;
    const path = options.path || (url ? url.pathname + url.search : "/");
    return { ...options, protocol: "http:", hostname, port: endpoint.port || 80, path };
  };
  https.request = function request(...args) {
    const options = redirected(args);
    if (options === null) return original.apply(https, args);
    const callback = args.find((one) => typeof one === "function");
    return http.request(options, callback);
  };
  https.get = function get(...args) {
    const made = https.request(...args);
    made.end();
    return made;
  };
  syncBuiltinESMExports();
}
