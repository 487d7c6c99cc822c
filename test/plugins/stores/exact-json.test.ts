import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactJson } from '../../../plugins/stores/exact-json.ts';

describe('exactJson', () => {
  it('gives back every number bit for bit, -0 too', () => fc.assert(fc.property(
    fc.double({ noNaN: true, noDefaultInfinity: true }), x => { expect(Object.is(JSON.parse(exactJson(x)), x)).toBe(true); })));

  it('gives back plain data as it was', () => fc.assert(fc.property(fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }), value => {
    expect(JSON.parse(exactJson(value))).toEqual(value);
  }), { numRuns: 50 }));

  it('leaves out what is undefined, as an optional field is', () => { expect(exactJson({ a: undefined, b: 1 })).toBe('{"b":1}'); });

  it('keeps a key called __proto__ a key', () => {
    const read = JSON.parse(exactJson(JSON.parse('{"__proto__":{"x":1}}'))) as { x?: unknown };
    expect(Object.keys(read)).toEqual(['__proto__']);
    expect(read.x).toBeUndefined();
  });

  it.each([
    [{ env: [{ x: NaN }] }, 'meta.env.0.x is NaN'],
    [{ a: -Infinity }, 'meta.a is -Infinity'],
    [{ a: [undefined] }, 'meta.a.0 is undefined'],
    [{ a: Float32Array.of(1) }, 'meta.a is Float32Array'],
    [{ a: new Map() }, 'meta.a is Map'],
    [{ a: new Date(0) }, 'meta.a is Date'],
    [{ a: 1n }, 'meta.a is 1'],
    [{ a: () => 1 }, 'meta.a is () => 1'],
    [undefined, 'meta is undefined'],
  ])('says where something stands that JSON does not hold: %#', (value, why) => { expect(() => exactJson(value)).toThrow(why); });
});
