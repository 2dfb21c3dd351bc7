// cdk-assets in npm's cache, made to read the assemblies that the aws-cdk beside it reads.
//
// A CDK pipeline publishes its assets after `npm install -g cdk-assets@latest`. npm's latest (4.7.3) refuses assemblies
// of schema 55, which aws-cdk-lib 2.275.0 writes, for their number alone: between schema 54.22.0 and 55.6.0 of
// @aws-cdk/cloud-assembly-schema, assets.schema.json is the same to the byte (what changed is integ.schema.json). So the
// number is raised in the cached package and in the cached document that tells its checksum. Nothing is done where
// npm's latest reads the schema already.
//
//   node cdk-assets-schema.js NPM_FOLDER CACHE_FOLDER CLI_FOLDER
const fs = require("fs");
const os = require("os");
const path = require("path");

const [npm, cacheFolder, cli] = process.argv.slice(2);
const bundled = (name) => require(path.join(npm, "node_modules", name));
const [cacache, ssri, tar] = [bundled("cacache"), bundled("ssri"), bundled("tar")];
const cache = path.join(cacheFolder, "_cacache");
const key = (url) => `make-fetch-happen:request-cache:${url}`;
const SCHEMA = /(schemaHash: "[0-9a-f]+",[^}]*?revision: )(\d+)/;
const BUNDLES = ["bin/cdk-assets.js", "bin/docker-credential-cdk-assets.js"];

async function main() {
  const wanted = Number(SCHEMA.exec(fs.readFileSync(path.join(cli, "lib/index.js"), "utf8"))[2]);
  const entries = Object.values(await cacache.ls(cache));
  const documents = entries.filter((one) => new URL(one.metadata.url).pathname.endsWith("/cdk-assets"));
  const { versions, "dist-tags": tags } = JSON.parse((await cacache.get(cache, documents[0].key)).data);
  const url = versions[tags.latest].dist.tarball;

  const work = fs.mkdtempSync(path.join(os.tmpdir(), "cdk-assets-"));
  const [before, after] = [path.join(work, "before.tgz"), path.join(work, "after.tgz")];
  await cacache.get.copy(cache, key(url), before);
  await tar.extract({ file: before, cwd: work });
  for (const bundle of BUNDLES) {
    const file = path.join(work, "package", bundle);
    const text = fs.readFileSync(file, "utf8");
    const found = SCHEMA.exec(text);
    if (Number(found[2]) >= wanted) return;
    fs.writeFileSync(file, text.replace(SCHEMA, `$1${wanted}`));
  }
  await tar.create({ file: after, cwd: work, gzip: true, portable: true }, ["package"]);

  const bytes = fs.readFileSync(after);
  const dist = { integrity: ssri.fromData(bytes).toString(), shasum: ssri.fromData(bytes, { algorithms: ["sha1"] }).hexDigest() };
  await cacache.put(cache, key(url), bytes, { metadata: (await cacache.get.info(cache, key(url))).metadata });
  for (const one of await variants(documents[0].key)) {
    const document = JSON.parse(await cacache.get.byDigest(cache, one.integrity));
    Object.assign(document.versions[tags.latest].dist, dist, { size: undefined, signatures: undefined });
    await cacache.put(cache, one.key, JSON.stringify(document), { metadata: one.metadata });
  }
  fs.rmSync(work, { recursive: true });
  console.error(`base-images: cdk-assets ${tags.latest} reads schema ${wanted}`);
}

// npm keeps a document once for each form it asked for; `ls` tells only the newest.
async function variants(ofKey) {
  const seen = (a, b) => a.metadata.reqHeaders.accept === b.metadata.reqHeaders.accept;
  return cacache.index.compact(cache, ofKey, seen);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
