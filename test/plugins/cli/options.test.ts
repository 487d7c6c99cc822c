/** What may be written for an option. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../core/error.ts';
import { settingOf, swapOf } from '../../../plugins/cli/edits.ts';
import { grouped, labelled, tied, wrap } from '../../../plugins/cli/layout.ts';
import { countOf, evaluationOf, seedOf } from '../../../plugins/cli/options.ts';

const refusal = (work: () => unknown): string => { try { return JSON.stringify(work()) ?? ''; } catch (e) { expect(e).toBeInstanceOf(InputError); return (e as Error).message; } };

describe('a count', () => {
  it.each([['200', 200], ['200k', 200_000], ['1.5k', 1500], ['2M', 2_000_000], ['2m', 2_000_000], ['1e6', 1_000_000], ['2.5e3', 2500], ['1G', 1_000_000_000], ['0.1k', 100], [64, 64]])('%s', (text, n) => { expect(countOf(text, '--steps')).toBe(n); });
  it.each(['', '0', '-1', '1.5', '1e-3', 'k', '1kk', '1ek', '20q', '1e99', '9007199254740993', '0x10', '1_000', ' 1', 'NaN', '٣'])('is not %j', text => {
    expect(refusal(() => countOf(text, '--steps'))).toBe(`--steps: ${JSON.stringify(text)} is no count\n  fix: write a whole number above 0; 200k, 2M and 1e6 are understood`);
  });
  it('is read back from how it is written', () => { fc.assert(fc.property(fc.integer({ min: 1, max: 1e9 }), n => { expect([countOf(String(n), 'x'), countOf(`${n}k`, 'x'), countOf(n, 'x')]).toEqual([n, n * 1000, n]); })); });
});

describe('a seed', () => {
  it('is a whole number from 0', () => { expect([seedOf('0', '--seed'), seedOf('12', '--seed'), seedOf(3, '--seed')]).toEqual([0, 12, 3]); });
  it.each(['-1', '1.5', '1e3', '', 'x', '99999999999999999999'])('is not %j', text => { expect(refusal(() => seedOf(text, '--seed'))).toMatch(/^--seed: .* is no seed\n {2}fix: /); });
});

describe('a pace of evaluations', () => {
  it.each([['10k:32', { every: 10_000, episodes: 32 }], ['10k', { every: 10_000 }], [':64', { episodes: 64 }], [500, { every: 500 }]])('%s', (text, pace) => { expect(evaluationOf(text, '--evaluate')).toEqual(pace); });
  it.each(['', ':', '1:2:3', '10k:0', 'x:1'])('is not %j', text => { expect(refusal(() => evaluationOf(text, '--evaluate'))).toMatch(/^--evaluate: .*\n {2}fix: /); });
});

describe('a setting', () => {
  it.each([['q.lr=1e-3', 0.001], ['mixer.embed=16', 16], ['mixer.hypernet=[64, 32]', [64, 32]], ['x.on=true', true], ['x.kind=fast', 'fast'], ['x.kind="fast"', 'fast'], ['x.y=a-b', 'a-b'], ['x.e={"schedule":"linear","from":1,"to":0,"over":10,"clock":"steps"}', { schedule: 'linear', from: 1, to: 0, over: 10, clock: 'steps' }], ['x.y = 1', 1], ['x.y\n =\n 1', 1]])('%s', (text, value) => { expect(settingOf(text)).toEqual([text.split('=', 1)[0]!.trim(), value]); });
  it.each([
    ['q.lr', '--set q.lr: no value\n  fix: write path=value, for example q.lr=1e-3'],
    ['=1', '--set =1: no value\n  fix: write path=value, for example q.lr=1e-3'],
    ['q.lr=', '--set q.lr=: the end where a value is expected\n  fix: write 16, 1e-3, true, "text", [64, 64] or {"name": 1}'],
    ['q.lr=1e999', '--set q.lr=1e999: 1e999 is not a finite number\n  fix: write a number between -1.8e308 and 1.8e308'],
    ['data.keep=200k', '--set data.keep=200k: "k" after the end of the value\n  fix: write 16, 1e-3, true, "text", [64, 64] or {"name": 1}'],
    ['x.y={"a":1,"a":2}', '--set x.y={"a":1,"a":2}: the key "a" stands twice\n  fix: remove one of them'],
    ['x.y={"__proto__":1}', '--set x.y={"__proto__":1}: the key __proto__ is not allowed\n  fix: give it another name'],
    ['q.\n  lr=1e-3', '--set q. lr=1e-3: a space or a line break inside the name\n  fix: write q.lr'],
    ['x.y=1\n6', '--set x.y=1 6: "6" after the end of the value\n  fix: write 16, 1e-3, true, "text", [64, 64] or {"name": 1}'],
  ])('is not %j', (text, message) => { expect(refusal(() => settingOf(text))).toBe(message); });
});

describe('a swap', () => {
  it.each([
    ['mixer=sumMixer', { slot: 'mixer', type: 'sumMixer', config: {} }],
    ['mixer=duplexMixer:{"heads":4}', { slot: 'mixer', type: 'duplexMixer', config: { heads: 4 } }],
    ['mixer=sumMixer@20k', { slot: 'mixer', type: 'sumMixer', config: {}, at: 20_000 }],
    ['mixer=duplexMixer:{"heads":4}@1e3', { slot: 'mixer', type: 'duplexMixer', config: { heads: 4 }, at: 1000 }],
    ['mixer=./a/mine.ts#best:{"k":1}@20k', { slot: 'mixer', type: './a/mine.ts#best', config: { k: 1 }, at: 20_000 }],
    ['mixer=./a@b/c=d.ts@1.5k', { slot: 'mixer', type: './a@b/c=d.ts', config: {}, at: 1500 }],
    ['mixer=npm:@me/pkg#best@5', { slot: 'mixer', type: 'npm:@me/pkg#best', config: {}, at: 5 }],
    ['mixer=C:\\a\\b.ts:{"p":"/x"}', { slot: 'mixer', type: 'C:\\a\\b.ts', config: { p: '/x' } }],
    ['mixer=x:{"at":"a@b","c":":"}', { slot: 'mixer', type: 'x', config: { at: 'a@b', c: ':' } }],
  ])('%s', (text, swap) => { expect(swapOf(text)).toEqual(swap); });
  it.each([
    ['mixer', '--swap mixer: no slot and node type\n  fix: write slot=type, for example mixer=sumMixer'],
    ['mixer=', '--swap mixer=: no slot and node type\n  fix: write slot=type, for example mixer=sumMixer'],
    ['mixer=sumMixer@soon', '--swap mixer=sumMixer@soon: the step behind @: "soon" is no count\n  fix: write a whole number above 0; 200k, 2M and 1e6 are understood'],
    ['mixer=sumMixer@', '--swap mixer=sumMixer@: the step behind @: "" is no count\n  fix: write a whole number above 0; 200k, 2M and 1e6 are understood'],
    ['mix\ner=sumMixer', '--swap mix er=sumMixer: a space or a line break inside the name\n  fix: write mixer'],
    ['mixer=x:4', '--swap mixer=x:4: the settings are no JSON object\n  fix: write mixer=x:{"name":value}'],
    ['mixer=x:{heads:4}', '--swap mixer=x:{heads:4}: "heads:4}" where a name in double quotes is expected\n  fix: write 16, 1e-3, true, "text", [64, 64] or {"name": 1}'],
  ])('is not %j', (text, message) => { expect(refusal(() => swapOf(text))).toBe(message); });
  it('of any text is read or refused', () => { fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'ab=:@{}"1,\\ ') }), text => { refusal(() => swapOf(text)); refusal(() => settingOf(text)); })); });
});

describe('text', () => {
  it('has thousands apart', () => { expect([0, 12, 999, 1000, 58_214, 1_234_567].map(grouped)).toEqual(['0', '12', '999', '1,000', '58,214', '1,234,567']); });
  it('is wrapped without losing a word', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 12 })), fc.integer({ min: 12, max: 60 }), (words, columns) => {
      const lines = wrap(words.join(' '), columns);
      expect(lines.join(' ')).toBe(words.join(' '));
      expect(lines.every(line => line.length <= columns)).toBe(true);
    }));
  });
  it('keeps an edit on one line', () => {
    expect(labelled('edits', tied('agentQ = mlpAgentQ, mixer = sumMixer, q: a -> b'), 5, 35)).toEqual(['  edits  agentQ = mlpAgentQ,', '         mixer = sumMixer,', '         q: a -> b']);
  });
  it('stands beside its label', () => {
    expect(labelled('in', 'a text that is much longer', 2, 28)).toEqual(['  in  a text that is much', '      longer']);
    expect(labelled('folder', 'runs/a and more of it', 7, 40)).toEqual(['  folder   runs/a and more of it']);
  });
});
