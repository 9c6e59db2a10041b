/** What interpreters and desktops leave in folders that they may write to: nobody misses it. */
export function isCachePath(path: string): boolean {
  return /(?:^|\/)(?:__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.cache)\/|\.py[co]$|(?:^|\/)\.DS_Store$/.test(path);
}
