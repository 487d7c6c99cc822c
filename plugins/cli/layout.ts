/** Text set in lines and columns. */

/** 58,214: thousands apart, the same in every locale. */
export const grouped = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
export const counted = (n: number, one: string, many = `${one}s`): string => `${grouped(n)} ${n === 1 ? one : many}`;

/** Edits and settings stay whole in `wrap`: `mixer = sumMixer`, `mixer: sumMixer -> duplexMixer`. */
export const tied = (text: string): string => text.replace(/ (=|->) |: /g, between => between.replaceAll(' ', '\u00a0'));
/** Lines of at most so many characters, broken between words, and not at spaces that forbid it. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/ +/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.length ? lines.map(line => line.replaceAll('\u00a0', ' ')) : [''];
}

/** A label, and beside it a text that keeps to its column. */
export function labelled(label: string, text: string, width: number, columns: number, indent = 2): string[] {
  const lines = wrap(text, Math.max(20, columns - indent - width - 2));
  return lines.map((line, i) => `${' '.repeat(indent)}${(i ? '' : label).padEnd(width)}  ${line}`.trimEnd());
}
