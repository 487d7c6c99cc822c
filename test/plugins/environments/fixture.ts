/** Recorded traces of the original packages; `record_*.py` beside them says how they were made. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export function readFixture(name: string): unknown {
  const packed = readFileSync(new URL(`../../fixtures/environments/${name}.json.gz`, import.meta.url));
  return JSON.parse(gunzipSync(packed).toString('utf8'));
}

/** So many numbers 0 or 1 that were packed a bit each, the first in the highest bit of a byte. */
export function readBits(base64: string, count: number): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  return Uint8Array.from({ length: count }, (_, i) => bytes[i >> 3]! >> (7 - (i & 7)) & 1);
}
