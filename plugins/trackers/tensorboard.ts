/**
 * Event files for TensorBoard: scalars under their metric names, over environment steps.
 *
 * A file is a row of records: length u64, masked CRC-32C of it, an `Event` message, masked CRC-32C of that. The messages are tensorflow's
 * event.proto and summary.proto, of which the fields below are all that a scalar needs.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { RunError } from '../../core/error.ts';
import type { MetricRecord, Tracker } from '../../core/tracker.ts';
import type { TrackerFactory } from '../factories.ts';
import { AppendLog } from '../stores/append-log.ts';
import { disk, unlessMissing, type FileSystem } from '../stores/file-system.ts';

const CASTAGNOLI = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CASTAGNOLI[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = ~crc;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;            // as TFRecord masks it: a CRC of data with a CRC in it is weak
}

/** One record of an event file. */
export function frame(message: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + message.length), view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(message.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(message, 12);
  view.setUint32(12 + message.length, maskedCrc(message), true);
  return record;
}

const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const VALUE = { tag: 1, simpleValue: 2 } as const;
const SESSION = { status: 1, START: 1 } as const;

const event = (wallTime: number, step = 0) => new BinaryWriter().tag(EVENT.wallTime, WireType.Bit64).double(wallTime).tag(EVENT.step, WireType.Varint).int64(step);

const versionEvent = (wallTime: number) => event(wallTime).tag(EVENT.fileVersion, WireType.LengthDelimited).string('brain.Event:2').finish();

/** Tells TensorBoard to forget what earlier files say of this step and later ones. */
const restartEvent = (wallTime: number, step: number) => event(wallTime, step)
  .tag(EVENT.sessionLog, WireType.LengthDelimited).fork().tag(SESSION.status, WireType.Varint).int32(SESSION.START).join().finish();

function scalarEvent(wallTime: number, { step, values }: MetricRecord): Uint8Array {
  const writer = event(wallTime, step).tag(EVENT.summary, WireType.LengthDelimited).fork();
  for (const [name, value] of Object.entries(values)) {
    writer.tag(1, WireType.LengthDelimited).fork()
      .tag(VALUE.tag, WireType.LengthDelimited).string(name)
      .tag(VALUE.simpleValue, WireType.Bit32).float(Math.fround(value)).join();
  }
  return writer.join().finish();
}

export interface TensorBoardSettings {
  /** Steps that the run had taken where it goes on; later ones in earlier files are from a future that it has left. */
  readonly resumedAt?: number;
  /** Seconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds between two flushes. */
  readonly flushEvery?: number;
  readonly files?: FileSystem;
}

/** Seconds since 1970 that never go back, whatever is done to the clock of the machine meanwhile. */
const wallTime = () => (performance.timeOrigin + performance.now()) / 1000;

const PREFIX = 'events.out.tfevents.';

export class TensorBoard implements Tracker {
  readonly #files: FileSystem;
  readonly #now: () => number;
  readonly #flushEvery: number;
  readonly #resumedAt: number | undefined;
  #log: AppendLog | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly folder: string, { resumedAt, now = wallTime, flushEvery = 1000, files = disk }: TensorBoardSettings = {}) {
    this.#resumedAt = resumedAt; this.#now = now; this.#flushEvery = flushEvery; this.#files = files;
  }

  /** A new file each time a run starts or goes on; TensorBoard reads all files of a folder in the order of their names. */
  async start(): Promise<void> {
    await this.#files.makeFolder(this.folder);
    const earlier = (await this.#files.list(this.folder).catch(unlessMissing) ?? []).filter(name => name.startsWith(PREFIX));
    const seconds = Math.max(Math.floor(this.#now()), ...earlier.map(name => Number(name.slice(PREFIX.length).split('.')[0])).filter(Number.isSafeInteger));
    const number = String(earlier.length).padStart(4, '0');
    this.#log = new AppendLog(`${this.folder}/${PREFIX}${String(seconds).padStart(10, '0')}.skein.${number}`, { files: this.#files });
    this.#push(versionEvent(this.#now()));
    if (this.#resumedAt !== undefined) this.#push(restartEvent(this.#now(), this.#resumedAt + 1));
    this.#timer = setInterval(() => { void this.#log?.flush(); }, this.#flushEvery).unref();
  }

  metrics(record: MetricRecord): void { this.#push(scalarEvent(this.#now(), record)); }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#log?.close();
    if (this.#log?.dropped) throw new RunError(`${this.#log.path} did not take ${this.#log.dropped} records`, 'metrics.jsonl has its own');
  }

  #push(message: Uint8Array): void { this.#log?.push(frame(message)); }
}

/** In `tensorboard/` of the run's folder; a run that keeps nothing has none. */
export const tensorboard: TrackerFactory = {
  name: 'tensorboard',
  make: ({ folder, resumed }) => (folder === undefined ? {} : new TensorBoard(`${folder}/tensorboard`, resumed && { resumedAt: resumed.step })),
};
