/** What a user's first update costs: the QMIX page at its reference sizes, from the built files, among which it is laid; `node cold.js <engine>` prints a line when it is done. */
const dist = path => import(new URL(`../../${path}.js`, import.meta.url).href);
const [kind, backend] = process.argv[2].split(':');
const [{ qmix }, { Learner }, { plan }, { freshState }, { monotonicMixer }, { swap }, { [kind]: engine }] = await Promise.all(
  ['graphs/index', 'core/step', 'core/plan', 'core/weights', 'nodes/index', 'core/graph', kind === 'onnx' ? 'plugins/engines/onnx/engine' : 'plugins/engines/tfjs'].map(dist));

const sizes = { agent: 5, id: 5, neighbour: 5, other: 4, obs: 63, state: 120, action: 12 }, batch = 32, time = 49, page = swap(qmix, 'mixer', monotonicMixer({ embed: 32, hypernet: [] }));
const p = plan(page, { ...sizes, batch, time }), arrays = { f32: Float32Array, i32: Int32Array, bool: Uint8Array };
const fields = Object.fromEntries(Object.entries(page.page.world).map(([name, f]) => {
  const size = f.spec.split(' ').filter(Boolean).reduce((n, dim) => n * sizes[dim], batch * (f.at === 'slot' ? time + 1 : time));
  return [`data.${name}`, new arrays[f.dtype](size).fill(name === 'valid' || name === 'avail' ? 1 : 0)];
}));
const { failed } = await new Learner(p, await engine.open(backend)).update(freshState(p, 1), { cuts: { data: { batch, time } }, fields }, { seed: 1 });
if (failed) throw new Error(failed);
process.stdout.write('done\n', () => process.exit());
