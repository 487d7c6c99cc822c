/**
 * A user's project: a folder outside the repository with skein installed in it, as `npm install` would leave it. The package is translated
 * from the sources as they stand, so that no page is tested against a `dist` of yesterday and no test waits for `npm run build`.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['core', 'nodes', 'graphs', 'plugins', 'visualizer'];

export interface Outcome { readonly code: number; readonly stdout: string; readonly stderr: string }
export interface Project {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a TypeScript file of the project by Node with tsx, as `npx tsx file.ts` does. */
  run(file: string): Promise<Outcome>;
  /** Runs the program `skein` in the folder of the project, as `npx skein ...` does. */
  skein(...args: readonly string[]): Promise<Outcome>;
  remove(): Promise<void>;
}

const OPTIONS: ts.CompilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, experimentalDecorators: true, verbatimModuleSyntax: true, rewriteRelativeImportExtensions: true };
/** What has been translated, by what it was and how. */
const KEPT = path.join(ROOT, 'node_modules/.cache/skein-translated');
/** One file of the package as the build writes it: types gone, imports of `.ts` now of `.js`. All of them take five seconds, and eight files of tests need them, so they are kept. */
export async function translated(text: string, fileName: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([ts.version, OPTIONS, text])).digest('hex'), kept = path.join(KEPT, `${hash}.js`), known = await readFile(kept, 'utf8').catch(() => undefined);
  if (known !== undefined) return known;
  const { outputText } = ts.transpileModule(text, { fileName, compilerOptions: OPTIONS });
  await mkdir(KEPT, { recursive: true });
  await writeFile(`${kept}.${process.pid}`, outputText);
  await rename(`${kept}.${process.pid}`, kept);
  return outputText;
}

/** The package in a folder: what it holds besides tests, and the test files that are named. */
export async function installSkein(folder: string, tests: readonly string[] = []): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/package.json`, await readFile(`${ROOT}/package.json`));
  await symlink(path.join(ROOT, 'node_modules'), `${folder}/node_modules`, 'junction');
  for (const source of SOURCES) for (const entry of await readdir(path.join(ROOT, source), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = path.join(entry.parentPath, entry.name), to = path.join(folder, 'dist', path.relative(ROOT, from));
    await mkdir(path.dirname(to), { recursive: true });
    await (entry.name.endsWith('.ts') ? writeFile(to.replace(/\.ts$/, '.js'), await translated(await readFile(from, 'utf8'), entry.name)) : writeFile(to, await readFile(from)));
  }
  for (const test of tests) {
    const to = path.join(folder, 'dist', test.replace(/\.ts$/, '.js'));
    await mkdir(path.dirname(to), { recursive: true });
    await writeFile(to, await translated(await readFile(path.join(ROOT, test), 'utf8'), test));
  }
}

export async function makeProject(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'skein-docs-')), tsx = pathToFileURL(path.join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href;
  const write = async (more: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(more)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), text);
    }
  };
  await write({ 'package.json': JSON.stringify({ name: 'mine', private: true, type: 'module' }), ...files });
  await mkdir(path.join(folder, 'node_modules'), { recursive: true });
  await symlink(path.join(ROOT, 'node_modules/@tensorflow'), path.join(folder, 'node_modules/@tensorflow'), 'junction');
  let installed: Promise<void> | undefined;                             // only a project that runs something needs it
  const node = async (...args: readonly string[]): Promise<Outcome> => {
    await (installed ??= installSkein(path.join(folder, 'node_modules/skein')));
    return new Promise(resolve => {
      execFile(process.execPath, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) => { resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }); });
    });
  };
  return {
    folder, write,
    run: file => node('--import', tsx, file),
    skein: (...args) => node('node_modules/skein/dist/plugins/cli/main.js', ...args),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What the compiler says of some files of a project: its lines, or nothing. Skein's types are read from the sources. */
export function typeErrors(folder: string, files: readonly string[]): readonly string[] {
  const source = (file: string) => [path.join(ROOT, file)], roots = files.map(f => path.join(folder, f));
  const program = ts.createProgram(roots, {
    target: ts.ScriptTarget.ES2023, lib: ['lib.es2023.d.ts'], module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, verbatimModuleSyntax: true, noUnusedLocals: true, noEmit: true,
    experimentalDecorators: true, allowImportingTsExtensions: true, skipLibCheck: true, types: ['node'], typeRoots: source('node_modules/@types'),
    paths: { skein: source('plugins/library.ts'), 'skein/nodes': source('nodes/index.ts'), 'skein/graphs': source('graphs/index.ts'), 'skein/testing': source('plugins/testing.ts') },
  });
  return roots.flatMap(root => ts.getPreEmitDiagnostics(program, program.getSourceFile(root))).map(d => {
    const { line } = d.file ? ts.getLineAndCharacterOfPosition(d.file, d.start ?? 0) : { line: 0 };
    return `${path.basename(d.file?.fileName ?? '')}:${line + 1} ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`;
  });
}
