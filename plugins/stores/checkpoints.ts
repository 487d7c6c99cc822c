/**
 * Snapshots as folders `<update>/`, each complete or not there. One is written under a name of our own, file by file to the disk, the
 * manifest with the digests last, and then renamed; nothing is ever changed in place. Who saves must hold the lock of the run's folder.
 */
import { createHash } from 'node:crypto';
import { InputError, RunError } from '../../core/error.ts';
import type { Snapshot, Store } from '../../core/store.ts';
import { ARRAYS, bytesOf, FORMAT, MANIFEST, migrate, readClaim, readManifest, STATE, type Claim, type FileContent, type Manifest } from './checkpoint-format.ts';
import { exactJson } from './exact-json.ts';
import { codeOf, disk, reasonOf, unlessMissing, type FileSystem } from './file-system.ts';
import { ROOM, staying, type Held, type Room } from './retention.ts';
import { readSafetensors, safetensors } from './safetensors.ts';

export interface CheckpointSettings {
  /** The version of Skein, for the manifest. */
  readonly version: string;
  /** Room for those that stay. */
  readonly room?: Room;
  readonly files?: FileSystem;
}

/** What is written, taken over or taken away has a name with this before it until it is complete; nothing else here is ever removed. */
const OURS = '.skein-';
const UPDATE = /^(0|[1-9]\d{0,15})$/;
/** A checkpoint that another of the same update is about to replace. It is the newest one for a moment, and counts as long as nothing has its place. */
const ASIDE = `${OURS}replaced-`;
const updateOf = (name: string): number[] => [name, name.startsWith(ASIDE) ? name.slice(ASIDE.length) : ''].filter(text => UPDATE.test(text)).map(Number);
/** Pieces in which an array is hashed and written: one is hashed while the one before it goes to the disk. */
const CHUNK = 1 << 23;
const MANIFEST_LIMIT = 1 << 20;

class Digest {
  readonly #hash = createHash('sha256');
  #bytes = 0;
  add(bytes: Uint8Array): void { this.#hash.update(bytes); this.#bytes += bytes.length; }
  content(): FileContent { return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }; }
}

function* digested(parts: readonly Uint8Array[], digest: Digest): Iterable<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += CHUNK) {
      const chunk = part.subarray(at, at + CHUNK);
      digest.add(chunk);
      yield chunk;
    }
  }
}

export class Checkpoints implements Store {
  readonly #files: FileSystem;
  readonly #version: string;
  readonly #room: Room;
  #last: Promise<unknown> = Promise.resolve();
  #tidied = false;

  constructor(readonly folder: string, { version, room = ROOM, files = disk }: CheckpointSettings) {
    this.#files = files; this.#version = version; this.#room = room;
  }

  /** The arrays must stay as they are until this settles. Saves of one store happen one after another. */
  save(update: number, snapshot: Snapshot): Promise<void> {
    const saving = this.#last.then(() => this.#save(update, snapshot));
    this.#last = saving.catch(() => undefined);
    return saving;
  }

  async list(): Promise<readonly number[]> { return (await this.#complete()).map(({ update }) => update); }

  async #complete(): Promise<readonly Held[]> {
    const names = await this.#files.list(this.folder).catch(unlessMissing) ?? [];
    const found = await Promise.all([...new Set(names.flatMap(updateOf))].map(update => this.#find(update)));
    return found.flatMap(one => (one ? [{ update: one.claim.update, bytes: bytesOf(one.claim) }] : [])).sort((a, b) => a.update - b.update);
  }

  /** Is there anything under the number of an update, complete or not? */
  async remains(): Promise<boolean> {
    const names = await this.#files.list(this.folder).catch(unlessMissing) ?? [];
    return names.some(name => updateOf(name).length > 0);
  }

  async load(update: number): Promise<Snapshot> {
    const found = await this.#find(update);
    if (!found) throw await this.#missing(update);
    const { folder, claim } = found, { format, files } = readManifest(`${folder}/${MANIFEST}`, claim, this.#version);
    await this.#verify(`${folder}/${STATE}`, files[STATE]);
    await this.#verify(`${folder}/${ARRAYS}`, files[ARRAYS]);
    const meta = await this.#state(`${folder}/${STATE}`);
    const file = await this.#files.open(`${folder}/${ARRAYS}`);
    try { return migrate({ arrays: await readSafetensors(`${folder}/${ARRAYS}`, file), meta }, format); } finally { await file.close(); }
  }

  /** Environment steps that a complete checkpoint stands at. */
  async stepOf(update: number): Promise<number> {
    const found = await this.#find(update);
    if (!found) throw await this.#missing(update);
    return (await this.#state(`${found.folder}/${STATE}`) as { counters: { steps: number } }).counters.steps;
  }

  /**
   * Sets aside all checkpoints after one: of a future that a run leaves. The newest goes first, so that at every moment those that count end where
   * the files of the run do, or before; the next save takes them away, but for those in which somebody put files of their own (`left-30`).
   */
  async leave(after: number): Promise<readonly number[]> {
    const gone = (await this.list()).filter(update => update > after);
    for (const update of [...gone].reverse()) {
      try {
        const { folder } = (await this.#find(update))!, aside = `${this.folder}/${await this.#isOurs(folder) ? OURS : ''}left-${update}`;
        if (aside.includes(OURS)) await this.#files.remove(aside);
        await this.#files.rename(folder, aside);
      } catch (error) { throw new RunError(`checkpoint ${update} cannot be left behind in ${this.folder}: ${reasonOf(error)}`, 'make room or give rights; the run is as it was, but for those after it'); }
    }
    if (gone.length) await this.#files.syncFolder(this.folder);
    return gone;
  }

  #at(update: number): string { return `${this.folder}/${update}`; }
  #aside(update: number): string { return `${this.folder}/${ASIDE}${update}`; }

  /** Where a complete checkpoint stands: under its number, or aside where a process was killed between moving it and naming the next. */
  async #find(update: number): Promise<{ readonly folder: string; readonly claim: Claim } | undefined> {
    for (const folder of [this.#at(update), this.#aside(update)]) {
      const claim = await this.#claim(folder, update);
      if (claim) return { folder, claim };
    }
    return undefined;
  }

  async #missing(update: number): Promise<InputError> {
    const there = await this.list();
    return new InputError(`${this.#at(update)} is not a complete checkpoint`,
      there.length ? `complete are ${there.join(', ')}` : `there is none in ${this.folder}`);
  }

  /** The manifest of a complete checkpoint. One that is cut or of another update does not make a folder one. */
  async #claim(folder: string, update: number): Promise<Claim | undefined> {
    const path = `${folder}/${MANIFEST}`, facts = await this.#files.facts(path);
    if (!facts || facts.folder || facts.bytes > MANIFEST_LIMIT) return undefined;
    const text = await this.#files.read(path).catch(unlessMissing);   // a run may take an old one away meanwhile
    const claim = text && readClaim(Buffer.from(text).toString());
    return claim && claim.update === update ? claim : undefined;
  }

  async #state(path: string): Promise<unknown> {
    const text = Buffer.from(await this.#files.read(path)).toString();
    try { return JSON.parse(text); } catch (error) { throw new InputError(`${path} is not JSON: ${reasonOf(error)}`, 'go on from another checkpoint'); }
  }

  async #verify(path: string, { bytes, sha256 }: FileContent): Promise<void> {
    const refuse = (why: string) => new InputError(`${path} ${why}`, 'go on from another checkpoint; this one is damaged');
    const file = await this.#files.open(path).catch(unlessMissing);
    if (!file) throw refuse('is missing');
    try {
      if (file.bytes !== bytes) throw refuse(`has ${file.bytes} bytes, and was written with ${bytes}`);
      const hash = createHash('sha256'), buffer = new Uint8Array(Math.min(CHUNK, bytes));
      for (let at = 0; at < bytes; at += buffer.length) {
        const chunk = buffer.subarray(0, Math.min(buffer.length, bytes - at));
        await file.read(chunk, at);
        hash.update(chunk);
      }
      const found = hash.digest('hex');
      if (found !== sha256) throw refuse(`has the digest ${found.slice(0, 12)}..., and was written with ${sha256.slice(0, 12)}...`);
    } finally { await file.close(); }
  }

  async #save(update: number, snapshot: Snapshot): Promise<void> {
    if (!Number.isSafeInteger(update) || update < 0) throw new RangeError(`${update} is no number of an update`);
    try {
      await this.#attempt(update, snapshot).catch(async (error: unknown) => {
        if (codeOf(error) !== 'ENOSPC' || !await this.#giveWay(update).catch(() => false)) throw error;
        await this.#attempt(update, snapshot);
      });
    } catch (error) {
      const failure = new RunError(`checkpoint ${update} was not saved in ${this.folder}: ${reasonOf(error)}`,
        `${codeOf(error) === 'ENOSPC' ? 'make room on the disk; ' : ''}the newest checkpoints are as they were`);
      failure.cause = error;
      throw failure;
    }
    await this.#prune().catch(() => undefined);                        // the new one is complete; the next save tries again to take away old ones
  }

  async #attempt(update: number, snapshot: Snapshot): Promise<void> {
    const temporary = `${this.folder}/${OURS}saving-${update}`;
    try {
      await this.#files.makeFolder(this.folder);
      await this.#tidy();
      await this.#files.makeFolder(temporary);
      await this.#write(temporary, update, snapshot);
      await this.#place(temporary, update);
    } catch (error) {
      await this.#files.remove(temporary).catch(() => undefined);     // what is left is ours by its name, and the next save takes it away
      throw error;
    }
  }

  async #write(folder: string, update: number, { arrays, meta }: Snapshot): Promise<void> {
    const put = async (name: string, parts: readonly Uint8Array[]): Promise<FileContent> => {
      const digest = new Digest();
      await this.#files.write(`${folder}/${name}`, digested(parts, digest));
      return digest.content();
    };
    const files = { [ARRAYS]: await put(ARRAYS, safetensors(arrays)), [STATE]: await put(STATE, [Buffer.from(exactJson(meta))]) };
    const manifest: Manifest = { format: FORMAT, skein: this.#version, update, files };
    await put(MANIFEST, [Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]);
    await this.#files.syncFolder(folder);
  }

  /** Renames to the final name. What stands there, half gone or from a future that a resumed run left, is moved aside first and then taken away. */
  async #place(temporary: string, update: number): Promise<void> {
    const final = this.#at(update), aside = this.#aside(update);
    const occupied = (await this.#files.facts(final)) !== undefined;
    if (occupied) { await this.#files.remove(aside); await this.#files.rename(final, aside); }
    try { await this.#files.rename(temporary, final); } catch (error) {
      if (occupied) await this.#files.rename(aside, final).catch(() => undefined);
      throw error;
    }
    await this.#files.syncFolder(this.folder);
    if (occupied) await this.#files.remove(aside).catch(() => undefined);
  }

  /** Takes away what a killed process left under our names; a checkpoint that it had moved aside and not replaced gets its place back. */
  async #tidy(): Promise<void> {
    if (this.#tidied) return;
    for (const name of (await this.#files.list(this.folder)).filter(one => one.startsWith(OURS))) {
      const path = `${this.folder}/${name}`, [update] = updateOf(name);
      if (update !== undefined && (await this.#find(update))?.folder === path) {
        await this.#files.remove(this.#at(update));                          // half gone or no checkpoint: else it would have been found
        await this.#files.rename(path, this.#at(update));
      } else await this.#files.remove(path);
    }
    this.#tidied = true;
  }

  /** Those for which there is no room go. */
  async #prune(): Promise<void> {
    const there = await this.#complete(), kept = staying(there, this.#room);
    await this.#takeAway(there.filter(one => !kept.includes(one)));
  }
  /** All but the newest two of this run make room on a full disk. Did any? */
  async #giveWay(next: number): Promise<boolean> {
    const there = (await this.#complete()).filter(({ update }) => update < next), kept = staying(there, { checkpoints: 0, bytes: 0 });
    return this.#takeAway(there.filter(one => !kept.includes(one)));
  }
  async #isOurs(folder: string): Promise<boolean> { return (await this.#files.list(folder)).every(name => [MANIFEST, ARRAYS, STATE].includes(name)); }
  /** A rename is what removes one, so none is ever half gone; one in which somebody put files of their own stays. */
  async #takeAway(gone: readonly Held[]): Promise<boolean> {
    let any = false;
    for (const { update } of gone) {
      const removed = `${this.folder}/${OURS}removed-${update}`;
      if (!await this.#isOurs(this.#at(update))) continue;
      await this.#files.rename(this.#at(update), removed);
      await this.#files.remove(removed);
      any = true;
    }
    return any;
  }
}
