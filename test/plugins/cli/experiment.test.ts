/** `skein train experiment.yaml`: options of a file, under those of the command line. */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../core/error.ts';
import { mergeExperiment, readExperiment, writtenExperiment, type Experiment, type TrainFlags } from '../../../plugins/cli/experiment.ts';
import { parseDocument } from '../../../plugins/documents.ts';
import { scratch, skein } from './skein.ts';

const folder = scratch();
afterAll(folder.remove);
async function asked(text: string, flags: TrainFlags = {}, format: 'yaml' | 'json' = 'yaml'): Promise<Experiment & { readonly algorithm: string }> {
  const document = await parseDocument(text, format, `e.${format}`), options = readExperiment(document, `e.${format}`);
  return { ...mergeExperiment(flags, { options, place: key => document.place([key]) }), algorithm: options.algorithm };
}
const refused = async (text: string, flags: TrainFlags = {}): Promise<string> => asked(text, flags).then(() => 'it is read', (e: unknown) => { expect(e).toBeInstanceOf(InputError); return (e as Error).message; });

describe('a file of options', () => {
  const FILE = `algorithm: qmix
env: matrix/two-step
steps: 2k
seed: 7
engine: tfjs:cpu
evaluate: 1k:16
checkpoint: 500
envs: 4
out: runs/x
picture: false
set:
  mixer.embed: 16
  explore.epsilon: { schedule: linear, from: 1, to: 0.05, over: 100, clock: steps }
swap: ['mixer=duplexMixer:{"heads":2}']
plugin: [./a.ts]
`;
  it('says everything that the command line can', async () => {
    expect(await asked(FILE)).toEqual({
      algorithm: 'qmix', env: 'matrix/two-step', steps: 2000, seed: 7, engine: 'tfjs:cpu', evaluate: { every: 1000, episodes: 16 }, checkpoint: 500, envs: 4, out: 'runs/x', picture: false, plugin: ['./a.ts'],
      set: { 'mixer.embed': 16, 'explore.epsilon': { schedule: 'linear', from: 1, to: 0.05, over: 100, clock: 'steps' } }, swap: [{ slot: 'mixer', type: 'duplexMixer', config: { heads: 2 } }],
    });
  });
  it('is the same as JSON', async () => {
    expect(await asked('{ "algorithm": "vdn", "env": "matrix/m1", "steps": 100, "seed": 2 }', {}, 'json')).toEqual(await asked('algorithm: vdn\nenv: matrix/m1\nsteps: 100\nseed: 2'));
  });
  it('yields to the command line, setting by setting and slot by slot', async () => {
    expect(await asked(FILE, { env: 'matrix/m1', steps: '5', seed: '0', engine: 'tfjs', evaluate: '9', out: 'y', set: ['mixer.embed=8', 'q.lr=1e-3'], swap: ['mixer=sumMixer', 'tdLoss=maskedMse'], plugin: ['./a.ts', './b.ts'] })).toMatchObject({
      env: 'matrix/m1', steps: 5, seed: 0, engine: 'tfjs', evaluate: { every: 9 }, checkpoint: 500, out: 'y', set: { 'mixer.embed': 8, 'q.lr': 0.001, 'explore.epsilon': { over: 100 } },
      swap: [{ slot: 'mixer', type: 'sumMixer', config: {} }, { slot: 'tdLoss', type: 'maskedMse', config: {} }], plugin: ['./a.ts', './b.ts'],
    });
  });
  it('holds swaps for several steps, of one slot too', async () => {
    expect((await asked("algorithm: qmix\nenv: matrix/m1\nswap: ['mixer=sumMixer@20k', mixer=duplexMixer@10k, mixer=sumMixer]", { swap: ['mixer=duplexMixer@20k'] })).swap).toEqual([
      { slot: 'mixer', type: 'duplexMixer', config: {}, at: 20_000 }, { slot: 'mixer', type: 'duplexMixer', config: {}, at: 10_000 }, { slot: 'mixer', type: 'sumMixer', config: {} }]);
  });
  it('is written as a file that says the same, whatever was asked', async () => {
    for (const [text, flags] of [[FILE, {}], [FILE, { evaluate: ':8', swap: ['mixer=./a@b/mine.ts#x:{"k":[1,{"at":"a@b"}]}@20k', 'tdLoss=npm:@me/p#q'], set: ['x.y="z"'] }], ['algorithm: ./p.ts#q\nenv: ./e.ts#f/t?x=1', { engine: './e.ts:fast', evaluate: '5' }]] as const) {
      const { algorithm, ...first } = await asked(text, flags), again = await asked(JSON.stringify(writtenExperiment(algorithm, first)), {}, 'json');
      expect(again).toEqual({ algorithm, ...first });
    }
  });
  it('leaves the rest to the defaults', async () => {
    expect(await asked('algorithm: qmix', { env: 'matrix/m1' })).toEqual({ algorithm: 'qmix', env: 'matrix/m1', steps: 100_000, seed: 1, picture: true, set: {}, swap: [], plugin: [] });
  });
  it.each([
    ['algorithm: qmix\nstepps: 3', 'e.yaml:2: no option is called "stepps"; did you mean steps?\n  fix: options are algorithm, env, steps, seed, engine, evaluate, checkpoint, envs, overlap, out, picture, set, swap, plugin'],
    ['algorithm: qmix\nenv: matrix/m1\nsteps: 20q', 'e.yaml:3: steps: "20q" is no count\n  fix: write a whole number above 0; 200k, 2M and 1e6 are understood'],
    ['algorithm: qmix\nenv: matrix/m1\nseed: 1.5', 'e.yaml:3: seed: "1.5" is no seed\n  fix: write a whole number from 0 to 9007199254740991'.replace('"1.5"', '1.5')],
    ['algorithm: qmix\nenv: 3', 'e.yaml:2: env: expected text\n  fix: options are algorithm, env, steps, seed, engine, evaluate, checkpoint, envs, overlap, out, picture, set, swap, plugin'],
    ['algorithm: qmix\nplugin: ./a.ts', 'e.yaml:2: plugin: expected a list of files and npm:packages\n  fix: options are algorithm, env, steps, seed, engine, evaluate, checkpoint, envs, overlap, out, picture, set, swap, plugin'],
    ['env: matrix/m1', 'e.yaml:1: algorithm: no algorithm\n  fix: options are algorithm, env, steps, seed, engine, evaluate, checkpoint, envs, overlap, out, picture, set, swap, plugin'],
    ['- qmix', 'e.yaml:1: expected options under their names, for example algorithm: qmix\n  fix: options are algorithm, env, steps, seed, engine, evaluate, checkpoint, envs, overlap, out, picture, set, swap, plugin'],
    ['algorithm: qmix', 'no environment is named\n  fix: --env <id>, for example --env lbf/8x8-2p-2f-coop; skein list environments shows them'],
    ['algorithm: qmix\nenv: matrix/m1\nswap: [mixer=sumMixer@x]', '--swap mixer=sumMixer@x: the step behind @: "x" is no count\n  fix: write a whole number above 0; 200k, 2M and 1e6 are understood'],
  ])('is refused with its line: %j', async (text, message) => { expect(await refused(text)).toBe(message); });
  it('shows all its problems at once', async () => {
    expect(await refused('algorithm: 1\nstep: 3\nswap: 4\n')).toMatchInlineSnapshot(`
      "e.yaml: 3 problems
        e.yaml:1: algorithm: expected text
        e.yaml:3: swap: expected a list of slot=type, or slot=type@step
        e.yaml:2: no option is called "step"; did you mean steps?
        fix: options are algorithm, env, steps, seed, engine, evaluate, checkpoint, envs, overlap, out, picture, set, swap, plugin"
    `);
  });
  it('of any content is read or refused', () => fc.assert(fc.asyncProperty(fc.dictionary(fc.constantFrom('algorithm', 'env', 'steps', 'seed', 'set', 'swap', 'plugin', 'evaluate', 'x', 'constructor'), fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('qmix', 'matrix/m1', 3, '20k'))), async x => {
    await asked(JSON.stringify(x).replaceAll('__proto__', 'proto'), {}, 'json').catch((e: unknown) => { expect(e).toBeInstanceOf(InputError); });
  })));
  it('is told from a page by its content', async () => {
    writeFileSync(folder.in('e.yaml'), 'algorithm: nosuch\nenv: matrix/m1\n');
    writeFileSync(folder.in('p.json'), '{ "nodes": {} }');
    writeFileSync(folder.in('none.yaml'), '');
    expect((await skein('train', folder.in('e.yaml'))).stderr).toContain('no algorithm is called "nosuch"');
    expect((await skein('train', folder.in('p.json'), '--env', 'matrix/m1')).stderr).toContain('not a page');
    expect((await skein('train', folder.in('none.yaml'))).stderr).toContain('none.yaml:1: expected options under their names');
  });
});
