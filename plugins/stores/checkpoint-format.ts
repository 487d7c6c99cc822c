/** What stands in the folder of one checkpoint, and how those of older versions are read. */
import { z } from 'zod';
import { InputError } from '../../core/error.ts';
import type { Snapshot } from '../../core/store.ts';

export const MANIFEST = 'manifest.json', ARRAYS = 'arrays.safetensors', STATE = 'state.json';
/** Goes up by one when what is written changes; `MIGRATIONS` and a golden folder of the old number come with it. */
export const FORMAT = 1;

const content = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const manifest = z.strictObject({
  format: z.int().positive(),
  /** The version of Skein that wrote it. */
  skein: z.string(),
  update: z.int().nonnegative(),
  files: z.strictObject({ [ARRAYS]: content, [STATE]: content }),
});
export type FileContent = z.infer<typeof content>;
export type Manifest = z.infer<typeof manifest>;
/** All that is known of a manifest whose format is not: enough to say which version reads it. */
const claim = z.looseObject({ format: z.int().positive(), skein: z.string(), update: z.int().nonnegative() });
export type Claim = z.infer<typeof claim>;

/** Text of a manifest, or undefined: cut, damaged, or another's. */
export function readClaim(text: string): Claim | undefined {
  try { return claim.safeParse(JSON.parse(text)).data; } catch { return undefined; }
}

/** What its arrays and its state take on the disk; 0 for a newer format, of which no more is known. */
export function bytesOf(found: Claim): number {
  const { data } = manifest.safeParse(found);
  return data ? data.files[ARRAYS].bytes + data.files[STATE].bytes : 0;
}

/** A manifest of this version or an older one; `file` is its name for errors. */
export function readManifest(file: string, found: Claim, version: string): Manifest {
  if (found.format > FORMAT) {
    throw new InputError(`${file} was written by skein ${found.skein} in format ${found.format}; this skein ${version} reads formats up to ${FORMAT}`,
      `install skein ${found.skein} or a later one`);
  }
  const read = manifest.safeParse(found);
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => `${path.join('.') || 'manifest'}: ${message}`);
  throw new InputError(`${file} is not a manifest of format ${found.format}: ${faults.join('; ')}`, 'go on from another checkpoint');
}

export type Migration = (snapshot: Snapshot) => Snapshot;
/** Under each format number: how its snapshot becomes one of the next number. Format 1 is the first. */
const MIGRATIONS: Readonly<Record<number, Migration>> = {};

export function migrate(snapshot: Snapshot, from: number, to = FORMAT, migrations = MIGRATIONS): Snapshot {
  let current = snapshot;
  for (let format = from; format < to; format++) {
    const migration = migrations[format];
    if (!migration) throw new InputError(`checkpoints of format ${format} cannot be read any more`, 'read it with the version that wrote it');
    current = migration(current);
  }
  return current;
}
