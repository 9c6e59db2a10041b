/** `act` on each item, at most eight at a time: enough to keep a disk busy. The first failure is thrown once the others have ended. */
export async function runInParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  const left = items.values();
  const work = async () => {
    for (const item of left) {
      if (failures.length > 0) return;
      await act(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  if (failures.length > 0) throw failures[0];
}
