/** Appends whole records to one file, from memory: a slow disk costs no time, a full one costs records, and neither stops a run. */
import { within } from '../within.ts';
import { disk, type FileSystem, type GrowingFile } from './file-system.ts';

/** How far a log has got. */
export interface LogPosition { readonly bytes: number; readonly records: number }
const BEGINNING: LogPosition = { bytes: 0, records: 0 };

export interface LogSettings {
  /** Where in an existing file to go on; what stands after it is cut off. */
  readonly from?: LogPosition;
  /** Bytes that wait for the disk at most. */
  readonly limit?: number;
  readonly files?: FileSystem;
}

export class AppendLog {
  readonly #files: FileSystem;
  readonly #limit: number;
  #file: GrowingFile | undefined;
  #written: LogPosition;
  /** Has anything been asked of this file? One that nobody wrote to stays as it is, or away. */
  #used = false;
  /** May there be bytes after `#written`? Then they are cut before anything is added. */
  #torn = true;
  #waiting: Uint8Array[] = [];
  #held = 0;
  #last: Promise<void> = Promise.resolve();
  /** Records that found no room, since the beginning. */
  dropped = 0;
  /** Why the disk took nothing at the last attempt; undefined when it did. */
  trouble: unknown;

  constructor(readonly path: string, { from = BEGINNING, limit = 8 << 20, files = disk }: LogSettings = {}) {
    this.#files = files; this.#limit = limit; this.#written = from;
  }

  /** Keeps the record until the next flush. While the disk takes nothing and the room is used up, the newest are dropped: what is written has no hole before them. */
  push(record: Uint8Array): void {
    if (this.#held + record.length > this.#limit) { this.dropped++; return; }
    this.#used = true;
    this.#waiting.push(record); this.#held += record.length;
  }

  /** Hands everything that waits to the system. Never rejects: `trouble` says how it went. */
  flush(): Promise<void> {
    return this.#flushing ??= this.#after(() => { this.#flushing = undefined; return this.#write(false); });
  }
  /** A flush that waits for its turn takes all with it, so there is never a second one. */
  #flushing: Promise<void> | undefined;


  /** Flushes to the disk itself and says how far the log has got, counting what still waits where the disk takes nothing. */
  async settle(): Promise<LogPosition> {
    await this.#after(() => this.#write(true));
    return this.reach;
  }

  /** Goes back to a position inside the file; what waits is forgotten. */
  rewind(to: LogPosition): Promise<void> {
    return this.#after(async () => {
      this.#waiting = []; this.#held = 0;
      this.#written = to; this.#torn = this.#used = true;
      await this.#write(true);
    });
  }

  /** How far it will have got when the disk has taken what waits. */
  get reach(): LogPosition { return { bytes: this.#written.bytes + this.#held, records: this.#written.records + this.#waiting.length }; }

  /** One last attempt, for so many milliseconds; what the disk does not take then counts as dropped. */
  async close(patience = Infinity): Promise<void> {
    const inTime = await within(patience, this.settle());
    this.dropped += this.#waiting.length;
    this.#waiting = []; this.#held = 0;
    if (inTime) await within(patience, this.#release());
  }

  #after(what: () => Promise<void>): Promise<void> { return (this.#last = this.#last.then(what)); }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);                        // a file that cannot be closed is opened anew by the next write
  }

  async #write(sync: boolean): Promise<void> {
    if (!this.#used || (!this.#waiting.length && !sync)) return;
    try {
      this.#file ??= await this.#files.grow(this.path);
      await this.#mend(this.#file);
      if (this.#waiting.length) await this.#add(this.#file);
      if (sync) await this.#file.sync();
      this.trouble = undefined;
    } catch (error) {
      this.trouble = error;
      if (this.#file) await this.#mend(this.#file).catch(() => undefined);     // else the next write does it
      await this.#release();
    }
  }

  async #mend(file: GrowingFile): Promise<void> {
    if (this.#torn) await file.cut(this.#written.bytes);
    this.#torn = false;
  }

  /** What is pushed while the disk works stands behind what it works on. */
  async #add(file: GrowingFile): Promise<void> {
    const { length } = this.#waiting, bytes = Buffer.concat(this.#waiting);
    this.#torn = true;
    await file.write(bytes);
    this.#torn = false;
    this.#written = { bytes: this.#written.bytes + bytes.length, records: this.#written.records + length };
    if (!this.#waiting.length) return;                                // given up meanwhile
    this.#waiting = this.#waiting.slice(length); this.#held -= bytes.length;
  }
}
