/** The version that `package.json` says, beside the sources or beside `dist`; read by hand, so that `--version` loads nothing else. */
import { existsSync, readFileSync } from 'node:fs';

export function version(): string {
  const file = ['../package.json', '../../package.json'].map(up => new URL(up, import.meta.url)).find(url => existsSync(url));
  if (!file) throw new Error('package.json is not where it was installed');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
