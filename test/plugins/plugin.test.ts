/** T43: a plugin is taken whole or refused by name, and what it refuses to say about itself refuses it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../core/error.ts';
import type { Engine } from '../../core/engine.ts';
import { Catalogue } from '../../plugins/catalogue.ts';
import { families } from '../../plugins/environments/index.ts';
import { compose } from '../../plugins/compose.ts';
import { loadPlugin, resolveModule } from '../../plugins/plugin.ts';

const FIXTURES = 'test/fixtures/plugins';
const good = (name: string) => `./${FIXTURES}/${name}.ts`, bad = (name: string) => good(`bad-${name}`);
async function refusal(...plugins: readonly string[]): Promise<string> {
  const error = await compose({ plugins }).then(() => undefined, (e: unknown) => e);
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message.replaceAll(`./${FIXTURES}/`, '');
}

describe('a good plugin', () => {
  it('adds what it binds, beside what is ours', async () => {
    const { catalogue, plugins } = await compose({ plugins: ['pair', 'mean-mixer', 'notes', 'relay'].map(good) });
    expect(plugins.map(({ name, version }) => `${name} ${version}`)).toEqual(['pair 1.2.0', 'mean-mixer 0.3.1', 'notes 1.0.0', 'relay 9.0.0']);
    expect(plugins.every(p => /^[0-9a-f]{16}$/.test(p.hash) && !('module' in p))).toBe(true);
    expect(catalogue.environments.map(f => f.family)).toEqual([...families.map(f => f.family), 'pair']);
    expect(catalogue.page('vdn-mean').page.nodes['mixer']?.type).toBe('meanMixer');
    expect(catalogue.node('mean_mixer').spec.type).toBe('meanMixer');
    expect([...catalogue.engines.keys()]).toEqual(['onnx', 'tfjs', 'relay']);
    expect(catalogue.trackers.map(t => t.name)).toEqual(['tensorboard', 'notes']);
  });
  it('that is named twice is taken once', async () => {
    const { plugins } = await compose({ plugins: [good('pair'), good('pair').slice(2)] });
    expect(plugins.map(p => p.name)).toEqual(['pair']);
  });
  it('is found without regard to case and dashes, its backends too', async () => {
    const { catalogue } = await compose({ plugins: [good('relay')] });
    expect((await catalogue.engine('Relay:SCRIPT')).info).toMatchObject({ engine: 'relay', backend: 'script' });
    expect((await catalogue.engine('TFJS:Cpu')).info.opens).toBe('tfjs:cpu');
  });
  it('has a hash of its text', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-plugin-')), file = `${folder}/plugin.mjs`;
    const write = (more: string) => { writeFileSync(file, `export const plugin = { name: 'x', api: 1 };\nexport default new (class ContainerModule { load() {} })();\n${more}`); };
    try {
      write('');
      const first = await loadPlugin(file);
      write('// changed');
      const second = await loadPlugin(file);
      expect(first.hash).not.toBe(second.hash);
      expect([first.name, first.version]).toEqual(['x', '0']);
    } finally { rmSync(folder, { recursive: true }); }
  });
});

describe('an engine that does not load', () => {
  const absent = { name: 'absent', about: 'none', backends: ['x'], open: () => Promise.reject(new InputError('engine absent does not load: no such package', 'npm install absent')) };
  const there = { name: 'there', about: 'one', backends: ['y'], open: () => Promise.resolve({ info: { engine: 'there' }, alive: () => 0, close: () => undefined, compile: () => { throw new Error('not asked'); } } as unknown as Engine) };

  it('gives way to the next, and the run can say why', async () => {
    const catalogue = new Catalogue([], [], [], [absent, there]);
    expect((await catalogue.engine()).info.engine).toBe('there');
    expect(catalogue.passedOver).toEqual(['engine absent does not load: no such package; npm install absent']);
    expect((await new Catalogue([], [], [], [there, absent]).engine()).info.engine).toBe('there');
  });
  it('is an error with all reasons where none does', async () => {
    await expect(new Catalogue([], [], [], [absent]).engine()).rejects.toThrow('no engine loads\n  engine absent does not load: no such package; npm install absent');
  });
});

describe('a bad plugin is refused by name', () => {
  it.each([
    ['throws', `plugin bad-throws.ts: importing it fails: the licence server does not answer
  fix: mend it, or leave --plugin out`],
    ['api', `plugin bad-api.ts: it is written for plugin API 2, and this is 1
  fix: install a version of it for this version of skein`],
    ['no-default', `plugin bad-no-default.ts: its default export is no ContainerModule
  fix: export default new ContainerModule(({ bind }) => { bind(TOKENS.NodeType).toConstantValue(myNode) }), with ContainerModule from 'skein'`],
    ['no-name', `plugin bad-no-name.ts: it does not say what it is
  fix: export const plugin = { name: 'mine', version: '1.0.0', api: 1 }`],
    ['empty', `plugin bad-empty.ts: it binds nothing
  fix: bind(TOKENS.NodeType).toConstantValue(...), or one of NodeType, Page, Environment, Engine, Replay, Tracker, Expert`],
    ['node', `plugin bad-node.ts: there is a node type called sumMixer already
  fix: give sum-mixer another name`],
    ['page', `plugin bad-page.ts: there is an algorithm called qmix already
  fix: give it another name`],
    ['environment', `plugin bad-environment.ts: there is an environment family called matrix already
  fix: give it another name`],
    ['twice', `plugin bad-twice.ts: there is a tracker called echo already
  fix: give Echo another name`],
    ['shape', `plugin bad-shape.ts: what it binds as a node type has no name
  fix: bind defineNode(...)`],
    ['module', `plugin bad-module.ts: its module fails: no configuration for Symbol(skein.Engine)
  fix: bind plain objects to TOKENS`],
    ['globals', `plugin bad-globals.ts: it changes globals: Object.prototype.polluted, leaked, Math.max, String.prototype.at
  fix: a plugin binds to TOKENS and changes nothing else`],
    ['globals-and-throws', `plugin bad-globals-and-throws.ts: it changes globals: leaked
  fix: a plugin binds to TOKENS and changes nothing else`],
    ['globals-later', `plugin bad-globals-later.ts: it changes globals: JSON.parse
  fix: a plugin binds to TOKENS and changes nothing else`],
    ['nosuch', `plugin bad-nosuch.ts: there is no such file
  fix: name a file (./mine.ts) or a package (npm:mine)`],
  ])('%s', async (name, text) => { expect(await refusal(bad(name))).toBe(text); });

  it('and globals are what they were', () => {
    expect(Math.max(1, 2)).toBe(2);
    expect('abc'.at(-1)).toBe('c');
    expect(JSON.parse('{}')).toEqual({});
    expect('leaked' in globalThis || 'polluted' in {}).toBe(false);
  });
  it('with the rest of the system as it was', async () => {
    expect(await refusal(good('pair'), bad('environment'))).toContain('bad-environment.ts');
    const { catalogue } = await compose({ plugins: [good('pair')] });
    expect(catalogue.trackers.map(t => t.name)).toEqual(['tensorboard']);
    catalogue.checkEnvironment('matrix/two-step');
    catalogue.checkEnvironment('pair/alike');
  });
  it('a module that unbinds reaches its own container only', async () => {
    const { catalogue } = await compose({ plugins: [good('mean-mixer'), bad('rebind')] });
    expect(catalogue.engines.has('tfjs') && catalogue.nodes.has('meanMixer') && catalogue.pages.has('qmix')).toBe(true);
    expect(catalogue.trackers.map(t => t.name)).toEqual(['tensorboard', 'alone']);
  });
});

describe('npm:package', () => {
  const start = process.cwd();
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'skein-packages-'));
    const put = (name: string, manifest: object, files: Readonly<Record<string, string>>) => {
      mkdirSync(`${folder}/node_modules/${name}/lib`, { recursive: true });
      writeFileSync(`${folder}/node_modules/${name}/package.json`, JSON.stringify({ name, ...manifest }));
      for (const [file, text] of Object.entries(files)) writeFileSync(`${folder}/node_modules/${name}/${file}`, text);
    };
    put('plain', { main: 'lib/index.js' }, { 'lib/index.js': 'module.exports = 1;' });
    put('modern', { type: 'module', exports: { '.': { types: './lib/index.d.ts', import: './lib/index.js' } } }, { 'lib/index.js': 'export default 1;' });
    put('closed', { exports: { './inside': './lib/index.js' } }, {});
  });
  afterEach(() => { process.chdir(start); });
  afterAll(() => { rmSync(folder, { recursive: true }); });
  const at = (name: string) => { process.chdir(folder); return resolveModule(name); };

  it('is found from the folder that the command was started in', () => { expect(at('npm:plain')).toMatch(/node_modules\/plain\/lib\/index\.js$/); });
  it('may offer itself to import alone', () => { expect(at('npm:modern')).toMatch(/node_modules\/modern\/lib\/index\.js$/); });
  it('without an entry is refused', () => { expect(() => at('npm:closed')).toThrow(/^plugin npm:closed: the package has no entry/); });
  it('that is not there is refused with how to get it', () => { expect(() => at('npm:absent')).toThrowErrorMatchingInlineSnapshot(`
    [InputError: plugin npm:absent: there is no package absent here
      fix: npm install absent]
  `); });
});
