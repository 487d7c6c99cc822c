/** What the stores ask of a disk, and nothing else of theirs touches one: a test can fail every call in turn. */
import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';

export interface FileFacts { readonly bytes: number; readonly folder: boolean }

/** A file that only grows, until it is cut. A `write` that rejects may have left a part of its bytes behind. */
export interface GrowingFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Cuts the file to this length. */
  cut(bytes: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}
export interface ReadableFile {
  readonly bytes: number;
  /** Fills the whole array from this place on; rejects where the file ends before. */
  read(into: Uint8Array, at: number): Promise<void>;
  close(): Promise<void>;
}

export interface FileSystem {
  /** A folder with its parents; one that is there already is fine. */
  makeFolder(path: string): Promise<void>;
  /** A folder that was not there before; rejects with EEXIST if it was. */
  claimFolder(path: string): Promise<void>;
  /** A new file, on the disk when the promise resolves; rejects with EEXIST if there is one, and leaves none behind if it can. The next chunk is asked for while one is written. */
  write(path: string, chunks: Iterable<Uint8Array>, mode?: number): Promise<void>;
  grow(path: string): Promise<GrowingFile>;
  open(path: string): Promise<ReadableFile>;
  read(path: string): Promise<Uint8Array>;
  list(path: string): Promise<readonly string[]>;
  /** Undefined where nothing is. */
  facts(path: string): Promise<FileFacts | undefined>;
  rename(from: string, to: string): Promise<void>;
  /** With everything inside; nothing there is fine. */
  remove(path: string): Promise<void>;
  /** Makes the names inside a folder last through a power cut. */
  syncFolder(path: string): Promise<void>;
}

/** ENOENT, ENOSPC, ...; '' for what is no system error. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
/** A failure in a few words: `ENOSPC: no space left on device`, without the call and its paths. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/, \w+( '.*)?$/s, '') : String(error);

/** Undefined instead of the error of a file that is not there. */
export const unlessMissing = (error: unknown): undefined => {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
  throw error;
};

/** What a file is called until it is whole. */
export const temporaryOf = (name: string): string => `.${name}.new`;

/** Puts a whole file in the place of another: a reader sees the old one or the new one. */
export async function replaceFile(files: FileSystem, folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${folder}/${temporaryOf(name)}`;
  await files.remove(temporary);
  await files.write(temporary, [typeof content === 'string' ? Buffer.from(content) : content]);
  await files.rename(temporary, `${folder}/${name}`);
  await files.syncFolder(folder);
}

/** One system call takes at most 2 GiB, and smaller slices keep the copies between the threads small. */
const SLICE = 1 << 24;

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at, Math.min(SLICE, bytes.length - at))).bytesWritten;
}

async function readAll(handle: FileHandle, into: Uint8Array, from: number, path: string): Promise<void> {
  for (let at = 0; at < into.length;) {
    const { bytesRead } = await handle.read(into, at, Math.min(SLICE, into.length - at), from + at);
    if (bytesRead === 0) throw new Error(`${path} ends at byte ${from + at}`);
    at += bytesRead;
  }
}

/** The disk of this machine. */
export const disk: FileSystem = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true }).catch(async (error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
      await mkdir(path);                                               // says ENOENT for a disk that can only be read; without `recursive` it says EROFS
    });
  },
  async claimFolder(path) { await mkdir(path); },
  async write(path, chunks, mode = 0o666) {
    const handle = await open(path, 'wx', mode);
    let writing: Promise<void> = Promise.resolve();
    try {
      for (const chunk of chunks) { await writing; writing = writeAll(handle, chunk); }
      await writing;
      await handle.sync();
      await handle.close();
    } catch (error) {
      await writing.catch(() => undefined);                            // where `chunks` itself threw
      await handle.close().catch(() => undefined);
      await rm(path, { force: true }).catch(() => undefined);          // half a file is nothing that anybody asked for, and a full disk needs the room
      throw error;
    }
  },
  async grow(path) {
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
    return {
      write: bytes => writeAll(handle, bytes),
      cut: bytes => handle.truncate(bytes),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  async open(path) {
    const handle = await open(path, 'r');
    return {
      bytes: (await handle.stat()).size,
      read: (into, at) => readAll(handle, into, at, path),
      close: () => handle.close(),
    };
  },
  read: path => readFile(path),
  list: path => readdir(path),
  async facts(path) {
    const found = await stat(path).catch(unlessMissing);
    return found && { bytes: found.size, folder: found.isDirectory() };
  },
  rename: (from, to) => rename(from, to),
  remove: path => rm(path, { recursive: true, force: true }),
  async syncFolder(path) {
    if (process.platform === 'win32') return;                          // a folder cannot be opened there; NTFS journals names by itself
    const handle = await open(path, 'r');
    try { await handle.sync(); } finally { await handle.close(); }
  },
};
