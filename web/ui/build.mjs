// Bundles the page and writes it as C arrays of gzip bytes: node build.mjs OUT.c
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const types = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

function bundled() {
  const folder = mkdtempSync(join(tmpdir(), "reprise-ui-"));
  try {
    buildSync({
      entryPoints: { app: "js/main.js", uplot: "uplot", style: "css/style.css" },
      bundle: true, minify: true, format: "esm", target: "es2020", outdir: folder, external: ["/uplot.js"],
      legalComments: "none", charset: "utf8", logLevel: "warning",
    });
    return ["app.js", "uplot.js", "style.css"].map((name) => [name, readFileSync(join(folder, name))]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function asset([name, bytes], i) {
  const gzip = gzipSync(bytes, { level: 9 });
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const lines = [];
  for (let at = 0; at < gzip.length; at += 24) lines.push([...gzip.subarray(at, at + 24)].join(","));
  return {
    array: `static const unsigned char bytes${i}[] = {\n${lines.join(",\n")}\n};\n`,
    row: `    { "/${name}", "${types[name.split(".").pop()]}", "\\"${etag}\\"", bytes${i}, ${gzip.length}, ${bytes.length} },\n`,
  };
}

const plain = ["index.html", "token.html", "favicon.svg"].map((name) => [name, readFileSync(name)]);
const assets = [...plain, ...bundled()].map(asset);
const text = "/* Made from web/ui by web/ui/build.mjs: do not edit. */\n" +
  '#include "web/assets.h"\n\n' + assets.map((a) => a.array).join("\n") +
  "\nconst struct asset web_assets[] = {\n" + assets.map((a) => a.row).join("") +
  "    { NULL, NULL, NULL, NULL, 0, 0 },\n};\n";
writeFileSync(process.argv[2] + ".part", text);
renameSync(process.argv[2] + ".part", process.argv[2]);
