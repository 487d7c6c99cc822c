/** JSON that comes back as it was, bit for bit: what a resumed run depends on may not be rounded, dropped or turned to null on the way. */

const show = (value: unknown): string => (typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : String(value));

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const kind: unknown = Object.getPrototypeOf(value);
  return kind === Object.prototype || kind === null;
}

function write(value: unknown, path: (string | number)[]): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  const inside = (key: string | number, member: unknown) => { path.push(key); const text = write(member, path); path.pop(); return text; };
  if (Array.isArray(value)) return `[${Array.from(value, (item, i) => inside(i, item)).join(',')}]`;
  if (isPlain(value)) return `{${Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [`${JSON.stringify(key)}:${inside(key, member)}`])).join(',')}}`;
  throw new TypeError(`${path.join('.')} is ${show(value)}, which JSON does not hold`);
}

/** Text of plain data. Keeps -0, which JSON.stringify writes as 0; leaves out undefined properties; whatever else JSON cannot hold is an error with its place. */
export const exactJson = (value: unknown, name = 'meta'): string => write(value, [name]);
