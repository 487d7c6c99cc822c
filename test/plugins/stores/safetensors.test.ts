import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../core/error.ts';
import { LIMITS, readSafetensors, safetensors, sourceOf } from '../../../plugins/stores/safetensors.ts';
import { arrays, plain } from './snapshots.ts';

const fileOf = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const read = (bytes: Uint8Array) => readSafetensors('weights.safetensors', sourceOf(bytes));
/** A file with this header, whatever it is. */
function file(header: string | Uint8Array, data = 0, length?: bigint): Uint8Array {
  const text = Buffer.from(header), head = Buffer.alloc(8);
  head.writeBigUInt64LE(length ?? BigInt(text.length));
  return fileOf([head, text, new Uint8Array(data)]);
}
const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype = 'F32') => ({ dtype, shape, data_offsets: [begin, end] });
const json = (header: unknown) => JSON.stringify(header);
const many = (count: number) => json(Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, entry(i * 4, i * 4 + 4)])));

describe('safetensors', () => {
  it('gives back every bit of every array', () => fc.assert(fc.asyncProperty(arrays, async named => {
    expect(plain({ arrays: await read(fileOf(safetensors(named))) })).toEqual(plain({ arrays: named }));
  })));

  it('aligns all data to 8 bytes, with 4-byte numbers first', () => {
    const [head] = safetensors({ b: { shape: [3], data: Uint8Array.of(1, 2, 3) }, a: { shape: [1], data: Float32Array.of(1) } });
    expect(head!.length % 8).toBe(0);
    expect(Buffer.from(head!.subarray(8)).toString().trimEnd())
      .toBe('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}}');
  });

  it('hands out the memory of the arrays, not copies', () => {
    const data = Float32Array.of(1, 2);
    expect(safetensors({ a: { shape: [2], data } })[1]!.buffer).toBe(data.buffer);
  });

  it('reads a file of the safetensors package for Python, with its metadata', async () => {
    // safetensors 0.8.0: save({'w': np.array([[1, -2.5]], 'f4'), 'n': np.array([7], 'i4'), 'mask': np.array([1, 0, 1], 'u1')}, {'by': 'python'})
    const bytes = Buffer.from(PYTHON, 'base64');
    expect(plain({ arrays: await read(bytes) })).toEqual(plain({ arrays: {
      w: { shape: [1, 2], data: Float32Array.of(1, -2.5) }, n: { shape: [1], data: Int32Array.of(7) }, mask: { shape: [3], data: Uint8Array.of(1, 0, 1) } } }));
  });

  it('takes a header with spaces, escapes and any order of its entries', async () => {
    const header = ' { "b\\u00e9" : {"data_offsets":[0,4],"shape":[ ],"dtype":"F32"} ,\n"a":{"shape":[2],"dtype":"U8","data_offsets":[4,6]}}  ';
    expect(Object.keys(await read(file(header, 6))).sort()).toEqual(['a', 'bé']);
  });

  it.each([
    ['an array twice as long as its shape', { a: { shape: [2], data: new Float32Array(4) } }],
    ['a shape of 17 dims', { a: { shape: Array<number>(17).fill(1), data: new Float32Array(1) } }],
    ['the name __metadata__', { ['__metadata__']: { shape: [], data: new Float32Array(1) } }],
    ['too many arrays', Object.fromEntries(Array.from({ length: LIMITS.arrays + 1 }, (_, i) => [`a${i}`, { shape: [0], data: new Uint8Array(0) }]))],
    ['names longer than a header', { ['x'.repeat(LIMITS.header)]: { shape: [], data: new Float32Array(1) } }],
  ])('does not write what it would not read: %s', (_, named) => { expect(() => safetensors(named)).toThrow(RangeError); });
});

/** Files that somebody made to be read by a careless reader, with the words in which each is refused. */
const HOSTILE: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['nothing at all', new Uint8Array(0), /it has 0 bytes/],
  ['half a length', new Uint8Array(7), /it has 7 bytes/],
  ['a header of 2^63 bytes', file('{}', 0, 1n << 63n), /header of 9223372036854775808 bytes/],
  ['a header longer than allowed', file(new Uint8Array(LIMITS.header + 1)), /it may have 8388608/],
  ['a header longer than the file', file('{}', 0, 100n), /in a file of 10/],
  ['no JSON', file('garbage'), /"g" at byte 0 where \{ belongs/],
  ['an empty header', file(''), /"its end" at byte 0 where \{ belongs/],
  ['bytes that are not UTF-8', file(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)), /not UTF-8/],
  ['a cut header', file('{"a":{"dtype":"F32","sha'), /ends inside a text/],
  ['a cut header after an escape', file('{"a\\'), /ends inside a text/],
  ['a raw line break in a name', file('{"a\nb":{}}'), /broken text/],
  ['an unknown escape in a name', file('{"\\x41":{}}'), /broken text/],
  ['an array in place of the header', file('[]'), /where \{ belongs/],
  ['nesting without end', file(`{"a":${'['.repeat(1 << 20)}`), /where \{ belongs/],
  ['nesting in a shape', file(`{"a":{"shape":${'['.repeat(1 << 20)}`), /shape of "a" holds something else/],
  ['text after the header', file('{}x'), /follows the header/],
  ['two headers', file('{}{}'), /follows the header/],
  ['overlapping arrays', file(json({ a: entry(0, 8), b: entry(4, 12) }), 12), /"b" begins at byte 4 of the data, and what is before it ends at 8/],
  ['the same bytes twice', file(json({ a: entry(0, 8), b: entry(0, 8) }), 8), /begins at byte 0/],
  ['a gap between arrays', file(json({ a: entry(0, 4), b: entry(8, 12) }), 12), /"b" begins at byte 8/],
  ['a gap before the first', file(json({ a: entry(4, 8) }), 8), /begins at byte 4/],
  ['bytes after the end', file(json({ a: entry(0, 4) }), 5), /end at byte 4 of the data, and the file at 5/],
  ['arrays beyond the end', file(json({ a: entry(0, 400) }), 4), /end at byte 400/],
  ['no arrays but data', file('{}', 4), /end at byte 0/],
  ['offsets that run backwards', file(json({ a: entry(8, 4, [1]) }), 8), /has -4 bytes/],
  ['negative dims', file(json({ a: entry(0, 4, [-1]) }), 4), /shape of "a" holds something else than whole numbers/],
  ['a fraction as a dim', file(json({ a: entry(0, 4, [1.5]) }), 4), /whole numbers/],
  ['an exponent as a dim', file('{"a":{"dtype":"F32","shape":[1e3],"data_offsets":[0,4]}}', 4), /whole numbers/],
  ['a dim beyond 2^53', file('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4), /whole numbers/],
  ['a dim of a million digits', file(`{"a":{"shape":[${'9'.repeat(1e6)}]}}`), /whole numbers/],
  ['dims whose product is 2^64 + 4 bytes', file(json({ a: entry(0, 4, [4294967296, 4294967296, 1]) }), 4), /takes 73786976294838206464/],
  ['a hundred thousand dims', file(json({ a: entry(0, 4, Array<number>(1e5).fill(1)) }), 4), /more than 16 numbers/],
  ['a text as a dim', file(json({ a: entry(0, 4, ['1']) }), 4), /whole numbers/],
  ['three offsets', file('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}', 4), /two data_offsets/],
  ['no dtype', file('{"a":{"shape":[],"data_offsets":[0,4]}}', 4), /needs dtype, shape and two data_offsets/],
  ['an unknown dtype', file(json({ a: entry(0, 8, [1], 'F64') }), 8), /dtype "F64"; F32, I32, U8 are read/],
  ['a dtype of Object.prototype', file(json({ a: entry(0, 8, [1], 'constructor') }), 8), /dtype "constructor"/],
  ['a field twice', file('{"a":{"dtype":"F32","dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4), /two fields "dtype"/],
  ['an unknown field', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"module":"os"}}', 4), /unknown field "module"/],
  ['two arrays of one name', file(`{"a":${json(entry(0, 4))},"a":${json(entry(4, 8))}}`, 8), /two arrays are called "a"/],
  ['two arrays of one name, once escaped', file(`{"a":${json(entry(0, 4))},"\\u0061":${json(entry(4, 8))}}`, 8), /two arrays are called "a"/],
  ['an array called __proto__', file(`{"__proto__":${json(entry(0, 4))}}`, 4), /called __proto__/],
  ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), /two entries __metadata__/],
  ['metadata that is no text', file('{"__metadata__":{"a":1}}'), /where " belongs/],
  ['20,001 arrays', file(many(LIMITS.arrays + 1), (LIMITS.arrays + 1) * 4), /more than 20000 arrays/],
  ['a hundred thousand arrays', file(many(1e5), 4e5), /more than 20000 arrays/],
  ['one name of 8 MB', file(`{"${'x'.repeat(LIMITS.header - 10)}":1}`), /where \{ belongs/],
  ['8 MB of metadata', file(`{"__metadata__":{${'"a":"b",'.repeat(1e6)}"a":"b"},"x":1}`), /more than 20000 texts in __metadata__/],
  ['8 MB of spaces', file(`{${' '.repeat(LIMITS.header - 1)}`), /its end/],
];

describe('a hostile safetensors file', () => {
  it.each(HOSTILE)('is refused at once: %s (T05)', async (_, bytes, why) => {
    // The least work of three tries: a collection or a neighbour takes some of one, and never of all.
    let least = Infinity, asked = 0, failure: unknown;
    for (let i = 0; i < 3; i++) {
      const source = sourceOf(bytes), before = process.cpuUsage();
      asked = 0;
      failure = await readSafetensors('weights.safetensors', { bytes: source.bytes, read: (into, at) => { asked += into.length; return source.read(into, at); } }).catch((error: unknown) => error);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, (user + system) / 1000);
    }
    expect(least).toBeLessThan(100);
    // Nothing is made for the arrays of a file that is refused: memory is the header's, its text's and its names', within 50 MB together.
    expect(asked).toBeLessThanOrEqual(8 + LIMITS.header);
    expect(failure).toBeInstanceOf(InputError);
    expect(String(failure)).toMatch(why);
    expect(String(failure)).toContain('weights.safetensors');
    expect(String(failure).length).toBeLessThan(400);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  it('is refused or read, however a good one is changed (T05)', () => fc.assert(fc.asyncProperty(
    arrays, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(), async (named, changes, cut) => {
      const bytes = fileOf(safetensors(named));
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const failure: unknown = await read(bytes.subarray(0, bytes.length - cut % 4)).then(() => undefined, (error: unknown) => error);
      if (failure !== undefined) expect(failure).toBeInstanceOf(InputError);
    })));
});

const PYTHON = [
  'yAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJieSI6InB5dGhvbiJ9LCJ3Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsxLDJdLCJkYXRhX29mZnNldHMiOlsw',
  'LDhdfSwibiI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzgsMTJdfSwibWFzayI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlsz',
  'XSwiZGF0YV9vZmZzZXRzIjpbMTIsMTVdfX0gIAAAgD8AACDABwAAAAEAAQ==',
].join('');
