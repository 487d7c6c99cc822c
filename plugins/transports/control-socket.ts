/**
 * How a second terminal talks to a run: one line of JSON each way over a socket in the run's folder, which only its owner can reach.
 * A socket's path may have about a hundred bytes; where that of the folder is longer, the socket lies in the system's folder for temporary
 * files and `control/path` says where.
 */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { InputError } from '../../core/error.ts';
import { plannedSchema } from '../edits.ts';

const CONTROL = 'control', SOCKET = 'socket', POINTER = 'path';
/** 104 bytes on macOS and BSD with the zero at the end, 108 on Linux. */
const LONGEST = 103;
/** Bytes of a request and of an answer, and milliseconds until a request is there. */
const LIMITS = { request: 1 << 16, answer: 1 << 24, patience: 10_000 } as const;

const where = z.string().min(1).max(4000);
/**
 * A swap names node types and numbers. `load` are the plugins that whoever owns the run named on a command line: the run loads them first, as it
 * loads those of its own. Nothing else in a request is ever loaded or run, so what passes on the swaps of others, a web page's, passes on no `load`.
 */
export const requestSchema = z.strictObject({ do: z.enum(['swap', 'check']), swaps: plannedSchema.shape.swaps, syncTargets: z.boolean().optional(), load: z.array(z.strictObject({ from: where, file: where.refine(path.isAbsolute, 'an absolute path') })).max(100).optional() });
export type Request = z.infer<typeof requestSchema>;
const answerSchema = z.union([z.strictObject({ done: z.unknown() }), z.strictObject({ error: z.strictObject({ name: z.string().max(100), message: z.string() }) })]);

export interface Control { close(): Promise<void> }
const saidOf = (e: unknown) => (e instanceof Error ? { name: e.name, message: e.message } : { name: 'Error', message: String(e) });

/** Where the socket of a folder can be: in it, or where the folder's path is too long, elsewhere. */
async function place(folder: string): Promise<{ readonly socket: string; readonly elsewhere: boolean; remove(): Promise<void> }> {
  const control = path.resolve(folder, CONTROL), clear = (at: string) => rm(at, { recursive: true, force: true });
  await clear(control);                                                  // of a process that was killed; the lock says that it is gone
  await mkdir(control, { mode: 0o700 });
  if (process.platform === 'win32') return { socket: String.raw`\\.\pipe\skein-${randomUUID()}`, elsewhere: true, remove: () => clear(control) };
  const inside = [path.join(control, SOCKET), path.relative('', path.join(control, SOCKET))].find(p => Buffer.byteLength(p) <= LONGEST);
  if (inside !== undefined) return { socket: inside, elsewhere: false, remove: () => clear(control) };
  const temporary = await mkdtemp(path.join(os.tmpdir(), 'skein-'));      // rights 0700
  return { socket: path.join(temporary, SOCKET), elsewhere: true, remove: async () => { await clear(temporary); await clear(control); } };
}

/** Hears requests for a run until it is closed. Rejects where no socket can be made. */
export async function listen(folder: string, answer: (request: Request) => Promise<unknown>): Promise<Control> {
  const { socket, elsewhere, remove } = await place(folder), replies = new Set<Promise<void>>(), open = new Set<net.Socket>();
  const reply = async (text: string): Promise<string> => {
    try {
      const read = requestSchema.safeParse(JSON.parse(text));
      if (!read.success) throw new InputError(`not a request: ${read.error.issues.map(({ path: at, message }) => `${at.join('.') || 'it'}: ${message}`).join('; ')}`, 'skein swap of the version that runs');
      return JSON.stringify({ done: await answer(read.data) });
    } catch (e) { return JSON.stringify({ error: e instanceof SyntaxError ? { name: 'InputError', message: 'not a request: it is not JSON' } : saidOf(e) }); }
  };
  const server = net.createServer({ allowHalfOpen: true }, client => {
    open.add(client);
    client.on('close', () => { open.delete(client); }).on('error', () => { client.destroy(); });
    const refuse = (message: string) => { client.removeAllListeners('data'); client.end(`${JSON.stringify({ error: { name: 'InputError', message } })}\n`); };
    client.setTimeout(LIMITS.patience, () => { refuse('no whole request within 10 s'); });
    let bytes = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf(10);
      if (end < 0 ? bytes.length > LIMITS.request : end > LIMITS.request) { refuse(`a request has at most ${LIMITS.request} bytes`); return; }
      if (end < 0) return;
      client.removeAllListeners('data'); client.setTimeout(0); client.resume();
      const replied = reply(bytes.subarray(0, end).toString()).then(said => new Promise<void>(resolve => { client.end(`${said}\n`, resolve); if (client.destroyed) resolve(); }));
      replies.add(replied);
      void replied.finally(() => replies.delete(replied));
    });
  });
  server.maxConnections = 8;
  try {
    await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(socket, resolve); });
    server.on('error', () => undefined).unref();
    if (process.platform !== 'win32') await chmod(socket, 0o600);
    if (elsewhere) await writeFile(path.join(folder, CONTROL, POINTER), socket, { mode: 0o600 });
  } catch (e) { server.close(); await remove(); throw e; }
  return { close: async () => {
    const closed = new Promise(resolve => { server.close(resolve); });
    await Promise.all(replies);
    for (const client of open) client.destroy();
    await closed;
    await remove();
  } };
}

/** What a run answers; undefined where none listens. An error of the run's is thrown as it was said there. */
export async function ask(folder: string, request: Request): Promise<{ readonly done: unknown } | undefined> {
  const pointer = await readFile(path.join(folder, CONTROL, POINTER), 'utf8').catch(() => undefined), inside = path.resolve(folder, CONTROL, SOCKET), near = path.relative('', inside);
  const socket = pointer ?? (Buffer.byteLength(inside) <= LONGEST ? inside : near), client = net.connect(socket);
  const text = await new Promise<string | undefined>((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0, heard = false;
    client.on('connect', () => { heard = true; client.write(`${JSON.stringify(request)}\n`); })
      .on('data', (part: Buffer) => { parts.push(part); size += part.length; if (size > LIMITS.answer) client.destroy(new Error(`an answer of more than ${LIMITS.answer} bytes`)); })
      .on('end', () => { resolve(Buffer.concat(parts).toString()); })
      .on('error', (e: NodeJS.ErrnoException) => { if (!heard && ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'EINVAL', 'ENOTDIR'].includes(e.code ?? '')) resolve(undefined); else reject(e); });
  }).finally(() => { client.destroy(); });
  if (text === undefined) return undefined;
  let said: unknown;
  try { said = JSON.parse(text); } catch { throw new InputError(`${folder} gave no whole answer`, 'its run may have ended meanwhile: see events.jsonl'); }
  const read = answerSchema.parse(said);
  if ('error' in read) throw Object.assign(new Error(read.error.message), { name: read.error.name });
  return read;
}
