import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { count, duration, figure, harmless, oneLine, score } from '../../../plugins/trackers/readable.ts';

describe('readable numbers', () => {
  it.each([[0, '0'], [7.4, '7'], [950, '950'], [999.6, '1k'], [1000, '1k'], [1004, '1k'], [84_123, '84.1k'], [200_000, '200k'], [999_999, '1M'], [1_250_000, '1.25M'], [2e9, '2G'], [-1500, '-1.5k'], [NaN, '?'], [Infinity, '?']])(
    'counts %d as %s', (n, text) => { expect(count(n)).toBe(text); });

  it.each([[0, '0'], [-0, '0'], [0.31, '0.310'], [0.0123, '0.0123'], [1.2e-5, '1.2e-5'], [-12, '-12.0'], [123.4, '123'], [12345.6, '12346'], [3.2e9, '3.2e+9'], [NaN, 'NaN'], [-Infinity, '-Inf']])(
    'says %d in three digits as %s', (x, text) => { expect(figure(x)).toBe(text); });

  it.each([[0, '0.000'], [0.0509, '0.051'], [-4.9, '-4.900'], [12.345, '12.35'], [123.45, '123.5'], [1234.5, '1235'], [NaN, 'NaN']])(
    'says the return %d as %s', (x, text) => { expect(score(x)).toBe(text); });

  it.each([[0, '0:00'], [4, '0:04'], [59.6, '1:00'], [725, '12:05'], [3753, '1:02:33'], [86399.7, '1d 00:00'], [183_840, '2d 03:04'], [-1, '?'], [NaN, '?'], [Infinity, '?']])(
    'says %d seconds as %s', (seconds, text) => { expect(duration(seconds)).toBe(text); });

  it('has a short text for every number', () => fc.assert(fc.property(fc.double(), x => {
    for (const text of [count(x), figure(x), score(x)]) expect(text.length).toBeLessThanOrEqual(9);
  })));

  it('is the same under every locale', () => {
    const texts = () => [count(1.5e6), figure(0.5), score(1234.5), duration(3753)].join();
    const before = texts(), { LANG, LC_ALL, TZ } = process.env;
    Object.assign(process.env, { LANG: 'tr_TR.UTF-8', LC_ALL: 'de_DE.UTF-8', TZ: 'Asia/Kathmandu' });
    expect(texts()).toBe(before);
    for (const [key, value] of Object.entries({ LANG, LC_ALL, TZ })) if (value === undefined) delete process.env[key]; else process.env[key] = value;
  });

  it('shows what could move the cursor or turn the text as a mark', () => {
    expect(oneLine('a\x1b[2Jb\r\nc\u202ed\u2066e\x9bf\tg')).toBe('a\ufffd[2Jb\ufffd\ufffdc\ufffdd\ufffde\ufffdf\ufffdg');
    expect(oneLine('a\u200fb\u061cc')).toBe('a\ufffdb\ufffdc');
    expect(harmless('a\u200f\nb\tc')).toBe('a\ufffd\nb\ufffdc');
    expect(oneLine('lbf/8x8 – 2p ü ✓')).toBe('lbf/8x8 – 2p ü ✓');
  });
});
