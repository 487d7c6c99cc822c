/** Maps for multi-agent path finding: square cells, free or walled, inside a margin that no agent leaves and windows may look into. */
import type { RandomSource } from '../../core/random.ts';

export const MAP_TASK = '{rows}x{cols}';
const TASK = /^(\d+)x(\d+)$/;
/** Rows and columns of `20x20`; undefined where the text is no such name. */
export function parseMapTask(text: string): { readonly rows: number; readonly cols: number } | undefined {
  const [, rows, cols] = TASK.exec(text) ?? [];
  return rows === undefined ? undefined : { rows: Number(rows), cols: Number(cols) };
}

/** Numbers of cells: reading order over the map and its margin, so that a neighbour is one addition away and never outside. */
export class GridLayout {
  readonly width: number;
  readonly area: number;
  readonly rowOf: Int32Array;
  readonly colOf: Int32Array;
  constructor(readonly rows: number, readonly cols: number, readonly margin: number) {
    this.width = cols + 2 * margin;
    this.area = (rows + 2 * margin) * this.width;
    this.rowOf = Int32Array.from({ length: this.area }, (_, cell) => Math.floor(cell / this.width) - margin);
    this.colOf = Int32Array.from({ length: this.area }, (_, cell) => cell % this.width - margin);
  }
  at(row: number, col: number): number { return (row + this.margin) * this.width + col + this.margin; }
  /** Cells of a map of this size in the upper left corner, in reading order. */
  cells(rows = this.rows, cols = this.cols): Int32Array {
    return Int32Array.from({ length: rows * cols }, (_, i) => this.at(Math.floor(i / cols), i % cols));
  }
}

/** Walls of a copy: 1 in a cell that is walled. */
export type Walls = Float32Array | Uint8Array;

/** Every one of these cells is walled with this chance. */
export function drawWalls(walls: Walls, cells: Int32Array, density: number, random: RandomSource, what: string): void {
  for (const cell of cells) walls[cell] = random.uniform(what) < density ? 1 : 0;
}
/** A map as text, a line a row: `.` free, `#` walled. */
export function writeMap(walls: Walls, layout: GridLayout, rows = layout.rows, cols = layout.cols): string[] {
  return Array.from({ length: rows }, (_, row) => Array.from({ length: cols }, (__, col) => (walls[layout.at(row, col)] === 1 ? '#' : '.')).join(''));
}
export function readMap(lines: readonly string[], walls: Walls, layout: GridLayout): void {
  lines.forEach((line, row) => { for (let col = 0; col < line.length; col++) walls[layout.at(row, col)] = line[col] === '#' ? 1 : 0; });
}

/** Free cells that reach each other: the region of each cell (0 of a wall), and how many cells each region has. */
export interface Regions { readonly of: Int32Array; readonly sizes: readonly number[] }
export function regionsOf(walls: Walls, cells: Int32Array, { area, width }: GridLayout): Regions {
  const of = new Int32Array(area), sizes = [0], inside = new Uint8Array(area), open = new Int32Array(cells.length);
  for (const cell of cells) inside[cell] = 1;
  for (const cell of cells) {
    if (walls[cell] === 1 || of[cell] !== 0) continue;
    const region = sizes.length;
    let first = 0, last = 1;
    open[0] = cell; of[cell] = region;
    while (first < last) {
      const here = open[first++]!;
      for (const there of [here - width, here + width, here - 1, here + 1]) {
        if (inside[there] !== 1 || walls[there] === 1 || of[there] !== 0) continue;
        of[there] = region;
        open[last++] = there;
      }
    }
    sizes.push(last);
  }
  return { of, sizes };
}
