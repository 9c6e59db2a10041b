/** @param load brings the watcher and gives what starts it; only the start is timed */
export function beginWatcher(load: (folder: string, hear: (path: string) => void, ready: () => void) => Promise<() => void>): Promise<void>;
