/**
 * Makes the folder of `library.ts` out of packages that npm and pip bring, wherever they are set to look. It is made under another name and renamed when all of
 * it is there and has computed something; until then, whatever happens, there is nothing or what was there before.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { RunError } from '../../../core/error.ts';
import { bindingIn, LENT, SETTINGS, TENSORFLOW, TFJS_NODE, type Build, type Environment, type Installed } from './library.ts';
import type { Package, Recipe, Wheel } from './recipe.ts';

/** `fetch`: work on so many bytes that tells how many are there. */
export interface Told {
  step(what: string, detail: string): void;
  fetch(bytes: number, work: (there: (bytes: number) => void) => Promise<void>): Promise<void>;
}
export interface Order { readonly folder: string; readonly build: Build; readonly recipe: Recipe; readonly environment: Environment; readonly told: Told; readonly signal: AbortSignal; readonly system?: string }
/** `says`: the first line of the library about a GPU that it cannot use. */
export interface Tried { readonly version: string; readonly gpu: boolean; readonly says: string }

interface Ended { readonly code: number | null; readonly stdout: string; readonly stderr: string }
/** Ends when the command has ended, also where it was asked to: nobody writes into a folder that is taken away. */
async function run({ environment, signal }: Pick<Order, 'environment' | 'signal'>, command: string, args: readonly string[], cwd: string, more: Environment = {}): Promise<Ended> {
  signal.throwIfAborted();
  const child = spawn(command, args, { cwd, env: { ...environment, ...more }, stdio: ['ignore', 'pipe', 'pipe'], signal }), text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (part: string) => { text[name] = (text[name] + part).slice(-20_000); });
  let error: NodeJS.ErrnoException | undefined;
  child.on('error', e => { error = e; });
  const code = await new Promise<number | null>(resolve => { child.on('close', resolve); });
  signal.throwIfAborted();
  if (error) throw new RunError(`${command} does not start: ${error.message}`);
  return { code, ...text };
}
/** Fails with the first lines of what the command said, and a remedy. */
async function must(order: Pick<Order, 'environment' | 'signal'>, fix: string, command: string, args: readonly string[], cwd: string, more?: Environment): Promise<string> {
  const { code, stdout, stderr } = await run(order, command, args, cwd, more);
  if (code === 0) return stdout;
  const said = `${stdout}\n${stderr}`.split('\n').map(line => line.trimEnd()).filter(line => line && !/^npm warn|^WARNING: /i.test(line)).slice(0, 6);
  throw new RunError([`${command} ${args.slice(0, 3).join(' ')} ended with ${code}`, ...said.map(line => `  ${line}`)].join('\n'), fix);
}

const compilerOf = ({ CXX }: Environment): string => CXX ?? 'c++';
/** `linux x64`; the libraries want glibc. */
function thisSystem(): string {
  const { platform, arch } = process, { header } = process.report.getReport() as unknown as { readonly header: { readonly glibcVersionRuntime?: string } };
  return `${platform} ${arch}${platform === 'linux' && header.glibcVersionRuntime === undefined ? ' without glibc' : ''}`;
}
/** Where it can be built, and what it takes: all that is missing is said at once. */
async function judge(order: Order): Promise<void> {
  const { system = thisSystem() } = order;
  if (system !== 'linux x64') throw new RunError(`TensorFlow's library is fetched for linux x64 with glibc, and this is ${system}`, 'npm install @tensorflow/tfjs-node brings one for other systems where its download is reachable (--engine tfjs:node); or --engine onnx, which needs none');
  const needs = [
    ['npm', ['--version'], 'npm, to fetch the binding: it comes with Node'],
    ['python3', ['-m', 'pip', '--version'], 'Python 3 with pip, to fetch the library and for nothing else: apt-get install python3-pip'],
    ['tar', ['--version'], 'tar, to unpack what npm fetched: apt-get install tar'],
    [compilerOf(order.environment), ['--version'], 'a C++ compiler, to compile the binding: apt-get install g++, or name one in CXX'],
  ] as const, missing: string[] = [];
  for (const [command, args, need] of needs) {
    const ended = await run(order, command, args, os.tmpdir()).catch((e: unknown) => { order.signal.throwIfAborted(); return e instanceof RunError ? undefined : Promise.reject(e as Error); });
    if (ended?.code !== 0) missing.push(`${command}  ${need}`);
  }
  if (missing.length) throw new RunError(`to build TensorFlow's binding ${missing.length === 1 ? 'a command is missing' : `${missing.length} commands are missing`}\n${missing.map(line => `  ${line}`).join('\n')}`, 'install what is missing, and do this again');
}
export const downloadOf = ({ wheels }: Recipe): number => wheels.reduce((sum, w) => sum + w.bytes, 0);
export const inWords = (bytes: number): string => (bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

/** Wheels are taken away once they are unpacked, so beside the folder there is the largest of them. */
async function judgeRoom(place: string, { bytes, wheels }: Recipe): Promise<void> {
  const { bavail, bsize } = await statfs(place), free = bavail * bsize, needed = bytes + Math.max(...wheels.map(w => w.bytes));
  if (free < needed) throw new RunError(`${place} has ${inWords(free)} free, and ${inWords(needed)} are needed`, 'make room there, or set XDG_CACHE_HOME to a folder that has it');
}

const REGISTRY = 'npm and pip must reach a registry or a mirror; theirs are set with npm config and pip config';
async function fetchPackage(order: Order, work: string, { name, version, sha512 }: Package, into: string): Promise<void> {
  const before = await readdir(work);
  await must(order, REGISTRY, 'npm', ['pack', `${name}@${version}`, '--loglevel=error', '--pack-destination', work], work);
  const [file] = (await readdir(work)).filter(f => f.endsWith('.tgz') && !before.includes(f));
  if (file === undefined) throw new RunError(`npm pack ${name}@${version} left no file`, REGISTRY);
  const tarball = path.join(work, file), got = createHash('sha512').update(await readFile(tarball)).digest('base64');
  if (got !== sha512) throw new RunError(`what npm fetched as ${name} ${version} is another file: sha512 ${got} instead of ${sha512}`, 'fetch from another mirror');
  await mkdir(into, { recursive: true });
  await must(order, 'do this again', 'tar', ['-xzf', tarball, '-C', into, '--strip-components=1'], work);
  await rm(tarball);
}
/** Of a wheel what begins so; a program among it can be run. */
const UNPACK = `
import os, sys, zipfile
archive, into, *begins = sys.argv[1:]
with zipfile.ZipFile(archive) as wheel:
    for entry in wheel.infolist():
        if entry.filename.startswith(tuple(begins)):
            file = wheel.extract(entry, into)
            if entry.external_attr >> 16 & 0o111: os.chmod(file, 0o755)
`;
/** The wheels of one Python on one platform, whatever Python runs: they hold the library all the same. pip holds them to their checksums. */
const PIP = ['-m', 'pip', 'download', '--no-deps', '--require-hashes', '--only-binary', ':all:', '--implementation', 'cp', '--python-version', '3.11', '--platform', 'manylinux2014_x86_64', '--no-cache-dir', '--disable-pip-version-check', '--no-input', '--quiet'] as const;
async function fetchWheel(order: Order, work: string, { name, version, sha256, take }: Wheel, into: string): Promise<void> {
  const list = path.join(work, 'wheel.txt');
  await writeFile(list, `${name}==${version} --hash=sha256:${sha256}\n`);
  await must(order, REGISTRY, 'python3', [...PIP, '--dest', work, '--requirement', list], work, { TMPDIR: work });
  const [file] = (await readdir(work)).filter(f => f.endsWith('.whl'));
  if (file === undefined) throw new RunError(`pip download ${name}==${version} left no wheel`, REGISTRY);
  await must(order, 'do this again', 'python3', ['-c', UNPACK, path.join(work, file), into, ...take], work);
  await rm(path.join(work, file));
}
/** Bytes of all files under a folder, of those that are there while it is read. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []), sizes = await Promise.all(entries.filter(e => e.isFile()).map(e => stat(path.join(e.parentPath, e.name)).then(s => s.size, () => 0)));
  return sizes.reduce((a, b) => a + b, 0);
}
/** How often the size of what pip has fetched so far is looked at, in milliseconds. */
const GLANCE = 500;
const fetchWheels = (order: Order, work: string, into: string): Promise<void> => order.told.fetch(downloadOf(order.recipe), async there => {
  let done = 0;
  for (const wheel of order.recipe.wheels) {
    const glance = setInterval(() => { void sizeOf(work).then(size => { there(done + Math.min(size, wheel.bytes)); }); }, GLANCE);
    try { await fetchWheel(order, work, wheel, into); } finally { clearInterval(glance); }
    there(done += wheel.bytes);
  }
});

const EMPTY = 'module.exports = {};\n';
/** The JavaScript alone, with what it lends from the process that loads it; its messages are for summaries of TensorBoard, which nobody writes with it. */
async function layJavaScript(source: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  await rename(path.join(source, 'dist'), path.join(into, 'dist'));
  await rename(path.join(source, 'package.json'), path.join(into, 'package.json'));
  await writeFile(path.join(into, 'dist', 'proto', 'api_pb.js'), EMPTY);
  for (const name of LENT) {
    const place = path.join(into, 'node_modules', name);
    await mkdir(place, { recursive: true });
    await writeFile(path.join(place, 'index.js'), EMPTY);
  }
}
async function compile(order: Order, source: string, headers: string, into: string): Promise<void> {
  const libraries = path.join(into, 'tensorflow'), sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map(file => path.join(source, 'binding', file));
  await must(order, 'it takes a compiler of C++17', compilerOf(order.environment), [
    '-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-I', path.join(headers, 'include'), '-I', path.join(libraries, 'include'), ...sources,
    '-L', libraries, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN', '-o', bindingIn(into),
  ], libraries);
  await rm(path.join(libraries, 'include'), { recursive: true });
}
const TRY = 'const b = require(process.argv[1]); console.log(JSON.stringify({ version: b.TF_Version, gpu: b.isUsingGpuDevice() }));';
export async function tried(order: Pick<Order, 'environment' | 'signal'>, folder: string): Promise<Tried> {
  const { code, stdout, stderr } = await run(order, process.execPath, ['-e', TRY, bindingIn(folder)], folder, { ...SETTINGS, ...order.environment, TF_CPP_MIN_LOG_LEVEL: '1' });
  if (code !== 0) throw new RunError(`what was built does not load: ${stderr.split('\n').find(line => /^\w*Error: /.test(line)) ?? `it ended ${code === null ? 'by a signal, as on a processor without AVX' : `with ${code}`}`}`, '--engine onnx and tfjs:wasm need no library');
  return { ...JSON.parse(stdout.trim().split('\n').at(-1)!) as Omit<Tried, 'says'>, says: stderr.split('\n').map(line => line.replace(/^\S+ \S+: [EWF] \S+\] /, '')).find(line => /gpu|cuda|cuInit/i.test(line) && !line.startsWith('Unable to register')) ?? '' };
}

/** `.tensorflow-<host>-<process>`: what one process makes, taken away by the next that comes where it was killed before it could. */
async function clear(place: string): Promise<void> {
  const alive = (pid: number): boolean => { try { process.kill(pid, 0); return true; } catch (e) { return (e as NodeJS.ErrnoException).code === 'EPERM'; } };
  for (const name of await readdir(place)) {
    const [, pid] = name.startsWith(`.tensorflow-${os.hostname()}-`) ? /-(\d+)$/.exec(name)! : [];
    if (pid !== undefined && !alive(Number(pid))) await rm(path.join(place, name), { recursive: true, force: true });
  }
}
/** Takes the place of what was there. A process that runs on the old files keeps them until it ends. */
async function put(made: string, folder: string, old: string): Promise<void> {
  const before = existsSync(folder);
  if (before) await rename(folder, old);
  try { await rename(made, folder); } catch (e) { if (before) await rename(old, folder); throw e; }
}

export interface Built { readonly installed: Installed; readonly tried: Tried }
export async function build(order: Order): Promise<Built> {
  const { folder, recipe, told } = order, place = path.dirname(folder), all = path.join(place, `.tensorflow-${os.hostname()}-${process.pid}`), made = path.join(all, 'made'), work = path.join(all, 'work');
  await judge(order);
  await mkdir(place, { recursive: true }).catch((e: unknown) => { throw new RunError(`${place} cannot be made: ${(e as Error).message}`, 'set XDG_CACHE_HOME to a folder that can be written'); });
  await clear(place);
  await judgeRoom(place, recipe);
  try {
    for (const each of [made, work]) await mkdir(each, { recursive: true });
    const [source, headers] = [path.join(all, 'source'), path.join(all, 'headers')];
    told.step('fetch', [...recipe.packages, ...recipe.wheels].map(p => `${p.name} ${p.version}`).join(', '));
    for (const [i, each] of recipe.packages.entries()) await fetchPackage(order, work, each, [source, headers][i]!);
    await fetchWheels(order, work, made);
    told.step('compile', `the binding, with ${compilerOf(order.environment)}`);
    await compile(order, source, headers, made);
    await layJavaScript(source, path.join(made, 'tfjs-node'));
    told.step('try', 'the binding, in a process of its own');
    const found = await tried(order, made);
    const installed: Installed = { build: order.build, tensorflow: found.version, tfjs: TFJS_NODE, bytes: await sizeOf(made), packages: Object.fromEntries([...recipe.packages, ...recipe.wheels].map(p => [p.name, p.version])) };
    if (found.version !== TENSORFLOW) throw new RunError(`what was built says that it is TensorFlow ${found.version}, and ${TENSORFLOW} was meant`);
    await writeFile(path.join(made, 'setup.json'), `${JSON.stringify(installed, null, 2)}\n`);
    order.signal.throwIfAborted();
    await put(made, folder, path.join(all, 'old'));
    return { installed, tried: found };
  } finally {
    await rm(all, { recursive: true, force: true });
  }
}
