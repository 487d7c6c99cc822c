/** Measured rows, printed as a Markdown table at the end of a test file; docs/reproductions.md is made of them. */
export class Table {
  readonly #rows: Readonly<Record<string, string | number>>[] = [];
  readonly #name: string;
  constructor(name: string) { this.#name = name; }
  add(row: Readonly<Record<string, string | number>>): void { this.#rows.push(row); }
  print(): void {
    const columns = [...new Set(this.#rows.flatMap(r => Object.keys(r)))], line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
    const text = [line(columns), line(columns.map(() => '---')), ...this.#rows.map(r => line(columns.map(c => r[c] ?? '')))].join('\n');
    process.stdout.write(`\n${this.#name}\n\n${text}\n\n`);
  }
}
