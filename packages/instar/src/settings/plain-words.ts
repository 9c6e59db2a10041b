/** The words of a script that needs no shell; undefined where it uses anything that only a shell understands. */
export function plainWords(script: string): string[] | undefined {
  const words = script.trim().split(/\s+/);
  return /[|&;<>()$`\\"'*?#~{}[\]!\n]/.test(script) || words[0]?.includes("=") ? undefined : words;
}
