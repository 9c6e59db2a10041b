import type { OutputOf, PasskeyView } from "@instar/protocol";

/** Whose passkeys may sign, and where they are pinned. */
export function renderPasskeys({ file, passkeys, problems, wantedBy }: OutputOf<"passkey.list">): string {
  return [
    wantedBy.length === 0 ? "nothing asks for a passkey: a token is enough to approve" : `a passkey is wanted by ${wantedBy.join(", ")}`,
    ...passkeys.map(renderPasskey),
    ...problems.map(({ line, message }) => `✘ ${file}${line === 0 ? "" : `:${line}`}: ${message}`),
    passkeys.length === 0 ? `none is pinned in ${file}; people make them in the console (\`instar console\`)` : `pinned in ${file}`,
  ].join("\n");
}

export function renderPasskey({ person, label, host, fingerprint, algorithm, state, because, lastUsedAt }: PasskeyView): string {
  const used = lastUsedAt === null ? "never used" : `used ${lastUsedAt}`;
  return `${state === "living" ? "✔" : "✘"} ${fingerprint}  ${person}  ${label}  ${host}  ${algorithm}  ${state === "living" ? used : `${state}: ${because}`}`;
}
