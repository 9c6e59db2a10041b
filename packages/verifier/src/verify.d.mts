/** Verifies what the arguments of the command line ask for. Returns the exit status and what is to be printed; throws nothing. */
export function run(args: readonly string[]): { readonly status: 0 | 1 | 2; readonly text: string };
