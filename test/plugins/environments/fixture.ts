/** Recorded traces of the original packages; `record_*.py` beside them says how they were made. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export function readFixture(name: string): unknown {
  const packed = readFileSync(new URL(`../../fixtures/environments/${name}.json.gz`, import.meta.url));
  return JSON.parse(gunzipSync(packed).toString('utf8'));
}
