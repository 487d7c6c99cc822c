/** Did the work end within so many milliseconds? What becomes of it later is nobody's concern. */
export async function within(patience: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = patience === Infinity ? [] : [new Promise<boolean>(resolve => { timer = setTimeout(() => { resolve(false); }, patience); })];
  try { return await Promise.race([work.then(() => true), ...late]); } finally { clearTimeout(timer); }
}
