/** T10, T12, T13: whatever a document holds, it is data that was meant, or an error with file, line and remedy, soon. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml, stringify as toYaml } from 'yaml';
import { fromJson } from '../../core/definition.ts';
import { InputError } from '../../core/error.ts';
import { nodeTypes } from '../../nodes/index.ts';
import { parseDocument, parseValue, readDocument } from '../../plugins/documents.ts';

const FORMATS = ['json', 'yaml'] as const;
const registry = new Map(nodeTypes.map(n => [n.spec.type, n.spec]));
const read = async (text: string, format: 'json' | 'yaml'): Promise<unknown> => (await parseDocument(text, format, `x.${format}`)).value;
async function refusal(text: string, format: 'json' | 'yaml'): Promise<string> {
  const start = performance.now(), error = await read(text, format).then(() => undefined, (e: unknown) => e);
  expect(error).toBeInstanceOf(InputError);
  expect(performance.now() - start).toBeLessThan(5000);                 // a second where nothing else runs
  expect({} as Record<string, unknown>).not.toHaveProperty('polluted');
  return (error as InputError).message;
}
/** Plain data as both formats can hold it. */
const data = fc.letrec(tie => ({
  value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }).map(x => x + 0), fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('table')),
  list: fc.array(tie('value'), { maxLength: 5 }),
  table: fc.dictionary(fc.string().filter(k => k !== '__proto__'), tie('value'), { maxKeys: 5 }),
})).value;

describe('a document that is data', () => {
  it('is read as JSON.parse reads it', () => fc.assert(fc.asyncProperty(data, fc.constantFrom(0, 1, '\t'), async (x, indent) => {
    const text = JSON.stringify(x, null, indent);
    expect(await read(text, 'json')).toEqual(JSON.parse(text));
    expect(parseValue(text, '--set x')).toEqual(JSON.parse(text));
  })));
  it('is read as YAML, written in either way', () => fc.assert(fc.asyncProperty(data, fc.boolean(), async (x, flow) => {
    const text = toYaml(x, { aliasDuplicateObjects: false, ...(flow ? { collectionStyle: 'flow' as const } : {}) });
    expect(await read(text, 'yaml')).toEqual(parseYaml(text));
  })));
  it('is refused where JSON.parse refuses it', () => fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '1', '-', '.', 'e', 'true', ' ', '\n', 'a') })), async text => {
    let plain: unknown, valid = true;
    try { plain = JSON.parse(text); } catch { valid = false; }
    const ours = await read(text, 'json').catch((e: unknown) => { expect(e).toBeInstanceOf(InputError); return InputError; });
    if (valid && ours !== InputError) expect(ours).toEqual(plain);
    if (!valid) expect(ours).toBe(InputError);
  }), { numRuns: 2000 }));
  it('may have keys that objects inherit', async () => {
    for (const format of FORMATS) {
      const value = await read('{ "constructor": 1, "toString": 2, "hasOwnProperty": { "prototype": 3 } }', format) as Record<string, unknown>;
      expect(Object.entries(value)).toEqual([['constructor', 1], ['toString', 2], ['hasOwnProperty', { prototype: 3 }]]);
    }
  });
  it('has YAML 1.2 words and numbers', async () => {
    expect(await read('a: yes\nb: 0x10\nc: 200k\nd: 1e3\ne: ~\nf: 1_000\ng: !!str 5\n1: x', 'yaml')).toEqual({ a: 'yes', b: 16, c: '200k', d: 1000, e: null, f: '1_000', g: '5', 1: 'x' });
  });
  it('says where a value stands', async () => {
    const json = await parseDocument('{ "a": 1,\n  "b": [1,\n 2] }', 'json', 'x.json'), yaml = await parseDocument('a: 1\nb:\n  - 1\n  - 2\n', 'yaml', 'x.yaml');
    expect([json.place([]), json.place(['b']), json.place(['b', 1]), json.place(['b', 7])]).toEqual(['x.json:1', 'x.json:2', 'x.json:3', 'x.json:2']);
    expect([yaml.place(['a']), yaml.place(['b', 1]), yaml.place(['c'])]).toEqual(['x.yaml:1', 'x.yaml:4', 'x.yaml:1']);
  });
});

describe('a hostile document is refused', () => {
  it.each([
    ['nested', '['.repeat(100_000), '['.repeat(60_000)],
    ['nested in tables', '{"a":'.repeat(100_000), '{a: '.repeat(16_000)],
    ['nested and closed', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['nested behind a text full of brackets', `["]]]]", ${'["]", '.repeat(50_000)}`, `["]]]]", ${'["]", '.repeat(10_000)}`],
    ['compactly nested', '['.repeat(101), '- '.repeat(30_000)],
  ])('%s', async (_, json, yaml) => {
    expect(await refusal(json, 'json')).toBe('x.json:1: nested deeper than 100\n  fix: documents here are flat');
    expect(await refusal(yaml, 'yaml')).toBe('x.yaml:1: nested deeper than 100\n  fix: documents here are flat');
  });
  it('nested by indentation, keys or anchors', async () => {
    expect(await refusal('['.repeat(100_000), 'yaml')).toMatch(/larger than/);
    for (const text of ['? '.repeat(30_000), 'a: '.repeat(20_000), `${Array.from({ length: 250 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')}`, '&a '.repeat(20_000), '!a '.repeat(20_000), '"'.repeat(60_000), ': '.repeat(30_000), '[ #\n'.repeat(15_000)]) expect(await refusal(text, 'yaml')).toMatch(/^x\.yaml:\d+: /);
  });
  it('with aliases, so that none can multiply', async () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghi'.split('').map((k, i) => `${k}: &${k} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(', ')}]`).join('\n')}`;
    expect(await refusal(bomb, 'yaml')).toBe('x.yaml:1: an anchor\n  fix: write the value out');
    expect(await refusal('a: &a [*a]', 'yaml')).toBe('x.yaml:1: an anchor\n  fix: write the value out');
    expect(await refusal('a: 1\n<<: *a', 'yaml')).toMatch(/^x\.yaml:2: /);
  });
  it.each([
    ['the same key twice', '{ "a": 1,\n "b": { "c": 1,\n "c": 2 } }', 'a: 1\nb:\n  c: 1\n  c: 2', 'the key "c" stands twice\n  fix: remove one of them', 3, 4],
    ['a key that reaches into prototypes', '{\n"__proto__": { "polluted": 1 } }', 'a: 1\n__proto__: { polluted: 1 }', 'the key __proto__ is not allowed\n  fix: give it another name', 2, 2],
    ['the same key, escaped', '{ "__pro\\u0074o__": { "polluted": 1 } }', '"__pro\\x74o__": { polluted: 1 }', 'the key __proto__ is not allowed\n  fix: give it another name', 1, 1],
    ['a number that is too large', '{ "a":\n1e999 }', 'a:\n  1e999', '1e999 is not a finite number\n  fix: write a number between -1.8e308 and 1.8e308', 2, 2],
  ])('%s', async (_, json, yaml, text, jsonLine, yamlLine) => {
    expect(await refusal(json, 'json')).toBe(`x.json:${jsonLine}: ${text}`);
    expect(await refusal(yaml, 'yaml')).toBe(`x.yaml:${yamlLine}: ${text}`);
  });
  it('with numbers that are none', async () => {
    for (const text of ['a: .nan', 'a: .inf', 'a: [-.Inf]']) expect(await refusal(text, 'yaml')).toMatch(/is not a finite number/);
    for (const text of ['NaN', '[Infinity]', '{"a": -Infinity}', '01', '1.', '.5', '+1']) expect(await refusal(text, 'json')).toMatch(/^x\.json:1: /);
  });
  it('with code, tags, directives or several documents', async () => {
    for (const text of ['a: !!js/function "() => 1"', 'a: !!binary "aGk="', 'a: !!set { x }', 'a: !local 1', '%YAML 1.1\n---\na: yes', '%TAG ! tag:x,2000:\n---\na: 1', 'a: 1\n---\nb: 1', '? [a, b]\n: 1', '? { a: 1 }\n: 1']) expect(await refusal(text, 'yaml')).toMatch(/^x\.yaml:\d+: /);
  });
  it('with more values than it may have', async () => {
    expect(await refusal(`[${'[],'.repeat(300_000)}[]]`, 'json')).toMatch(/more than 200000 values/);
  });

  it('is what no text of any kind can crash or hang', () => fc.assert(fc.asyncProperty(
    fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: fc.constantFrom(...'{}[],:-?&*!|>\'"%@`#~<\\ \n\t0ae'), maxLength: 300 }), fc.array(fc.constantFrom('---', '...', '? ', ': ', '- ', '  ', '\n', '&a ', '*a', '!!str ', '<<', '"', "'", '|-', '>+', '[', ']', '{', '}', ',', 'key', '1', '.nan', '#', '%YAML 1.2\n'), { maxLength: 80 }).map(parts => parts.join(''))),
    fc.constantFrom(...FORMATS), async (text, format) => {
      const value = await read(text, format).catch((e: unknown) => { expect(e).toBeInstanceOf(InputError); return undefined; });
      expect(value === undefined || JSON.stringify(value) !== undefined).toBe(true);
      if (value !== undefined) try { fromJson(value, registry, 'x'); } catch (e) { expect(e).toBeInstanceOf(InputError); }
    }), { numRuns: 3000, interruptAfterTimeLimit: 20_000 }));
});

describe('the corpus of hostile files', () => {
  const corpus = 'test/fixtures/documents';
  it.each(readdirSync(corpus))('%s', async name => {
    const start = performance.now(), error = await readDocument(`${corpus}/${name}`).then(() => undefined, (e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(new RegExp(`^${corpus}/${name.replaceAll('.', '\\.')}.*\\n {2}fix: `));
    expect(performance.now() - start).toBeLessThan(5000);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('a file', () => {
  let folder = '';
  beforeAll(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'skein-documents-')); });
  afterAll(() => { rmSync(folder, { recursive: true }); });
  const refused = async (name: string) => (await readDocument(`${folder}/${name}`).then(() => 'read', (e: unknown) => { expect(e).toBeInstanceOf(InputError); return (e as Error).message; })).replaceAll(`${folder}/`, '');
  it('is read', async () => {
    writeFileSync(`${folder}/good.yml`, '\ufeffa: 1\n');
    expect((await readDocument(`${folder}/good.yml`)).value).toEqual({ a: 1 });
  });
  it('that is large is not opened', async () => {
    writeFileSync(`${folder}/large.json`, '');
    execFileSync('truncate', ['-s', '100M', `${folder}/large.json`]);
    writeFileSync(`${folder}/large.yaml`, 'a: 1\n'.repeat(20_000));
    expect(await refused('large.json')).toBe('large.json is larger than 16384 KiB\n  fix: split it');
    expect(await refused('large.yaml')).toBe('large.yaml is larger than 64 KiB\n  fix: write it as JSON, which may be larger');
  });
  it('that is no file, no text or not there is refused', async () => {
    mkdirSync(`${folder}/folder.json`);
    execFileSync('mkfifo', [`${folder}/pipe.json`]);                      // opening it would wait for ever
    writeFileSync(`${folder}/bytes.json`, Buffer.of(0x22, 0xff, 0x22));
    writeFileSync(`${folder}/page.txt`, '{}');
    expect(await Promise.all(['folder.json', 'pipe.json', 'bytes.json', 'page.txt', 'absent.json'].map(refused))).toMatchInlineSnapshot(`
      [
        "folder.json is not a file
        fix: name a .json or .yaml file",
        "pipe.json is not a file
        fix: name a .json or .yaml file",
        "bytes.json is not UTF-8
        fix: save it as UTF-8",
        "page.txt: documents are .json, .yaml or .yml files
        fix: give it one of these endings",
        "absent.json: there is no such file
        fix: name a file that is there",
      ]
    `);
  });
});
