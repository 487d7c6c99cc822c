/**
 * `npm run bench`: how fast we are. `-- --peers` sets PyTorch and JAX beside us (`npm run bench:peers` installs them), `--only qmix,act` takes the
 * rows whose names begin so, `--turns 7` and `--seconds 0.5` say how long, `--out docs` where performance.md goes, `--release` leaves figures for the
 * next one. Nothing else should run on the machine.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync, readdirSync, readFileSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { safetensors } from '../../plugins/stores/safetensors.ts';
import { version } from '../../plugins/version.ts';
import { installSkein } from '../docs/project.ts';
import { versions as peerVersions, ready } from './peers/environment.ts';
import { laid, STEPS } from './reference.ts';
import { document, median, releaseOf, table, type Configured, type Figure, type Measured, type Release } from './report.ts';
import { CACHE, ROWS, YARDSTICK, type Row, type Who } from './rows.ts';
import { distance, Subject, type Turn } from './turns.ts';

const TOLERANCE = 1e-4, RELEASES = fileURLToPath(new URL('releases', import.meta.url)), DOCS = fileURLToPath(new URL('../../docs', import.meta.url)), TESTS = fileURLToPath(new URL('..', import.meta.url));
const { values: asked } = parseArgs({ options: { peers: { type: 'boolean', default: false }, only: { type: 'string' }, turns: { type: 'string', default: '7' }, seconds: { type: 'string', default: '0.5' }, out: { type: 'string' }, release: { type: 'boolean', default: false } } });
const turns = Number(asked.turns), seconds = Number(asked.seconds), only = asked.only?.split(','), rows = ROWS.filter(r => !only || only.some(o => r.name.startsWith(o)));
if (!rows.length) throw new Error(`--only ${asked.only}: rows are ${ROWS.map(r => r.name).join(', ')}`);
if (!(turns >= 1 && seconds > 0)) throw new Error('--turns and --seconds are numbers above 0');
if (asked.peers && !ready()) throw new Error('the peers are not installed: npm run bench:peers');

const perUnit = (t: Turn) => t.seconds / t.units;
function figureOf(who: Who, taken: readonly Turn[], yardstick: readonly Turn[]): Figure {
  const middle = median(taken.map(perUnit));
  return { who, turns: taken.length, median: middle, least: Math.min(...taken.map(perUnit)), cpu: median(taken.map(t => t.cpu / t.units)), yardsticks: middle / median(yardstick.map(perUnit)) };
}
/** Whoever is not the same work as ours is not timed. */
async function check(row: Row, subjects: readonly Subject[]): Promise<Pick<Measured, 'checked' | 'configured'>> {
  const [ours, ...others] = subjects, checked: Record<string, number> = {}, configured: Configured[] = [];
  if (row.name in STEPS) {
    const want = await ours!.check();
    for (const other of others) {
      const off = checked[other.who] = distance(want, await other.check());
      if (!(off <= TOLERANCE)) throw new Error(`${row.what}: the numbers of ${other.who} are ${off.toExponential(1)} from those of ${ours!.who}, more than ${TOLERANCE}`);
    }
  } else if (asked.peers && row.peers) {
    for (const s of subjects) {
      const { weights: [weights = 0] = [], steps: [steps = 0] = [] } = await s.check(), first = configured[0] ?? { weights, steps };
      configured.push({ who: s.who, weights, steps });
      if (!(Math.abs(weights / first.weights - 1) <= 0.01 && Math.abs(steps / first.steps - 1) <= 0.05)) throw new Error(`${row.what}: ${s.who} has ${weights} weights and ${steps} steps of an optimiser per 1,000 steps, ${ours!.who} ${first.weights} and ${first.steps}`);
    }
  }
  return { checked, configured };
}
async function measure(row: Row, { yardstick, cache }: { readonly yardstick: Subject; readonly cache: Subject }, folder: string, worker: string): Promise<Measured> {
  const data = path.join(folder, `${row.name.replace(/\W/g, '-')}.safetensors`);
  if (row.name in STEPS) writeFileSync(data, Buffer.concat(safetensors(laid(STEPS[row.name as keyof typeof STEPS]).arrays)));
  const subjects: Subject[] = [], sticks: Turn[] = [], loads: number[] = [];
  try {
    for (const who of [...row.ours, ...(asked.peers ? row.peers ?? [] : [])]) subjects.push(await Subject.open(row, who, { data, worker }));
    const { checked, configured } = await check(row, subjects);
    for (const s of subjects) if (!row.once) await s.warm(seconds);
    for (let i = 0; i < turns; i++) {
      sticks.push(await yardstick.turn());
      loads.push(perUnit(await cache.turn()));
      for (const s of subjects) s.turns.push(await s.turn());
    }
    return { row, figures: subjects.map(s => figureOf(s.who, s.turns, sticks)), checked, configured, loads };
  } finally { for (const s of subjects) s.close(); }
}

/** The package as users run it, with our tasks beside it: what runs the sources as they stand names every function as it is made, which costs a fifth. */
async function installed(at: string): Promise<string> {
  const tests = ['bench', 'pages'].flatMap(of => readdirSync(path.join(TESTS, of), { recursive: true, encoding: 'utf8' }).map(file => path.join('test', of, file))).filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  await installSkein(at, tests);
  copyFileSync(path.join(TESTS, 'bench/cold.js'), path.join(at, 'dist/test/bench/cold.js'));
  return path.join(at, 'dist/test/bench/worker.js');
}
function newest(): Release | undefined {
  let names: string[] = [];
  try { names = readdirSync(RELEASES).filter(n => n.endsWith('.json') && n !== `${version()}.json`); } catch { return undefined; }
  const by = (name: string) => name.replace('.json', '').split('.').map(Number), last = names.sort((a, b) => by(a).reduce((d, x, i) => d || x - (by(b)[i] ?? 0), 0)).at(-1);
  return last === undefined ? undefined : JSON.parse(readFileSync(path.join(RELEASES, last), 'utf8')) as Release;
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-bench-')), load = os.loadavg()[0]!.toFixed(1), before = newest(), measured: Measured[] = [], worker = await installed(path.join(folder, 'skein')), constant = { yardstick: await Subject.open(YARDSTICK, 'skein', { data: '', worker }), cache: await Subject.open(CACHE, 'skein', { data: '', worker }) };
try {
  for (const s of Object.values(constant)) await s.warm(Math.min(seconds, 0.2));
  for (const row of rows) {
    const m = await measure(row, constant, folder, worker);
    measured.push(m);
    console.log(`${table([m], before)}\n`);
  }
} finally { for (const s of Object.values(constant)) s.close(); rmSync(folder, { recursive: true, force: true }); }

const cpus = os.cpus(), onnx = JSON.parse(readFileSync(new URL('../../node_modules/onnxruntime-node/package.json', import.meta.url), 'utf8')) as { version: string }, tfjs = JSON.parse(readFileSync(new URL('../../node_modules/@tensorflow/tfjs-core/package.json', import.meta.url), 'utf8')) as { version: string };
const setting = {
  version: version(), date: new Date().toISOString().slice(0, 10), load, machine: `${cpus[0]?.model.trim() ?? 'unknown processor'}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.platform()} ${os.arch()}`,
  versions: [`Node ${process.versions.node}`, `onnxruntime-node ${onnx.version}`, `TensorFlow.js ${tfjs.version}`, ...(asked.peers ? peerVersions() : [])],
};
if (asked.out !== undefined || !only) {                                   // some rows alone are no document
  const out = asked.out ?? DOCS, file = path.join(out, 'performance.md');
  mkdirSync(out, { recursive: true });
  writeFileSync(file, document(measured, setting, before));
  console.log(file);
}
if (asked.release) {
  mkdirSync(RELEASES, { recursive: true });
  writeFileSync(path.join(RELEASES, `${setting.version}.json`), `${JSON.stringify(releaseOf(setting.version, measured), undefined, 2)}\n`);
}
