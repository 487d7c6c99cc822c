/** docs/extending.md: its files, written into an empty project, are plugins that work; what it says of refusals is what is said. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, commandsOf, filesOf, pageText } from './blocks.ts';
import { makeProject, translated, type Outcome, type Project } from './project.ts';

const blocks = blocksOf(pageText('docs/extending.md')), files = filesOf(blocks);
const says = "export const plugin = { name: 'bad', version: '1.0.0', api: 1 };\n", binds = (what: string) => `import { ContainerModule, TOKENS, defineNode, f32 } from 'skein';\nexport default new ContainerModule(({ bind }) => { ${what} });\n`;
/** A plugin for every refusal of the page, in its order, after the two that are not there. */
const REFUSED: Readonly<Record<string, string>> = {
  './broken.ts': "throw new Error('no licence');\n",
  './nameless.ts': 'export default 1;\n',
  './newer.ts': says.replace('api: 1', 'api: 2'),
  './bare.ts': `${says}export default { bind() {} };\n`,
  './empty.ts': says + binds(''),
  './taken.ts': says + binds("bind(TOKENS.NodeType).toConstantValue(defineNode({ type: 'sumMixer', in: { x: f32('...') }, out: { x: f32('...') }, forward: ({ x }) => ({ x }) }));"),
  './global.ts': `${says}Object.assign(globalThis, { everywhere: 1 });\n${binds('')}`,
};
/** What the page says can be done, done by a program of the project; it prints what came of it. */
const USE = `
  import { readFileSync } from 'node:fs';
  import { check, compose, fromJson } from 'skein';
  const refused = [];
  for (const reference of ${JSON.stringify(['./missing.ts', 'npm:missing', ...Object.keys(REFUSED)])})
    await compose({ plugins: [reference] }).then(() => refused.push(reference + ' was taken'), error => refused.push(error.name === 'InputError' ? error.message : error.stack));
  const { catalogue } = await compose({ plugins: ['./meet.ts', './boltzmann.ts', './returns.ts'] }), json = fromJson(JSON.parse(readFileSync('soft-vdn.json', 'utf8')), catalogue.registry);
  const { plugins } = await compose({ plugins: ['npm:skein-meet'] });
  console.log(JSON.stringify({ refused, named: catalogue.page('soft-qmix').page.name, json: [json.page.name, ...check(json)], plugins: plugins.map(p => p.from) }));
`;
interface Used { readonly refused: readonly string[]; readonly named: string; readonly json: readonly unknown[]; readonly plugins: readonly string[] }

let project: Project, trained: Outcome, used: Used;
beforeAll(async () => {
  project = await makeProject({ ...files, ...Object.fromEntries(Object.entries(REFUSED).map(([name, text]) => [name.slice(2), text])), 'use.ts': USE, 'node_modules/skein-meet/meet.js': await translated(files['meet.ts']!, 'meet.ts') });
  trained = await project.run('train.ts');
  const { code, stdout, stderr } = await project.run('use.ts');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  used = JSON.parse(stdout) as Used;
}, 120_000);
afterAll(() => project.remove());

describe('docs/extending.md', () => {
  it('trains the page of a plugin in the environment of another, and a third hears of it', () => {
    expect(trained).toEqual({ code: 0, stdout: files['train.out'], stderr: '' });
  });
  it('has pages that pass the check: one by its name, and one in JSON that names a node of a third party', () => {
    expect(used.named).toBe('softQmix');
    expect(used.json).toEqual(['softVdn']);
  });
  it('has a package that is found by its name', () => { expect(used.plugins).toEqual(['npm:skein-meet']); });
  it('says of what is refused what is said', () => { expect(`${used.refused.join('\n')}\n`).toBe(files['refused.out']); });

  it.each(commandsOf(blocks).filter(([, program]) => program === 'skein').map((words, i) => [words.slice(2).join(' '), words.slice(2), i] as const))('has a command that works: skein %s', async (_, words, i) => {
    const short = { train: ['--steps', '20', '--evaluate', '20:2', '--out', `runs/short-${i}`], env: ['--steps', '100'] }[words[0]!] ?? [], { code, stdout, stderr } = await project.skein(...words, ...short);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toBe('');
  }, 120_000);
});
