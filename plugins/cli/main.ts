#!/usr/bin/env node
/** The program `skein`. */
import { main } from './command-line.ts';

const { stdout, stderr } = process;
const code = await main(process.argv.slice(2), { stdout, stderr, environment: process.env, signals: process, exit: now => { process.exit(now); } });
// What a plugin or a backend left open (a timer, a worker) does not keep the process: it ends once the streams are written.
await Promise.all([stdout, stderr].map(stream => new Promise<void>(resolve => { if (stream.destroyed || !stream.writable) resolve(); else stream.write('', () => { resolve(); }); })));
process.exit(code);
