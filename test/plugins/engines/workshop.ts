/** A place to build TensorFlow's binding in without a network: commands that do as npm, pip and a compiler do, on a PATH of their own. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Order } from '../../../plugins/engines/tensorflow/build.ts';
import { folderOf } from '../../../plugins/engines/tensorflow/library.ts';
import type { Recipe } from '../../../plugins/engines/tensorflow/recipe.ts';

/** Each notes what it was asked, and may be told to fail or to wait for ever. */
const COMMAND = (name: string, does: string) => `#!${process.execPath}
const fs = require('node:fs'), path = require('node:path'), argv = process.argv.slice(2), after = word => argv[argv.indexOf(word) + 1], here = path.dirname(__dirname);
if (argv.includes('--version')) return;
if (!argv.includes('--list-gpus')) fs.appendFileSync(path.join(here, 'asked'), JSON.stringify([${JSON.stringify(name)}, ...argv]) + '\\n');
const told = path.join(here, ${JSON.stringify(`${name}.told`)});
if (fs.existsSync(told)) {
  const text = fs.readFileSync(told, 'utf8');
  if (text === 'wait') { fs.writeFileSync(path.join(here, 'waits'), String(process.pid)); setInterval(() => {}, 1000); return; }
  console.error(text); process.exit(1);
}
${does}
`;
const COMMANDS: Readonly<Record<string, string>> = {
  npm: `const [name] = argv[1].split(/(?<=.)@/); fs.copyFileSync(path.join(here, 'stock', name.replaceAll('/', '-') + '.tgz'), path.join(after('--pack-destination'), name.replaceAll('/', '-') + '.tgz'));`,
  python3: `if (argv[0] === '-m') {
    const list = fs.readFileSync(after('--requirement'), 'utf8'), [, wheel] = /^(.*?)==/.exec(list);
    fs.appendFileSync(path.join(here, 'wheels'), list);
    fs.writeFileSync(path.join(after('--dest'), wheel + '.whl'), 'wheel');
  } else {
    const [archive, into] = argv.slice(2), cuda = path.basename(archive).startsWith('nvidia'), folder = path.join(into, cuda ? 'nvidia/cublas/lib' : 'tensorflow');
    fs.mkdirSync(path.join(folder, cuda ? '.' : 'include'), { recursive: true });
    for (const file of cuda ? ['libcublas.so.12'] : ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/c_api.h']) fs.writeFileSync(path.join(folder, file), file);
  }`,
  // A folder can be required, as a library can: the binding is a module of it.
  'c++': `fs.mkdirSync(after('-o')); fs.copyFileSync(path.join(here, 'binding.js'), path.join(after('-o'), 'index.js'));`,
  'nvidia-smi': `console.log(argv.includes('--query-gpu=name') ? 'NVIDIA H100 80GB HBM3' : 'GPU 0');`,
};
const BINDING = (version: string, gpu: boolean, more = '') => `${more}; module.exports = { TF_Version: ${JSON.stringify(version)}, isUsingGpuDevice: () => ${gpu} };`;
/** As much of the package's JavaScript as makes a backend. */
const PACKAGE: Readonly<Record<string, string>> = {
  'package.json': '{"name":"@tensorflow/tfjs-node"}', 'binding/tfjs_backend.cc': '', 'binding/tfjs_binding.cc': '', 'dist/proto/api_pb.js': 'require("google-protobuf");', 'dist/register_all_kernels.js': '',
  'dist/nodejs_kernel_backend.js': `const tf = require('@tensorflow/tfjs'); exports.NodeJSKernelBackend = class extends tf.KernelBackend { constructor(binding, name) { super(); this.binding = binding; this.packageName = name; } memory() { return {}; } };`,
};

export class Workshop {
  readonly #root = mkdtempSync(path.join(os.tmpdir(), 'skein-tensorflow-'));
  readonly environment: Readonly<Record<string, string>> = { PATH: this.in('bin'), XDG_CACHE_HOME: this.in('cache'), HOME: this.#root };
  readonly folder = folderOf(this.environment);
  constructor() {
    for (const folder of ['bin', 'stock', 'cache']) mkdirSync(this.in(folder));
    for (const name of ['npm', 'python3', 'c++']) this.brings(name);
    for (const name of ['tar', 'gzip']) symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), this.in(`bin/${name}`));
    this.#pack('@tensorflow-tfjs-node', PACKAGE);
    this.#pack('node-api-headers', { 'include/node_api.h': '' });
    this.binding('2.15.1', false);
  }
  in(name: string): string { return path.join(this.#root, name); }
  brings(command: string): void { writeFileSync(this.in(`bin/${command}`), COMMAND(command, COMMANDS[command]!)); chmodSync(this.in(`bin/${command}`), 0o755); }
  lacks(command: string): void { rmSync(this.in(`bin/${command}`)); }
  /** What it says on standard error before it ends with 1; `wait` lets it wait for ever. */
  tells(command: string, text: string): void { writeFileSync(this.in(`${command}.told`), text); }
  forgets(): void { for (const file of readdirSync(this.#root)) if (/\.told$|^asked$|^waits$/.test(file)) rmSync(this.in(file)); }
  /** What the compiler makes. */
  binding(version: string, gpu: boolean, more?: string): void { writeFileSync(this.in('binding.js'), BINDING(version, gpu, more)); }
  #pack(name: string, files: Readonly<Record<string, string>>): void {
    for (const [file, text] of Object.entries(files)) { const at = this.in(`${name}/package/${file}`); mkdirSync(path.dirname(at), { recursive: true }); writeFileSync(at, text); }
    execFileSync('tar', ['-czf', this.in(`stock/${name}.tgz`), '-C', this.in(name), 'package']);
  }
  recipe(cuda = false): Recipe {
    const packages = [['@tensorflow/tfjs-node', '4.22.0'], ['node-api-headers', '1.9.0']].map(([name, version]) => ({ name: name!, version: version!, sha512: createHash('sha512').update(readFileSync(this.in(`stock/${name!.replaceAll('/', '-')}.tgz`))).digest('base64') }));
    return { packages, bytes: 1, wheels: [{ name: cuda ? 'tensorflow' : 'tensorflow-cpu', version: '2.15.1', bytes: 10, sha256: 'abc', take: ['tensorflow/'] }, ...(cuda ? [{ name: 'nvidia-cublas-cu12', version: '12.2.5.6', bytes: 20, sha256: 'def', take: ['nvidia/'] }] : [])] };
  }
  order(more: Partial<Order> = {}): Order {
    return { folder: this.folder, build: 'cpu', recipe: this.recipe(), environment: this.environment, signal: new AbortController().signal, system: 'linux x64', told: { step: () => undefined, fetch: (_, work) => work(() => undefined) }, ...more };
  }
  /** Command lines, without what only asks for a version. */
  asked(): string[][] { return existsSync(this.in('asked')) ? readFileSync(this.in('asked'), 'utf8').trim().split('\n').map(line => JSON.parse(line) as string[]) : []; }
  /** Everything in the cache folder, by path. */
  left(): string[] {
    const cache = this.in('cache/skein');
    return existsSync(cache) ? readdirSync(cache, { recursive: true, withFileTypes: true }).filter(e => e.isFile()).map(e => path.relative(cache, path.join(e.parentPath, e.name))).sort() : [];
  }
  /** The process of a command that waits. */
  async waiting(): Promise<number> {
    while (!existsSync(this.in('waits')) || !readFileSync(this.in('waits'), 'utf8')) await new Promise(resolve => { setTimeout(resolve, 10); });
    return Number(readFileSync(this.in('waits'), 'utf8'));
  }
  remove(): void { rmSync(this.#root, { recursive: true, force: true }); }
}
