/** Where pages come from (T10, T13): names, files, documents, packages; and nothing in a document names code. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { stringify as toYaml } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../../core/check.ts';
import { toJson, type Definition, type Page } from '../../../core/definition.ts';
import { structuralHash } from '../../../core/describe.ts';
import { GraphError, InputError } from '../../../core/error.ts';
import { dqn, qmix } from '../../../graphs/index.ts';
import type { Catalogue } from '../../../plugins/catalogue.ts';
import { compose } from '../../../plugins/compose.ts';
import { findPage, openPage, strangers } from '../../../plugins/pages.ts';
import { scratch, skein, TINY } from './skein.ts';

const folder = scratch();
let catalogue: Catalogue;
beforeAll(async () => { ({ catalogue } = await compose()); });
afterAll(folder.remove);
const write = (name: string, text: string): string => { writeFileSync(folder.in(name), text); return folder.in(name); };
const page = async (reference: string): Promise<Definition> => openPage(await findPage(reference, catalogue), catalogue);
const refused = async (reference: string): Promise<string> => page(reference).then(() => 'it is a page', (e: unknown) => { expect(e).toBeInstanceOf(InputError); return (e as Error).message.replaceAll(`${folder.path}/`, ''); });
/** A page with its nodes under other names. */
const renamed = (names: Readonly<Record<string, string>>): Page => JSON.parse(JSON.stringify(toJson(qmix)).replace(/"([A-Za-z]+)((?:\.[A-Za-z]+)?(?: \|[^"]*)?)"/g, (whole, word: string, rest: string) => (Object.hasOwn(names, word) ? JSON.stringify(`${names[word]}${rest}`) : whole))) as Page;

describe('a page', () => {
  it('has a name, whose case and dashes do not matter', async () => {
    expect(await page('qmix')).toBe(qmix);
    expect((await page('double-dqn')).page.name).toBe('doubleDqn');
  });
  it('is the same from JSON and YAML', async () => {
    for (const file of [write('page.json', JSON.stringify(toJson(qmix))), write('page.yaml', toYaml(toJson(qmix)))]) {
      const read = await page(file);
      expect(structuralHash(read)).toBe(structuralHash(qmix));
      expect(read.page).toEqual(qmix.page);
    }
  });
  it('is what a file exports: its default, its only page, or the one that is named', async () => {
    const graphs = new URL('../../../graphs/index.ts', import.meta.url).pathname;
    const one = write('one.ts', `import { qmix } from '${graphs}';\nconst n: number = 1;\nexport const mine = qmix, again = qmix, other = n;\n`), two = write('two.mjs', `import { qmix, dqn } from '${graphs}';\nexport const first = qmix, second = dqn;\nexport const third = 3;\n`), standard = write('standard.ts', `import { qmix, dqn } from '${graphs}';\nexport { qmix };\nexport default dqn;\n`);
    expect((await page(one)).page).toEqual(qmix.page);
    expect((await page(standard)).page).toEqual(dqn.page);
    expect((await page(`${two}#second`)).page).toEqual(dqn.page);
    expect(await refused(two)).toBe('two.mjs exports several pages\n  fix: pages are first, second; write two.mjs#first');
    expect(await refused(`${two}#secnd`)).toBe('two.mjs#secnd: secnd is no page that it exports; did you mean second?\n  fix: pages are first, second; write two.mjs#first');
    expect(await refused(`${two}#third`)).toBe('two.mjs#third: third is no page that it exports\n  fix: pages are first, second; write two.mjs#first');
    expect(await refused(write('none.ts', 'export const x = 1;'))).toBe("none.ts exports no page\n  fix: export const mine = graph('mine', world, g => { ... })");
  });
  it('may come from a package', async () => {
    const start = process.cwd();
    mkdirSync(folder.in('node_modules/skein-pages'), { recursive: true });
    write('node_modules/skein-pages/package.json', '{ "name": "skein-pages", "type": "module", "exports": "./index.mjs" }');
    write('node_modules/skein-pages/index.mjs', `export { qmix, iql } from '${new URL('../../../graphs/index.ts', import.meta.url).pathname}';`);
    process.chdir(folder.path);
    try {
      expect((await page('npm:skein-pages#iql')).page.name).toBe('iql');
      expect(await refused('npm:skein-page')).toBe('page npm:skein-page: there is no package skein-page here\n  fix: npm install skein-page');
    } finally { process.chdir(start); }
  });
  it('with all its problems is refused, from whatever copy of skein', async () => {
    const wrong = write('wrong.ts', `class GraphError extends Error { issues = [{ code: 'WIRE', at: 'a', what: 'no wire', expected: '', got: '', fix: 'wire it' }]; graph = 'wrong'; name = 'GraphError'; }\nthrow new GraphError('1 problem');`);
    await expect(page(wrong)).rejects.toThrow(GraphError);
    expect(await skein('check', wrong)).toMatchObject({ code: 1, stdout: '1 problem in graph wrong\n\n1  WIRE     no wire\n     fix      wire it\n' });
  });
  it('whose file fails is refused with the reason', async () => {
    expect(await refused(write('bare.mjs', 'export const page = graph();'))).toBe('bare.mjs: importing it fails: graph is not defined\n  fix: import graph where the file begins, as skein\'s own pages do');
    expect(await refused(write('throws.mjs', "throw new Error('no disk\\nat all');"))).toBe('throws.mjs: importing it fails: no disk\n  fix: mend the file');
  });
  it('says which node types nobody else has', () => {
    expect(strangers(qmix, catalogue.registry)).toEqual([]);
    expect(strangers({ ...qmix, specs: new Map([...qmix.specs, ['mine', qmix.specs.get('join')!]]) }, catalogue.registry)).toEqual(['mine']);
  });
  it.each([
    ['nosuch', 'no algorithm is called "nosuch"\n  fix: skein list algorithms shows them'],
    ['./nosuch.json', './nosuch.json: there is no such file\n  fix: name a file that is there, or an algorithm: skein list algorithms'],
    ['./plugins', './plugins is not a file\n  fix: name a .ts, .js, .json or .yaml file'],
    ['./LICENSE', './LICENSE: a page is a .ts, .js, .json or .yaml file\n  fix: give it one of these endings'],
    ['./package.json#x', './package.json#x: a document exports nothing\n  fix: name ./package.json'],
  ])('%s is none', async (reference, text) => { expect(await refused(reference)).toBe(text); });
});

describe('awkward names', () => {
  it('that mean something elsewhere are names like others: checked, described, trained', async () => {
    const file = write('awkward.json', JSON.stringify(renamed({ chosen: 'prototype', nextChosen: 'then', mixer: 'length', targetMixer: 'undefined', explore: 'null' }))), read = await page(file);
    expect(check(read)).toEqual([]);
    expect(read.page.nodes['undefined']).toMatchObject({ role: 'target', of: 'length' });
    expect((await skein('table', file, '--env', 'matrix/two-step')).stdout).toContain('\nlength  monotonicMixer, slot');
    expect(await skein('train', file, ...TINY.map(word => word.replace('mixer.', 'length.')), '--out', folder.in('awkward'))).toMatchObject({ code: 0, stderr: '' });
    expect((await skein('evaluate', folder.in('awkward'), '--episodes', '4')).code).toBe(0);
  });
  it('that every object has are refused, each with its place', async () => {
    const { code, stdout } = await skein('check', write('inherited.json', JSON.stringify(renamed({ chosen: 'constructor', mixer: 'hasOwnProperty' }))));
    expect(code).toBe(1);
    expect(stdout).toContain('constructor');
    expect(stdout).toContain('hasOwnProperty');
  });
  it.each(['', '../evil.js', 'a.b', 'a/b', 'a b', '__proto__', 'x'.repeat(10_000), 'nodе', '$(rm)', '\u001b[2J', '\u202enode', 'javascript:alert(1)'])('%j is refused', async name => {
    expect(await refused(write('name.json', JSON.stringify(renamed({ chosen: name }))))).not.toBe('it is a page');
    expect(await refused(write('type.json', JSON.stringify(renamed({ sumMixer: name, monotonicMixer: name }))))).not.toBe('it is a page');
  });
  it('never reach the terminal as they are', async () => {
    const file = write('escape.json', JSON.stringify({ ...toJson(qmix), about: 'red \u001b[31m and \u202e turned \u0007', paper: '\u009b2J' })), { stdout } = await skein('table', file);
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(stdout).toContain('red \ufffd[31m and \ufffd turned \ufffd');
  });
});

describe('code in a document', () => {
  it.each(['../evil.js', './evil.js', 'file:///evil.js', 'child_process', 'node:fs', 'constructor', 'toString', '$(touch evil)', 'data:text/javascript,1'])('type %j is no type, and nothing is imported', async type => {
    write('evil.js', `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(folder.in('imported'))}, '');\nexport default 1;\n`);
    const text = JSON.stringify(renamed({ monotonicMixer: type }));
    expect(await refused(write('code.json', text))).toMatch(/unknown node types|not a page/);
    expect(existsSync(folder.in('imported'))).toBe(false);
  });
  it('a page has no key that could name a module', async () => {
    for (const key of ['plugin', 'plugins', 'import', 'module', 'require', 'from']) expect(await refused(write('key.json', JSON.stringify({ ...toJson(qmix), [key]: './evil.js' })))).toContain('not a page');
  });
});
