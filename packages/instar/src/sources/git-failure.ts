import { InstarError } from "@instar/protocol";

/** What a failed git said, as one of our errors. `remote` only where the command spoke to one. Pure. */
export function explainGitFailure(said: { readonly command: string; readonly status: number; readonly stderr: string; readonly remote?: string }): InstarError {
  const cause = new Error(said.stderr.trim() || `git ended with status ${said.status}`);
  if (/No space left on device|Disk quota exceeded/i.test(said.stderr))
    return new InstarError("DISK_FULL", `git ${said.command} found the disk full`, {
      cause,
      advice: "Free some space; Instar goes on by itself.",
      transient: true,
    });
  if (said.remote === undefined)
    return new InstarError("PLATFORM_FAILED", `git ${said.command} failed in the mirror`, { cause, facts: { status: said.status } });
  const remote = redactCredentials(said.remote);
  const facts = { remote };
  if (/does not appear to be a git repository|is this a git repository|not a git repository|does not look like a v\d bundle|invalid gitfile/i.test(said.stderr))
    return new InstarError("SOURCE_NOT_GIT", `${remote} is not a git repository`, { cause, facts, advice: "Check source.git in instar.yaml." });
  if (/authentication failed|could not read (username|password)|permission denied|host key verification failed|returned error: 40[13]/i.test(said.stderr))
    return new InstarError("SOURCE_GONE", `${remote} does not let Instar in`, {
      cause,
      facts,
      advice: "Give the user that Instar runs as a credential helper, or an SSH key and the host's key.",
    });
  if (/repository '.*' not found|repository not found/i.test(said.stderr))
    return new InstarError("SOURCE_GONE", `${remote} is not there, or does not show itself to Instar`, {
      cause,
      facts,
      advice: "Check source.git in instar.yaml, and that the user Instar runs as may read it.",
    });
  if (/transport '.*' not allowed|remote helper .*|Unable to find remote helper/i.test(said.stderr))
    return new InstarError("INPUT_INVALID", `${remote} is reached in a way that Instar does not use`, {
      cause,
      facts,
      advice: "Use a folder, or an ssh, https, http or git address.",
    });
  return new InstarError("SOURCE_GONE", `${remote} does not answer`, { cause, facts, transient: true });
}

/**
 * Text without the user part of addresses. Goes to the last @ of a word: a password may hold an @ or a slash, and hiding too
 * much harms nobody. A bare user name of ssh is no secret and stays.
 */
export function redactCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*):\/\/([^\s'"]*)@/gi, (whole: string, scheme: string, user: string) =>
    /^(ssh|git\+ssh)$/i.test(scheme) && !user.includes(":") ? whole : `${scheme}://***@`,
  );
}
