import { disk, type FileSystem, type GrowingFile, type ReadableFile } from '../../../plugins/stores/file-system.ts';

/** Which call fails, counted from 0 over all calls: that one, or that one and all after it, as if the process were gone. */
export type Failing = (call: number, what: string) => boolean;

const fault = (code: string) => Object.assign(new Error(`${code}: no luck, write`), { code });

/** The disk of this machine, with faults. A write that fails leaves half of its bytes behind, as a full disk does. */
export class FailingDisk implements FileSystem {
  calls: string[] = [];
  constructor(public failing: Failing = () => false, readonly code = 'ENOSPC') {}

  async #call<T>(what: string, work: () => Promise<T>, half: () => Promise<unknown> = () => Promise.resolve()): Promise<T> {
    const fails = this.failing(this.calls.push(what) - 1, what);
    if (!fails) return work();
    await half();
    throw fault(this.code);
  }
  makeFolder(path: string) { return this.#call('makeFolder', () => disk.makeFolder(path)); }
  claimFolder(path: string) { return this.#call('claimFolder', () => disk.claimFolder(path)); }
  write(path: string, chunks: Iterable<Uint8Array>, mode?: number) {
    return this.#call('write', () => disk.write(path, chunks, mode), () => disk.write(path, [...chunks].map(c => c.subarray(0, c.length / 2)), mode));
  }
  async grow(path: string): Promise<GrowingFile> {
    const file = await this.#call('grow', () => disk.grow(path));
    return {
      write: bytes => this.#call('append', () => file.write(bytes), () => file.write(bytes.subarray(0, bytes.length / 2))),
      cut: bytes => this.#call('cut', () => file.cut(bytes)),
      sync: () => this.#call('sync', () => file.sync()),
      close: () => file.close(),
    };
  }
  async open(path: string): Promise<ReadableFile> {
    const file = await this.#call('open', () => disk.open(path));
    return { bytes: file.bytes, read: (into, at) => this.#call('readAt', () => file.read(into, at)), close: () => file.close() };
  }
  read(path: string) { return this.#call('read', () => disk.read(path)); }
  list(path: string) { return this.#call('list', () => disk.list(path)); }
  facts(path: string) { return this.#call('facts', () => disk.facts(path)); }
  rename(from: string, to: string) { return this.#call('rename', () => disk.rename(from, to)); }
  remove(path: string) { return this.#call('remove', () => disk.remove(path)); }
  syncFolder(path: string) { return this.#call('syncFolder', () => disk.syncFolder(path)); }
}
