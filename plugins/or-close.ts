/** What is made of something that was opened; where it cannot be made, that is closed again. */
export async function orClose<T>(opened: { close(): void | Promise<void> }, make: () => T | Promise<T>): Promise<T> {
  try { return await make(); } catch (e) { await opened.close(); throw e; }
}
