/** Errors are records first (tests, pictures and `--json` read fields), text second. */
import { distance } from 'fastest-levenshtein';
import type { Definition } from './definition.ts';

export interface Issue {
  /** SHAPE, OFFER, PORT, ... : the table in `check.ts`. */
  readonly code: string;
  /** Node, or node.port, or rule: where in the graph. */
  readonly at: string;
  /** One line: what is wrong. */
  readonly what: string;
  /** Further lines, both ends of a disagreement. */
  readonly lines?: readonly string[];
  /** Both sides, for tests and pictures; the text shows `lines`. */
  readonly expected: string;
  readonly got: string;
  /** The remedy. */
  readonly fix: string;
}

const plural = (n: number) => `${n} problem${n === 1 ? '' : 's'}`;

/** `where` is the subject in words: `graph qmix`, `page.json`. */
export function report(where: string, issues: readonly Issue[]): string {
  const body = issues.map(({ code, what, lines = [], fix }, i) =>
    [`${i + 1}  ${code.padEnd(8)} ${what}`, ...lines.map(l => `     ${l}`), `     fix      ${fix}`].join('\n'));
  return [`${plural(issues.length)} in ${where}`, ...body].join('\n\n');
}

/** A page that does not fit together. Nothing was built from it. */
export class GraphError extends Error {
  readonly graph: string;
  readonly issues: readonly Issue[];
  /** The page as far as it was built, for a picture of what is wrong. */
  declare readonly page?: Definition;
  constructor(graph: string, issues: readonly Issue[], page?: Definition) {
    super(report(`graph ${graph}`, issues));
    this.name = 'GraphError'; this.graph = graph; this.issues = issues;
    if (page) Object.defineProperty(this, 'page', { value: page });          // not among what is printed
  }
}

/** Bad usage or bad input: place and remedy are in the message. The command line ends with exit code 2. */
export class InputError extends Error {
  constructor(message: string, readonly fix?: string) { super(fix ? `${message}\n  fix: ${fix}` : message); this.name = 'InputError'; }
}
/** The run failed for a reason outside the page: environment, numbers, disk. Exit code 3. */
export class RunError extends Error {
  constructor(message: string, readonly fix?: string) { super(fix ? `${message}\n  fix: ${fix}` : message); this.name = 'RunError'; }
}

/** Nearest of some names by edits, for "did you mean"; case, '-' and '_' do not count. Of more than a thousand names none is meant. */
export function nearest(name: string, all: Iterable<string>): string | undefined {
  const names = [...all];
  if (names.length > 1000 || name.length > 64) return undefined;
  const plain = (s: string) => s.toLowerCase().replace(/[-_]/g, ''), a = plain(name), far = Math.max(2, Math.ceil(a.length / 3));
  const near = names.map(n => ({ n, apart: distance(a, plain(n)) })).filter(x => x.apart <= far);
  return near.sort((x, y) => x.apart - y.apart)[0]?.n;
}
