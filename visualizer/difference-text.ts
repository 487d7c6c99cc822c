/** A difference as Markdown: sentences, then tables. */
import { SIGNS } from './palette.ts';
import { grouped, plain } from './text.ts';
import type { Comparison } from './union.ts';

/** Text of others inside Markdown: one line, and nothing of it is markup. */
export const escaped = (text: string): string => plain(text).replace(/([\\`*_{}[\]|#~])/g, '\\$1').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
export function markdown(c: Comparison, told: readonly string[]): string {
  const table = (head: readonly string[], rows: readonly (readonly string[])[]) => (rows.length ? ['', `| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows.map(r => `| ${r.map(escaped).join(' | ')} |`)] : []);
  return [
    `# ${escaped(c.before)} → ${escaped(c.after)}`, '', ...told.map(escaped),
    ...table(['', 'node', 'what'], c.nodes.map(n => [SIGNS[n.state].trim(), n.name, n.what])),
    ...table(['', 'wire'], [...c.wires.added.map(w => ['+', w]), ...c.wires.removed.map(w => ['−', w])]),
    ...table(['rule', 'what'], c.rules.map(r => [r.name, r.what])),
    ...table(['weights before', 'after'], c.weights ? [[grouped(c.weights.before), grouped(c.weights.after)]] : []), '',
  ].join('\n');
}
