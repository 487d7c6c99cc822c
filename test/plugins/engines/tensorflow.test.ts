/** `skein setup tensorflow` down to the commands that it runs, all but those of a network: what is there afterwards, and that nothing else is. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { build } from '../../../plugins/engines/tensorflow/build.ts';
import { installed } from '../../../plugins/engines/tensorflow/library.ts';
import { RECIPES } from '../../../plugins/engines/tensorflow/recipe.ts';
import { tfjs } from '../../../plugins/engines/tfjs.ts';
import { Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => { shop = new Workshop(); });
afterEach(() => { shop.remove(); vi.unstubAllEnvs(); });

const FOLDER = 'tensorflow-2.15.1-tfjs-4.22.0', WHOLE = [
  'setup.json', 'tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2', 'tensorflow/tfjs_binding.node/index.js', 'tfjs-node/dist/nodejs_kernel_backend.js', 'tfjs-node/dist/proto/api_pb.js',
  'tfjs-node/dist/register_all_kernels.js', 'tfjs-node/node_modules/@tensorflow/tfjs-core/index.js', 'tfjs-node/node_modules/@tensorflow/tfjs/index.js', 'tfjs-node/package.json',
].map(file => `${FOLDER}/${file}`);

describe('a build', () => {
  it('leaves the library, its binding and the JavaScript, and a record; nothing of how they were made', async () => {
    const steps: string[] = [], there: number[] = [];
    const { tried, installed: record } = await build(shop.order({ told: { step: (what, detail) => { steps.push(`${what}: ${detail}`); }, fetch: async (bytes, work) => { there.push(bytes); await work(n => { there.push(n); }); } } }));
    expect(shop.left()).toEqual(WHOLE);
    expect(steps).toEqual(['fetch: @tensorflow/tfjs-node 4.22.0, node-api-headers 1.9.0, tensorflow-cpu 2.15.1', 'compile: the binding, with c++', 'try: the binding, in a process of its own']);
    expect([there[0], there.at(-1)]).toEqual([10, 10]);
    expect(tried).toEqual({ version: '2.15.1', gpu: false, says: '' });
    expect(record).toEqual({ build: 'cpu', tensorflow: '2.15.1', tfjs: '4.22.0', bytes: expect.any(Number) as number, packages: { '@tensorflow/tfjs-node': '4.22.0', 'node-api-headers': '1.9.0', 'tensorflow-cpu': '2.15.1' } });
    expect(installed(shop.folder)).toEqual(record);
    expect(readFileSync(path.join(shop.folder, 'tfjs-node/dist/proto/api_pb.js'), 'utf8')).toBe('module.exports = {};\n');
  });
  it('asks npm and pip for the very versions, and pip to hold the wheel to its checksum, for one Python whatever Python runs', async () => {
    await build(shop.order());
    const [binding, headers, pip] = shop.asked();
    expect([binding!.slice(0, 3), headers!.slice(0, 3)]).toEqual([['npm', 'pack', '@tensorflow/tfjs-node@4.22.0'], ['npm', 'pack', 'node-api-headers@1.9.0']]);
    expect(pip!.join(' ')).toMatch(/^python3 -m pip download --no-deps --require-hashes --only-binary :all: --implementation cp --python-version 3.11 --platform manylinux2014_x86_64 /);
    expect(readFileSync(shop.in('wheels'), 'utf8')).toBe('tensorflow-cpu==2.15.1 --hash=sha256:abc\n');
  });
  it('of CUDA has what the wheels of CUDA bring, beside the library, and takes the place of another', async () => {
    await build(shop.order());
    await build(shop.order({ build: 'cuda', recipe: shop.recipe(true) }));
    expect(shop.left()).toEqual([`${FOLDER}/nvidia/cublas/lib/libcublas.so.12`, ...WHOLE]);
    expect(installed(shop.folder)).toMatchObject({ build: 'cuda', packages: { tensorflow: '2.15.1', 'nvidia-cublas-cu12': '12.2.5.6' } });
  });
  it('takes away what a process has left that was killed, and not what one that lives makes', async () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid, of = (pid: number, host = os.hostname()) => `.tensorflow-${host}-${pid}`;
    for (const name of [of(gone), of(process.ppid), of(gone, 'elsewhere')]) { mkdirSync(shop.in(`cache/skein/${name}`), { recursive: true }); writeFileSync(shop.in(`cache/skein/${name}/part`), ''); }
    await build(shop.order());
    expect(shop.left()).toEqual([`${of(gone, 'elsewhere')}/part`, `${of(process.ppid)}/part`, ...WHOLE].sort());
  });
});

describe('a build that cannot be', () => {
  /** Fails so, and leaves what was there before: nothing, or an older build. */
  async function fails(message: string, more: Parameters<Workshop['order']>[0] = {}): Promise<void> {
    const before = shop.left();
    await expect(build(shop.order(more))).rejects.toMatchObject({ name: 'RunError', message });
    expect(shop.left()).toEqual(before);
  }
  const REGISTRY = '\n  fix: npm and pip must reach a registry or a mirror; theirs are set with npm config and pip config';
  it('for want of commands names all of them', async () => {
    for (const command of ['npm', 'python3', 'tar', 'c++']) shop.lacks(command);
    await fails([
      "to build TensorFlow's binding 4 commands are missing", '  npm  npm, to fetch the binding: it comes with Node', '  python3  Python 3 with pip, to fetch the library and for nothing else: apt-get install python3-pip',
      '  tar  tar, to unpack what npm fetched: apt-get install tar', '  c++  a C++ compiler, to compile the binding: apt-get install g++, or name one in CXX', '  fix: install what is missing, and do this again',
    ].join('\n'));
    expect(existsSync(shop.in('cache/skein'))).toBe(false);
  });
  it('for want of the compiler that CXX names', () => fails("to build TensorFlow's binding a command is missing\n  clang++-99  a C++ compiler, to compile the binding: apt-get install g++, or name one in CXX\n  fix: install what is missing, and do this again", { environment: { ...shop.environment, CXX: 'clang++-99' } }));
  it.each(['darwin arm64', 'linux arm64', 'linux x64 without glibc'])('on %s', system => fails(`TensorFlow's library is fetched for linux x64 with glibc, and this is ${system}\n  fix: npm install @tensorflow/tfjs-node brings one for other systems where its download is reachable (--engine tfjs:node); or --engine onnx, which needs none`, { system }));
  it('for want of room', async () => { await expect(build(shop.order({ recipe: { ...shop.recipe(), bytes: 5e18 } }))).rejects.toThrow(/has .+ [GM]B free, and 5000000000\.0 GB are needed\n {2}fix: make room there, or set XDG_CACHE_HOME/); });
  it('where the cache folder cannot be made', async () => {
    writeFileSync(shop.in('file'), '');
    await expect(build(shop.order({ folder: shop.in('file/skein/tensorflow') }))).rejects.toThrow(/file\/skein cannot be made: ENOTDIR.+\n {2}fix: set XDG_CACHE_HOME to a folder that can be written$/);
  });
  it('where npm reaches nothing', async () => {
    shop.tells('npm', 'npm warn old\nnpm error code ENOTFOUND');
    await fails(`npm pack @tensorflow/tfjs-node@4.22.0 --loglevel=error ended with 1\n  npm error code ENOTFOUND${REGISTRY}`);
  });
  it('where npm brings another file', () => fails(`what npm fetched as node-api-headers 1.9.0 is another file: sha512 ${shop.recipe().packages[1]!.sha512} instead of abc\n  fix: fetch from another mirror`, { recipe: { ...shop.recipe(), packages: shop.recipe().packages.map((p, i) => (i ? { ...p, sha512: 'abc' } : p)) } }));
  it('where pip reaches nothing, or brings another file', async () => {
    shop.tells('python3', 'ERROR: No matching distribution found for tensorflow-cpu==2.15.1');
    await fails(`python3 -m pip download ended with 1\n  ERROR: No matching distribution found for tensorflow-cpu==2.15.1${REGISTRY}`);
  });
  it('where it does not compile', async () => {
    await build(shop.order());
    shop.tells('c++', 'error: unrecognized command-line option -std=c++17');
    await fails('c++ -std=c++17 -O2 -fPIC ended with 1\n  error: unrecognized command-line option -std=c++17\n  fix: it takes a compiler of C++17');
    expect(installed(shop.folder)).toMatchObject({ build: 'cpu' });
  });
  it('where what was built does not load', async () => {
    shop.binding('2.15.1', false, "throw new Error('/lib/libm.so.6: version GLIBC_2.27 not found')");
    await fails('what was built does not load: Error: /lib/libm.so.6: version GLIBC_2.27 not found\n  fix: --engine onnx and tfjs:wasm need no library');
    shop.binding('2.15.1', false, "process.kill(process.pid, 'SIGILL')");
    await fails('what was built does not load: it ended by a signal, as on a processor without AVX\n  fix: --engine onnx and tfjs:wasm need no library');
    shop.binding('2.9.1', false);
    await fails('what was built says that it is TensorFlow 2.9.1, and 2.15.1 was meant');
  });
  it.each(['npm', 'python3', 'c++'])('because it was interrupted in %s, leaves nothing, and no process', async command => {
    shop.tells(command, 'wait');
    const stop = new AbortController(), building = build(shop.order({ signal: stop.signal })), ended = building.then(() => 'built', (e: unknown) => (e as Error).name), pid = await shop.waiting();
    stop.abort();
    expect(await ended).toBe('AbortError');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(shop.left()).toEqual([]);
    shop.forgets();
    await build(shop.order());
    expect(shop.left()).toEqual(WHOLE);
  });
});

describe('the engine', () => {
  it('says what to do where nothing was built, and has changed nothing of the process', async () => {
    vi.stubEnv('XDG_CACHE_HOME', shop.environment['XDG_CACHE_HOME']);
    const before = { ...process.env };
    await expect(tfjs.open('tensorflow')).rejects.toThrow('engine tfjs:tensorflow does not load: it is not set up: skein setup tensorflow');
    await expect(tfjs.open('node')).rejects.toThrow("engine tfjs:node does not load: Cannot find module '@tensorflow/tfjs-node'");
    expect(process.env).toEqual(before);
  });
  it('finds what was built, on the GPU that the process sees, and says which library, version and device run', async () => {
    shop.binding('2.15.1', true);
    shop.brings('nvidia-smi');
    await build(shop.order({ build: 'cuda', recipe: shop.recipe(true) }));
    vi.stubEnv('XDG_CACHE_HOME', shop.environment['XDG_CACHE_HOME']);
    vi.stubEnv('PATH', shop.environment['PATH']);
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '1,3');
    for (const name of ['tensorflow', undefined]) expect((await tfjs.open(name)).info).toEqual({ engine: 'tfjs', opens: 'tfjs:tensorflow', backend: 'tensorflow 2.15.1, CUDA build', device: 'NVIDIA H100 80GB HBM3', version: '4.22.0' });
    expect(process.env).toMatchObject({ TF_CPP_MIN_LOG_LEVEL: '3', NVIDIA_TF32_OVERRIDE: '0', CUDA_VISIBLE_DEVICES: '1,3' });
    expect(shop.asked().at(-1)).toEqual(['nvidia-smi', '--id=3', '--query-gpu=name', '--format=csv,noheader']);
    await expect(tfjs.open('node')).rejects.toThrow('engine tfjs:node does not load: this process has loaded tfjs:tensorflow');
  });
});

it('the recipes name every package with a whole checksum, once', () => {
  for (const { packages, wheels } of Object.values(RECIPES)) {
    for (const { sha512 } of packages) expect(Buffer.from(sha512, 'base64').length).toBe(64);
    for (const { sha256 } of wheels) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([...packages.map(p => p.sha512), ...wheels.map(w => w.sha256)]).size).toBe(packages.length + wheels.length);
  }
  expect(RECIPES.cuda.wheels.map(w => w.name)).toHaveLength(13);
});
