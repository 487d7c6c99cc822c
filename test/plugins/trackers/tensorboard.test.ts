import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { MetricRecord } from '../../../core/tracker.ts';
import { frame, TensorBoard, tensorboard } from '../../../plugins/trackers/tensorboard.ts';
import { FailingDisk } from '../stores/failing-disk.ts';
import { emptyFolder } from '../stores/folder.ts';

/** CRC-32C by its definition: polynomial division, a bit at a time; then TFRecord's mask. */
function maskedCrc(bytes: Uint8Array): bigint {
  let crc = 0xffffffffn;
  for (const byte of bytes) for (let bit = 0n; bit < 8n; bit++) crc = (crc >> 1n) ^ ((crc ^ (BigInt(byte) >> bit)) & 1n ? 0x82f63b78n : 0n);
  crc ^= 0xffffffffn;
  return (((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn;
}
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at)), message = file.subarray(at + 12, at + 12 + length);
    expect(BigInt(file.readUInt32LE(at + 8))).toBe(maskedCrc(file.subarray(at, at + 8)));
    expect(BigInt(file.readUInt32LE(at + 12 + length))).toBe(maskedCrc(message));
    records.push(message);
    at += 16 + length;
  }
  return records;
}
/** Fields of a protobuf message by number; a message or text inside stays bytes. */
function fieldsOf(message: Buffer): Map<number, (number | bigint | Buffer)[]> {
  const fields = new Map<number, (number | bigint | Buffer)[]>();
  let at = 0;
  const varint = () => { let value = 0n; for (let shift = 0n; ; shift += 7n) { const byte = message[at++]!; value |= BigInt(byte & 127) << shift; if (byte < 128) return value; } };
  while (at < message.length) {
    const tag = Number(varint()), wire = tag & 7;
    let value: number | bigint | Buffer;
    if (wire === 0) value = varint();
    else if (wire === 1) { value = message.readDoubleLE(at); at += 8; }
    else if (wire === 5) { value = message.readFloatLE(at); at += 4; }
    else { const length = Number(varint()); value = message.subarray(at, at += length); }
    fields.set(tag >> 3, [...fields.get(tag >> 3) ?? [], value]);
  }
  return fields;
}
function eventOf(message: Buffer) {
  const fields = fieldsOf(message), one = (number: number) => fields.get(number)?.[0];
  const summary = one(5), session = one(7);
  return {
    wallTime: one(1), step: Number(one(2)),
    ...(fields.has(3) && { version: String(one(3)) }),
    ...(summary instanceof Buffer && { values: Object.fromEntries((fieldsOf(summary).get(1) ?? []).map(value => { const inner = fieldsOf(value as Buffer); return [String(inner.get(1)![0]), inner.get(2)![0]]; })) }),
    ...(session instanceof Buffer && { status: Number(fieldsOf(session).get(1)![0]) }),
  };
}
const metric = (step: number, values: Readonly<Record<string, number>>): MetricRecord => ({ step, update: 1, episode: 1, seconds: 1, values });
const eventsIn = async (folder: string) => Promise.all((await readdir(folder)).sort().map(async name => recordsOf(await readFile(`${folder}/${name}`)).map(eventOf)));

describe('TensorBoard', () => {
  it('frames records with masked CRC-32C', () => {
    const record = frame(Buffer.from('123456789'));
    const crc = Buffer.from(record).readUInt32LE(21), unmasked = (crc - 0xa282ead8) >>> 0;
    expect(((unmasked >>> 17) | (unmasked << 15)) >>> 0).toBe(0xe3069283);               // the check value of CRC-32C
  });

  it('writes scalars by metric name over environment steps', async () => {
    const folder = await emptyFolder(), board = new TensorBoard(folder, { now: () => 1_763_800_000.5 });
    await board.start();
    board.metrics(metric(1000, { 'train/return': 0.5, 'loss/q': NaN, 'grad/q': 1e300 }));
    board.metrics(metric(2 ** 40, { 'ünï/✓': -1 }));
    await board.close();
    expect(await readdir(folder)).toEqual(['events.out.tfevents.1763800000.skein.0000']);
    expect(await eventsIn(folder)).toEqual([[
      { wallTime: 1_763_800_000.5, step: 0, version: 'brain.Event:2' },
      { wallTime: 1_763_800_000.5, step: 1000, values: { 'train/return': 0.5, 'loss/q': NaN, 'grad/q': Infinity } },
      { wallTime: 1_763_800_000.5, step: 2 ** 40, values: { 'ünï/✓': -1 } },
    ]]);
  });

  it('goes on in a new file that says which steps are void', async () => {
    const folder = await emptyFolder(), run = { folder, record: { name: '', algorithm: '', environment: '', steps: 1 } };
    const first = await tensorboard.make(run);
    await first.start?.(run.record);
    await first.metrics?.(metric(100, { a: 1 }));
    await first.close?.();
    const second = await tensorboard.make({ ...run, resumed: metric(50, {}) });
    await second.start?.(run.record);
    await second.metrics?.(metric(60, { a: 2 }));
    await second.close?.();
    const [, again] = await eventsIn(`${folder}/tensorboard`);
    expect(again!.map(({ step, version, status }) => ({ step, version, status }))).toEqual([
      { step: 0, version: 'brain.Event:2', status: undefined }, { step: 51, version: undefined, status: 1 }, { step: 60, version: undefined, status: undefined }]);
  });

  it('names its files in the order in which they were begun, also when the clock went back', async () => {
    const folder = await emptyFolder();
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/notes.txt`, '');
    for (const now of [2000, 2000, 1000]) { const board = new TensorBoard(folder, { now: () => now }); await board.start(); await board.close(); }
    expect((await readdir(folder)).sort()).toEqual([
      'events.out.tfevents.0000002000.skein.0000', 'events.out.tfevents.0000002000.skein.0001', 'events.out.tfevents.0000002000.skein.0002', 'notes.txt']);
  });

  it('lets the run go on where the disk is full, and says at the end what was lost (T26)', async () => {
    const board = new TensorBoard(await emptyFolder(), { files: new FailingDisk((_, what) => what === 'append') });
    await board.start();
    board.metrics(metric(1, { a: 1 }));
    await expect(board.close()).rejects.toThrow(/skein\.0000 did not take 2 records/);
  });

  it('writes nothing for a run that keeps nothing', async () => {
    expect(await tensorboard.make({ folder: undefined, record: { name: '', algorithm: '', environment: '', steps: 1 } })).toEqual({});
  });
});
