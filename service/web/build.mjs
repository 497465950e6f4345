// Builds the front ends: node build.mjs OUTDIR [OPENAPI.yaml]
//   OUTDIR/drop-box, OUTDIR/pick-up, OUTDIR/console: index.html, assets/NAME-HASH.{js,css,svg}, each with its .gz and .br twin.
// Types come from the OpenAPI file, so that a page that speaks another interface does not build. What is too heavy
// for a first view, or would need inline code, does not build either. A site may have a page beside (pick-up/ask.html).
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import openapiTypes, { astToString } from "openapi-typescript";

const kPageBytesMax = 150 * 1024; // of one page, compressed: what a first view may cost
const here = dirname(fileURLToPath(import.meta.url));
const [outFolder, openapi = join(here, "../../proto/api/openapi.yaml")] = process.argv.slice(2);
if (!outFolder) {
  console.error("usage: node build.mjs OUTDIR [OPENAPI.yaml]");
  process.exit(2);
}

const sites = [
  { name: "drop-box", title: "清め ファイル送付" },
  { name: "pick-up", title: "清め ファイル受取", beside: { name: "door", title: "清め 届かなかった添付の確認", file: "ask.html" } },
  { name: "console", title: "清め 検疫の確認", bytesMax: 60 * 1024 },
];

async function writeTypes() {
  const ast = await openapiTypes(new URL(`file://${resolve(openapi)}`));
  await mkdir(join(here, "src/generated"), { recursive: true });
  await writeFile(join(here, "src/generated/openapi.d.ts"), astToString(ast));
}

function checkTypes() {
  const compiler = join(here, "node_modules/typescript/bin/tsc");
  const run = spawnSync(process.execPath, [compiler, "--project", join(here, "tsconfig.json")], { stdio: "inherit" });
  if (run.status !== 0) process.exit(1);
}

async function bundle(name) {
  const built = await esbuild.build({
    entryPoints: { [name]: join(here, `src/${name}/main.tsx`) },
    outdir: "/",
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: ["chrome100", "firefox100", "safari15"],
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    legalComments: "none",
    banner: { js: "/*! Kiyome, Apache-2.0. Contains Preact, MIT License, Copyright (c) 2015-present Jason Miller */" },
    logLevel: "warning",
  });
  return built.outputFiles.map((file) => ({ ending: file.path.split(".").pop(), content: Buffer.from(file.contents) }));
}

function page(title, assets) {
  const of = (ending) => assets.find((asset) => asset.ending === ending).path;
  return `<!doctype html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="/${of("svg")}" type="image/svg+xml">
<link rel="stylesheet" href="/${of("css")}">
<script type="module" src="/${of("js")}"></script>
</head>
<body>
<div id="page"></div>
<noscript><p>このページには JavaScript が必要です。<span lang="en">This page needs JavaScript.</span></p></noscript>
</body>
</html>
`;
}

// The file and its twins; gives what it weighs on the wire.
async function writeWithTwins(path, content) {
  const gzip = gzipSync(content, { level: 9 });
  const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
  await Promise.all([writeFile(path, content), writeFile(`${path}.gz`, gzip), writeFile(`${path}.br`, brotli)]);
  return gzip.length;
}

// One page with its assets; gives what a first view of it weighs on the wire.
async function writePage(fresh, { name, title, file = "index.html", bytesMax = kPageBytesMax }) {
  const files = [...(await bundle(name)), { ending: "svg", content: await readFile(join(here, "src/shared/icon.svg")) }];
  const assets = files.map(({ ending, content }) => {
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
    return { ending, content, path: `assets/${ending === "svg" ? "icon" : name}-${hash}.${ending}` };
  });
  let bytes = await writeWithTwins(join(fresh, file), Buffer.from(page(title, assets)));
  for (const asset of assets) bytes += await writeWithTwins(join(fresh, asset.path), asset.content);
  if (bytes > bytesMax) throw new Error(`${name}: ${bytes} octets compressed, more than ${bytesMax}`);
  console.log(`${name}: ${(bytes / 1024).toFixed(1)} KB compressed`);
}

async function buildSite(site) {
  // Built beside the old one and put in its place at the end: a server that starts meanwhile finds one of them whole.
  const finished = join(outFolder, site.name);
  const fresh = `${finished}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(join(fresh, "assets"), { recursive: true });
  await writePage(fresh, site);
  if (site.beside) await writePage(fresh, site.beside);
  await rm(finished, { recursive: true, force: true });
  await rename(fresh, finished);
}

await writeTypes();
checkTypes();
for (const site of sites) await buildSite(site);
