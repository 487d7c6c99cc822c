import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../core/tracker.ts';
import { progressLine, remainingOf, widthOf } from '../../../plugins/trackers/progress-line.ts';

const progress = (more: Partial<Progress> = {}): Progress => ({ step: 84_000, steps: 200_000, update: 2600, episode: 1300, seconds: 16, stepsPerSecond: 5231,
  latest: { 'train/return': 0.31, 'eval/return': 0.44, 'loss/q': 0.0123, 'loss/q/td': 0.01, 'grad/q': 3 }, ...more });
const text = (columns: number, p = progress(), remaining: number | 'unknown' = 22, ascii = false) => progressLine(p, remaining === 'unknown' ? undefined : remaining, { columns, ascii }).map(part => part.text).join('');

describe('progressLine', () => {
  it('says everything where there is room', () => {
    expect(text(120)).toMatchInlineSnapshot(`" 42%  ━━━━━━━━━━━━━───────────────────    84k/200k steps   0:22 left  eval 0.440   train 0.310   5.23k/s  loss 0.0123"`);
  });
  it('gives up the least important first', () => {
    expect([100, 80, 60, 45, 30, 22, 5].map(columns => text(columns))).toMatchInlineSnapshot(`
      [
        " 42%  ━━━━━━─────────    84k/200k steps   0:22 left  eval 0.440   train 0.310   5.23k/s  loss 0.0123",
        " 42%  ━━━━━━━──────────    84k/200k steps   0:22 left  eval 0.440   train 0.310 ",
        " 42%  ━━━━╸──────    84k/200k steps   0:22 left  eval 0.440 ",
        " 42%    84k/200k steps   0:22 left",
        " 42%    84k/200k steps",
        " 42%    84k/200k steps",
        " 42%",
      ]
    `);
  });
  it('has a form in ASCII', () => {
    expect(text(120, progress(), 22, true)).toMatch(/^[\x20-\x7e]+$/);
    expect(text(100, progress(), 22, true)).toMatchInlineSnapshot(`" 42%  [#####........]    84k/200k steps   0:22 left  eval 0.440   train 0.310   5.23k/s  loss 0.0123"`);
  });
  it('names losses and players where there are several', () => {
    expect(text(160, progress({ latest: { 'loss/actor': -0.02, 'loss/critic': 0.5, 'loss/actor/ppo': 1 } }))).toMatch(/actor -0\.0200 +critic 0\.500 *$/);
    expect(text(200, progress({ latest: { 'red/eval/return': 1, 'blue/eval/return': -1, 'red/train/return': 0.5, 'blue/train/return': -0.5, 'red/loss/q': 2, 'blue/loss/q': 3 } })))
      .toMatch(/red eval 1\.000 +blue eval -1\.000 +red train 0\.500 +blue train -0\.500 .* red q 2\.00 +blue q 3\.00/);
  });
  it('does not promise an end while nobody knows one', () => { expect(text(120, progress({ latest: {} }), 'unknown')).toContain(' -:-- left'); });
  it('says 100 % only at the end', () => {
    expect(text(120, progress({ step: 199_999 }))).toMatch(/^ 99%/);
    expect(text(120, progress({ step: 200_000 }))).toMatch(/^100%/);
    expect(text(120, progress({ step: 250_000 }))).toMatch(/^100%/);
    expect(text(120, progress({ steps: 0 }))).toMatch(/^ {2}0%/);
  });
  it('never takes more than its columns', () => fc.assert(fc.property(
    fc.integer({ min: 4, max: 300 }), fc.nat(3e6), fc.nat(2e6), fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: undefined }), fc.dictionary(fc.constantFrom('train/return', 'eval/return', 'loss/q', 'loss/pi', 'red/eval/return'), fc.double()), fc.boolean(),
    (columns, step, steps, remaining, latest, ascii) => {
      const line = progressLine(progress({ step, steps, latest }), remaining, { columns, ascii });
      expect(widthOf(line)).toBeLessThanOrEqual(columns);
    })));
});

describe('the time that is left', () => {
  it('is what is left at the speed of the run', () => { expect(remainingOf(progress({ step: 200, steps: 1000, stepsPerSecond: 20 }))).toBe(40); });
  it('is not known while the speed is not', () => { expect(remainingOf(progress({ stepsPerSecond: 0 }))).toBeUndefined(); });
  it('is a second at least while something is left, and nothing at the end', () => {
    expect(remainingOf(progress({ step: 999, steps: 1000, stepsPerSecond: 100 }))).toBe(1);
    expect(remainingOf(progress({ step: 1000, steps: 1000, stepsPerSecond: 0 }))).toBe(0);
  });
});
