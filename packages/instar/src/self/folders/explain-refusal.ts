import { InstarError } from "@instar/protocol";
import { explainFileError } from "../../platform/durable-files.ts";
import { quoteText } from "../../platform/plain-text.ts";

/** A path in a sentence. It is the agent's text: one line, cut, in quotes. */
export const quotePath = (path: string) => (path === "" ? "the folder's top" : quoteText(path, 200));

/** What the operating system said about a path, as the agent can act upon it. */
export function explainRefusal(error: unknown, path: string, action: string): InstarError {
  if (InstarError.is(error)) return error;
  const shown = quotePath(path);
  const parts = { cause: error, facts: { path } };
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case "ENOENT":
      return new InstarError("NOT_FOUND", `there is no ${shown}`, parts);
    case "ENOTDIR":
      return new InstarError("INPUT_INVALID", `${shown} is below something that is no folder`, parts);
    case "ELOOP":
      return new InstarError("FORBIDDEN", `${shown} is a symbolic link, and Instar follows none`, parts);
    case "ENAMETOOLONG":
      return new InstarError("INPUT_INVALID", `${shown} is longer than this file system takes`, parts);
    case "EINVAL":
      return new InstarError("INPUT_INVALID", `this file system does not let Instar ${action} ${shown}`, parts);
    case "EACCES":
    case "EPERM":
      return new InstarError("FORBIDDEN", `Instar may not ${action} ${shown}: look at its owner and mode`, parts);
    case "ENXIO":
    case "ENODEV":
      return new InstarError("FORBIDDEN", `${shown} is no file`, parts);
    case "EXDEV":
      return new InstarError("FORBIDDEN", `${shown} is on another file system`, parts);
    case "EEXIST":
    case "ENOTEMPTY":
    case "EISDIR":
    case "EBUSY":
      return new InstarError("CONFLICT", `could not ${action} ${shown}: something was put there at the same moment. Look again`, parts);
    default:
      return explainFileError(error, `could not ${action} ${shown}`);
  }
}
