/** Without the optional package that draws PNG: what is said, and that nothing is left behind. A process of its own, in which the package cannot be found. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { scratch } from './skein.ts';

const folder = scratch();
afterAll(() => { folder.remove(); });
const LOADER = new URL('../../../node_modules/tsx/dist/loader.mjs', import.meta.url).href, script = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
const HOOK = script('export const resolve = (name, context, next) => { if (name === "@resvg/resvg-js") throw Object.assign(new Error("Cannot find package " + name), { code: "ERR_MODULE_NOT_FOUND" }); return next(name, context); };');
/** What Node does where an optional dependency was not installed. */
const ABSENT = script(`import { register } from 'node:module'; register(${JSON.stringify(HOOK)});`);
const drawn = (file: string): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => promisify(execFile)(process.execPath, ['--import', LOADER, '--import', ABSENT, path.resolve('plugins/cli/main.ts'), 'draw', 'vdn', '-o', folder.in(file)], { env: { ...process.env, TSX_TSCONFIG_PATH: path.resolve('tsconfig.json'), NO_COLOR: '1' } })
  .then(({ stdout, stderr }) => ({ code: 0, stdout, stderr }), (e: unknown) => { const { code, stdout, stderr } = e as { code: number; stdout: string; stderr: string }; return { code, stdout, stderr }; });

describe('without @resvg/resvg-js', () => {
  it('a PNG is refused with what to install, and the other formats are drawn', async () => {
    expect(await drawn('vdn.png')).toEqual({ code: 2, stdout: '', stderr: 'error: PNG is drawn by the package @resvg/resvg-js, which is not installed\n  fix: npm install @resvg/resvg-js, or write .svg\n' });
    expect((await drawn('vdn.svg')).code).toBe(0);
    expect(readdirSync(folder.path)).toEqual(['vdn.svg']);
  }, 60_000);
});
