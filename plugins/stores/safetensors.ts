/**
 * The safetensors format (huggingface/safetensors): 8 bytes header length, a JSON header, the bytes of all arrays.
 * A file is data that anybody may have written: everything in its header is judged before anything of its size is allocated.
 * All numbers are little-endian, as they are in the memory of every machine that Node runs TensorFlow.js on.
 */
import type { TypedArray } from '../../core/environment.ts';
import { InputError } from '../../core/error.ts';
import type { NamedArray } from '../../core/store.ts';

export const LIMITS = { header: 8 << 20, arrays: 20_000, dims: 16 } as const;

const KINDS = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const;
type Kind = keyof typeof KINDS;
const kindOf = (data: TypedArray): Kind => (data instanceof Float32Array ? 'F32' : data instanceof Int32Array ? 'I32' : 'U8');
const METADATA = '__metadata__';
const [QUOTE, BACKSLASH, ZERO] = [0x22, 0x5c, 0x30];

/** Where a reader gets its bytes from: an open file, or an array. */
export interface ByteSource {
  readonly bytes: number;
  read(into: Uint8Array, at: number): Promise<void>;
}
const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);
export const sourceOf = (bytes: Uint8Array): ByteSource => ({
  bytes: bytes.length,
  read(into, at) { into.set(bytes.subarray(at, at + into.length)); return Promise.resolve(); },
});

/** What a file would need that no reader of this format takes. */
function refusal(names: readonly string[], arrays: Readonly<Record<string, NamedArray>>): string | undefined {
  if (names.length > LIMITS.arrays) return `${names.length} arrays, and a file holds at most ${LIMITS.arrays}`;
  for (const name of names) {
    const { shape, data } = arrays[name]!;
    if (name === METADATA || name === '__proto__') return `an array may not be called ${name}`;
    if (shape.length > LIMITS.dims) return `${name} has ${shape.length} dims, and an array has at most ${LIMITS.dims}`;
    if (shape.reduce((a, b) => a * b, 1) !== data.length) return `${name} has ${data.length} numbers and the shape [${shape.join(' ')}]`;
  }
  return undefined;
}

/** A file in pieces: its header, then the memory of each array itself, not a copy. Arrays of 4-byte numbers stand first, so that all are aligned. */
export function safetensors(arrays: Readonly<Record<string, NamedArray>>): readonly Uint8Array[] {
  const given = Object.keys(arrays), wide = (name: string) => arrays[name]!.data.BYTES_PER_ELEMENT;
  const why = refusal(given, arrays);
  if (why) throw new RangeError(`safetensors: ${why}`);
  const names = given.sort((a, b) => wide(b) - wide(a));
  let end = 0;
  const entries = names.map(name => {
    const { shape, data } = arrays[name]!;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype: kindOf(data), shape, data_offsets: [end, end += data.byteLength] })}`;
  });
  const text = Buffer.from(`{${entries.join(',')}}`), padded = Math.ceil(text.length / 8) * 8;
  if (padded > LIMITS.header) throw new RangeError(`safetensors: a header of ${padded} bytes, and it has at most ${LIMITS.header}`);
  const head = Buffer.alloc(8 + padded, ' ');
  head.writeBigUInt64LE(BigInt(padded));
  text.copy(head, 8);
  return [head, ...names.map(name => bytesOf(arrays[name]!.data))];
}

/** A name from a file as it may stand in an error: quoted, and not all 8 MB of it. */
const brief = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);

interface Entry { readonly name: string; readonly kind: Kind; readonly shape: readonly number[]; readonly begin: bigint; readonly end: bigint }

/**
 * The header's own JSON: { name: { dtype, shape, data_offsets }, ... }. JSON.parse would build whatever a hostile header describes and keep
 * the last of two equal names, so this reads that grammar and no other, and stops at the first thing that does not belong to it.
 */
class HeaderReader {
  #at = 0;
  constructor(readonly text: string, readonly fail: (why: string) => never) {}

  entries(): Entry[] {
    const entries = new Map<string, Entry>();
    let metadata = false;
    this.#object(name => {
      if (name === METADATA) {
        if (metadata) this.fail('two entries __metadata__');
        metadata = true;
        let texts = 0;
        this.#object(() => { if (++texts > LIMITS.arrays) this.fail(`more than ${LIMITS.arrays} texts in __metadata__`); this.#string(); });
        return;
      }
      if (name === '__proto__') this.fail('an array is called __proto__');
      if (entries.has(name)) this.fail(`two arrays are called ${brief(name)}`);
      if (entries.size === LIMITS.arrays) this.fail(`more than ${LIMITS.arrays} arrays`);
      entries.set(name, this.#entry(name));
    });
    this.#space();
    if (this.#at < this.text.length) this.fail(`something follows the header's end at byte ${this.#at}`);
    return [...entries.values()];
  }

  #entry(name: string): Entry {
    const of = brief(name);
    let dtype: string | undefined, shape: readonly number[] | undefined, offsets: readonly number[] | undefined;
    this.#object(field => {
      if (field === 'dtype' && dtype === undefined) dtype = this.#string();
      else if (field === 'shape' && !shape) shape = this.#numbers(`shape of ${of}`);
      else if (field === 'data_offsets' && !offsets) offsets = this.#numbers(`data_offsets of ${of}`);
      else this.fail(`${of} has ${['dtype', 'shape', 'data_offsets'].includes(field) ? 'two fields' : 'an unknown field'} ${brief(field)}`);
    });
    if (dtype === undefined || !shape || offsets?.length !== 2) this.fail(`${of} needs dtype, shape and two data_offsets`);
    if (!Object.hasOwn(KINDS, dtype)) this.fail(`${of} has dtype ${brief(dtype)}; ${Object.keys(KINDS).join(', ')} are read`);
    const kind = dtype as Kind, begin = BigInt(offsets[0]!), end = BigInt(offsets[1]!);
    const size = shape.reduce((product, length) => product * BigInt(length), BigInt(KINDS[kind].BYTES_PER_ELEMENT));
    if (end - begin !== size) this.fail(`${of} has ${end - begin} bytes, and its shape [${shape.join(' ')}] of ${kind} takes ${size}`);
    return { name, kind, shape, begin, end };
  }

  #space(): void {
    for (let code = this.text.charCodeAt(this.#at); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;) code = this.text.charCodeAt(++this.#at);
  }
  #take(char: string): boolean {
    this.#space();
    if (this.text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
  #expect(char: string): void {
    if (!this.#take(char)) this.fail(`the header has ${JSON.stringify(this.text[this.#at] ?? 'its end')} at byte ${this.#at} where ${char} belongs`);
  }
  #object(member: (name: string) => void): void {
    this.#expect('{');
    if (this.#take('}')) return;
    do { const name = this.#string(); this.#expect(':'); member(name); } while (this.#take(','));
    this.#expect('}');
  }
  #string(): string {
    this.#expect('"');
    const begin = this.#at;
    let escaped = false;
    for (let code; (code = this.text.charCodeAt(this.#at)) !== QUOTE; this.#at++) {
      if (this.#at >= this.text.length) this.fail('the header ends inside a text');
      if (code === BACKSLASH) { escaped = true; this.#at++; }
    }
    const raw = this.text.slice(begin, this.#at++);
    if (!escaped && !/[\0-\x1f]/.test(raw)) return raw;
    try { return JSON.parse(`"${raw}"`) as string; } catch { return this.fail(`the header has a broken text at byte ${begin}`); }
  }
  /** Whole numbers from 0 that a double holds exactly; signs, fractions and exponents are no part of them. */
  #numbers(what: string): number[] {
    const numbers: number[] = [];
    this.#expect('[');
    if (this.#take(']')) return numbers;
    do {
      this.#space();
      const begin = this.#at;
      let value = 0;
      for (let digit; (digit = this.text.charCodeAt(this.#at) - ZERO) >= 0 && digit <= 9 && value <= Number.MAX_SAFE_INTEGER; this.#at++) value = value * 10 + digit;
      const next = this.text[this.#at] ?? 'x';
      if (begin === this.#at || !' \t\n\r,]'.includes(next) || value > Number.MAX_SAFE_INTEGER) this.fail(`${what} holds something else than whole numbers up to 2^53`);
      if (numbers.push(value) > LIMITS.dims) this.fail(`${what} holds more than ${LIMITS.dims} numbers`);
    } while (this.#take(','));
    this.#expect(']');
    return numbers;
  }
}

/** Every byte after the header belongs to exactly one array. */
function inOrder(entries: readonly Entry[], bytes: number, fail: (why: string) => never): Entry[] {
  const order = [...entries].sort((a, b) => Number(a.begin - b.begin) || Number(a.end - b.end));
  let at = 0n;
  for (const { name, begin, end } of order) {
    if (begin !== at) fail(`${brief(name)} begins at byte ${begin} of the data, and what is before it ends at ${at}`);
    at = end;
  }
  if (at !== BigInt(bytes)) fail(`its arrays end at byte ${at} of the data, and the file at ${bytes}`);
  return order;
}

/** All arrays of a file, each in memory of its own. `file` is its name for errors. */
export async function readSafetensors(file: string, source: ByteSource): Promise<Readonly<Record<string, NamedArray>>> {
  const fail = (why: string): never => { throw new InputError(`${file} is not a safetensors file that can be read: ${why}`); };
  const take = async (length: number, at: number) => { const into = new Uint8Array(length); await source.read(into, at); return into; };

  if (source.bytes < 8) fail(`it has ${source.bytes} bytes`);
  const head = (await take(8, 0)), length = new DataView(head.buffer).getBigUint64(0, true);
  if (length > BigInt(LIMITS.header)) fail(`a header of ${length} bytes, and it may have ${LIMITS.header}`);
  const start = 8 + Number(length);
  if (start > source.bytes) fail(`a header of ${length} bytes in a file of ${source.bytes}`);

  let text = '';
  try { text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await take(Number(length), 8)); } catch { fail('its header is not UTF-8'); }
  const entries = inOrder(new HeaderReader(text, fail).entries(), source.bytes - start, fail);

  const arrays: [string, NamedArray][] = [];
  for (const { name, kind, shape, begin, end } of entries) {
    const data = new KINDS[kind](Number(end - begin) / KINDS[kind].BYTES_PER_ELEMENT);
    await source.read(bytesOf(data), start + Number(begin));
    arrays.push([name, { shape, data }]);
  }
  return Object.fromEntries(arrays);
}
