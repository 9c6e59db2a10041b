/** Whether a key or a variable is called as secrets are. Rather one too many than one too few: it only decides what is shown. */
export function isSecretName(name: string): boolean {
  return /secret|token|passw|passphrase|pwd|credential|private|api[_-]?key|access[_-]?key|signing|salt|auth|bearer|cookie|session|dsn|webhook|(^|[_.-])(key|pin|pat|cert)s?($|[_.-])/i.test(
    name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2"),
  );
}
